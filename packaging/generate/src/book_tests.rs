//! The book can be made, and leads nowhere that is not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use super::*;

/// Where the project's files are shown to everybody; such a link must lead to a file of the checkout.
const FILES_ON_THE_WEB: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// A page of the website: where its links lead, and where links can lead to in it.
struct Page {
    links: Vec<String>,
    places: BTreeSet<String>,
}

fn values<'html>(html: &'html str, attribute: &str) -> impl Iterator<Item = String> + 'html {
    let begin = format!(" {attribute}=\"");
    let parts: Vec<_> =
        html.split(&begin).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.replace("&amp;", "&"))).collect();
    parts.into_iter()
}

fn pages(folder: &Path) -> BTreeMap<PathBuf, Page> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "html") {
                let html = fs::read_to_string(&path).unwrap();
                let links = values(&html, "href").chain(values(&html, "src")).collect();
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    Page { links, places: values(&html, "id").collect() },
                );
            }
        }
    }
    found
}

/// Takes `..` out of a path without looking at the disk.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
        plain
    })
}

/// Returns what is wrong with a link of a page; none if it leads somewhere, or to somebody else's site.
fn fault(link: &str, from: &Path, folder: &Path, pages: &BTreeMap<PathBuf, Page>) -> Option<String> {
    if let Some(path) = link.strip_prefix(FILES_ON_THE_WEB) {
        let path = path.split('#').next().unwrap_or(path);
        return (!checkout().join(path).is_file()).then(|| format!("`{path}` is not in the checkout"));
    }
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, place) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { from.to_owned() } else { plain(&from.parent().unwrap_or(Path::new("")).join(path)) };
    match pages.get(&target) {
        Some(page) if place.is_empty() || page.places.contains(place) => None,
        Some(_) => Some(format!("`{}` has no `#{place}`", target.display())),
        None if folder.join(&target).is_file() => None,
        None => Some(format!("`{}` is not there", target.display())),
    }
}

#[test]
fn book_has_no_dead_link() {
    let website = tempfile::tempdir().unwrap();
    write_into(&checkout().join(SOURCE), website.path()).unwrap();
    let pages = pages(website.path());
    assert!(pages.len() > 20, "{:?}", pages.keys());
    let mut faults = Vec::new();
    let mut elsewhere = BTreeSet::new();
    for (path, page) in &pages {
        // The page for addresses that do not exist is shown at any of them, so its links are meant from the root.
        if path == Path::new("404.html") {
            continue;
        }
        for link in &page.links {
            faults
                .extend(fault(link, path, website.path(), &pages).map(|fault| format!("{}: {link}: {fault}", path.display())));
            if link.contains("://") {
                elsewhere.insert(link);
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    println!("Links to other sites, which nobody has followed: {elsewhere:#?}");
}

#[test]
fn every_page_is_in_the_summary() {
    let summary = fs::read_to_string(checkout().join(SOURCE).join("src/SUMMARY.md")).unwrap();
    for folder in ["", "reference/"] {
        for entry in fs::read_dir(checkout().join(SOURCE).join("src").join(folder)).unwrap().flatten() {
            let name = format!("{folder}{}", entry.file_name().into_string().unwrap());
            if name.ends_with(".md") && name != "SUMMARY.md" {
                assert!(summary.contains(&format!("]({name})")), "{name}");
            }
        }
    }
}

#[test]
fn dead_links_are_found() {
    let page = |places: &[&str]| Page { links: Vec::new(), places: places.iter().map(|place| (*place).to_owned()).collect() };
    let pages = BTreeMap::from([(PathBuf::from("a.html"), page(&["here"])), (PathBuf::from("in/b.html"), page(&[]))]);
    let is_dead = |link: &str| fault(link, Path::new("in/b.html"), Path::new("/nowhere"), &pages).is_some();
    for good in ["../a.html", "../a.html#here", "#", "b.html", "https://example.com/gone"] {
        assert!(!is_dead(good), "{good}");
    }
    for dead in ["a.html", "../a.html#gone", "#gone", &format!("{FILES_ON_THE_WEB}gone.md")] {
        assert!(is_dead(dead), "{dead}");
    }
    assert!(!is_dead(&format!("{FILES_ON_THE_WEB}README.md#install")));
}

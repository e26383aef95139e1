//! The words and small parts that pages about snapshots share.

use maud::{Markup, html};
use prestic_proto::{
    content::ContentForm,
    file_path::FilePath,
    snapshot::{Entry, EntryKind, FolderTotals, Snapshot, SnapshotId},
    words as plain,
};

use crate::web::{
    browsing::links,
    pages::icons::{Icon, icon},
    words::{self, Moment},
};

/// Returns what something is, in a word.
pub fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Folder => "folder",
        EntryKind::File => "file",
        EntryKind::Link => "link",
        EntryKind::Special => "special file",
    }
}

/// Returns the picture of a kind, with its word for those who do not see it.
pub fn kind_icon(kind: EntryKind) -> Markup {
    let sign = match kind {
        EntryKind::Folder => Icon::Folder,
        EntryKind::File => Icon::File,
        EntryKind::Link => Icon::Link,
        EntryKind::Special => Icon::Special,
    };
    html! { span.entry-icon { (icon(sign)) } span.visually-hidden { (kind_word(kind)) " " } }
}

/// Returns permissions as `ls` shows them.
pub fn mode_text(kind: EntryKind, mode: u32) -> String {
    let first = match kind {
        EntryKind::Folder => 'd',
        EntryKind::File => '-',
        EntryKind::Link => 'l',
        EntryKind::Special => '?',
    };
    let bit = |index: u32| if mode & (1 << (8 - index)) == 0 { '-' } else { ['r', 'w', 'x'][(index % 3) as usize] };
    std::iter::once(first).chain((0..9).map(bit)).collect()
}

/// Returns the way from the top to a path, each step a link.
pub fn crumbs(path: &FilePath, link: impl Fn(&FilePath) -> String) -> Markup {
    let mut steps = vec![(FilePath::root(), "/".to_owned())];
    let mut at = FilePath::root();
    for name in path.names() {
        at = at.join(&name);
        steps.push((at.clone(), name.shown()));
    }
    let last = steps.len() - 1;
    html! {
        nav.crumbs aria-label="Path" {
            ol {
                @for (index, (path, name)) in steps.iter().enumerate() {
                    li {
                        @if index == last { span aria-current="page" { bdi { (name) } } }
                        @else { a href=(link(path)) { bdi { (name) } } }
                    }
                }
            }
        }
    }
}

/// Returns a snapshot in a line: its id, when, where.
pub fn snapshot_line(moment: &Moment, snapshot: &Snapshot) -> Markup {
    html! {
        code { (snapshot.id.short()) } " of " (words::absolute(moment, snapshot.time)) " on " bdi { (text(&snapshot.host)) }
    }
}

/// Returns the choice of another snapshot for the same path.
pub fn snapshot_choice(moment: &Moment, address: &str, current: &Snapshot, others: &[Snapshot]) -> Markup {
    html! {
        form.inline method="get" action=(address) {
            label for="at" { "Snapshot " }
            select #at name="at" {
                @if !others.iter().any(|other| other.id == current.id) { (option(moment, current, true)) }
                @for other in others { (option(moment, other, other.id == current.id)) }
            }
            " " button.button type="submit" { "Go" }
        }
    }
}

fn option(moment: &Moment, snapshot: &Snapshot, is_selected: bool) -> Markup {
    html! {
        option value=(snapshot.id) selected[is_selected] {
            (words::short_text(moment, snapshot.time)) " · " (snapshot.id.short()) " · " (text(&snapshot.host))
        }
    }
}

/// Returns how much a folder holds.
pub fn totals(totals: &FolderTotals) -> Markup {
    html! {
        (plain::counted(totals.files, "file")) ", " (plain::counted(totals.folders, "folder")) ", " (words::bytes(totals.bytes))
    }
}

/// Returns when something was changed last, or a dash.
pub fn changed_at(moment: &Moment, entry: &Entry) -> Markup {
    html! {
        @match entry.modified_at {
            Some(at) => (words::absolute(moment, at)),
            None => "–",
        }
    }
}

/// Returns the ways to keep something.
pub fn download_links(profile: &str, snapshot: &SnapshotId, path: &FilePath, kind: EntryKind) -> Markup {
    let link = |form| links::download(profile, snapshot, path, form);
    html! {
        @match kind {
            EntryKind::File => a.button href=(link(ContentForm::File)) data-key="d" { "Download" },
            EntryKind::Folder => {
                a.button href=(link(ContentForm::Tar)) data-key="d" { "Download as tar" }
                " "
                a.button href=(link(ContentForm::Zip)) { "as zip" }
            },
            EntryKind::Link | EntryKind::Special => {},
        }
    }
}

/// Returns text of a snapshot that is no path, such as a host, as it may be shown.
pub fn text(text: &str) -> String {
    prestic_proto::file_path::shown(text.as_bytes())
}

/// Returns the links to what comes before and after a page of a list; nothing where all is on one page.
pub fn pager(offset: u32, limit: u32, total: u32, link: impl Fn(u32) -> String) -> Markup {
    let last = offset.saturating_add(limit).min(total);
    html! {
        @if total > limit || offset > 0 {
            nav.pager aria-label="Pages" {
                @if offset > 0 { a.button rel="prev" href=(link(offset.saturating_sub(limit))) { "← Back" } }
                span { " " (plain::count(u64::from(offset.min(total)) + u64::from(last > offset))) "–" (plain::count(u64::from(last))) " of " (plain::count(u64::from(total))) " " }
                @if last < total { a.button rel="next" href=(link(last)) { "More →" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_shown_as_ls_does() {
        assert_eq!(mode_text(EntryKind::File, 0o640), "-rw-r-----");
        assert_eq!(mode_text(EntryKind::Folder, 0o755), "drwxr-xr-x");
    }

    #[test]
    fn every_step_of_a_path_is_a_link_but_the_last() {
        let path = FilePath::new(&b"/a/<b>/\xff"[..]).unwrap();
        let shown = crumbs(&path, |path| format!("/x{}", path.encoded())).into_string();
        assert_eq!(shown.matches("<a href").count(), 3, "{shown}");
        assert!(shown.contains("href=\"/x/a/%3Cb%3E\""), "{shown}");
        assert!(shown.contains("&lt;b&gt;") && shown.contains("\\xff"), "{shown}");
    }

    #[test]
    fn pages_lead_to_each_other() {
        let link = |offset: u32| format!("?offset={offset}");
        assert_eq!(pager(0, 500, 500, link).into_string(), "");
        let shown = pager(500, 500, 1200, link).into_string();
        assert!(
            shown.contains("?offset=0") && shown.contains("?offset=1000") && shown.contains("501–1,000 of 1,200"),
            "{shown}"
        );
        assert!(!pager(1000, 500, 1200, link).into_string().contains("More"));
    }
}

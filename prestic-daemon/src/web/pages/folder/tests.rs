//! Tests of the folder's page.

use prestic_proto::{
    file_path::FileName,
    snapshot::{FolderTotals, TreeId},
};

use super::*;
use crate::web::browsing::sample::{check_harmless, entry, id, moment, path, snapshot};

fn folder(entries: Vec<Entry>) -> Folder {
    let total = u32::try_from(entries.len()).unwrap();
    Folder {
        snapshot: snapshot(1, "2026-11-20T10:00:00Z"),
        path: path(b"/home/me"),
        tree: Some(TreeId("t".to_owned())),
        entries,
        total,
        in_all: total,
        totals: None,
    }
}

fn shown(folder: &Folder, filter: &str) -> String {
    let others = [snapshot(2, "2026-11-21T10:00:00Z"), folder.snapshot.clone()];
    let view = FolderView { profile: "p/1", moment: &moment(), folder, others: &others, filter, offset: 0 };
    view.show().into_string()
}

#[test]
fn names_are_escaped_and_their_links_lose_no_byte() {
    let names: [&[u8]; 5] =
        [b"<script>", b"\"x\" onerror=\"", "right\u{202e}left".as_bytes(), b"new\nline \xff", b"100%25#?&\\"];
    let shown = shown(&folder(names.iter().map(|name| entry(name, EntryKind::File)).collect()), "");
    check_harmless(&shown);
    for part in [
        "/profile/p%2F1/file/1000000000000000000000000000000000000000000000000000000000000000/home/me/%3Cscript%3E\"",
        "/home/me/new%0Aline%20%FF?as=file\"",
        "/home/me/100%2525%23%3F&amp;%5C\"",
        "&lt;script&gt;",
        "new\\nline \\xff",
        "right\\u{202e}left",
        "Some names here have parts that cannot be shown",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn chain_of_folders_is_one_row_that_leads_to_the_last() {
    let mut first = entry(b"a", EntryKind::Folder);
    first.chain = vec![FileName::new("b").unwrap(), FileName::new("c").unwrap()];
    let shown = shown(&folder(vec![first]), "");
    assert!(shown.contains("/home/me/a/b/c\" data-row"), "{shown}");
    assert!(shown.contains(">a/b/c<"), "{shown}");
}

#[test]
fn other_snapshots_can_be_chosen_and_the_path_is_kept() {
    let shown = shown(&folder(vec![]), "");
    assert!(
        shown.contains(
            "action=\"/profile/p%2F1/file/1000000000000000000000000000000000000000000000000000000000000000/home/me\""
        )
    );
    assert!(shown.contains(&format!("<option value=\"{}\">", id(2))), "{shown}");
    assert!(shown.contains(&format!("<option value=\"{}\" selected>", id(1))), "{shown}");
}

#[test]
fn links_and_special_files_cannot_be_downloaded() {
    let mut link = entry(b"link", EntryKind::Link);
    link.link_target = Some("/etc/<b>".to_owned());
    let shown = shown(&folder(vec![link, entry(b"pipe", EntryKind::Special)]), "");
    assert!(!shown.contains("as=file"), "{shown}");
    assert!(shown.contains("/etc/&lt;b&gt;"), "{shown}");
}

#[test]
fn empty_folder_is_told_from_a_filter_that_fits_nothing() {
    assert!(shown(&folder(vec![]), "").contains("This folder is empty."));
    let filtered = Folder { in_all: 3, ..folder(vec![]) };
    assert!(shown(&filtered, "<x>").contains("None of the 3 names here contains “<bdi>&lt;x&gt;</bdi>”."));
}

#[test]
fn large_folders_are_paged_and_totals_are_told() {
    let mut folder = folder(vec![entry(b"a", EntryKind::File)]);
    folder.total = 100_000;
    folder.totals = Some(FolderTotals { files: 100_000, folders: 1, bytes: 1024 });
    let shown = shown(&folder, "a b");
    assert!(shown.contains("1–500 of 100,000"), "{shown}");
    assert!(shown.contains("?filter=a%20b&amp;offset=500\""), "{shown}");
    assert!(shown.contains("100,000 files, 1 folder, "), "{shown}");
}

#[test]
fn path_that_is_not_there_leads_to_snapshots_that_have_it() {
    let shown = not_there("p", &id(1), &path(b"/a/<b>"), &[id(2)]).into_string();
    check_harmless(&shown);
    assert!(shown.contains(&format!("/profile/p/file/{}/a/%3Cb%3E\"", id(2))), "{shown}");
}

//! Tests of the file's page.

use super::*;
use crate::web::browsing::{
    preview::Picture,
    sample::{MARKUP, check_harmless, entry, id, moment, path, snapshot},
};

fn shown(entry: &Entry) -> String {
    let found = Found { snapshot: snapshot(1, "2026-11-20T10:00:00Z"), path: path(b"/a/<b>"), entry: Some(entry.clone()) };
    show_file("p", &moment(), &found, entry, &[]).into_string()
}

#[test]
fn file_has_its_facts_its_preview_and_its_versions() {
    let shown = shown(&entry(b"<b>", EntryKind::File));
    check_harmless(&shown);
    let id = id(1);
    for part in [
        "1,234 bytes",
        "-rw-r--r--",
        &format!("data-fragment=\"/profile/p/preview/{id}/a/%3Cb%3E?part=1\""),
        &format!("data-fragment=\"/profile/p/versions/{id}/a/%3Cb%3E?part=1\""),
        &format!("href=\"/profile/p/download/{id}/a/%3Cb%3E?as=file\""),
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn what_has_no_content_says_so_instead_of_a_preview() {
    for kind in [EntryKind::Link, EntryKind::Special] {
        let shown = shown(&entry(b"x", kind));
        assert!(shown.contains("nothing to preview or to download"), "{shown}");
        assert!(!shown.contains("/preview/") && !shown.contains("/download/"), "{shown}");
    }
    let mut empty = entry(b"x", EntryKind::File);
    empty.size = 0;
    assert!(shown(&empty).contains("The file is empty."));
}

#[track_caller]
fn check_preview(bytes: &[u8], is_cut: bool, expected: &str) {
    let shown = show_preview_of("p", &id(1), &path(b"/x"), Some(9), &preview(bytes, is_cut)).into_string();
    check_harmless(&shown);
    assert!(shown.contains(expected), "{expected}: {shown}");
}

#[test]
fn content_is_shown_escaped_with_the_numbers_of_its_lines() {
    check_preview(
        format!("one\n{MARKUP}\n").as_bytes(),
        false,
        "<tr><th scope=\"row\">2</th><td>&lt;script&gt;alert(1)&lt;/script&gt;</td></tr>",
    );
    check_preview(b"<svg onload='alert(1)'>", false, "&lt;svg onload='alert(1)'&gt;");
    check_preview(b"text", true, "This is the beginning.");
    check_preview(b"\0\x01<script>", false, "00000000  00 01 3c 73");
}

#[test]
fn picture_is_shown_from_an_address_of_its_own_unless_it_is_huge() {
    let shown = |size| show_preview_of("p", &id(1), &path(b"/x"), size, &Preview::Picture(Picture::Png)).into_string();
    assert!(shown(Some(100)).contains(&format!("<img src=\"/profile/p/picture/{}/x\"", id(1))));
    assert!(!shown(Some(MAX_PICTURE + 1)).contains("<img"));
}

#[test]
fn preview_on_a_page_of_its_own_is_named_and_leads_back() {
    let shown = preview_heading("p", &id(1), &path(b"/a/<b>")).into_string();
    check_harmless(&shown);
    for part in
        ["Preview of <bdi>&lt;b&gt;</bdi>", "aria-label=\"Path\"", &format!("href=\"/profile/p/file/{}/a/%3Cb%3E\"", id(1))]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn versions_lead_to_what_changed_and_further_back() {
    let version = |digit: u8, size: u64| {
        let mut entry = entry(b"x", EntryKind::File);
        entry.size = size;
        let snapshot = snapshot(digit, &format!("2026-11-{:02}T10:00:00Z", 20 - digit));
        Version { entry: Some(entry), newest: snapshot.clone(), oldest: snapshot, snapshots: 1 }
    };
    let gone = Version { entry: None, ..version(3, 0) };
    let versions = Versions { versions: vec![version(1, 10), version(2, 20), gone], looked_at: 20, in_all: 50 };
    let shown = show_version_list("p", &moment(), &id(1), &path(b"/x"), 0, &versions).into_string();
    assert!(shown.contains(&format!("/profile/p/diff/{}/x?against={}", id(1), id(2))), "{shown}");
    assert!(shown.contains("not there") && !shown.contains(&format!("against={}", id(3))), "{shown}");
    assert!(shown.contains("20 of 50 snapshots"), "{shown}");
    assert!(shown.contains("offset=20&amp;part=1"), "{shown}");
}

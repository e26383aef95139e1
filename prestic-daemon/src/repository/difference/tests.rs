//! What counts as which change.

use super::*;
use crate::repository::tree_json;

fn file(name: &str, size: u64, mtime: &str, content: char, mode: u32) -> String {
    let id = content.to_string().repeat(64);
    format!(
        r#"{{"name":"{name}","type":"file","mode":{mode},"size":{size},"mtime":"2026-01-{mtime}T00:00:00Z","content":["{id}"]}}"#
    )
}

fn folder(name: &str, tree: char) -> String {
    format!(r#"{{"name":"{name}","type":"dir","mode":2147484141,"subtree":"{}"}}"#, tree.to_string().repeat(64))
}

fn tree(nodes: &[String]) -> Tree {
    tree_json::parse(format!(r#"{{"nodes":[{}]}}"#, nodes.join(",")).as_bytes()).unwrap()
}

#[track_caller]
fn check(before: &[String], after: &[String], expected: &[(&str, ChangeKind)], unchanged: u32) {
    let (changes, same) = compare(Some(&tree(before)), Some(&tree(after)));
    let shown: Vec<(String, ChangeKind)> = changes.iter().map(|change| (change.name.shown(), change.kind)).collect();
    let expected: Vec<(String, ChangeKind)> = expected.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    assert_eq!((shown, same), (expected, unchanged));
}

#[test]
fn each_change_is_told_by_its_kind() {
    let before = [
        file("same", 1, "01", 'a', 420),
        file("gone", 5, "01", 'a', 420),
        file("longer", 1, "01", 'a', 420),
        file("chmod", 1, "01", 'a', 420),
        file("rotten", 1, "01", 'a', 420),
        file("turned", 1, "01", 'a', 420),
        folder("other", 'a'),
        folder("equal", 'a'),
    ];
    let after = [
        file("same", 1, "01", 'a', 420),
        file("new", 7, "01", 'a', 420),
        file("longer", 4, "02", 'b', 420),
        file("chmod", 1, "01", 'a', 384),
        file("rotten", 1, "01", 'b', 420),
        folder("turned", 'a'),
        folder("other", 'b'),
        folder("equal", 'a'),
    ];
    let expected = [
        ("new", ChangeKind::Added),
        ("longer", ChangeKind::Modified),
        ("other", ChangeKind::Modified),
        ("chmod", ChangeKind::Metadata),
        ("rotten", ChangeKind::Suspicious),
        ("turned", ChangeKind::Type),
        ("gone", ChangeKind::Removed),
    ];
    check(&before, &after, &expected, 2);
}

#[test]
fn everything_is_new_where_there_was_nothing() {
    let after = tree(&[file("one", 1, "01", 'a', 420), file("two", 2, "01", 'a', 420)]);
    let (changes, unchanged) = compare(None, Some(&after));
    let kinds: Vec<ChangeKind> = changes.iter().map(|change| change.kind).collect();
    assert_eq!((kinds, unchanged), (vec![ChangeKind::Added; 2], 0));
    assert_eq!(changes[0].name.shown(), "two");
}

//! Tests of the snapshots' page.

use super::*;
use crate::web::browsing::sample::{at, check_harmless, id, moment, snapshot, summary};

fn page(snapshots: Vec<Snapshot>) -> SnapshotPage {
    let total = u32::try_from(snapshots.len()).unwrap();
    SnapshotPage {
        snapshots,
        total,
        in_all: total,
        hosts: vec!["a".to_owned(), "<script>".to_owned()],
        tags: Vec::new(),
        paths: Vec::new(),
        read_at: at("2026-11-23T11:55:00Z"),
    }
}

fn shown(page: &SnapshotPage, wanted: &Wanted) -> String {
    SnapshotsView { profile: "p", moment: &moment(), wanted, page, run: html! { i { "run" } } }.show().into_string()
}

#[test]
fn snapshots_are_grouped_by_the_day_of_the_machine() {
    let late = Moment { local: |at| (at + chrono::TimeDelta::hours(2)).fixed_offset(), ..moment() };
    let snapshots = ["2026-11-22T23:00:00Z", "2026-11-22T21:00:00Z", "2026-11-22T20:00:00Z"].map(|time| snapshot(1, time));
    let days: Vec<_> = by_day(&late, &snapshots).into_iter().map(|(day, of_day)| (day.to_string(), of_day.len())).collect();
    assert_eq!(days, [("2026-11-23".to_owned(), 1), ("2026-11-22".to_owned(), 2)]);
}

#[test]
fn files_that_are_gone_are_what_the_parent_had_and_was_not_kept() {
    let mut parent = snapshot(1, "2026-11-20T10:00:00Z");
    parent.summary = Some(summary(10, 0, 0));
    let mut child = snapshot(2, "2026-11-21T10:00:00Z");
    child.parent = Some(parent.id.as_str().to_owned());
    child.summary = Some(summary(5, 1, 6));
    let snapshots = [child, parent];
    assert_eq!(removed_files(&snapshots), HashMap::from([(&id(2), 3)]));
}

#[test]
fn hosts_and_tags_are_escaped() {
    let shown = shown(&page(vec![snapshot(1, "2026-11-20T10:00:00Z")]), &Wanted::default());
    check_harmless(&shown);
    assert!(shown.contains("tag&lt;script&gt;"), "{shown}");
}

#[test]
fn numbers_are_shown_where_snapshots_have_them_and_missed_where_not() {
    let mut new = snapshot(1, "2026-11-20T10:00:00Z");
    new.summary = Some(summary(1, 2, 3));
    let shown_new = shown(&page(vec![new]), &Wanted::default());
    assert!(shown_new.contains("Gone") && !shown_new.contains("before 0.17"), "{shown_new}");
    let shown_old = shown(&page(vec![snapshot(1, "2026-11-20T10:00:00Z")]), &Wanted::default());
    assert!(!shown_old.contains("Gone") && shown_old.contains("before 0.17"), "{shown_old}");
}

#[test]
fn two_newest_are_chosen_to_begin_with() {
    let shown =
        shown(&page(vec![snapshot(1, "2026-11-20T10:00:00Z"), snapshot(2, "2026-11-19T10:00:00Z")]), &Wanted::default());
    assert!(shown.contains("action=\"/profile/p/compare\""), "{shown}");
    for (name, digit) in [("a", 2), ("b", 1)] {
        let input = format!("name=\"{name}\" value=\"{}\"", id(digit));
        let rest = &shown[shown.find(&input).unwrap()..];
        assert!(rest[..rest.find('>').unwrap()].contains("checked"), "{name}: {shown}");
    }
}

#[test]
fn two_to_begin_with_are_of_one_machine_and_the_same_paths() {
    let mut snapshots = [4, 3, 2, 1].map(|digit| snapshot(digit, "2026-11-20T10:00:00Z")).to_vec();
    snapshots[0].host = "other".to_owned();
    snapshots[2].paths = vec!["/etc".to_owned()];
    assert_eq!(pair(&snapshots), Some((&id(1), &id(3))));
    assert_eq!(pair(&snapshots[..3]), None);
}

#[test]
fn no_snapshots_is_told_from_none_like_that() {
    let empty = shown(&page(vec![]), &Wanted::default());
    assert!(empty.contains("There are no snapshots yet.") && empty.contains("<i>run</i>"), "{empty}");
    let none = SnapshotPage { in_all: 7, ..page(vec![]) };
    let wanted = Wanted { tag: "x".to_owned(), ..Wanted::default() };
    assert!(shown(&none, &wanted).contains("No snapshot is like that."));
}

#[test]
fn pages_keep_the_filters() {
    let many = SnapshotPage { total: 1000, in_all: 1000, ..page(vec![snapshot(1, "2026-11-20T10:00:00Z")]) };
    let wanted = Wanted { host: "a&b".to_owned(), ..Wanted::default() };
    assert!(shown(&many, &wanted).contains("?host=a%26b&amp;offset=100\""));
}

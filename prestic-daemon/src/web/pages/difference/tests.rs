//! Tests of the page of changes.

use super::*;
use crate::web::browsing::sample::{check_harmless, entry, id, moment, path, snapshot};

fn difference(changes: Vec<Change>) -> Difference {
    Difference {
        from: Some(snapshot(1, "2026-11-20T10:00:00Z")),
        to: snapshot(2, "2026-11-21T10:00:00Z"),
        path: path(b"/home"),
        itself: None,
        total: u32::try_from(changes.len()).unwrap(),
        changes,
        unchanged: 5,
        is_same: false,
    }
}

fn change(name: &[u8], kind: ChangeKind, before: Option<u64>, after: Option<u64>, what: EntryKind) -> Change {
    let side = |size: Option<u64>| size.map(|size| Entry { size, ..entry(name, what) });
    Change { name: prestic_proto::file_path::FileName::new(name).unwrap(), kind, before: side(before), after: side(after) }
}

fn view(difference: &Difference, show: impl Fn(&DifferenceView<'_>) -> Markup) -> String {
    let moment = moment();
    let view = DifferenceView { profile: "p", moment: &moment, difference, offset: 0, job: None, csrf: html! { i { "csrf" } } };
    show(&view).into_string()
}

fn view_folder(difference: &Difference) -> String {
    view(difference, |view| html! { (view.folder()) })
}

#[test]
fn changes_have_their_sign_their_growth_and_a_way_to_them() {
    let changes = vec![
        change(b"<new>", ChangeKind::Added, None, Some(2048), EntryKind::File),
        change(b"gone", ChangeKind::Removed, Some(1024), None, EntryKind::File),
        change(b"changed", ChangeKind::Modified, Some(100), Some(300), EntryKind::File),
    ];
    let shown = view_folder(&difference(changes));
    check_harmless(&shown);
    let (from, to) = (id(1), id(2));
    for part in [
        "+ new",
        "+2.0 KiB",
        "− gone",
        "−1.0 KiB",
        "+200 B",
        &format!("/profile/p/file/{to}/home/%3Cnew%3E\""),
        &format!("/profile/p/file/{from}/home/gone\""),
        &format!("/profile/p/diff/{to}/home/changed?against={from}\""),
        "Not changed: 5.",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn folder_that_differs_opens_where_it_is() {
    let shown = view(&difference(vec![change(b"sub", ChangeKind::Modified, Some(0), Some(0), EntryKind::Folder)]), |view| {
        view.folder()
    });
    let address = format!("data-fragment=\"/profile/p/diff/{}/home/sub?against={}&amp;below=1&amp;part=1\"", id(2), id(1));
    assert!(shown.contains(&address), "{shown}");
}

#[test]
fn what_may_have_rotted_is_said_in_words() {
    let shown =
        view(&difference(vec![]), |view| view.itself(&change(b"x", ChangeKind::Suspicious, Some(1), Some(1), EntryKind::File)));
    assert!(shown.contains("class=\"suspicious\"") && shown.contains("The disk may have changed it."), "{shown}");
}

#[test]
fn snapshots_that_do_not_belong_together_are_warned_of() {
    let mut unlike = difference(vec![]);
    let warnings = |difference: &Difference| view(difference, |view| view.around(html! {}));
    assert!(!warnings(&unlike).contains("warning"));
    unlike.to.paths = vec!["/etc".to_owned()];
    unlike.to.host = "other".to_owned();
    unlike.from.as_mut().unwrap().time = unlike.to.time + chrono::TimeDelta::days(1);
    let shown = warnings(&unlike);
    assert!(
        shown.contains("different paths") && shown.contains("different machines") && shown.contains("Turn it around"),
        "{shown}"
    );
}

#[test]
fn snapshot_that_is_compared_with_itself_is_told() {
    let same = Difference { from: Some(snapshot(2, "2026-11-21T10:00:00Z")), ..difference(vec![]) };
    assert!(view(&same, |view| view.around(html! {})).contains("Both are the same snapshot"));
}

#[test]
fn nothing_to_compare_with_is_told_from_nothing_changed() {
    let same = Difference { is_same: true, ..difference(vec![]) };
    let shown = view_folder(&same);
    assert!(shown.contains("Nothing has changed here.") && !shown.contains("Everything below"), "{shown}");
    let first = Difference { from: None, ..difference(vec![]) };
    let shown = view_folder(&first);
    assert!(shown.contains("There is no earlier snapshot") && !shown.contains("<form"), "{shown}");
}

#[test]
fn job_of_everything_below_begins_with_a_form_and_is_then_shown() {
    let difference = difference(vec![]);
    let shown = view_folder(&difference);
    assert!(shown.contains("method=\"post\"") && shown.contains("<i>csrf</i>"), "{shown}");
    let shown = view(&difference, |view| DifferenceView { job: Some(html! { i { "job" } }), csrf: html! {}, ..*view }.folder());
    assert!(shown.contains("<i>job</i>") && !shown.contains("<form"), "{shown}");
}

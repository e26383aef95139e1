//! Tests of the search's page and of jobs.

use prestic_proto::{
    difference::{ChangeKind, DeepChange, DifferenceTotals},
    job::{Job, JobResults, JobState},
};

use super::*;
use crate::web::browsing::sample::{at, check_harmless, id, moment, path, snapshot};

fn found(name: &[u8]) -> Match {
    Match {
        path: path(name),
        kind: EntryKind::File,
        size: 10,
        modified_at: None,
        snapshot: id(1),
        snapshots: 3,
        is_exact: true,
    }
}

fn page(matches: Vec<Match>, searched: Vec<SnapshotId>, not_indexed: u32) -> SearchPage {
    SearchPage { total: u32::try_from(matches.len()).unwrap(), matches, has_more: false, searched, not_indexed }
}

fn shown(wanted: &Wanted, found: &SearchPage) -> String {
    let known = KnownSnapshots::new(vec![snapshot(1, "2026-11-20T10:00:00Z")]);
    let job = wanted.job.map(|_| html! { i { "job" } });
    let (moment, found, csrf) = (moment(), Some(found), html! {});
    let view = SearchView { profile: "p", moment: &moment, wanted, found, refusal: None, known: &known, job, csrf };
    view.show().into_string()
}

#[test]
fn matches_lead_to_the_file_and_to_its_folder() {
    let wanted = Wanted { q: "<script>".to_owned(), ..Wanted::default() };
    let shown = shown(&wanted, &page(vec![found(b"/a b/<script>")], vec![id(1)], 0));
    check_harmless(&shown);
    assert!(shown.contains(&format!("/profile/p/file/{}/a%20b/%3Cscript%3E\"", id(1))), "{shown}");
    assert!(shown.contains(&format!("/profile/p/file/{}/a%20b\"", id(1))), "{shown}");
    let versions = format!(" and <a href=\"/profile/p/versions/{}/a%20b/%3Cscript%3E\">2 more</a>", id(1));
    assert!(shown.contains("2026-11-20 10:00</time> · <code>10000000</code></a>"), "{shown}");
    assert!(shown.contains(&versions), "{shown}");
}

#[test]
fn name_that_restic_could_not_write_out_leads_to_its_folder() {
    let lossy = Match { is_exact: false, ..found("/a/\u{fffd}.txt".as_bytes()) };
    let wanted = Wanted { q: "txt".to_owned(), ..Wanted::default() };
    let shown = shown(&wanted, &page(vec![lossy], vec![id(1)], 0));
    assert!(!shown.contains(".txt\" data-row"), "{shown}");
    assert!(shown.contains(&format!("/profile/p/file/{}/a\" data-row", id(1))), "{shown}");
}

#[test]
fn what_was_not_searched_is_said_and_can_be() {
    let wanted = Wanted { q: "x".to_owned(), ..Wanted::default() };
    let none = shown(&wanted, &page(vec![], vec![], 4));
    assert!(none.contains("No snapshot is indexed yet") && none.contains("4 snapshots"), "{none}");
    assert!(none.contains("Search all snapshots") && none.contains("Index the newest"), "{none}");
    let all = shown(&wanted, &page(vec![], vec![id(1), id(2)], 0));
    assert!(all.contains("Nothing in the 2 snapshots that are indexed"), "{all}");
    assert!(!all.contains("Search all snapshots") && !all.contains("Index the newest"), "{all}");
    let some = shown(&wanted, &page(vec![], vec![id(1)], 3));
    assert!(some.contains("Search all snapshots") && !some.contains("Index the newest"), "{some}");
}

#[test]
fn job_of_a_search_is_part_of_its_page() {
    let wanted = Wanted { q: "x".to_owned(), job: Some(7), ..Wanted::default() };
    let shown = shown(&wanted, &page(vec![], vec![], 4));
    assert!(shown.contains("<i>job</i>") && !shown.contains("Search all snapshots"), "{shown}");
}

fn job_of(request: JobRequest, state: JobState) -> Job {
    Job {
        id: JobId(7),
        profile: "p".to_owned(),
        request,
        state,
        created_at: at("2026-11-23T11:00:00Z"),
        ended_at: None,
        done: 3,
        total: Some(10),
        results: 1,
        is_cut: false,
        totals: None,
    }
}

fn shown_job(job: &Job, results: &JobResults) -> String {
    job::show("p", &moment(), &html! {}, &KnownSnapshots::default(), job, 0, results).into_string()
}

#[test]
fn job_that_works_shows_how_far_it_is_and_can_be_canceled() {
    let search = JobRequest::Search { query: "<script>".to_owned() };
    let shown = shown_job(&job_of(search, JobState::Running), &JobResults::Matches(vec![found(b"/x")]));
    check_harmless(&shown);
    for part in ["3 of 10 snapshots", "max=\"10\"", "1 found so far", "/profile/p/jobs/7/cancel", "data-on=\"job:7\""] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn job_that_has_failed_quotes_why_and_asks_for_nothing_more() {
    let failed = JobState::Failed { reason: "Fatal: <script>".to_owned() };
    let shown = shown_job(&job_of(JobRequest::Measure, failed), &JobResults::None);
    check_harmless(&shown);
    assert!(shown.contains("Fatal: &lt;script&gt;") && !shown.contains("cancel"), "{shown}");
}

#[test]
fn comparison_has_totals_and_links_to_each_change() {
    let request = JobRequest::Difference { from: id(1), to: id(2), path: path(b"/") };
    let mut job = job_of(request, JobState::Done);
    job.totals = Some(DifferenceTotals { files_added: 1234, ..DifferenceTotals::default() });
    job.is_cut = true;
    let changes = JobResults::Changes(vec![DeepChange { path: path(b"/a/<b>"), kind: ChangeKind::Removed }]);
    let shown = shown_job(&job, &changes);
    check_harmless(&shown);
    let link = format!("/profile/p/diff/{}/a/%3Cb%3E?against={}\"", id(2), id(1));
    for part in ["1,234", "− gone", "more than is kept", &link] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

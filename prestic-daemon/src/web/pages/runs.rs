//! The runs of a profile, newest first: by outcome, a page at a time.

use axum::{
    Router,
    extract::{Path, Query, State},
    routing::get,
};
use maud::{Markup, html};
use prestic_proto::{
    history::{RunPage, RunQuery},
    run::RunId,
};
use serde::Deserialize;

use super::{instants, run_table};
use crate::web::{
    Web,
    failure::PageResult,
    layout::{self, Mood, Page, ProfileTab, Tab},
    sessions::Session,
    words::Moment,
};

/// So many runs are on a page.
const PAGE_RUNS: u32 = 50;

/// What one can look for: the word in the address, the label, and the outcomes that it stands for.
const FILTERS: [(&str, &str, &[&str]); 6] = [
    ("", "All", &[]),
    ("ok", "OK", &["succeeded"]),
    ("warnings", "Warnings", &["warnings"]),
    ("failed", "Failed", &["failed", "repository-locked", "timed-out", "killed", "spawn-failed", "interrupted"]),
    ("stopped", "Stopped", &["stopped"]),
    ("skipped", "Skipped", &["skipped"]),
];

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/profile/{name}/runs", get(runs))
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    show: String,
    before: Option<u64>,
}

async fn runs(State(web): State<Web>, session: Session, Path(name): Path<String>, Query(wanted): Query<Wanted>) -> PageResult {
    // A profile without runs is told from one that is not there.
    let details = web.client.profile(&name).await??;
    let found = web.client.history(query(&name, &wanted)).await??;
    let content = content(&name, &wanted, &found, !details.members.is_empty(), &web.moment());
    let title = format!("Runs of {name}");
    let page = Page { title: &title, active: Tab::Profile(&name, ProfileTab::Runs), mood: Mood::Fine };
    Ok(layout::page(&web, &session, page, content))
}

fn query(name: &str, wanted: &Wanted) -> RunQuery {
    let outcomes = FILTERS.iter().find(|(word, ..)| *word == wanted.show).map(|(_, _, outcomes)| *outcomes).unwrap_or_default();
    RunQuery {
        task: Some(name.to_owned()),
        outcomes: outcomes.iter().map(|word| (*word).to_owned()).collect(),
        before: wanted.before.map(RunId),
        limit: PAGE_RUNS,
    }
}

fn content(name: &str, wanted: &Wanted, found: &RunPage, with_tasks: bool, moment: &Moment) -> Markup {
    let base = format!("{}/runs", instants::profile_address(name));
    let filter = |word: &str| if word.is_empty() { base.clone() } else { format!("{base}?show={word}") };
    let older = found.runs.last().filter(|_| found.has_more).map(|run| {
        let address = filter(&wanted.show);
        format!("{address}{}before={}", if address.contains('?') { '&' } else { '?' }, run.id)
    });
    html! {
        h1 { "Runs of " (name) }
        nav.toolbar aria-label="Outcomes" {
            @for (word, label, _) in FILTERS {
                a.button href=(filter(word)) aria-current=[(word == wanted.show).then_some("true")] { (label) }
            }
        }
        @if found.runs.is_empty() {
            div.empty {
                p { "No runs" @if !wanted.show.is_empty() || wanted.before.is_some() { " like these" } "." }
                @if wanted.show.is_empty() { a.button href=(instants::profile_address(name)) { "See the profile" } }
                @else { a.button href=(base) { "Show all" } }
            }
        } @else {
            section.box aria-label="Runs" { (run_table::show(&found.runs, with_tasks, moment)) }
        }
        nav.pager aria-label="Pages" {
            @if wanted.before.is_some() { a.button href=(filter(&wanted.show)) rel="first" { "Newest" } }
            @if let Some(older) = older { a.button href=(older) rel="next" { "Older" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::outcome::{Failure, Outcome};

    use super::*;
    use crate::web::pages::samples::{finished, moment};

    fn shown(wanted: &Wanted, found: &RunPage) -> String {
        content("ho me", wanted, found, false, &moment()).into_string()
    }

    #[test]
    fn filter_asks_for_all_outcomes_that_it_stands_for() {
        let wanted = Wanted { show: "failed".to_owned(), before: Some(9) };
        let asked = query("home", &wanted);
        assert_eq!((asked.before, asked.limit), (Some(RunId(9)), PAGE_RUNS));
        assert!(asked.outcomes.iter().any(|word| word == "timed-out"));
        assert!(query("home", &Wanted { show: "nonsense".to_owned(), before: None }).outcomes.is_empty());
    }

    #[test]
    fn every_outcome_can_be_found() {
        for outcome in [Outcome::Failed(Failure::Other), Outcome::Killed(9), Outcome::Interrupted, Outcome::Succeeded] {
            assert!(FILTERS.iter().any(|(_, _, words)| words.contains(&outcome.word())), "{outcome}");
        }
    }

    #[test]
    fn next_page_goes_on_after_the_last_run_and_keeps_the_filter() {
        let found = RunPage { runs: vec![finished(7, "home", Outcome::Stopped)], has_more: true };
        let wanted = Wanted { show: "stopped".to_owned(), before: None };
        assert!(
            shown(&wanted, &found).contains("/profile/ho%20me/runs?show=stopped&amp;before=7"),
            "{}",
            shown(&wanted, &found)
        );
        assert!(shown(&Wanted::default(), &found).contains("/runs?before=7"));
        assert!(!shown(&wanted, &RunPage { has_more: false, ..found }).contains("before="));
    }

    #[test]
    fn no_runs_is_said_and_a_way_out_given() {
        let none = RunPage { runs: Vec::new(), has_more: false };
        assert!(shown(&Wanted { show: "ok".to_owned(), before: None }, &none).contains("Show all"));
    }
}

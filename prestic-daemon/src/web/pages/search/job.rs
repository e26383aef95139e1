//! How far a job is, and what it has found so far.

use std::time::Duration;

use maud::{Markup, html};
use prestic_proto::{
    difference::{DeepChange, DifferenceTotals},
    job::{Job, JobId, JobRequest, JobResults, JobState},
    words as plain,
};

use crate::web::{
    Web,
    browsing::{
        links::{self, with_parameters},
        shown,
        visit::part,
    },
    failure::Failure,
    pages::difference::change::{change_class, change_word},
    words::{self, Moment},
};

use super::{KnownSnapshots, PAGE, matches};

/// Writes a job as a part of another page: what it has found if it has ended, until then the way to see how far it is.
pub async fn within_page(web: &Web, profile: &str, csrf: &Markup, id: JobId) -> Result<Markup, Failure> {
    match web.client.job(id, Duration::ZERO).await? {
        Ok(job) if !is_active(&job) => {
            let results = web.client.job_results(id, 0, PAGE).await??;
            Ok(show_known(web, profile, csrf, &job, 0, &results).await)
        }
        _ => Ok(part(&links::job(profile, id), "Show how far it is")),
    }
}

/// Writes a job, and when the snapshots were made that its results name.
pub async fn show_known(web: &Web, profile: &str, csrf: &Markup, job: &Job, offset: u32, results: &JobResults) -> Markup {
    let names_snapshots = matches!(results, JobResults::Matches(found) if !found.is_empty());
    let known = if names_snapshots { KnownSnapshots::of(web, profile).await } else { KnownSnapshots::default() };
    show(profile, &web.moment(), csrf, &known, job, offset, results)
}

fn is_active(job: &Job) -> bool {
    matches!(job.state, JobState::Queued | JobState::Running)
}

/// Writes a job.
pub fn show(
    profile: &str,
    moment: &Moment,
    csrf: &Markup,
    known: &KnownSnapshots,
    job: &Job,
    offset: u32,
    results: &JobResults,
) -> Markup {
    let address = links::job(profile, job.id);
    let is_active = is_active(job);
    let shown_from = offset.to_string();
    let here = with_parameters(address.clone(), &[("offset", Some(&shown_from)), ("part", Some("1"))]);
    let total = u32::try_from(job.results).unwrap_or(u32::MAX);
    html! {
        div.stack data-refresh=(here) data-on={ "job:" (job.id) } data-whole {
            p { strong { (what(&job.request)) } " " span.chip data-state=(state(&job.state)) { (state_word(&job.state)) } }
            @if let JobState::Failed { reason } = &job.state { pre.quote { (shown::text(reason)) } }
            @if is_active { (progress(&address, csrf, job)) }
            @if let Some(ended_at) = job.ended_at { p.muted { "Ended " (words::relative(moment, ended_at)) "." } }
            @if let Some(sums) = &job.totals { (totals(sums)) }
            @match results {
                JobResults::Matches(found) if found.is_empty() => p { (nothing(is_active)) },
                JobResults::Changes(found) if found.is_empty() => p { (nothing(is_active)) },
                JobResults::Matches(found) => {
                    p { (plain::count(job.results)) " found" @if is_active { " so far" } "." }
                    (matches(profile, moment, known, found))
                }
                JobResults::Changes(found) => (changes(profile, job, found)),
                JobResults::None => {},
            }
            (shown::pager(offset, PAGE, total, |offset| with_parameters(address.clone(), &[("offset", Some(&offset.to_string()))])))
            @if job.is_cut { p.note { "There was more than is kept: look into a smaller folder, or for a longer name." } }
        }
    }
}

fn progress(address: &str, csrf: &Markup, job: &Job) -> Markup {
    let noun = match job.request {
        JobRequest::Search { .. } => "snapshot",
        _ => "file",
    };
    html! {
        p {
            progress.bar value=[job.total.map(|_| job.done)] max=[job.total] aria-label="How far it is" {}
            " " (plain::count(job.done)) @if let Some(total) = job.total { " of " (plain::counted(total, noun)) } @else { " " (noun) "s" }
        }
        div.toolbar {
            form.inline method="post" action={ (address) "/cancel" } { (csrf) button.button type="submit" { "Cancel" } }
            noscript { a.button href=(address) { "Look again" } }
        }
    }
}

fn what(request: &JobRequest) -> Markup {
    html! {
        @match request {
            JobRequest::Search { query } => { "Search for “" bdi { (shown::text(query)) } "” in all snapshots" }
            JobRequest::Difference { from, to, path } => {
                "Everything that changed in " bdi { (path.shown()) } " from " code { (from.short()) } " to " code { (to.short()) }
            }
            JobRequest::Index { snapshot } => { "Index of snapshot " code { (snapshot.short()) } }
            JobRequest::Measure => "Size of the repository",
        }
    }
}

fn nothing(is_active: bool) -> &'static str {
    if is_active { "Nothing was found so far." } else { "Nothing was found." }
}

fn state(state: &JobState) -> &'static str {
    match state {
        JobState::Queued => "waiting",
        JobState::Running => "running",
        JobState::Done => "ok",
        JobState::Canceled => "none",
        JobState::Failed { .. } => "failed",
    }
}

fn state_word(state: &JobState) -> &'static str {
    match state {
        JobState::Queued => "waits for others",
        JobState::Running => "works",
        JobState::Done => "done",
        JobState::Canceled => "canceled",
        JobState::Failed { .. } => "failed",
    }
}

fn totals(totals: &DifferenceTotals) -> Markup {
    html! {
        dl.facts {
            dt { "New files" } dd.added { (plain::count(totals.files_added)) }
            dt { "Changed files" } dd.changed { (plain::count(totals.files_changed)) }
            dt { "Files gone" } dd.removed { (plain::count(totals.files_removed)) }
            dt { "New folders" } dd.added { (plain::count(totals.folders_added)) }
            dt { "Folders gone" } dd.removed { (plain::count(totals.folders_removed)) }
            dt { "Bytes only in the newer" } dd { (words::bytes(totals.bytes_added)) }
            dt { "Bytes only in the older" } dd { (words::bytes(totals.bytes_removed)) }
        }
    }
}

fn changes(profile: &str, job: &Job, changes: &[DeepChange]) -> Markup {
    let link = |change: &DeepChange| match &job.request {
        JobRequest::Difference { from, to, .. } => links::difference(profile, to, &change.path, Some(from)),
        _ => links::job(profile, job.id),
    };
    html! {
        div.scroll {
            table.list.cards {
                thead { tr { th scope="col" { "Change" } th scope="col" { "Path" } } }
                tbody {
                    @for change in changes {
                        tr {
                            td class={ "nowrap " (change_class(change.kind)) } data-label="Change" { (change_word(change.kind)) }
                            td.name.break { a href=(link(change)) data-row { bdi { (change.path.shown()) } } }
                        }
                    }
                }
            }
        }
    }
}

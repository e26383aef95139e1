//! The page of a repository's snapshots.

use std::collections::HashMap;

use axum::{
    Extension, Router,
    extract::Query,
    response::{IntoResponse, Redirect},
    routing::get,
};
use chrono::NaiveDate;
use maud::{Markup, html};
use prestic_proto::{
    snapshot::{Snapshot, SnapshotId, SnapshotPage, SnapshotQuery},
    words as plain,
};
use serde::Deserialize;

use crate::web::{
    Web,
    browsing::{
        errands::Errands,
        links::{self, with_parameters},
        shown,
        visit::Visit,
    },
    failure::{Failure, PageResult},
    layout::{Mood, Page, ProfileTab, Tab},
    pages::{actions::run_form, instants::profile_address},
    words::{self, Moment},
};

/// How many snapshots a page has.
const PAGE: u32 = 100;

/// How many more are asked for, because they may be the parents of the last ones on the page.
const PARENTS: u32 = 50;

/// How many snapshots are looked through for those to compare.
const MOST: u32 = prestic_proto::snapshot::MAX_PAGE;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}/snapshots", get(show))
        .route("/profile/{name}/compare", get(compare))
        .layer(Extension(Errands::default()))
}

/// What the page is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    host: String,
    tag: String,
    path: String,
    offset: u32,
    fresh: Option<String>,
}

/// A page of the list.
struct SnapshotsView<'a> {
    profile: &'a str,
    moment: &'a Moment,
    wanted: &'a Wanted,
    page: &'a SnapshotPage,
    /// The form that runs the backup.
    run: Markup,
}

async fn show(visit: Visit, Query(wanted): Query<Wanted>) -> PageResult {
    let profile = visit.profile()?;
    let title = format!("Snapshots · {profile}");
    let (web, name, run) = (visit.web.clone(), profile.clone(), run_form(&profile, &profile_address(&profile), &visit.session));
    let content = async move {
        let set = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let query = SnapshotQuery {
            host: set(&wanted.host),
            tag: set(&wanted.tag),
            path: set(&wanted.path),
            offset: wanted.offset,
            limit: PAGE + PARENTS,
            is_fresh: wanted.fresh.is_some(),
        };
        let page = web.client.snapshots(&name, query).await??;
        Ok(SnapshotsView { profile: &name, moment: &web.moment(), wanted: &wanted, page: &page, run }.show().into())
    };
    let active = Tab::Profile(&profile, ProfileTab::Snapshots);
    visit.answer(Page { title: &title, active, mood: Mood::Fine }, content).await
}

/// Which two snapshots to compare.
#[derive(Debug, Deserialize)]
struct Pair {
    a: Option<String>,
    b: Option<String>,
}

/// Leads to the comparison of two snapshots, the older one first, where browsing the newer one begins.
async fn compare(visit: Visit, Query(pair): Query<Pair>) -> PageResult {
    let profile = visit.profile()?;
    let (Some(a), Some(b)) = (&pair.a, &pair.b) else {
        return Err(Failure::BadRequest("two snapshots are to be chosen, one in each column".to_owned()));
    };
    let [a, b] = [a, b].map(|id| SnapshotId::new(id).ok_or_else(|| Failure::BadRequest(links::BadPlace::Snapshot.to_string())));
    let (a, b) = (a?, b?);
    let query = SnapshotQuery { limit: MOST, ..SnapshotQuery::default() };
    let page = visit.web.client.snapshots(&profile, query).await??;
    let find = |id: &SnapshotId| page.snapshots.iter().find(|snapshot| snapshot.id == *id);
    let address = match (find(&a), find(&b)) {
        (Some(a), Some(b)) => {
            let (older, newer) = if a.time <= b.time { (a, b) } else { (b, a) };
            links::difference_from_start(&profile, newer, Some(&older.id))
        }
        _ => links::difference(&profile, &b, &prestic_proto::file_path::FilePath::root(), Some(&a)),
    };
    Ok(Redirect::to(&address).into_response())
}

impl SnapshotsView<'_> {
    fn show(&self) -> Markup {
        let here = links::snapshots(self.profile);
        let link = |offset: u32| self.link(&offset.to_string());
        let fresh = with_parameters(self.link(""), &[("fresh", Some("1"))]);
        html! {
            h1 { "Snapshots" }
            p.muted {
                (plain::counted(u64::from(self.page.in_all), "snapshot")) " in the repository, as of "
                (words::relative(self.moment, self.page.read_at)) ". "
                a href=(fresh) { "Ask restic again" }
            }
            @if self.page.in_all == 0 {
                div.empty {
                    p { "There are no snapshots yet." }
                    (self.run)
                }
            } @else {
                (self.filters(&here))
                @if self.page.total == 0 {
                    div.empty { p { "No snapshot is like that. " a href=(here) { "Show all" } } }
                } @else {
                    (self.list())
                }
                (shown::pager(self.wanted.offset, PAGE, self.page.total, link))
            }
        }
    }

    fn link(&self, offset: &str) -> String {
        let Wanted { host, tag, path, .. } = self.wanted;
        let parameters = [("host", Some(host.as_str())), ("tag", Some(tag)), ("path", Some(path)), ("offset", Some(offset))];
        with_parameters(links::snapshots(self.profile), &parameters)
    }

    fn filters(&self, here: &str) -> Markup {
        let choice = |name: &str, label: &str, all: &[String], chosen: &str| {
            html! {
                @if all.len() > 1 || !chosen.is_empty() {
                    label for=(name) { (label) " " }
                    select id=(name) name=(name) {
                        option value="" { "any" }
                        @for one in all { option value=(one) selected[one == chosen] { (shown::text(one)) } }
                    }
                    " "
                }
            }
        };
        let page = self.page;
        let has_choice = page.hosts.len() > 1 || page.tags.len() > 1 || page.paths.len() > 1 || page.total != page.in_all;
        html! {
            @if has_choice {
                form.toolbar method="get" action=(here) {
                    (choice("host", "Machine", &page.hosts, &self.wanted.host))
                    (choice("tag", "Tag", &page.tags, &self.wanted.tag))
                    (choice("path", "Path", &page.paths, &self.wanted.path))
                    button.button type="submit" { "Filter" }
                }
            }
        }
    }

    fn list(&self) -> Markup {
        let limit = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let shown = &self.page.snapshots[..self.page.snapshots.len().min(limit)];
        let has_numbers = shown.iter().any(|snapshot| snapshot.summary.is_some());
        let removed = removed_files(&self.page.snapshots);
        let chosen = pair(shown);
        html! {
            form.stack method="get" action=(format!("{}/compare", links::profile(self.profile))) {
                p.toolbar {
                    button.button type="submit" { "Compare the two that are chosen" }
                }
                @for (day, snapshots) in by_day(self.moment, shown) {
                    h2 { (day.format("%A, %-d %B %Y")) }
                    div.scroll {
                        table.list.cards {
                            thead {
                                tr {
                                    th scope="col" { abbr title="The older one to compare" { "A" } }
                                    th scope="col" { abbr title="The newer one to compare" { "B" } }
                                    th scope="col" { "Time" }
                                    th scope="col" { "Snapshot" }
                                    th scope="col" { "Machine, paths, tags" }
                                    @if has_numbers {
                                        th.number scope="col" { "New" }
                                        th.number scope="col" { "Changed" }
                                        th.number scope="col" { "Gone" }
                                        th.number scope="col" { "Added" }
                                    }
                                    th scope="col" { span.visually-hidden { "Actions" } }
                                }
                            }
                            tbody { @for snapshot in snapshots { (self.row(snapshot, chosen, has_numbers, &removed)) } }
                        }
                    }
                }
            }
            @if !shown.iter().all(|snapshot| snapshot.summary.is_some()) {
                p.note { "Snapshots made by restic before 0.17 do not say how many files were new or changed." }
            }
        }
    }

    fn row(
        &self,
        snapshot: &Snapshot,
        chosen: Option<(&SnapshotId, &SnapshotId)>,
        has_numbers: bool,
        removed: &HashMap<&SnapshotId, u64>,
    ) -> Markup {
        let id = &snapshot.id;
        let (is_older, is_newer) = (chosen.is_some_and(|(older, _)| older == id), chosen.is_some_and(|(_, newer)| newer == id));
        let short = id.short();
        html! {
            tr {
                td data-label="A" { input type="radio" name="a" value=(id) aria-label={ "Compare from " (short) } checked[is_older]; }
                td data-label="B" { input type="radio" name="b" value=(id) aria-label={ "Compare to " (short) } checked[is_newer]; }
                td.nowrap data-label="Time" {
                    time datetime=(snapshot.time.to_rfc3339()) title=(words::absolute_text(self.moment, snapshot.time)) {
                        (self.moment.at(snapshot.time).format("%H:%M"))
                    }
                }
                td.name { a href=(links::start(self.profile, snapshot)) data-row { code { (short) } } }
                td.break {
                    bdi { (shown::text(&snapshot.host)) } ": "
                    @for (index, path) in snapshot.paths.iter().enumerate() { @if index > 0 { ", " } bdi { (shown::text(path)) } }
                    @for tag in &snapshot.tags { " " span.chip { bdi { (shown::text(tag)) } } }
                }
                @if has_numbers {
                    @match &snapshot.summary {
                        Some(summary) => {
                            td.number.added data-label="New" { (plain::count(summary.files_new)) }
                            td.number.changed data-label="Changed" { (plain::count(summary.files_changed)) }
                            td.number.removed data-label="Gone" { @match removed.get(id) { Some(files) => (plain::count(*files)), None => "–" } }
                            td.number data-label="Added" { (words::bytes(summary.bytes_added)) }
                        }
                        None => { td.number { "–" } td.number { "–" } td.number { "–" } td.number { "–" } }
                    }
                }
                td.nowrap {
                    a href=(links::start(self.profile, snapshot)) { "Browse" span.visually-hidden { " " (short) } }
                    " · "
                    a href=(links::difference_from_start(self.profile, snapshot, None)) { "Compare with previous" span.visually-hidden { " of " (short) } }
                }
            }
        }
    }
}

/// Puts snapshots, which are in order, into days of the machine's zone.
fn by_day<'a>(moment: &Moment, snapshots: &'a [Snapshot]) -> Vec<(NaiveDate, Vec<&'a Snapshot>)> {
    let mut days: Vec<(NaiveDate, Vec<&Snapshot>)> = Vec::new();
    for snapshot in snapshots {
        let day = moment.at(snapshot.time).date_naive();
        match days.last_mut() {
            Some((last, of_day)) if *last == day => of_day.push(snapshot),
            _ => days.push((day, vec![snapshot])),
        }
    }
    days
}

/// Returns the two to begin a comparison with, the older one first: the newest that belong together.
fn pair(snapshots: &[Snapshot]) -> Option<(&SnapshotId, &SnapshotId)> {
    snapshots.iter().enumerate().find_map(|(position, newer)| {
        let is_alike = |older: &&Snapshot| older.host == newer.host && older.paths == newer.paths;
        snapshots[position + 1..].iter().find(is_alike).map(|older| (&older.id, &newer.id))
    })
}

/// Returns how many files of its parent each snapshot lacks, which no summary says: what the parent had and this one neither kept nor
/// changed.
fn removed_files(snapshots: &[Snapshot]) -> HashMap<&SnapshotId, u64> {
    let by_id: HashMap<&str, &Snapshot> = snapshots.iter().map(|snapshot| (snapshot.id.as_str(), snapshot)).collect();
    let removed = |snapshot: &Snapshot| {
        let summary = snapshot.summary.as_ref()?;
        let parent = by_id.get(snapshot.parent.as_deref()?)?.summary.as_ref()?;
        Some(parent.files_processed.saturating_sub(summary.files_unmodified + summary.files_changed))
    };
    snapshots.iter().filter_map(|snapshot| Some((&snapshot.id, removed(snapshot)?))).collect()
}

#[cfg(test)]
mod tests;

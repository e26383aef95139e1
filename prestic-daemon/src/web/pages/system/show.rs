//! Writes the page of the daemon itself. Pure.

use std::net::SocketAddr;

use maud::{Markup, html};
use prestic_proto::{
    job::{Job, JobRequest, JobState},
    notification::NotificationState,
    service::Hello,
    status::Status,
    system::{CacheKind, CacheUse, ResticProgram, System},
    words as plain,
};

use super::dangers::{self, Remarks};
use crate::web::{
    Auth, WebSettings,
    pages::{
        actions,
        attention::config_problem,
        icons::{Icon, icon},
        instants, shell,
    },
    sessions::Session,
    words::{self, Moment},
};

/// So many jobs are listed.
const LISTED_JOBS: usize = 20;

/// Writes the page, without what takes a while to find out.
pub fn page(
    status: &Status,
    hello: &Hello,
    address: SocketAddr,
    settings: &WebSettings,
    session: &Session,
    moment: &Moment,
) -> Markup {
    html! {
        h1 { "System" }
        div.columns {
            section.box aria-labelledby="daemon" {
                h2 #daemon { "Daemon" }
                dl.facts {
                    dt { "Version" } dd { "PRestic " (status.version) }
                    dt { "Started" } dd { (words::relative(moment, status.started_at)) }
                    dt { "Process" } dd { (status.pid) }
                    dt { "Home" } dd { code { (status.home.display()) } }
                    dt { "Protocol" } dd { (hello.protocol) }
                    dt { "Notifications" } dd { (notifications(&status.notifications)) }
                }
            }
            (configuration(status, session, moment))
            section.box aria-labelledby="web" {
                h2 #web { "Web interface" }
                dl.facts {
                    dt { "Address" } dd { code { "http://" (address) "/" } }
                    dt { "Who may come in" } dd { (words::marked(who(settings))) }
                    @if !settings.allowed_hosts.is_empty() { dt { "Other names" } dd { (settings.allowed_hosts.join(", ")) } }
                }
                p.muted.small { "Set by " code { "web-listen" } ", " code { "web-auth" } " and " code { "web-allowed-hosts" } " in [prestic]. For programs: " a href="/api" { "the API" } "." }
            }
        }
    }
}

/// Shows where what takes a while will be.
pub fn asking() -> Markup {
    html! {
        div.waiting data-fragment="/fragment/system" { a href="/system/details" { "Ask every restic for its version, and see caches, events and jobs" } }
    }
}

fn notifications(state: &NotificationState) -> Markup {
    match state {
        NotificationState::Unused => html! { "not used yet: " code { "prestic-ctl notify-test" } " tries them" },
        NotificationState::Off => html! { "off, by " code { "notifications" } " in [prestic]" },
        NotificationState::Working { server } => html! { (icon(Icon::Tick)) " shown by " (server) },
        NotificationState::NoDesktop => html! { "none: the daemon was started without a desktop" },
        NotificationState::Unavailable { reason, hint } => {
            html! { (icon(Icon::Warning)) " " (words::marked(reason)) "; " (words::marked(hint)) }
        }
    }
}

fn who(settings: &WebSettings) -> &'static str {
    match settings.auth {
        Auth::SameUser => "programs of this user on this machine",
        Auth::Token => "whoever has a code from `prestic-ctl web`",
        Auth::Off => "every program on this machine",
    }
}

fn configuration(status: &Status, session: &Session, moment: &Moment) -> Markup {
    let config = &status.config;
    html! {
        section.box aria-labelledby="configuration" data-refresh="/system" data-on="config" data-whole {
            h2 #configuration { "Configuration" }
            p.break { code { (config.path.display()) } }
            @match config.loaded_at {
                Some(at) => p { "What is live was read " (words::relative(moment, at)) ", with " (plain::counted_usize(status.tasks.len(), "task")) "." },
                None => p { "It had errors from the start: only the profiles without any are live." },
            }
            @if config.errors.is_empty() && config.warnings.is_empty() { p { (icon(Icon::Tick)) " The last reading found nothing wrong." } }
            @if !config.errors.is_empty() {
                p { "The last reading found " (plain::counted_usize(config.errors.len(), "error")) ", so that it did not become live:" }
            }
            ul.problems {
                @for error in &config.errors { (config_problem(error, "failed")) }
                @for warning in &config.warnings { (config_problem(warning, "warning")) }
            }
            div.toolbar { (actions::reload_form(session)) }
        }
    }
}

/// Writes what takes a while to find out.
pub fn details(system: &System, mut jobs: Vec<Job>, session: &Session, moment: &Moment) -> Markup {
    jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
    jobs.dedup_by_key(|job| job.id);
    html! {
        div.stack {
            section.box aria-labelledby="restics" {
                h2 #restics { "restic" }
                @if system.restics.is_empty() { p.muted { "No profile uses one yet." } }
                ul.problems { @for restic in &system.restics { (program(restic)) } }
            }
            section.box aria-labelledby="caches" {
                h2 #caches { "Caches" }
                p.muted { "Nothing is lost when one is cleared, but time." }
                table.list.cards {
                    thead { tr {
                        th scope="col" { "Cache" } th.number scope="col" { "Entries" } th.number scope="col" { "Size" }
                        th.number scope="col" { "At most" } th scope="col" { span.visually-hidden { "Clear" } }
                    } }
                    tbody { @for cache in &system.caches { (cache_row(cache, session)) } }
                }
            }
            div.columns {
                section.box aria-labelledby="events" {
                    h2 #events { "Events and history" }
                    dl.facts {
                        dt { "Newest event" } dd { (plain::count(system.events.newest)) }
                        dt { "Kept" } dd { (plain::count(system.events.kept)) " of at most " (plain::count(system.events.capacity)) }
                        dt { "This page" } dd data-connection { "not live: it needs a script" }
                        dt { "Recorded runs" } dd { (plain::count(system.recorded_runs)) }
                        dt { "restics reading" } dd { (system.readers) }
                        dt { "Time zone" } dd { (system.timezone.as_deref().unwrap_or("unknown")) " (UTC" (moment.offset()) ")" }
                    }
                }
                section.box aria-labelledby="jobs" {
                    h2 #jobs { "Jobs" }
                    @if jobs.is_empty() { p.muted { "None: searches, comparisons and measurements of repositories are told here." } }
                    ul.plain { @for job in jobs.iter().take(LISTED_JOBS) { (one_job(job, moment)) } }
                }
            }
        }
    }
}

fn program(restic: &ResticProgram) -> Markup {
    let Remarks { dangers, notes } = restic.version.as_deref().map(dangers::of_version).unwrap_or_default();
    let state = if restic.version.is_none() {
        "failed"
    } else if dangers.is_empty() {
        "ok"
    } else {
        "warning"
    };
    let sign = match state {
        "ok" => Icon::Tick,
        "warning" => Icon::Warning,
        _ => Icon::Cross,
    };
    html! {
        li data-state=(state) {
            span.state-text { (icon(sign)) }
            div {
                p {
                    code { (shell::line(&restic.executable)) } " "
                    @match (&restic.version, &restic.trouble) {
                        (Some(version), _) => strong { (version) },
                        (None, trouble) => { "cannot be used: " (words::marked(trouble.as_deref().unwrap_or("it tells no version"))) }
                    }
                    span.muted { ", for " (restic.profiles.join(", ")) }
                }
                @for danger in dangers { p { (words::marked(danger)) "." } }
                @for note in notes { p.muted.small { (words::marked(note)) "." } }
            }
        }
    }
}

fn cache_row(cache: &CacheUse, session: &Session) -> Markup {
    let (word, label) = match cache.cache {
        CacheKind::Snapshots => ("snapshots", "Lists of snapshots"),
        CacheKind::Trees => ("trees", "Folders"),
        CacheKind::Indexes => ("indexes", "Indexes in memory"),
        CacheKind::IndexFiles => ("index-files", "Indexes on disk"),
        CacheKind::JobResults => ("job-results", "Results of jobs"),
    };
    html! {
        tr {
            th.name scope="row" { (label) }
            td.number data-label="Entries" { (plain::count(cache.entries)) }
            td.number data-label="Size" { (words::bytes(cache.bytes)) }
            td.number data-label="At most" { (words::bytes(cache.budget)) }
            td { (actions::clear_form(word, label, session)) }
        }
    }
}

fn one_job(job: &Job, moment: &Moment) -> Markup {
    let what = match &job.request {
        JobRequest::Search { query } => format!("search for “{query}”"),
        JobRequest::Difference { from, to, .. } => format!("comparison of {} and {}", from.short(), to.short()),
        JobRequest::Index { snapshot } => format!("index of {}", snapshot.short()),
        JobRequest::Measure => "measurement".to_owned(),
    };
    html! {
        li {
            a href=(instants::profile_address(&job.profile)) { (job.profile) } ": " (what) ", "
            @match &job.state {
                JobState::Queued => "waits",
                JobState::Running => { (plain::count(job.done)) @if let Some(total) = job.total { " of " (plain::count(total)) } " done" }
                JobState::Done => "done",
                JobState::Canceled => "canceled",
                JobState::Failed { reason } => { "failed: " (words::marked(reason)) }
            }
            " " span.muted { (words::relative(moment, job.created_at)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::system::EventFeed;

    use super::*;
    use crate::web::pages::samples::moment;

    fn system(restics: Vec<ResticProgram>) -> System {
        let caches = vec![CacheUse { cache: CacheKind::Trees, entries: 3, bytes: 2048, budget: 1 << 26 }];
        let events = EventFeed { newest: 7, kept: 7, capacity: 1024 };
        System { restics, caches, events, readers: 0, recorded_runs: 200_000, timezone: Some("Europe/Berlin".to_owned()) }
    }

    fn restic(version: Option<&str>, trouble: Option<&str>) -> ResticProgram {
        ResticProgram {
            executable: vec!["/opt/restic <x>".to_owned()],
            version: version.map(str::to_owned),
            trouble: trouble.map(str::to_owned),
            profiles: vec!["home".to_owned()],
        }
    }

    #[test]
    fn restics_have_their_versions_dangers_and_troubles() {
        let system = system(vec![restic(Some("0.17.1"), None), restic(None, Some("no such file"))]);
        let shown = details(&system, Vec::new(), &Session::new(), &moment()).into_string();
        for part in ["0.17.1", "21820", "no such file", "restic &lt;x&gt;", "200,000"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn caches_have_their_budgets_and_can_be_cleared() {
        let shown = details(&system(Vec::new()), Vec::new(), &Session::new(), &moment()).into_string();
        for part in ["2.0 KiB", "64.0 MiB", "name=\"cache\" value=\"trees\"", "Clear Folders"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

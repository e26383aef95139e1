//! What one can do with tasks: the forms, and what happens when they are sent. Each leads back to where it came from.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect},
    routing::post,
};
use maud::{Markup, html};
use prestic_proto::{
    job::JobRequest,
    pause_length::PauseLength,
    run::{Run, RunId},
    service::{IfActive, RunRequest, RunSelector},
    system::CacheKind,
};
use serde::Deserialize;

use crate::web::{
    Web,
    failure::{Failure, PageResult, capitalized},
    forms::{Action, csrf_input},
    layout::{self, Mood, Page, ProfileTab, Tab},
    sessions::Session,
    words,
};

use super::instants;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/action/run", post(run))
        .route("/action/stop", post(stop))
        .route("/action/pause", post(pause))
        .route("/action/resume", post(resume))
        .route("/action/unlock", post(unlock))
        .route("/action/measure", post(measure))
        .route("/action/reload", post(reload))
        .route("/action/clear-cache", post(clear_cache))
}

#[derive(Deserialize)]
struct OneTask {
    task: String,
    back: Option<String>,
}

#[derive(Deserialize)]
struct OneRun {
    run: u64,
    back: Option<String>,
}

#[derive(Deserialize)]
struct PauseForm {
    task: Option<String>,
    length: PauseLength,
    back: Option<String>,
}

#[derive(Deserialize)]
struct TaskOrAll {
    task: Option<String>,
    back: Option<String>,
}

#[derive(Deserialize)]
struct OneProfile {
    profile: String,
    back: Option<String>,
}

#[derive(Deserialize)]
struct OneCache {
    cache: CacheKind,
    back: Option<String>,
}

#[derive(Deserialize)]
struct Back {
    back: Option<String>,
}

async fn run(State(web): State<Web>, Action(form): Action<OneTask>) -> PageResult {
    web.client.run(RunRequest { task: form.task, args: Vec::new(), if_active: IfActive::Refuse }).await??;
    Ok(back(form.back.as_deref()))
}

async fn stop(State(web): State<Web>, Action(form): Action<OneRun>) -> PageResult {
    web.client.stop(RunSelector::Run(RunId(form.run))).await??;
    Ok(back(form.back.as_deref()))
}

async fn pause(State(web): State<Web>, Action(form): Action<PauseForm>) -> PageResult {
    web.client.pause(form.task, form.length.until(&web.moment())).await??;
    Ok(back(form.back.as_deref()))
}

async fn resume(State(web): State<Web>, Action(form): Action<TaskOrAll>) -> PageResult {
    web.client.resume(form.task).await??;
    Ok(back(form.back.as_deref()))
}

/// Says what came of it: often nothing, for a reason that the user should know.
async fn unlock(State(web): State<Web>, session: Session, Action(form): Action<OneProfile>) -> PageResult {
    let done = web.client.unlock(&form.profile).await??;
    let title = format!("Locks of {}", form.profile);
    let page = Page { title: &title, active: Tab::Profile(&form.profile, ProfileTab::Overview), mood: Mood::Fine };
    Ok(layout::page(&web, &session, page, unlocked(&title, &form.profile, &done)))
}

fn unlocked(title: &str, profile: &str, done: &str) -> Markup {
    html! {
        h1 { (title) }
        p.note data-said { (words::marked(&capitalized(done))) "." }
        p { a href={ (instants::profile_address(profile)) "#locks" } { "Back to " (profile) } }
    }
}

async fn measure(State(web): State<Web>, Action(form): Action<OneProfile>) -> PageResult {
    web.client.start_job(&form.profile, JobRequest::Measure).await??;
    Ok(back(form.back.as_deref()))
}

async fn reload(State(web): State<Web>, Action(form): Action<Back>) -> PageResult {
    web.client.reload().await??;
    Ok(back(form.back.as_deref()))
}

async fn clear_cache(State(web): State<Web>, Action(form): Action<OneCache>) -> PageResult {
    web.client.clear_cache(form.cache).await??;
    Ok(back(form.back.as_deref()))
}

/// Leads back to a page of ours; what could lead elsewhere leads home.
fn back(address: Option<&str>) -> axum::response::Response {
    Redirect::to(address.filter(|address| is_own(address)).unwrap_or("/")).into_response()
}

fn is_own(address: &str) -> bool {
    let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    is_plain && address.starts_with('/') && !address.starts_with("//")
}

/// Shows the button that runs a task. Without a script, it leads `back`, as the others do.
pub fn run_form(task: &str, back: &str, session: &Session) -> Markup {
    form(
        "run",
        session,
        &html! { input type="hidden" name="task" value=(task); (back_field(back)) },
        &html! {
            button.primary type="submit" aria-label={ "Run " (task) " now" } { "Run" }
        },
    )
}

/// Shows the button that stops a run. The script asks once more.
pub fn stop_form(run: &Run, back: &str, session: &Session) -> Markup {
    form(
        "stop",
        session,
        &html! { input type="hidden" name="run" value=(run.id); (back_field(back)) },
        &html! {
            button.danger type="submit" data-confirm="Really stop?" aria-label={ "Stop " (run.task) } { "Stop" }
        },
    )
}

/// Shows how long a task, or all, can be paused.
pub fn pause_menu(task: Option<&str>, back: &str, session: &Session) -> Markup {
    let (word, label) = match task {
        Some(task) => ("Pause", format!("Pause {task}")),
        None => ("Pause all", "Pause all tasks".to_owned()),
    };
    html! {
        details.menu {
            summary.button aria-label=(label) { (word) }
            form method="post" action="/action/pause" {
                (csrf_input(session))
                (back_field(back))
                @if let Some(task) = task { input type="hidden" name="task" value=(task); }
                @for length in PauseLength::ALL { button type="submit" name="length" value=(length.word()) { (length.label()) } }
            }
        }
    }
}

/// Shows the button that ends a pause.
pub fn resume_form(task: Option<&str>, back: &str, session: &Session) -> Markup {
    let fields = html! { @if let Some(task) = task { input type="hidden" name="task" value=(task); } (back_field(back)) };
    let label = task.map(|task| format!("Resume {task}"));
    form(
        "resume",
        session,
        &fields,
        &html! {
            button type="submit" aria-label=[label] { @if task.is_some() { "Resume" } @else { "Resume all" } }
        },
    )
}

/// Shows the button that removes stale locks.
pub fn unlock_form(profile: &str, session: &Session) -> Markup {
    form(
        "unlock",
        session,
        &profile_fields(profile),
        &html! {
            button.danger type="submit" data-confirm="Really unlock?" { "Unlock" }
        },
    )
}

/// Shows the button that measures a repository.
pub fn measure_form(profile: &str, session: &Session) -> Markup {
    form("measure", session, &profile_fields(profile), &html! { button type="submit" { "Measure now" } })
}

/// Shows the button that reads the configuration again.
pub fn reload_form(session: &Session) -> Markup {
    form("reload", session, &back_field("/system"), &html! { button type="submit" { "Read it again" } })
}

/// Shows the button that empties a cache.
pub fn clear_form(cache: &str, label: &str, session: &Session) -> Markup {
    let fields = html! {
        input type="hidden" name="cache" value=(cache);
        (back_field("/system"))
    };
    form("clear-cache", session, &fields, &html! { button type="submit" aria-label={ "Clear " (label) } { "Clear" } })
}

fn profile_fields(profile: &str) -> Markup {
    html! {
        input type="hidden" name="profile" value=(profile);
        (back_field(&instants::profile_address(profile)))
    }
}

fn back_field(address: &str) -> Markup {
    html! { input type="hidden" name="back" value=(address); }
}

fn form(action: &str, session: &Session, fields: &Markup, button: &Markup) -> Markup {
    html! { form.inline method="post" action={ "/action/" (action) } { (csrf_input(session)) (fields) (button) } }
}

/// Reads the number of a run in an address.
pub fn run_id(text: &str) -> Result<RunId, Failure> {
    text.parse().map_err(|_| Failure::NotFound(format!("`{text}` is no run’s number")))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::web::{
        pages::samples::{self, moment},
        words::Moment,
    };

    #[test]
    fn pause_until_tomorrow_ends_at_the_machines_midnight() {
        assert_eq!(PauseLength::UntilTomorrow.until(&moment()).unwrap().to_rfc3339(), "2026-11-23T23:00:00+00:00");
        // In the night of the 25th of October clocks go back in Berlin, but only after midnight.
        let eve = Moment { now: "2026-10-25T12:00:00Z".parse().unwrap(), ..moment() };
        assert_eq!(PauseLength::UntilTomorrow.until(&eve).unwrap().to_rfc3339(), "2026-10-25T23:00:00+00:00");
    }

    #[test]
    fn pause_lasts_as_long_as_its_button_says() {
        let now = moment().now;
        assert_eq!(PauseLength::OneHour.until(&moment()), Some(now + TimeDelta::hours(1)));
        assert_eq!(PauseLength::FourHours.until(&moment()), Some(now + TimeDelta::hours(4)));
        assert_eq!(PauseLength::UntilResumed.until(&moment()), None);
        for length in PauseLength::ALL {
            assert_eq!(serde_json::from_str::<PauseLength>(&format!("\"{}\"", length.word())).ok(), Some(length));
        }
    }

    #[test]
    fn what_came_of_unlocking_is_told() {
        let shown = unlocked("Locks of <a>", "<a>", "nothing was removed: `x` lives").into_string();
        assert!(shown.contains("data-said>Nothing was removed: <code>x</code> lives.</p>"), "{shown}");
        assert!(shown.contains("href=\"/profile/%3Ca%3E#locks\"") && !shown.contains("<a>"), "{shown}");
    }

    #[test]
    fn way_back_leads_nowhere_else() {
        assert!(is_own("/profile/a%2Fb?x=1#locks"));
        for address in ["//evil.test/", "https://evil.test/", "/\\evil.test", "", "javascript:alert(1)", "/a\nb", "/ä"] {
            assert!(!is_own(address), "{address}");
        }
    }

    #[test]
    fn every_form_has_a_token_and_escapes_what_it_sends() {
        let session = Session::new();
        let run = samples::run(7, "\"><script>");
        let forms = [
            run_form("\"><script>", "/\"><script>", &session),
            stop_form(&run, "/\"><script>", &session),
            pause_menu(Some("\"><script>"), "/\"><script>", &session),
            resume_form(None, "/\"><script>", &session),
            unlock_form("\"><script>", &session),
            measure_form("a", &session),
            reload_form(&session),
            clear_form("trees", "folders", &session),
        ];
        for form in forms {
            let form = form.into_string();
            assert!(form.contains(session.token()) && form.contains("method=\"post\"") && !form.contains("<script>"), "{form}");
        }
    }
}

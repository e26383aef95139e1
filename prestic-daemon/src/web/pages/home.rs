//! The home page: every task at a glance, the worst first; and the page for a home without any task.

use axum::{
    Router,
    extract::{Path, State},
    routing::get,
};
use futures::future;
use maud::{Markup, html};
use prestic_proto::{
    history::{RunQuery, TaskDays},
    profile::ProfileSummary,
    run::Run,
    service::RunSelector,
    status::Status,
};

use super::{
    actions, attention, days_strip, first_start, fragment, hero,
    task_row::{self, TaskFacts},
};
use crate::web::{
    Web,
    failure::{Failure, PageResult},
    layout::{self, Mood, Page, Tab},
    sessions::Session,
    words::Moment,
};

/// Among so many of the newest runs the last one of each task is looked for first.
const NEWEST_RUNS: u32 = 100;
/// Of so many tasks more the last run is asked for one by one; those behind them go without its duration.
const SINGLE_RUNS: usize = 50;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(home))
        .route("/fragment/glance", get(glance_fragment))
        .route("/fragment/tasks", get(tasks_fragment))
        .route("/fragment/task/{name}", get(task_fragment))
}

/// What the page is made of.
struct Facts {
    status: Status,
    days: Vec<TaskDays>,
    last_runs: Vec<Run>,
}

async fn home(State(web): State<Web>, session: Session) -> PageResult {
    let facts = ask(&web).await?;
    let moment = web.moment();
    let mut hero = hero::hero(&facts.status);
    let (title, content) = if facts.status.tasks.is_empty() {
        let profiles = web.client.profiles().await?;
        let has_config = tokio::fs::try_exists(&facts.status.config.path).await.unwrap_or(true);
        if !has_config {
            hero.mood = Mood::Fine;
        }
        ("Welcome", welcome(&facts.status, &profiles, has_config, &moment))
    } else {
        (hero.sentence.as_str(), content(&facts, &session, &moment))
    };
    Ok(layout::page(&web, &session, Page { title, active: Tab::Home, mood: hero.mood }, content))
}

async fn glance_fragment(State(web): State<Web>, session: Session) -> PageResult {
    let status = web.client.status().await?;
    Ok(fragment::respond(glance(&status, &session, &web.moment())))
}

async fn tasks_fragment(State(web): State<Web>, session: Session) -> PageResult {
    Ok(fragment::respond(tasks(&ask(&web).await?, &session, &web.moment())))
}

async fn task_fragment(State(web): State<Web>, session: Session, Path(name): Path<String>) -> PageResult {
    let (status, days) = future::try_join(web.client.status(), web.client.days(days_strip::SHOWN_DAYS)).await?;
    let task = status.tasks.iter().find(|task| task.name == name);
    let task = task.ok_or_else(|| Failure::NotFound(format!("no task is called `{name}`")))?;
    let last_runs = match task.last_run.as_ref().and_then(|last| last.id) {
        Some(run) => web.client.find_run(RunSelector::Run(run)).await?.into_iter().collect(),
        None => Vec::new(),
    };
    let facts = TaskFacts::gather(task, &status, &days, &last_runs);
    Ok(fragment::respond(task_row::show(&facts, &session, &web.moment())))
}

async fn ask(web: &Web) -> Result<Facts, Failure> {
    let newest = RunQuery { limit: NEWEST_RUNS, ..RunQuery::default() };
    let (status, days, newest) =
        future::try_join3(web.client.status(), web.client.days(days_strip::SHOWN_DAYS), web.client.history(newest)).await?;
    let mut last_runs = newest?.runs;
    let wanted = status.tasks.iter().filter_map(|task| task.last_run.as_ref()?.id);
    let others: Vec<_> = wanted.filter(|id| !last_runs.iter().any(|run| run.id == *id)).take(SINGLE_RUNS).collect();
    let found = future::try_join_all(others.into_iter().map(|id| web.client.find_run(RunSelector::Run(id)))).await?;
    // A run that is not known any more leaves its line without a duration, nothing else.
    last_runs.extend(found.into_iter().flatten());
    Ok(Facts { status, days, last_runs })
}

fn content(facts: &Facts, session: &Session, moment: &Moment) -> Markup {
    html! {
        (glance(&facts.status, session, moment))
        (tasks(facts, session, moment))
        (days_strip::legend())
    }
}

fn glance(status: &Status, session: &Session, moment: &Moment) -> Markup {
    html! {
        div.stack #glance data-refresh="/fragment/glance" data-on="tasks config pause" {
            (hero::show(&hero::hero(status), status.paused, moment))
            div.toolbar {
                @if status.paused.is_some() { (actions::resume_form(None, "/", session)) } @else { (actions::pause_menu(None, "/", session)) }
            }
            (attention::show(status, moment))
        }
    }
}

fn tasks(facts: &Facts, session: &Session, moment: &Moment) -> Markup {
    html! {
        section #tasks aria-labelledby="tasks-title" data-refresh="/fragment/tasks" data-on="config" {
            h2.visually-hidden #tasks-title { "Tasks" }
            ul.tasks {
                @for task in &facts.status.tasks {
                    (task_row::show(&TaskFacts::gather(task, &facts.status, &facts.days, &facts.last_runs), session, moment))
                }
            }
        }
    }
}

/// What a home without tasks shows: how to begin, or what its profiles lack.
fn welcome(status: &Status, profiles: &[ProfileSummary], has_config: bool, moment: &Moment) -> Markup {
    html! {
        div.stack data-refresh="/" data-on="config" data-whole {
            // Where nothing was written yet, there is nothing to mend.
            @if has_config { (attention::show(status, moment)) }
            (first_start::show(status, profiles))
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::profile::ConfigProblem;

    use super::*;
    use crate::web::pages::samples::{ended, moment, status};

    #[test]
    fn first_start_has_nothing_to_mend() {
        let mut status = status(Vec::new());
        status.config.errors = vec![ConfigProblem {
            file: status.config.path.clone(),
            line: None,
            section: None,
            key: None,
            message: "there is no configuration".to_owned(),
            hint: None,
        }];
        let shown = |has_config| welcome(&status, &[], has_config, &moment()).into_string();
        assert!(shown(true).contains("Needs attention") && !shown(false).contains("Needs attention"));
    }

    #[test]
    fn page_has_the_sentence_the_box_and_a_row_a_task() {
        let tasks = vec![ended("home", "failed"), ended("mail", "succeeded")];
        let facts = Facts { status: status(tasks), days: Vec::new(), last_runs: Vec::new() };
        let shown = content(&facts, &Session::new(), &moment()).into_string();
        for part in
            ["1 of 2 tasks needs attention.", "Needs attention", "data-task=\"home\"", "data-task=\"mail\"", "Pause all"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

//! The calendar: what ran in the last days, and what the scheduler will start in the next two weeks.

mod feed;
mod plan;
mod show;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Days, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, future, stream};
use prestic_proto::{
    history::{RunQuery, TaskDays},
    run::Run,
    status::{Status, TaskStatus, Upcoming},
};

use self::plan::{Often, Plan};
use crate::web::{
    Web,
    failure::{Failure, PageResult},
    layout::{self, Mood, Page, Tab},
    sessions::Session,
    words::Moment,
};

/// How many whole days ahead it looks, after what is left of today.
const COMING_DAYS: u64 = 14;
/// How many days it looks back.
const PAST_DAYS: u32 = 7;
/// A task that comes more often than once an hour is summed up: nobody reads thousands of lines.
/// Clocks that are set back add one more.
const MOST_TIMES: u32 = 24 * (COMING_DAYS as u32 + 1) + 1;
/// As many times as the minutes of the longest day, and one to see whether there are more.
const TIMES_OF_A_DAY: u32 = 25 * 60 + 1;
/// More tasks than these are not asked for: such a calendar would be no help.
const MOST_TASKS: usize = 500;
/// How many tasks are asked for at once.
const CALLS_AT_ONCE: usize = 8;
/// Among so many of the newest runs it is looked how long tasks take.
const NEWEST_RUNS: u32 = 200;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/calendar", get(calendar)).route("/calendar.ics", get(feed))
}

/// What the page is made of.
struct Facts {
    status: Status,
    upcoming: Vec<Upcoming>,
    often: Vec<Often>,
    days: Vec<TaskDays>,
    runs: Vec<Run>,
}

async fn calendar(State(web): State<Web>, session: Session) -> PageResult {
    let moment = web.moment();
    let facts = ask(&web, &moment).await?;
    let plan = Plan::new(&facts.status, &facts.upcoming, &facts.days, &facts.runs, &moment);
    let content = show::page(&plan, &facts.often, facts.status.tasks.len() > MOST_TASKS);
    let mood = if facts.status.runs.is_empty() { Mood::Fine } else { Mood::Running };
    Ok(layout::page(&web, &session, Page { title: "Calendar", active: Tab::Calendar, mood }, content))
}

async fn feed(State(web): State<Web>) -> PageResult {
    let moment = web.moment();
    let facts = ask(&web, &moment).await?;
    let plan = Plan::new(&facts.status, &facts.upcoming, &[], &facts.runs, &moment);
    if plan.coming().next().is_none() {
        // The format knows no empty calendar.
        return Err(Failure::NotFound(show::nothing_to_download(&facts.often)));
    }
    Ok(download(feed::write(&plan, &facts.status.tasks, moment.now)))
}

fn download(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"prestic.ics\""),
    ];
    (headers, text).into_response()
}

async fn ask(web: &Web, moment: &Moment) -> Result<Facts, Failure> {
    let newest = RunQuery { limit: NEWEST_RUNS, ..RunQuery::default() };
    let (status, days, runs) =
        future::try_join3(web.client.status(), web.client.days(PAST_DAYS), web.client.history(newest)).await?;
    let tasks: Vec<TaskStatus> = status.tasks.iter().filter(|task| task.schedule.is_some()).take(MOST_TASKS).cloned().collect();
    let asked = stream::iter(tasks.into_iter().map(|task| async move { times_of(web, task, moment).await }));
    let found: Vec<(Vec<Upcoming>, Option<Often>)> = asked.buffered(CALLS_AT_ONCE).try_collect().await?;
    let (upcoming, often): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let often = often.into_iter().flatten().collect();
    Ok(Facts { status, upcoming: upcoming.concat(), often, days, runs: runs?.runs })
}

/// Returns when a task comes in the next days, or how often.
async fn times_of(web: &Web, task: TaskStatus, moment: &Moment) -> Result<(Vec<Upcoming>, Option<Often>), Failure> {
    let today = moment.at(moment.now).date_naive();
    let end = plan::midnight(moment, today + Days::new(COMING_DAYS + 1));
    let found = web.client.upcoming(Some(task.name.clone()), None, MOST_TIMES + 1).await?;
    // A task that is gone since is left out.
    let mut times = found.unwrap_or_default();
    let is_cut = times.len() > MOST_TIMES as usize;
    times.retain(|upcoming| upcoming.starts_at < end);
    if !(is_cut && times.len() > MOST_TIMES as usize) {
        return Ok((times, None));
    }
    let tomorrow = plan::midnight(moment, today + Days::new(1));
    let day_after = plan::midnight(moment, today + Days::new(2));
    let just_before = tomorrow - TimeDelta::milliseconds(1);
    let of_a_day = web.client.upcoming(Some(task.name.clone()), Some(just_before), TIMES_OF_A_DAY).await?.unwrap_or_default();
    let a_day = of_a_day.iter().filter(|upcoming| upcoming.due_at < day_after).count();
    let next: Option<DateTime<Utc>> = times.first().map(|upcoming| upcoming.starts_at);
    Ok((Vec::new(), Some(Often { task: task.name, schedule: task.schedule.unwrap_or_default(), a_day, next })))
}

//! The tasks of `status`: a table, which says less where the terminal is narrow, and becomes a list where no table fits.
//!
//! Pure: status, time and look in, lines out.

use chrono::{DateTime, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{Run, RunState, Turn, Wait},
    status::{LastRun, Pause, Status, TaskStatus},
};

use crate::{
    output::{Look, Paint},
    table::{self, Cell},
    words,
};

/// A terminal with fewer columns has no room for dates beside the words that matter.
const NARROW: usize = 60;

/// How much a row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// All, with dates.
    Dated,
    /// Instants by how far off they are.
    Relative,
    /// Not when a failed task last ended well: the line with its reason tells that too.
    Brief,
}

const HEADINGS: [&str; 4] = ["TASK", "STATE", "LAST RUN", "NEXT RUN"];

/// Returns the lines about all tasks, and about the sections from which nothing runs.
pub(super) fn lines(status: &Status, stuck: &[String], now: DateTime<Utc>, look: &Look) -> Vec<String> {
    let rows = |detail| {
        let tasks = status.tasks.iter().map(|task| row(task, status, now, detail));
        tasks.chain(stuck.iter().map(|section| stuck_row(section))).collect::<Vec<_>>()
    };
    let is_narrow = look.columns.is_some_and(|columns| columns < NARROW);
    let details = [Detail::Dated, Detail::Relative, Detail::Brief];
    for rows in details.into_iter().skip(usize::from(is_narrow)).map(rows) {
        if table::fits(&HEADINGS, &rows, look) {
            return table::lines(HEADINGS, rows, look);
        }
    }
    rows(Detail::Relative).iter().flat_map(|row| entry(row, look)).collect()
}

/// Returns a task as a few lines of its own, none of them cut.
fn entry([name, state, last, next]: &[Cell; 4], look: &Look) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", name.shown(look), state.shown(look))];
    for (label, cell) in [("last", last), ("next", next)] {
        if !cell.is_empty() {
            lines.push(format!("  {}  {}", look.paint(Paint::Faint, label), cell.shown(look)));
        }
    }
    lines
}

fn stuck_row(section: &str) -> [Cell; 4] {
    let next = Cell::painted("not before that is mended", Paint::Bad);
    [Cell::painted(section, Paint::Strong), Cell::painted("config error", Paint::Bad), "".into(), next]
}

/// Returns what there is to say of a task that does not start by itself.
fn paused_words(task: &TaskStatus, pause: Option<Pause>, now: DateTime<Utc>) -> String {
    let ends = [task.paused, pause].into_iter().flatten().map(|pause| pause.until).collect::<Option<Vec<_>>>();
    match ends.and_then(|ends| ends.into_iter().max()) {
        Some(until) => format!("paused, ends {}", words::until(until, now)),
        None => "paused".to_owned(),
    }
}

fn row(task: &TaskStatus, status: &Status, now: DateTime<Utc>, detail: Detail) -> [Cell; 4] {
    let (runs, pause) = (&status.runs, status.paused);
    let run = runs.iter().find(|run| Some(run.id) == task.active);
    let last = match &task.last_run {
        None if task.overdue_since.is_some() => Cell::painted("never, overdue", Paint::Bad),
        Some(last) if task.overdue_since.is_some() => {
            Cell::painted(format!("{}, overdue", last_words(last, task.last_success_at, now)), Paint::Bad)
        }
        Some(last) if detail == Detail::Brief => Cell::painted(ended_words(last, now), paint_of(last)),
        Some(last) => Cell::painted(last_words(last, task.last_success_at, now), paint_of(last)),
        None => Cell::painted("never", Paint::Faint),
    };
    let next = match (task.next_run_at, &task.schedule) {
        _ if task.cannot_run.is_some() => Cell::painted("cannot run", Paint::Bad),
        _ if task.paused.is_some() || pause.is_some() => Cell::painted(paused_words(task, pause, now), Paint::Warning),
        _ if let Some(at) = task.retry_at => Cell::from(format!("tried again {}", words::until(at, now))),
        (Some(at), _) if detail != Detail::Dated => Cell::from(words::until(at, now)),
        (Some(at), _) => Cell::from(format!("{} ({})", words::local_time(at), words::until(at, now))),
        (None, Some(schedule)) => Cell::from(schedule),
        (None, None) => Cell::painted("not scheduled", Paint::Faint),
    };
    [Cell::painted(&task.name, Paint::Strong), run.map_or_else(|| Cell::painted("idle", Paint::Faint), state), last, next]
}

fn state(run: &Run) -> Cell {
    let percent = run.progress.as_ref().and_then(|progress| progress.fraction).map(words::percent);
    let percent = percent.map(|percent| format!(" {percent}%")).unwrap_or_default();
    match &run.state {
        RunState::Queued(turn) if is_held(turn) => Cell::painted("held back", Paint::Warning),
        RunState::Queued(Turn { position: Some(position), .. }) => {
            Cell::painted(format!("queued, place {position}"), Paint::Active)
        }
        RunState::Queued(_) => Cell::painted("queued", Paint::Active),
        RunState::Starting => Cell::painted("starting", Paint::Active),
        RunState::Running { .. } if run.limit_near.is_some() => Cell::painted(format!("running{percent}!"), Paint::Warning),
        RunState::Running { .. } => Cell::painted(format!("running{percent}"), Paint::Active),
        RunState::WaitingForSecret { .. } => Cell::painted("waiting for secret", Paint::Warning),
        RunState::WaitingForLock { .. } => Cell::painted("waiting for lock", Paint::Warning),
        RunState::Stopping { .. } => Cell::painted(format!("stopping{percent}"), Paint::Warning),
        RunState::Finished(_) => Cell::painted("idle", Paint::Faint),
    }
}

/// Whether a run waits for something else than its turn.
pub(super) fn is_held(turn: &Turn) -> bool {
    !matches!(turn.waits_for, None | Some(Wait::Place | Wait::Repository { .. } | Wait::SameTask { .. } | Wait::Conditions))
}

fn ended_words(last: &LastRun, now: DateTime<Utc>) -> String {
    format!("{} {}", last.outcome, words::ago(last.at, now))
}

/// Returns how the last run ended, and when one last ended well if this one did not: that is how old the backup is.
fn last_words(last: &LastRun, last_success_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let ended = ended_words(last, now);
    if is_good(last) { ended } else { format!("{ended}, {}", last_good(last_success_at, now)) }
}

/// Returns when a run last ended well.
pub(super) fn last_good(last_success_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    last_success_at.map_or_else(|| "no good one known".to_owned(), |at| format!("last good {}", words::ago(at, now)))
}

fn is_good(last: &LastRun) -> bool {
    [Outcome::Succeeded, Outcome::Warnings].iter().any(|outcome| last.outcome == outcome.word())
}

/// Returns the color of how the last run ended.
pub(super) fn paint_of(last: &LastRun) -> Paint {
    match last.outcome.as_str() {
        word if word == Outcome::Succeeded.word() => Paint::Good,
        word if word == Outcome::Warnings.word() || word == Outcome::Stopped.word() => Paint::Warning,
        _ => Paint::Bad,
    }
}

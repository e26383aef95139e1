//! The tasks of `status`: a table, which says less where the terminal is narrow, and becomes a list where no table fits.
//!
//! Pure: status, time and look in, lines out.

use chrono::{DateTime, Utc};
use prestic_proto::{
    outcome::Outcome,
    run::{Run, RunState},
    status::{LastRun, Status, TaskStatus},
};

use crate::{
    output::{Look, Paint},
    table::{self, Cell},
    words,
};

/// A terminal with fewer columns has no room for dates beside the words that matter.
const NARROW: usize = 60;

/// How instants are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instants {
    /// With their date.
    Dated,
    /// By how far off they are.
    Relative,
}

const HEADINGS: [&str; 4] = ["TASK", "STATE", "LAST RUN", "NEXT RUN"];

/// Returns the lines about all tasks, and about the sections from which nothing runs.
pub(super) fn lines(status: &Status, stuck: &[String], now: DateTime<Utc>, look: &Look) -> Vec<String> {
    let rows = |instants| {
        let tasks = status.tasks.iter().map(|task| row(task, &status.runs, now, instants));
        tasks.chain(stuck.iter().map(|section| stuck_row(section))).collect::<Vec<_>>()
    };
    let dated = rows(Instants::Dated);
    let is_narrow = look.columns.is_some_and(|columns| columns < NARROW);
    if !is_narrow && table::fits(&HEADINGS, &dated, look) {
        return table::lines(HEADINGS, dated, look);
    }
    let relative = rows(Instants::Relative);
    if table::fits(&HEADINGS, &relative, look) {
        table::lines(HEADINGS, relative, look)
    } else {
        relative.iter().flat_map(|row| entry(row, look)).collect()
    }
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

fn row(task: &TaskStatus, runs: &[Run], now: DateTime<Utc>, instants: Instants) -> [Cell; 4] {
    let run = runs.iter().find(|run| Some(run.id) == task.active);
    let last = match &task.last_run {
        Some(last) => Cell::painted(last_words(last, task.last_success_at, now), paint_of(last)),
        None => Cell::painted("never", Paint::Faint),
    };
    let next = match (task.next_run_at, &task.schedule) {
        _ if task.cannot_run.is_some() => Cell::painted("cannot run", Paint::Bad),
        (Some(at), _) if instants == Instants::Relative => Cell::from(words::until(at, now)),
        (Some(at), _) => Cell::from(format!("{} ({})", words::local_time(at), words::until(at, now))),
        (None, Some(schedule)) => Cell::from(schedule),
        (None, None) => Cell::painted("not scheduled", Paint::Faint),
    };
    [Cell::painted(&task.name, Paint::Strong), run.map_or_else(|| Cell::painted("idle", Paint::Faint), state), last, next]
}

fn state(run: &Run) -> Cell {
    let percent = run.progress.as_ref().and_then(|progress| progress.fraction).map(words::percent);
    let percent = percent.map(|percent| format!(" {percent}%")).unwrap_or_default();
    match run.state {
        RunState::Queued => Cell::painted("queued", Paint::Active),
        RunState::Starting => Cell::painted("starting", Paint::Active),
        RunState::Running { .. } => Cell::painted(format!("running{percent}"), Paint::Active),
        RunState::Stopping { .. } => Cell::painted(format!("stopping{percent}"), Paint::Warning),
        RunState::Finished(_) => Cell::painted("idle", Paint::Faint),
    }
}

/// Returns how the last run ended, and when one last ended well if this one did not: that is how old the backup is.
fn last_words(last: &LastRun, last_success_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let last_one = format!("{} {}", last.outcome, words::ago(last.at, now));
    match last_success_at {
        _ if is_good(last) => last_one,
        Some(at) => format!("{last_one}, last good {}", words::ago(at, now)),
        None => format!("{last_one}, no good one known"),
    }
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

//! All tasks in one sentence: the worst first, then what comes next. For every client the same; pure.

use chrono::{DateTime, Utc};

use crate::{
    standing::{Activity, Standing, active_run, activity, standing},
    status::{Pause, Status},
    words,
};

/// More tasks than these are not named in one line.
const NAMED_TASKS: usize = 4;

/// Whether a standing is of one kind.
type IsKind = fn(&Standing) -> bool;

/// What all tasks together come to, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverallState {
    /// Somebody has to do something.
    Attention,
    /// Nothing starts by itself.
    Paused,
    /// A run is under way.
    Running,
    /// A run did its work, but not for every file.
    Warnings,
    /// A task has never run.
    NotYet,
    /// All is well.
    Fine,
}

/// What is to be said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// What it comes to.
    pub state: OverallState,
    /// The sentence, without a full stop.
    pub sentence: String,
    /// What it leaves out of what is wrong.
    pub details: Vec<String>,
    /// What it leaves out of what comes and goes with each run: what is running, or what ended with warnings before that.
    pub beside: Option<String>,
    /// The task that starts next, and when.
    pub next: Option<(String, DateTime<Utc>)>,
}

/// Finds the words for all tasks together.
pub fn overview(status: &Status) -> Overview {
    let standings: Vec<(&str, Standing)> = status.tasks.iter().map(|task| (task.name.as_str(), standing(task))).collect();
    let named = |is_wanted: &dyn Fn(&Standing) -> bool| -> Vec<&str> {
        standings.iter().filter(|(_, standing)| is_wanted(standing)).map(|(name, _)| *name).collect()
    };
    let busy = status.tasks.iter().filter(|task| {
        matches!(activity(task, active_run(status, task), status.paused), Activity::Running | Activity::Stopping)
    });
    let running: Vec<&str> = busy.map(|task| task.name.as_str()).collect();
    let next = status.tasks.iter().filter_map(|task| Some((task.name.clone(), task.next_run_at?))).min_by_key(|(_, at)| *at);
    let mut details = Vec::new();

    let troubled = named(&Standing::needs_attention);
    let warnings = named(&|standing| matches!(standing, Standing::Warnings { .. }));
    let untried = named(&|standing| matches!(standing, Standing::NotYet));
    let errors = status.config.errors.len();
    let (state, sentence) = if !troubled.is_empty() {
        let groups: [(IsKind, &str, &str); 4] = [
            (|standing| matches!(standing, Standing::Failed { .. }), "failed", "failed"),
            (|standing| matches!(standing, Standing::Overdue { .. }), "is overdue", "are overdue"),
            (|standing| matches!(standing, Standing::Missed { .. }), "missed its time", "missed their time"),
            (|standing| matches!(standing, Standing::CannotRun { .. }), "cannot run", "cannot run"),
        ];
        for (is_wanted, one, several) in groups {
            let names = named(&is_wanted);
            if !names.is_empty() {
                details.push(format!("{} {}", listed(&names), if names.len() == 1 { one } else { several }));
            }
        }
        let verb = if troubled.len() == 1 { "needs" } else { "need" };
        let sentence = match (troubled.as_slice(), status.tasks.len()) {
            ([name], 1) => format!("{name} needs attention"),
            (_, all) => format!("{} of {all} tasks {verb} attention", troubled.len()),
        };
        (OverallState::Attention, sentence)
    } else if errors > 0 {
        (OverallState::Attention, format!("The configuration has {}", words::counted_usize(errors, "error")))
    } else if let Some(pause) = status.paused {
        (OverallState::Paused, pause_sentence(pause))
    } else if !running.is_empty() {
        (OverallState::Running, format!("{} {} running", listed(&running), are(&running)))
    } else if !warnings.is_empty() {
        (OverallState::Warnings, format!("{} ended with warnings", listed(&warnings)))
    } else if !untried.is_empty() {
        (OverallState::NotYet, format!("{} {} not run yet", listed(&untried), if untried.len() == 1 { "has" } else { "have" }))
    } else {
        let sentence = match status.tasks.as_slice() {
            [task] => format!("{} is fine", task.name),
            tasks => format!("All {} tasks are fine", tasks.len()),
        };
        (OverallState::Fine, sentence)
    };
    if errors > 0 {
        let live = if status.config.loaded_at.is_some() {
            "the configuration before stays live"
        } else {
            "only profiles without errors are live"
        };
        details.push(format!("config.ini has {}, and {live}", words::counted_usize(errors, "error")));
    }
    let beside = if state != OverallState::Running && !running.is_empty() {
        Some(format!("{} {} running", listed(&running), are(&running)))
    } else if state == OverallState::Running && !warnings.is_empty() {
        Some(format!("{} ended with warnings", listed(&warnings)))
    } else {
        None
    };
    Overview { state, sentence, details, beside, next }
}

fn pause_sentence(pause: Pause) -> String {
    if pause.until.is_some() {
        "All tasks are paused".to_owned()
    } else {
        "All tasks are paused until you resume them".to_owned()
    }
}

fn are(names: &[&str]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

/// Joins names as one would say them; of many only the first ones.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [first @ .., last] if names.len() <= NAMED_TASKS => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..NAMED_TASKS - 1].join(", "), names.len() + 1 - NAMED_TASKS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_cut_short() {
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}

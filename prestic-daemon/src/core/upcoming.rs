//! The coming runs of tasks, as far as the clock decides on them. Pure.

use std::{cmp::Reverse, collections::BinaryHeap};

use chrono::{DateTime, Utc};
use prestic_proto::{error::ApiError, status::Upcoming};

use crate::{
    core::state::{Occurrence, State, TaskState},
    schedule::Zone,
};

/// Returns the runs of a task, of the tasks of a group, or of all that are due after an instant: the earliest ones.
pub fn upcoming(state: &State, name: Option<&str>, after: DateTime<Utc>, limit: usize) -> Result<Vec<Upcoming>, ApiError> {
    let is_wanted = |task: &&TaskState| name.is_none_or(|name| task.plan.is_called(name));
    let tasks: Vec<&TaskState> = state.tasks.values().map(Box::as_ref).filter(is_wanted).collect();
    if let (Some(name), true) = (name, tasks.is_empty()) {
        return Err(ApiError::UnknownTask { name: name.to_owned(), similar: None });
    }
    // The next one of each task; of these the earliest is taken, and followed by the next one of its task.
    let place = |index: usize, Occurrence { due_at, starts_at }| Reverse((starts_at, due_at, index));
    let first = tasks.iter().enumerate().filter_map(|(index, task)| Some(place(index, task.occurrence_after(after)?)));
    let mut coming: BinaryHeap<_> = first.collect();
    let mut found = Vec::new();
    while let Some(Reverse((starts_at, due_at, index))) = coming.pop().filter(|_| found.len() < limit) {
        let task = tasks[index];
        let timezone = match task.plan.zone {
            Zone::Machine => None,
            zone => Some(zone.to_string()),
        };
        found.push(Upcoming { task: task.plan.name.clone(), due_at, starts_at, timezone });
        coming.extend(task.occurrence_after(due_at).map(|next| place(index, next)));
    }
    Ok(found)
}

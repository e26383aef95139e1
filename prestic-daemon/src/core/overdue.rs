//! When a task has gone without a good run for too long. Pure.

use chrono::{DateTime, Utc};

use crate::core::state::TaskPlan;

/// Returns when a task becomes overdue, if no run ends well before.
///
/// A task that never ended well counts from when it was seen first: a backup that has never worked is the worst of all.
pub fn overdue_at(
    plan: &TaskPlan,
    last_success_at: Option<DateTime<Utc>>,
    first_seen_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    last_success_at.unwrap_or(first_seen_at).checked_add_signed(plan.overdue_after?)
}

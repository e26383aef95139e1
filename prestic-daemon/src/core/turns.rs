//! Whose turn it is: which of the queued runs may start, and what the others wait for. Pure.
//!
//! Runs start in the order of the queue. One that waits for its repository keeps its place in front of those that want the
//! same repository; one that is held back by a pause, a need or a condition lets the others by.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    condition::Unmet,
    outcome::Outcome,
    run::{RunId, RunState, Turn, Wait},
    status::LastRun,
};

use crate::{
    config::repository_identity::RepositoryId,
    core::{
        action::{Action, Asking},
        due::is_success,
        planner::Planner,
        state::{Conditioned, RunEntry, TaskState},
    },
    restic::access::Access,
};

/// How long it counts that conditions held: a run may have waited for its repository meanwhile.
const CONDITIONS_HOLD: TimeDelta = TimeDelta::seconds(60);

/// Of how many queued runs a change of what they wait for is told. Nobody follows more.
const FOLLOWED: usize = 50;

/// What is decided on a queued run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Start,
    /// Its conditions have to be looked at first.
    Ask,
    Wait(Wait),
}

impl Verdict {
    /// Whether the run stands in line: what is held back has no place there, because it lets the others by.
    fn is_in_line(&self) -> bool {
        match self {
            Self::Start => false,
            Self::Ask => true,
            Self::Wait(wait) => {
                matches!(wait, Wait::Conditions | Wait::Repository { .. } | Wait::Place | Wait::SameTask { .. })
            }
        }
    }
}

/// Who uses what, or is to before others.
struct Occupancy<'state> {
    places_left: usize,
    users: HashMap<&'state RepositoryId, Vec<(RunId, Access)>>,
    tasks: BTreeMap<&'state str, RunId>,
}

impl<'state> Occupancy<'state> {
    fn occupy(&mut self, entry: &'state RunEntry) {
        for usage in entry.repositories.iter() {
            self.users.entry(&usage.repository).or_default().push((entry.run.id, usage.access));
        }
    }

    fn start(&mut self, entry: &'state RunEntry) {
        self.occupy(entry);
        self.places_left = self.places_left.saturating_sub(1);
        self.tasks.insert(&entry.run.task, entry.run.id);
    }

    /// Returns the first run that does not go together with one on the same repository.
    fn rival(&self, entry: &RunEntry) -> Option<RunId> {
        entry.repositories.iter().find_map(|usage| {
            let users = self.users.get(&usage.repository)?;
            users
                .iter()
                .find(|(_, access)| *access == Access::Exclusive || usage.access == Access::Exclusive)
                .map(|(run, _)| *run)
        })
    }
}

impl Planner {
    /// Decides on the queued runs in their order: on all, or on the first ones and as many more as may start.
    fn verdicts(&self, now: DateTime<Utc>, at_least: usize) -> Vec<(RunId, Verdict)> {
        let mut occupancy = Occupancy { places_left: self.state.max_parallel, users: HashMap::new(), tasks: BTreeMap::new() };
        self.state.launched().for_each(|entry| occupancy.start(entry));
        let mut verdicts = Vec::new();
        for (index, id) in self.state.queue.iter().enumerate() {
            if occupancy.places_left == 0 && index >= at_least {
                break;
            }
            let Some(entry) = self.state.runs.get(id) else { continue };
            let verdict = self.verdict(entry, &occupancy, now);
            match &verdict {
                Verdict::Start => occupancy.start(entry),
                Verdict::Ask | Verdict::Wait(Wait::Repository { .. } | Wait::Place | Wait::Conditions) => {
                    occupancy.occupy(entry);
                }
                Verdict::Wait(_) => {}
            }
            verdicts.push((*id, verdict));
        }
        verdicts
    }

    fn verdict(&self, entry: &RunEntry, occupancy: &Occupancy<'_>, now: DateTime<Utc>) -> Verdict {
        let task = self.state.tasks.get(&entry.run.task).filter(|_| !entry.is_wanted);
        if let Some(wait) = task.and_then(|task| self.held_back(task, entry, now)) {
            return Verdict::Wait(wait);
        }
        if let Some(run) = occupancy.tasks.get(entry.run.task.as_str()) {
            return Verdict::Wait(Wait::SameTask { run: *run });
        }
        if let Some(run) = occupancy.rival(entry) {
            let task = self.state.runs.get(&run).map(|rival| rival.run.task.clone()).unwrap_or_default();
            return Verdict::Wait(Wait::Repository { run, task });
        }
        if occupancy.places_left == 0 {
            return Verdict::Wait(Wait::Place);
        }
        let is_conditioned = task.is_some_and(|task| !task.plan.conditions_of(&entry.run).is_empty() && !task.is_overdue(now));
        match entry.conditions {
            _ if !is_conditioned => Verdict::Start,
            Conditioned::Met(at) if now - at < CONDITIONS_HOLD => Verdict::Start,
            Conditioned::Asked => Verdict::Wait(Wait::Conditions),
            _ => Verdict::Ask,
        }
    }

    /// Returns what keeps a run of a task from starting by itself, whoever else runs.
    fn held_back(&self, task: &TaskState, entry: &RunEntry, now: DateTime<Utc>) -> Option<Wait> {
        if let Some(pause) = self.state.pause_of(task) {
            return Some(Wait::Paused { until: pause.until });
        }
        if let Some(until) = entry.not_before.filter(|until| *until > now) {
            return Some(Wait::StartupDelay { until });
        }
        // Another attempt needs what the first one had.
        let needs = task.plan.needs.iter().filter(|_| entry.run.attempt == 0);
        if let Some(missing) = needs.into_iter().find(|need| !self.is_satisfied(need, task)) {
            return Some(Wait::Needs { task: missing.clone() });
        }
        // A task that is overdue runs whatever the conditions are.
        if task.is_overdue(now) {
            return None;
        }
        if let Some(window) = task.plan.window.as_ref().filter(|window| !window.contains(now, &task.plan.zone)) {
            return Some(Wait::Window { opens_at: window.next_start(now, &task.plan.zone) });
        }
        match &entry.conditions {
            Conditioned::Unmet(conditions) => Some(Wait::Unmet { conditions: conditions.clone() }),
            _ => None,
        }
    }

    /// Whether a task, or each one of a group, has ended well since another one ended.
    fn is_satisfied(&self, need: &str, task: &TaskState) -> bool {
        // A run that was cut off is repeated with what it had.
        let was_cut_off = |last: &&LastRun| last.outcome == Outcome::Interrupted.word();
        let own_last_at = task.last_run.as_ref().filter(|last| !was_cut_off(last)).map(|last| last.at);
        let mut needed = self.state.tasks.values().filter(|other| other.plan.is_called(need));
        needed.all(|other| other.last_run.as_ref().is_some_and(|last| is_success(last) && Some(last.at) > own_last_at))
    }

    /// Launches what may start.
    pub(super) fn launch(&mut self, now: DateTime<Utc>) -> Vec<Action> {
        if self.state.is_shutting_down {
            return Vec::new();
        }
        let mut actions = Vec::new();
        let verdicts = self.verdicts(now, FOLLOWED);
        let has_started = verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Start);
        let mut position = 0;
        for (id, verdict) in verdicts {
            let Some(entry) = self.state.runs.get_mut(&id) else { continue };
            let is_in_line = verdict.is_in_line();
            position += u32::from(is_in_line);
            let place = is_in_line.then_some(position);
            match verdict {
                Verdict::Start => {
                    entry.run.state = RunState::Starting;
                    // It may have overtaken a run of its own task that is held back.
                    if let Some(task) = self.state.tasks.get_mut(&entry.run.task).filter(|task| task.waiting == Some(id)) {
                        std::mem::swap(&mut task.active, &mut task.waiting);
                    }
                    self.state.under_way.insert(id);
                    actions.push(Action::Announce(Box::new(entry.run.clone())));
                    actions.push(Action::Launch { run: id, ends_at: self.window_end(id, now) });
                }
                Verdict::Ask => {
                    entry.conditions = Conditioned::Asked;
                    actions.push(ask(entry, Asking::AtOnce));
                    actions.extend(take_turn(entry, place, Wait::Conditions));
                }
                Verdict::Wait(wait) => actions.extend(take_turn(entry, place, wait)),
            }
        }
        if has_started {
            let runs = &self.state.runs;
            self.state.queue.retain(|id| runs.get(id).is_some_and(|entry| entry.is_queued()));
        }
        actions
    }

    /// Returns when a run has to stop because its task's hours are over; none for one that may go on.
    fn window_end(&self, run: RunId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let entry = self.state.runs.get(&run).filter(|entry| !entry.is_wanted)?;
        let task = self.state.tasks.get(&entry.run.task).filter(|task| !task.is_overdue(now))?;
        Some(task.plan.window.as_ref()?.end_after(now, &task.plan.zone))
    }

    /// Returns the instants at which the turn of a queued run may come, as far as the clock decides on it.
    pub(super) fn instants_of_run(&self, entry: &RunEntry, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let task = self.state.tasks.get(&entry.run.task);
        let window = task.and_then(|task| Some((task.plan.window.as_ref()?, &task.plan.zone)));
        let opens_at =
            window.filter(|(window, zone)| !window.contains(now, zone)).map(|(window, zone)| window.next_start(now, zone));
        // From then on conditions do not count.
        let overdue_at = task.and_then(|task| task.overdue_at());
        entry.not_before.into_iter().chain(opens_at).chain(overdue_at).chain(self.deadline_of(entry))
    }

    /// Takes in which conditions of a queued run do not hold. `question` tells which question this answers: only the last
    /// one counts.
    pub fn hear_conditions(&mut self, run: RunId, question: u32, unmet: Vec<Unmet>, now: DateTime<Utc>) -> Vec<Action> {
        let is_waited_for = |entry: &&mut Box<RunEntry>| entry.is_queued() && entry.questions == question;
        let Some(entry) = self.state.runs.get_mut(&run).filter(is_waited_for) else { return Vec::new() };
        let mut actions = Vec::new();
        if unmet.is_empty() {
            entry.conditions = Conditioned::Met(now);
        } else {
            entry.conditions = Conditioned::Unmet(unmet);
            actions.push(ask(entry, Asking::AfterChange));
        }
        actions.extend(self.launch(now));
        actions
    }

    /// Returns every queued run with its turn, in their order.
    pub fn turns(&self, now: DateTime<Utc>) -> Vec<(RunId, Turn)> {
        let mut position = 0;
        let mut turns = Vec::new();
        for (id, verdict) in self.verdicts(now, self.state.queue.len()) {
            let is_in_line = verdict.is_in_line();
            position += u32::from(is_in_line);
            let wait = match verdict {
                Verdict::Start => continue,
                Verdict::Ask => Wait::Conditions,
                Verdict::Wait(wait) => wait,
            };
            turns.push((id, Turn { position: is_in_line.then_some(position), waits_for: Some(wait) }));
        }
        turns
    }
}

fn ask(entry: &mut RunEntry, when: Asking) -> Action {
    entry.questions += 1;
    Action::Ask { run: entry.run.id, question: entry.questions, when }
}

/// Notes the turn of a queued run, and tells if it waits for something else than before.
fn take_turn(entry: &mut RunEntry, position: Option<u32>, wait: Wait) -> Option<Action> {
    let RunState::Queued(turn) = &mut entry.run.state else { return None };
    let is_new = turn.waits_for.as_ref() != Some(&wait);
    *turn = Turn { position, waits_for: Some(wait) };
    is_new.then(|| Action::Announce(Box::new(entry.run.clone())))
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;

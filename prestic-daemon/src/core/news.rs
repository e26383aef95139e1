//! What is heard of runs: how it changes the state, and what follows from it. Pure, like the rest of the planner.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    limit::LimitNear,
    lock::LockHolder,
    outcome::Outcome,
    progress::Progress,
    run::{Finished, RunId, RunState},
};

use crate::{
    core::{
        action::Action,
        clock_changes::is_far_ahead,
        memory,
        planner::Planner,
        state::{Conditioned, RunEntry, TaskState},
    },
    records::Record,
    schedule::Event,
};

/// What a supervisor, or the attempt to start one, tells of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunNews {
    /// Its record, with the instant that it answers, is on disk.
    Recorded,
    /// Its password is being read from the keyring.
    WaitingForSecret {
        /// When the wait ends.
        until: DateTime<Utc>,
    },
    /// restic runs.
    Started {
        /// When it was started.
        at: DateTime<Utc>,
        /// Its process id.
        pid: u32,
        /// The name of the log; none if no log could be made.
        log_file: Option<String>,
    },
    /// restic was kept out by a lock and has ended; it will be started again.
    WaitingForLock {
        /// The name of the log, which is there already.
        log_file: Option<String>,
        /// Who holds the lock.
        holders: Vec<LockHolder>,
        /// When the wait ends.
        until: Option<DateTime<Utc>>,
    },
    /// A limit will end it, if nothing changes; or none will any more.
    LimitNear(Option<LimitNear>),
    /// How far it has come.
    Progress(Progress),
    /// restic was asked to stop.
    Stopping,
    /// There is more to read in its log.
    LogGrew,
    /// It is over: this is its record's last stage.
    Ended(Box<Record>),
    /// It is over, and there is no record that tells how: this is why.
    Gone(String),
}

/// The signal with which a system that goes down asks everybody to end.
pub const SIGTERM: i32 = 15;

impl Planner {
    /// Keeps the number of a run from being given again: all that is known of it is that there was one.
    pub fn reserve(&mut self, run: RunId) {
        self.state.last_run_id = self.state.last_run_id.max(run.0);
    }

    /// Takes in a run of an earlier daemon: it goes on, has ended, or is lost and about to be ended.
    pub fn adopt(&mut self, record: &Record, is_lost: bool) {
        let run = record.to_run();
        self.reserve(record.run);
        if run.finished().is_some() {
            self.state.ended.push_back(run.id);
        } else {
            self.state.under_way.insert(run.id);
        }
        let entry = RunEntry {
            run,
            repositories: record.repositories.as_slice().into(),
            extra_args: Vec::new(),
            is_lost,
            is_wanted: false,
            priority: 0,
            not_before: None,
            conditions: Conditioned::Unknown,
            questions: 0,
        };
        self.state.runs.insert(record.run, Box::new(entry));
    }

    /// Takes in what is new of a run.
    pub fn hear(&mut self, id: RunId, news: RunNews, now: DateTime<Utc>) -> Vec<Action> {
        let Some(entry) = self.state.runs.get_mut(&id) else { return Vec::new() };
        if entry.run.finished().is_some() {
            // Of an occurrence that was let go, this is all that is heard.
            let run = entry.run.clone();
            let is_recorded = news == RunNews::Recorded;
            let actions = is_recorded.then(|| [Action::SaveStatus(run.task.clone()), Action::AddToHistory(Box::new(run))]);
            return actions.into_iter().flatten().collect();
        }
        match news {
            RunNews::Recorded => {
                let (task, due_at) = (entry.run.task.clone(), entry.run.due_at);
                if let Some(due_at) = due_at {
                    self.mark_handled(&task, due_at, now);
                }
                // What came due in the meantime has waited for this.
                let mut actions = if self.state.is_shutting_down { Vec::new() } else { self.look_at(&task, now) };
                actions.push(Action::SaveStatus(task));
                actions
            }
            RunNews::WaitingForSecret { until } => {
                entry.run.state = RunState::WaitingForSecret { until };
                vec![Action::Announce(Box::new(entry.run.clone())), Action::SaveStatus(entry.run.task.clone())]
            }
            RunNews::Started { at, pid, log_file } => {
                entry.run.started_at = Some(at);
                entry.run.log_file = log_file;
                if !matches!(entry.run.state, RunState::Stopping { .. }) {
                    entry.run.state = RunState::Running { pid };
                }
                let task = entry.run.task.clone();
                let mut actions = vec![Action::Announce(Box::new(entry.run.clone())), Action::SaveStatus(task.clone())];
                // It has a supervisor after all: what came due has waited for that.
                if std::mem::take(&mut entry.is_lost) && !self.state.is_shutting_down {
                    actions.extend(self.look_at(&task, now));
                }
                actions
            }
            RunNews::WaitingForLock { log_file, holders, until } => {
                entry.run.log_file = log_file;
                let state = RunState::WaitingForLock { holders, until };
                if matches!(entry.run.state, RunState::Stopping { .. }) || entry.run.state == state {
                    return Vec::new();
                }
                entry.run.state = state;
                entry.run.progress = None;
                vec![Action::Announce(Box::new(entry.run.clone())), Action::SaveStatus(entry.run.task.clone())]
            }
            RunNews::LimitNear(near) => {
                if entry.run.limit_near == near {
                    return Vec::new();
                }
                entry.run.limit_near = near;
                vec![Action::AnnounceLimit(Box::new(entry.run.clone()))]
            }
            RunNews::Progress(progress) => {
                entry.run.progress = Some(progress);
                Vec::new()
            }
            RunNews::LogGrew => Vec::new(),
            RunNews::Stopping => match entry.run.state {
                RunState::Running { pid } => {
                    entry.run.state = RunState::Stopping { pid };
                    entry.run.limit_near = None;
                    vec![Action::Announce(Box::new(entry.run.clone()))]
                }
                _ => Vec::new(),
            },
            RunNews::Ended(record) => {
                record.end(&mut entry.run);
                self.end_run(id, now)
            }
            RunNews::Gone(reason) => {
                entry.run.last_lines = vec![reason];
                entry.run.state = interrupted(now);
                self.end_run(id, now)
            }
        }
    }

    fn end_run(&mut self, id: RunId, now: DateTime<Utc>) -> Vec<Action> {
        let Some(entry) = self.state.runs.get(&id) else { return Vec::new() };
        let (run, is_lost, has_own_words) = (entry.run.clone(), entry.is_lost, !entry.extra_args.is_empty());
        let mut actions = vec![
            Action::Announce(Box::new(run.clone())),
            Action::AddToHistory(Box::new(run.clone())),
            Action::PruneLogs(run.task.clone()),
        ];
        if let Some(finished) = run.finished()
            && let Some(task) = self.state.tasks.get_mut(&run.task)
        {
            task.last_run = Some(memory::last_run(&run, finished));
            if finished.outcome.is_success() && !has_own_words {
                task.last_success_at = Some(finished.at);
                task.is_told_overdue = false;
            }
            if let Some(due_at) = run.due_at {
                if finished.outcome == Outcome::Killed(SIGTERM) {
                    task.terminated = Some((due_at, now));
                }
                let may_repeat = is_lost || self.state.is_shutting_down || task.repeated.replace(due_at) != Some(due_at);
                task.handled_until = match finished.outcome {
                    // The catch-up rule decides on the occurrence: now, or when the next daemon starts.
                    Outcome::Interrupted if may_repeat => task.handled_until.min(due_at - TimeDelta::minutes(1)),
                    Outcome::Killed(SIGTERM) if self.state.is_shutting_down => {
                        task.handled_until.min(due_at - TimeDelta::minutes(1))
                    }
                    // Later than the occurrence, which tells the next daemon that it is given up.
                    Outcome::Interrupted => task.handled_until.max(now),
                    // The clock was wrong when it was due, and what comes until then is to run.
                    _ if is_far_ahead(due_at, now) => task.handled_until,
                    _ => task.handled_until.max(due_at),
                };
            }
        }
        self.release(&run.task, id);
        if let Some(task) = self.state.tasks.get_mut(&run.task).filter(|task| task.active.is_none()) {
            if !has_own_words {
                task.retry = task.retry_after(&run);
            }
            let instants = [task.retry.map(|retry| retry.at), task.overdue_at().filter(|at| *at > now)];
            instants.into_iter().for_each(|at| self.state.wake_by(at));
        }
        actions.push(Action::SaveStatus(run.task.clone()));
        actions.extend(self.note_ended(id));
        for task in self.concerned_by(&run.task) {
            actions.extend(self.look_at(&task, now));
        }
        actions.extend(self.launch(now));
        actions
    }

    /// Returns a task and those that run after it.
    fn concerned_by(&self, name: &str) -> Vec<String> {
        let group = self.state.tasks.get(name).and_then(|task| task.plan.group.as_deref());
        let follows =
            |event: &Event| matches!(event, Event::After { task, .. } if task == name || Some(task.as_str()) == group);
        let is_concerned = |task: &&TaskState| task.plan.name == name || task.plan.events().iter().any(follows);
        self.state.tasks.values().map(Box::as_ref).filter(is_concerned).map(|task| task.plan.name.clone()).collect()
    }
}

fn interrupted(now: DateTime<Utc>) -> RunState {
    RunState::Finished(Finished { at: now, duration_ms: 0, exit_code: None, outcome: Outcome::Interrupted })
}

#[cfg(test)]
mod tests {
    use prestic_proto::{
        limit::Limit,
        run::{Run, Trigger},
    };

    use super::*;
    use crate::{process::ProcessId, records::Stage};

    fn record(stage: Stage) -> Record {
        Record {
            run: RunId(1),
            task: "home".to_owned(),
            repositories: Vec::new(),
            missed: 0,
            attempt: 0,
            restics: Vec::new(),
            trigger: Trigger::Manual,
            due_at: None,
            created_at: DateTime::UNIX_EPOCH,
            stage,
        }
    }

    fn planner(stage: Stage) -> Planner {
        let mut planner = Planner::new();
        planner.adopt(&record(stage), false);
        planner
    }

    fn running() -> Planner {
        let restic = ProcessId { pid: 7, started: 1, boot_id: String::new() };
        planner(Stage::Running { started_at: DateTime::UNIX_EPOCH, restic, log_file: None })
    }

    fn hear(planner: &mut Planner, news: RunNews) -> Vec<Action> {
        planner.hear(RunId(1), news, DateTime::UNIX_EPOCH)
    }

    fn waiting() -> RunNews {
        RunNews::WaitingForLock { log_file: Some("log.txt".to_owned()), holders: Vec::new(), until: None }
    }

    fn run(planner: &Planner) -> &Run {
        &planner.state().runs[&RunId(1)].run
    }

    #[test]
    fn wait_for_a_lock_is_announced_once_and_ends_with_the_next_start() {
        let mut planner = running();
        assert!(matches!(hear(&mut planner, waiting())[..], [Action::Announce(_), Action::SaveStatus(_)]));
        assert_eq!(run(&planner).log_file.as_deref(), Some("log.txt"));
        assert_eq!(hear(&mut planner, waiting()), []);
        hear(&mut planner, RunNews::Started { at: DateTime::UNIX_EPOCH, pid: 8, log_file: None });
        assert_eq!(run(&planner).state, RunState::Running { pid: 8 });
    }

    #[test]
    fn run_that_stops_is_not_told_to_wait() {
        let mut planner = running();
        hear(&mut planner, RunNews::Stopping);
        assert_eq!(hear(&mut planner, waiting()), []);
        assert_eq!(run(&planner).state, RunState::Stopping { pid: 7 });
    }

    #[test]
    fn run_that_waited_when_the_daemon_died_still_waits() {
        let stage = Stage::Waiting {
            since: DateTime::UNIX_EPOCH,
            started_at: DateTime::UNIX_EPOCH,
            holders: Vec::new(),
            until: Some(DateTime::UNIX_EPOCH),
            log_file: None,
        };
        let expected = RunState::WaitingForLock { holders: Vec::new(), until: Some(DateTime::UNIX_EPOCH) };
        assert_eq!(run(&planner(stage)).state, expected);
    }

    #[test]
    fn wait_for_a_password_is_announced_and_ends_with_the_start() {
        let mut planner = planner(Stage::Planned);
        let news = RunNews::WaitingForSecret { until: DateTime::UNIX_EPOCH };
        assert!(matches!(hear(&mut planner, news)[..], [Action::Announce(_), Action::SaveStatus(_)]));
        assert_eq!(run(&planner).state, RunState::WaitingForSecret { until: DateTime::UNIX_EPOCH });
        hear(&mut planner, RunNews::Started { at: DateTime::UNIX_EPOCH, pid: 8, log_file: None });
        assert_eq!(run(&planner).state, RunState::Running { pid: 8 });
    }

    #[test]
    fn limit_that_is_near_is_announced_when_it_changes() {
        let near = Some(LimitNear { limit: Limit::NoProgress, stops_at: DateTime::UNIX_EPOCH });
        let mut planner = running();
        let [Action::AnnounceLimit(announced)] = &hear(&mut planner, RunNews::LimitNear(near))[..] else { panic!() };
        assert_eq!(announced.limit_near, near);
        assert_eq!(hear(&mut planner, RunNews::LimitNear(near)), []);
        assert_eq!(hear(&mut planner, RunNews::LimitNear(None)).len(), 1);
        assert_eq!(run(&planner).limit_near, None);
    }
}

//! Answers what clients ask of the core.

use prestic_proto::{
    error::ApiError,
    event::Watched,
    profile::ConfigProblem,
    progress::Progress,
    run::RunId,
    status::{ConfigState, Status},
};

use crate::{
    clock,
    core::{Core, action::Action, command::Command, glance::Glance, planner::Planner, upcoming::upcoming, view},
    notify::TaskNews,
};

impl Core {
    /// Does what a client wants and answers it. Whoever asked may have gone: then nobody misses the answer.
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Status(reply) => drop(reply.send(self.view_status())),
            Command::EventsAfter(cursor, reply) => {
                let watched = self.events.after(cursor).map_or(Watched::Resync, |events| Watched::Events {
                    events,
                    progress: self.progress(),
                    next: self.events.cursor(),
                });
                drop(reply.send(watched));
            }
            Command::Run(request, reply) => {
                let requested = self.planner.request(request, clock::now());
                let answer = requested.map_err(|error| self.explained(error)).map(|(run, actions)| {
                    self.perform(actions);
                    run
                });
                drop(reply.send(answer));
            }
            Command::Pause(task, until, reply) => {
                let answer = self.for_each_member(task, |planner, task| planner.pause(task, until, clock::now()));
                drop(reply.send(answer));
            }
            Command::Resume(task, reply) => {
                let answer = self.for_each_member(task, |planner, task| planner.resume(task, clock::now()));
                drop(reply.send(answer));
            }
            Command::Upcoming(task, after, limit, reply) => {
                let after = after.unwrap_or_else(clock::now);
                let answer = upcoming(self.planner.state(), task.as_deref(), after, limit);
                drop(reply.send(answer.map_err(|error| self.explained(error))));
            }
            Command::FindRun(selector, reply) => {
                let found = view::find_run(self.planner.state(), &self.config, &selector);
                drop(reply.send(found.map(|run| view::with_turn(run, &self.planner, clock::now()))));
            }
            Command::Stop(selector, reply) => {
                let run = view::run_to_stop(self.planner.state(), &self.config, &selector);
                let answer = run.and_then(|run| {
                    let actions = self.planner.stop(run, clock::now())?;
                    self.perform(actions);
                    Ok(run)
                });
                drop(reply.send(answer));
            }
            Command::RememberedRuns(task, reply) => {
                let runs = view::history(self.planner.state(), task.as_deref());
                let is_known = |name: &str| self.planner.state().tasks.values().any(|task| task.plan.is_called(name));
                let answer = match task {
                    Some(name) if runs.is_empty() && !is_known(&name) => Err(view::unknown_task(&self.config, &name)),
                    _ => Ok(runs),
                };
                drop(reply.send(answer));
            }
            Command::Profiles(reply) => drop(reply.send(self.config.profiles().map(|profile| profile.summary()).collect())),
            Command::Profile(name, reply) => {
                let details = self.config.profile(&name).map(|profile| profile.details());
                let answer =
                    details.ok_or_else(|| ApiError::UnknownProfile { similar: self.config.similar_profile(&name), name });
                drop(reply.send(answer));
            }
            Command::FindProfile(name, reply) => {
                let found = self.config.profile(&name).cloned();
                let answer =
                    found.ok_or_else(|| ApiError::UnknownProfile { similar: self.config.similar_profile(&name), name });
                drop(reply.send(answer));
            }
            Command::TaskNews(name, reply) => drop(reply.send(self.task_news(&name))),
            Command::EventFeed(reply) => drop(reply.send(self.events.feed())),
            Command::FindProfiles(reply) => drop(reply.send(self.config.profiles().cloned().collect())),
            Command::Reload(reply) => {
                self.reload(Some(reply));
            }
            Command::Glance(reply) => {
                let glance = Glance::of(&self.planner, !self.config_state.errors.is_empty());
                drop(reply.send(glance));
            }
            Command::HandOver(reply) => {
                self.hand_over();
                let _ = reply.send(());
            }
            Command::MakeWay { successor, is_urgent, reply } => drop(reply.send(self.make_way(successor, is_urgent))),
            Command::ShutDown(reply) => {
                // Only a second signal skips the grace: asking again is no reason to kill.
                if self.planner.state().is_shutting_down {
                    self.ending.successor = None;
                } else {
                    self.shut_down();
                }
                let _ = reply.send(());
            }
        }
    }

    /// Does something for a task, for every one of a group, or for all at once.
    fn for_each_member(
        &mut self,
        name: Option<String>,
        act: impl Fn(&mut Planner, Option<String>) -> Result<Vec<Action>, ApiError>,
    ) -> Result<(), ApiError> {
        let members = name.as_deref().and_then(|name| self.config.group(name));
        let targets = match members {
            Some(members) => members.into_iter().map(|member| Some(member.to_owned())).collect(),
            None => vec![name],
        };
        // Of a group, one that is as wanted already is no error.
        let mut done = Vec::new();
        let mut refused = None;
        for target in targets {
            match act(&mut self.planner, target) {
                Ok(actions) => done.push(actions),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) if done.is_empty() => Err(self.explained(error)),
            _ => {
                done.into_iter().for_each(|actions| self.perform(actions));
                Ok(())
            }
        }
    }

    /// Tells of an unknown task all that the configuration knows.
    fn explained(&self, error: ApiError) -> ApiError {
        match error {
            ApiError::UnknownTask { name, .. } => view::unknown_task(&self.config, &name),
            error => error,
        }
    }

    fn view_status(&self) -> Status {
        let now = clock::now();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            home: self.home.root().to_owned(),
            started_at: self.started_at,
            config: self.view_config(),
            web: self.web.clone(),
            notifications: self.notifications.clone(),
            paused: self.planner.state().pause,
            tasks: view::tasks(self.planner.state(), &self.config, now),
            runs: view::active_runs(&self.planner, now),
            cursor: self.events.cursor(),
        }
    }

    /// Tells of the configuration, and of what else does not work as it should.
    fn view_config(&self) -> ConfigState {
        let mut config = self.config_state.clone();
        config.warnings.extend(self.history.trouble().map(|message| ConfigProblem {
            file: self.home.history_file(),
            line: None,
            section: None,
            key: None,
            message,
            hint: Some("runs go on, and the latest are still known; make room for the file, or move it away".to_owned()),
        }));
        config
    }

    /// Returns what notifications need to know of a task.
    fn task_news(&self, name: &str) -> Option<TaskNews> {
        let state = self.planner.state();
        let task = state.tasks.get(name)?;
        Some(TaskNews {
            profile: self.config.profile(name)?.clone(),
            is_paused: state.pause_of(task).is_some(),
            retry_at: task.retry.map(|retry| retry.at),
            next_run_at: view::next_run_at(state, task),
            told: self.saver.task(name).map(|entry| entry.told).unwrap_or_default(),
        })
    }

    fn progress(&self) -> Vec<(RunId, Progress)> {
        let runs = self.planner.state().launched();
        runs.filter_map(|entry| Some((entry.run.id, entry.run.progress.clone()?))).collect()
    }
}

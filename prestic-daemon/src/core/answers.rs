//! Answers what clients ask of the core.

use prestic_proto::{error::ApiError, event::Watched, progress::Progress, run::RunId, status::Status};

use crate::{
    clock,
    core::{Core, command::Command, view},
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
            Command::Run(task, extra_args, reply) => {
                let requested = self.planner.request(&task, extra_args, clock::now());
                let answer = match requested {
                    Ok((run, actions)) => {
                        self.perform(actions);
                        Ok(run)
                    }
                    Err(ApiError::UnknownTask { name, .. }) => Err(view::unknown_task(&self.config, &name)),
                    Err(error) => Err(error),
                };
                drop(reply.send(answer));
            }
            Command::FindRun(selector, reply) => {
                drop(reply.send(view::find_run(self.planner.state(), &self.config, &selector).cloned()));
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
            Command::History(task, limit, reply) => {
                let runs = view::history(self.planner.state(), task.as_deref(), limit);
                let answer = match task {
                    Some(task) if runs.is_empty() && !self.planner.state().tasks.contains_key(&task) => {
                        Err(view::unknown_task(&self.config, &task))
                    }
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
            Command::Reload(reply) => {
                self.reload(Some(reply));
            }
            Command::ShutDown(reply) => {
                // Only a second signal skips the grace: asking again is no reason to kill.
                if !self.planner.state().is_shutting_down {
                    self.shut_down();
                }
                let _ = reply.send(());
            }
        }
    }

    fn view_status(&self) -> Status {
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            home: self.home.root().to_owned(),
            started_at: self.started_at,
            config: self.config_state.clone(),
            tasks: view::tasks(self.planner.state(), &self.config),
            runs: view::active_runs(self.planner.state()),
            cursor: self.events.cursor(),
        }
    }

    fn progress(&self) -> Vec<(RunId, Progress)> {
        let runs = self.planner.state().launched();
        runs.filter_map(|entry| Some((entry.run.id, entry.run.progress.clone()?))).collect()
    }
}

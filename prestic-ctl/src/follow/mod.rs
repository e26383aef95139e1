//! Follows runs to their end: asks the daemon what happens, shows it, passes Ctrl-C on, survives a restart of the daemon.
//!
//! Owns no state of the runs but the last that the daemon told. What to show is decided in [`followed`], how in the views.

use std::{io, pin::pin, time::Duration};

use prestic_proto::{
    error::{ApiError, CallError},
    event::{Cursor, EventKind, Watched},
    run::{Run, RunId},
    service::RunSelector,
};

use crate::{connect::Session, error::CtlError};
use followed::{Change, Followed};
use interrupts::Interrupts;

pub mod followed;
pub mod interrupts;

pub mod bars;
pub mod json_lines;
pub mod plain_lines;
pub mod progress_text;
pub mod summary;
pub mod wait_words;

#[cfg(test)]
mod tests;

/// How long one question to the daemon may wait for something to happen.
const WATCH_WAIT: Duration = Duration::from_secs(30);

/// Shows what happens to runs.
pub trait View {
    /// A run has moved on in its life, or ended.
    fn moved(&mut self, run: &Run) -> io::Result<()>;
    /// A run has come further.
    fn progressed(&mut self, run: &Run) -> io::Result<()>;
    /// There is something to say that concerns no run in particular.
    fn notice(&mut self, text: &str);
    /// Nothing more will come.
    fn close(&mut self);
}

/// Shows nothing.
pub struct NoView;

impl View for NoView {
    fn moved(&mut self, _run: &Run) -> io::Result<()> {
        Ok(())
    }

    fn progressed(&mut self, _run: &Run) -> io::Result<()> {
        Ok(())
    }

    fn notice(&mut self, _text: &str) {}

    fn close(&mut self) {}
}

/// How following ended.
#[derive(Debug, PartialEq)]
pub enum Ending {
    /// All runs are over.
    Over(Vec<Run>),
    /// The user does not want to wait for runs that are stopping.
    Detached,
}

/// Follows runs until all of them are over.
pub async fn follow(
    session: &mut Session,
    ids: &[RunId],
    interrupts: &mut Interrupts,
    view: &mut dyn View,
) -> Result<Ending, CtlError> {
    let mut follower = Follower { session, followed: Followed::new(ids), interrupts, view, stop: Stop::NotAsked };
    let ending = follower.follow().await;
    follower.view.close();
    ending
}

/// What Ctrl-C has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    NotAsked,
    /// The daemon is away, or has not been told yet.
    Asked,
    Told,
}

struct Follower<'a> {
    session: &'a mut Session,
    followed: Followed,
    interrupts: &'a mut Interrupts,
    view: &'a mut dyn View,
    stop: Stop,
}

/// Why a wait ended.
enum Waited<T> {
    Answer(T),
    Interrupted,
}

impl Follower<'_> {
    async fn follow(&mut self) -> Result<Ending, CtlError> {
        let mut cursor = None;
        while !self.followed.is_over() {
            let step = match cursor {
                None => self.take_status().await.map(Some),
                Some(cursor) => self.watch(cursor).await,
            };
            let step = match step {
                Err(Interruption::Lost) => self.reconnect().await.map(|()| None),
                other => other,
            };
            cursor = match step {
                Ok(next) => next,
                Err(Interruption::Lost) => None,
                Err(Interruption::Detached) => return Ok(Ending::Detached),
                Err(Interruption::Error(error)) => return Err(error),
            };
        }
        Ok(Ending::Over(self.followed.runs().cloned().collect()))
    }

    /// Learns where all runs are now, and from which event on to watch.
    async fn take_status(&mut self) -> Result<Cursor, Interruption> {
        let status = self.session.client().status().await?;
        for id in self.followed.pending() {
            let run = match status.runs.iter().find(|run| run.id == id) {
                Some(run) => run.clone(),
                None => match self.session.client().find_run(RunSelector::Run(id)).await? {
                    Ok(run) => run,
                    Err(ApiError::UnknownRun(id)) => return Err(Interruption::Error(CtlError::Forgotten(id))),
                    Err(error) => return Err(Interruption::Error(error.into())),
                },
            };
            if self.followed.is_another(&run) {
                return Err(Interruption::Error(CtlError::Forgotten(id)));
            }
            let change = self.followed.take_run(run);
            self.show(change)?;
        }
        if self.stop == Stop::Asked {
            self.tell_stop().await?;
        }
        Ok(status.cursor)
    }

    /// Waits for something to happen; returns the next cursor, or none if the status has to be asked for.
    async fn watch(&mut self, cursor: Cursor) -> Result<Option<Cursor>, Interruption> {
        let client = self.session.client().clone();
        // An answer that is on its way must not be lost to Ctrl-C, so one call goes on over all interrupts.
        let mut call = pin!(client.watch(cursor, WATCH_WAIT));
        let watched = loop {
            let waited = tokio::select! {
                answer = &mut call => Waited::Answer(answer),
                () = self.interrupts.next() => Waited::Interrupted,
            };
            match waited {
                Waited::Answer(answer) => break answer?,
                Waited::Interrupted => self.interrupted().await?,
            }
        };
        let Watched::Events { events, progress, next } = watched else { return Ok(None) };
        for event in events {
            match event.kind {
                EventKind::Run { run } => {
                    let change = self.followed.take_run(*run);
                    self.show(change)?;
                }
                EventKind::ShuttingDown => self.view.notice("the daemon is shutting down"),
                _ => {}
            }
        }
        for (id, progress) in progress {
            let change = self.followed.take_progress(id, progress);
            self.show(change)?;
        }
        Ok(Some(next))
    }

    fn show(&mut self, change: Change) -> Result<(), Interruption> {
        let shown = match change {
            Change::None => Ok(()),
            Change::Moved(id) => self.followed.run(id).map_or(Ok(()), |run| self.view.moved(run)),
            Change::Progressed(id) => self.followed.run(id).map_or(Ok(()), |run| self.view.progressed(run)),
        };
        shown.map_err(|error| Interruption::Error(error.into()))
    }

    async fn interrupted(&mut self) -> Result<(), Interruption> {
        match self.stop {
            Stop::NotAsked => {
                self.view.notice("stopping gracefully (Ctrl-C again to leave it to the daemon)");
                self.tell_stop().await
            }
            Stop::Asked | Stop::Told => Err(Interruption::Detached),
        }
    }

    async fn tell_stop(&mut self) -> Result<(), Interruption> {
        self.stop = Stop::Asked;
        for id in self.followed.pending() {
            match self.session.client().stop(RunSelector::Run(id)).await? {
                // It may have ended in the meantime, which is as good.
                Ok(_) | Err(ApiError::NotRunning(_)) => {}
                Err(error) => self.view.notice(&format!("run {id} cannot be stopped: {error}")),
            }
        }
        self.stop = Stop::Told;
        Ok(())
    }

    /// Waits for the daemon to come back.
    async fn reconnect(&mut self) -> Result<(), Interruption> {
        self.view.notice("the daemon went away; the run goes on without it, waiting for its return");
        let mut call = pin!(self.session.reconnect());
        loop {
            tokio::select! {
                answer = &mut call => {
                    answer.map_err(|error| Interruption::Error(CtlError::Lost(error)))?;
                    self.view.notice("the daemon is back");
                    return Ok(());
                }
                () = self.interrupts.next() => match self.stop {
                    Stop::NotAsked => {
                        self.view.notice("stopping as soon as the daemon is back (Ctrl-C again to leave)");
                        self.stop = Stop::Asked;
                    }
                    Stop::Asked | Stop::Told => return Err(Interruption::Detached),
                },
            }
        }
    }
}

/// Why a step of following ended early.
enum Interruption {
    /// The connection broke.
    Lost,
    /// The user left.
    Detached,
    /// It cannot go on.
    Error(CtlError),
}

impl From<CallError> for Interruption {
    fn from(_error: CallError) -> Self {
        Self::Lost
    }
}

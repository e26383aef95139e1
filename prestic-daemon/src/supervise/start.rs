//! Makes the supervisor's process ready and hands over to [`conduct`].

use std::{
    io::{self, Read, Write},
    path::PathBuf,
    sync::{Arc, mpsc::sync_channel},
};

use prestic_proto::run::RunId;
use thiserror::Error;

use crate::{
    process,
    records::{RecordFolder, Stage},
    supervise::{
        conduct::{self, Event},
        feed::{Order, StopCause},
        feed_server::{self, Feed},
        lock_rules::LockRules,
        spec::RunSpec,
    },
};

/// The line on standard error that tells the daemon that the feed can be connected to. Nothing follows it.
pub const LISTENING: &str = "listening";

/// How long restic has to end when the machine is shut down, or somebody ends the supervisor.
const TERMINATION_GRACE_MS: u64 = 75_000;

/// A supervisor could not begin. restic was not started.
#[derive(Debug, Error)]
pub enum SuperviseError {
    /// The daemon died before it had said everything, or said something else.
    #[error("cannot read what to run from the standard input")]
    Spec(#[source] io::Error),
    /// There must be a record of the run before it begins.
    #[error("cannot read the record of run {run}")]
    Record {
        /// The run.
        run: RunId,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// One run is never started twice.
    #[error("run {0} was started before")]
    StartedBefore(RunId),
    /// Nobody could follow the run, or stop it.
    #[error("cannot listen on {}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The system refuses something that every process may do.
    #[error("cannot prepare the supervisor's process")]
    Prepare(#[source] io::Error),
}

/// Runs one restic from its start to its record, as the daemon told it on the standard input.
///
/// The calling thread becomes restic's parent, so it has to be the main thread of a process without others.
pub fn run_supervisor() -> Result<(), SuperviseError> {
    process::leave_session();
    let spec = read_spec(io::stdin().lock())?;
    let (records, record) = open_record(&spec)?;
    let (sender, events) = sync_channel(conduct::MAX_EVENTS);
    let termination = sender.clone();
    // It fails only when the run is over, and then there is nothing to stop.
    process::on_termination(move || {
        let _ = termination.send(Event::Order(Order::Stop { grace_ms: TERMINATION_GRACE_MS, by: StopCause::Shutdown }));
    })
    .map_err(SuperviseError::Prepare)?;
    let socket =
        process::listen(&spec.socket).map_err(|source| SuperviseError::Listen { path: spec.socket.clone(), source })?;
    let feed = Arc::new(Feed::default());
    let orders = sender.clone();
    feed_server::serve(socket, Arc::clone(&feed), move |order| {
        let _ = orders.send(Event::Order(order));
    })
    .map_err(SuperviseError::Prepare)?;
    // A daemon that has died since does not hear it, and the run is no worse for that.
    let _ = writeln!(io::stderr(), "{LISTENING}");
    process::let_go_of_starter().map_err(SuperviseError::Prepare)?;
    let socket = spec.socket.clone();
    conduct::conduct(&spec, &records, record, &feed, (sender, events), &LockRules::default());
    // Left behind, it would be in nobody's way: the next supervisor has another name.
    let _ = std::fs::remove_file(socket);
    Ok(())
}

fn read_spec(mut input: impl Read) -> Result<RunSpec, SuperviseError> {
    let mut text = String::new();
    input.read_to_string(&mut text).map_err(SuperviseError::Spec)?;
    serde_json::from_str(&text).map_err(|error| SuperviseError::Spec(error.into()))
}

fn open_record(spec: &RunSpec) -> Result<(RecordFolder, crate::records::Record), SuperviseError> {
    let failed = |source| SuperviseError::Record { run: spec.run, source };
    let records = RecordFolder::open(&spec.records).map_err(failed)?;
    let record = records.read(spec.run).map_err(failed)?;
    if record.stage != Stage::Planned {
        return Err(SuperviseError::StartedBefore(spec.run));
    }
    Ok((records, record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spec_that_was_cut_short_starts_nothing() {
        for text in ["", "{", r#"{"run":1,"task":"home""#] {
            assert!(matches!(read_spec(text.as_bytes()), Err(SuperviseError::Spec(_))), "{text}");
        }
    }
}

//! Runs, and what they said.

use std::time::Duration;

use axum::extract::State;
use prestic_proto::{
    history::{MAX_RUNS, RunQuery},
    log::{LogChunk, MAX_CHUNK},
    run::RunId,
    service::{MAX_WAIT_MS, RunSelector},
};

use super::{Answered, Parameters, Refusal, answer, request::RunSegment};
use crate::web::Web;

/// The most lines that can be asked for from the end of a log.
const MAX_TAIL: u32 = 10_000;
/// How many runs are told of if nothing is said.
const USUAL_RUNS: u32 = 50;
/// The longest time, in seconds, that a request may wait for something to happen.
pub const MAX_WAIT: u32 = (MAX_WAIT_MS / 1000) as u32;

/// Tells runs, newest first.
pub async fn runs(State(web): State<Web>, mut parameters: Parameters) -> Answered {
    let query = RunQuery {
        task: parameters.take("task"),
        outcomes: parameters.take_all("outcome"),
        before: parameters.parse::<RunId>("before")?,
        limit: parameters.number("limit", USUAL_RUNS, MAX_RUNS)?,
    };
    parameters.finish()?;
    answer(web.client.history(query).await??)
}

/// Tells one run.
pub async fn run(State(web): State<Web>, run: RunSegment, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.find_run(RunSelector::Run(run.0)).await??)
}

/// Tells a piece of a run's log.
pub async fn log(State(web): State<Web>, run: RunSegment, mut parameters: Parameters) -> Answered {
    let offset = parameters.parse("offset")?.unwrap_or(0);
    let tail = parameters.number("tail", 0, MAX_TAIL)?;
    let wait = wait(&mut parameters)?;
    parameters.finish()?;
    if tail > 0 {
        return answer(read_tail(&web, run.0, tail).await?);
    }
    answer(web.client.log(run.0, offset, wait).await??)
}

/// Reads the last lines of a log, as many as one piece holds.
async fn read_tail(web: &Web, run: RunId, lines: u32) -> Result<LogChunk, Refusal> {
    let start = web.client.log(run, 0, Duration::ZERO).await??;
    let chunk = match start.length.checked_sub(MAX_CHUNK.into()) {
        None | Some(0) => start,
        Some(offset) => web.client.log(run, offset, Duration::ZERO).await??,
    };
    Ok(tail_of(chunk, lines))
}

/// Keeps the last lines of a piece. One that does not begin with the log begins with its first whole line.
fn tail_of(chunk: LogChunk, lines: u32) -> LogChunk {
    let first = if chunk.offset == 0 { 0 } else { chunk.text.find('\n').map_or(0, |end| end + 1) };
    let body = chunk.text.strip_suffix('\n').unwrap_or(&chunk.text);
    let count = usize::try_from(lines).unwrap_or(usize::MAX);
    let cut = body.rmatch_indices('\n').nth(count.saturating_sub(1)).map_or(0, |(end, _)| end + 1).max(first);
    LogChunk { offset: chunk.offset + cut as u64, text: chunk.text[cut..].to_owned(), ..chunk }
}

/// Takes how long to wait.
pub fn wait(parameters: &mut Parameters) -> Result<Duration, Refusal> {
    Ok(Duration::from_secs(parameters.number("wait", 0, MAX_WAIT)?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(offset: u64, text: &str, lines: u32, expected: (u64, &str)) {
        let next = offset + text.len() as u64;
        let tail = tail_of(LogChunk { offset, text: text.to_owned(), next, length: next, is_complete: true }, lines);
        assert_eq!((tail.offset, tail.text.as_str(), tail.next), (expected.0, expected.1, next));
    }

    #[test]
    fn last_lines_are_whole_and_as_many_as_wanted() {
        check(0, "a\nb\nc\n", 2, (2, "b\nc\n"));
        check(0, "a\nb\nc", 1, (4, "c"));
        check(0, "a\nb\n", 5, (0, "a\nb\n"));
        check(0, "a\n\n", 1, (2, "\n"));
        check(0, "", 5, (0, ""));
        check(100, "cut\nb\nc\n", 5, (104, "b\nc\n"));
    }
}

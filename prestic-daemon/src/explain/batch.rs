//! Many requests in one process: one as JSON a line, and one answer a line, in the same order.

use std::io::{self, BufRead, Write};

use chrono::{DateTime, Utc};

use super::{Explanation, Refusal, Request, Surroundings, as_json, explain};

/// Answers every line until the input ends. What is wrong with a line is its answer.
///
/// Each answer is flushed, because whoever asks may wait for it before asking on.
pub fn answer_lines(
    mut input: impl BufRead,
    mut output: impl Write,
    machine_zone: Option<String>,
    now: impl Fn() -> DateTime<Utc>,
) -> io::Result<()> {
    let mut surroundings = Surroundings { now: now(), machine_zone };
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        surroundings.now = now();
        let answer = as_json(&answer(&line, &surroundings)) + "\n";
        output.write_all(answer.as_bytes())?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

fn answer(line: &[u8], surroundings: &Surroundings) -> Result<Explanation, Refusal> {
    let request: Request = serde_json::from_slice(line).map_err(|error| Refusal::Line { error })?;
    explain(&request, surroundings)
}

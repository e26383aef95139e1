//! Runs as JSON, one event a line, for programs. The shapes are documented in [`crate::output`].

use std::io::{self, Write};

use prestic_proto::{
    progress::Progress,
    run::{Run, RunId},
};
use serde::Serialize;

use super::View;
use crate::exit::Exit;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'a> {
    Run { run: &'a Run },
    Progress { run: RunId, task: &'a str, progress: &'a Progress },
    End { exit_code: u8 },
}

/// Writes each event as it comes, so that a reader sees it at once.
pub struct JsonLines {
    data: Box<dyn Write>,
    talk: Box<dyn Write>,
}

impl JsonLines {
    /// Returns a view that writes there.
    pub fn new(data: Box<dyn Write>, talk: Box<dyn Write>) -> Self {
        Self { data, talk }
    }

    /// Writes the last line.
    pub fn end(&mut self, exit: Exit) -> io::Result<()> {
        self.write(&Line::End { exit_code: exit.0 })
    }

    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.data.write_all(&text)?;
        self.data.flush()
    }
}

impl View for JsonLines {
    fn moved(&mut self, run: &Run) -> io::Result<()> {
        self.write(&Line::Run { run })
    }

    fn progressed(&mut self, run: &Run) -> io::Result<()> {
        let Some(progress) = &run.progress else { return Ok(()) };
        self.write(&Line::Progress { run: run.id, task: &run.task, progress })
    }

    fn notice(&mut self, text: &str) {
        // Talk that nobody listens to is no error.
        let _ = writeln!(self.talk, "{text}");
    }

    fn close(&mut self) {}
}

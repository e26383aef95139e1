//! Where words go: data to stdout, talk to stderr; what each of them can show (a terminal, colors, its width).
//!
//! # JSON
//!
//! `--json` prints the types of `prestic-proto` as they are, so their documentation is that of the shapes; keys are only ever
//! added. One document: `status` ([`Status`]), `profiles` (array of [`ProfileSummary`]), `show` ([`ProfileDetails`]), `history`
//! (array of [`Run`], newest first), `stop` and `run --detach` (`{"run": 12}`), `reload` ([`Reloaded`]) and `check` ([`ConfigReport`]),
//! `doctor` ([`Checkup`]), `init` (array of `{"profile", "repository", "state"}` with the state `created` or `exists`), `new` ([`Added`]),
//! `version` (`{"client": "…", "daemon": Hello or null}`), `service status` ([`Report`]). One document a line: `log` ([`LogChunk`]),
//! `service install` and `uninstall` ([`Step`] and `dry_run`), and `run`:
//!
//! - `{"event": "run", "run": Run}`: the run came into being or moved on; the last one has the state `finished`
//! - `{"event": "progress", "run": 12, "task": "…", "progress": Progress}`
//! - `{"event": "end", "exit_code": 0}`: the last line, with the code that `prestic-ctl` ends with
//!
//! [`Status`]: prestic_proto::status::Status
//! [`ProfileSummary`]: prestic_proto::profile::ProfileSummary
//! [`ProfileDetails`]: prestic_proto::profile::ProfileDetails
//! [`ConfigReport`]: prestic_proto::profile::ConfigReport
//! [`Reloaded`]: prestic_proto::change::Reloaded
//! [`Run`]: prestic_proto::run::Run
//! [`LogChunk`]: prestic_proto::log::LogChunk
//! [`Report`]: crate::service::state::Report
//! [`Step`]: crate::service::step::Step
//! [`Checkup`]: prestic_proto::doctor::Checkup
//! [`Added`]: prestic_proto::new_profile::Added

use std::{
    env,
    ffi::OsStr,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;

use crate::{cli::ColorChoice, system};

/// The width that is assumed where a terminal does not tell its own.
const USUAL_WIDTH: usize = 80;

/// What one of the two streams can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Its width in columns, if it is a terminal.
    pub columns: Option<usize>,
    /// Whether it gets colors.
    pub has_color: bool,
    /// Whether its locale shows more than ASCII.
    pub has_unicode: bool,
}

/// A color or weight, by what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// As it should be.
    Good,
    /// Needs a look.
    Warning,
    /// Went wrong.
    Bad,
    /// Under way.
    Active,
    /// Beside the point.
    Faint,
    /// The point.
    Strong,
}

impl Look {
    /// What a file or a pipe shows.
    pub const PLAIN: Self = Self { columns: None, has_color: false, has_unicode: true };

    /// Returns the text in a color, or as it is where there are none.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.has_color || text.is_empty() {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Good => "32",
            Paint::Warning => "33",
            Paint::Bad => "1;31",
            Paint::Active => "36",
            Paint::Faint => "2",
            Paint::Strong => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Both streams, and whether data is JSON.
pub struct Output {
    data: Box<dyn Write>,
    talk: Box<dyn Write>,
    /// What stdout shows.
    pub data_look: Look,
    /// What stderr shows.
    pub talk_look: Look,
    /// Whether data is for programs.
    pub is_json: bool,
}

impl Output {
    /// Returns the process's own streams.
    pub fn standard(color: ColorChoice, is_json: bool) -> Self {
        let has_unicode = system::shows_unicode(|name| env::var_os(name));
        let look = |is_terminal: bool, columns: Option<usize>| Look {
            columns: is_terminal.then(|| columns.unwrap_or(USUAL_WIDTH)),
            has_color: wants_color(color, is_terminal, |name| env::var_os(name)),
            has_unicode: has_unicode || !is_terminal,
        };
        let (stdout, stderr) = (io::stdout(), io::stderr());
        Self {
            data_look: look(stdout.is_terminal(), system::output_columns()),
            talk_look: look(stderr.is_terminal(), system::error_columns()),
            data: Box::new(io::BufWriter::new(stdout)),
            talk: Box::new(stderr),
            is_json,
        }
    }

    /// Returns streams that end in other writers.
    pub fn to(data: Box<dyn Write>, talk: Box<dyn Write>, is_json: bool) -> Self {
        Self { data, talk, data_look: Look::PLAIN, talk_look: Look::PLAIN, is_json }
    }

    /// Writes data as it is.
    pub fn data(&mut self, text: &str) -> io::Result<()> {
        self.data.write_all(text.as_bytes())
    }

    /// Writes a line of data.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.data, "{text}")
    }

    /// Writes one JSON document as one line.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.data, value)?;
        self.data.write_all(b"\n")
    }

    /// Makes sure that all data has gone out.
    pub fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// Says something to whoever watches. That nobody does is no error.
    pub fn say(&mut self, text: &str) {
        // There is nowhere left to report to when stderr is closed.
        let _ = writeln!(self.talk, "{text}");
    }

    /// Says what went wrong.
    pub fn complain(&mut self, lines: &[String]) {
        let mark = self.talk_look.paint(Paint::Bad, "error:");
        for (index, line) in lines.iter().enumerate() {
            if index == 0 { self.say(&format!("{mark} {line}")) } else { self.say(line) }
        }
    }

    /// Says what may go wrong.
    pub fn warn(&mut self, text: &str) {
        let mark = self.talk_look.paint(Paint::Warning, "warning:");
        self.say(&format!("{mark} {text}"));
    }
}

fn wants_color<V: AsRef<OsStr>>(choice: ColorChoice, is_terminal: bool, variable: impl Fn(&str) -> Option<V>) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            is_terminal
                && variable("NO_COLOR").is_none_or(|value| value.as_ref().is_empty())
                && variable("TERM").is_none_or(|term| term.as_ref() != "dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<&'static str> {
        move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    #[test]
    fn colors_are_for_terminals_that_do_not_refuse_them() {
        let auto = |is_terminal, variables| wants_color(ColorChoice::Auto, is_terminal, environment(variables));
        assert!(auto(true, &[("TERM", "xterm")]));
        assert!(!auto(false, &[("TERM", "xterm")]));
        assert!(!auto(true, &[("NO_COLOR", "1")]));
        assert!(auto(true, &[("NO_COLOR", "")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
        assert!(wants_color(ColorChoice::Always, false, environment(&[("NO_COLOR", "1")])));
        assert!(!wants_color(ColorChoice::Never, true, environment(&[])));
    }
}

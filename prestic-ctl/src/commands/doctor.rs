//! `prestic-ctl doctor`: shows what the daemon's program has found, and what to do about it.

use std::process::{Command, Stdio};

use clap::Args;
use prestic_proto::{
    daemon_program::{self, ProgramError},
    doctor::{Checkup, Finding, Level},
};

use crate::{
    error::CtlError,
    exit::Exit,
    output::{Look, Output, Paint},
    text::{printable, width},
    words,
};

/// What to look at.
#[derive(Debug, Args)]
pub struct DoctorOptions {
    /// Do not look at repositories
    #[arg(long)]
    pub offline: bool,
}

/// No line is wider, however wide the terminal is: nobody reads from one end of a desk to the other.
const WIDEST: usize = 120;
/// Where a line breaks that is too wide has to be some room behind the indentation.
const NARROWEST: usize = 20;

/// Looks at everything, and tells what was found.
pub fn doctor(options: &DoctorOptions, output: &mut Output) -> Result<Exit, CtlError> {
    let checkup = examine(options)?;
    let Some(checkup) = checkup else { return Ok(Exit::UNAVAILABLE) };
    if output.is_json {
        output.json(&checkup)?;
    } else {
        for line in lines(&checkup, &output.data_look) {
            output.line(&line)?;
        }
    }
    Ok(if checkup.count(Level::Error) > 0 { Exit::PROBLEMS } else { Exit::OK })
}

/// Starts the daemon's program, which looks. Nothing where it has failed, and said why.
fn examine(options: &DoctorOptions) -> Result<Option<Checkup>, CtlError> {
    let program = daemon_program::find()?;
    let mut command = Command::new(&program);
    command.arg("doctor").args(options.offline.then_some("--offline"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = command.output().map_err(|source| ProgramError::NotRunnable { program, source })?;
    Ok(serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success()))
}

/// Returns the text: a line or two a finding, and how many are not good.
fn lines(checkup: &Checkup, look: &Look) -> Vec<String> {
    let label_width = checkup.findings.iter().map(|finding| finding.check.word().len()).max().unwrap_or_default();
    let mut lines: Vec<String> = checkup.findings.iter().flat_map(|finding| entry(finding, label_width, look)).collect();
    let (errors, warnings) = (checkup.count(Level::Error), checkup.count(Level::Warning));
    lines.push(String::new());
    lines.push(match (errors, warnings) {
        (0, 0) => look.paint(Paint::Good, "all is well"),
        (0, _) => look.paint(Paint::Warning, &words::counted_usize(warnings, "warning")),
        _ => {
            let both = format!("{}, {}", words::counted_usize(errors, "error"), words::counted_usize(warnings, "warning"));
            look.paint(Paint::Bad, &both)
        }
    });
    lines
}

fn entry(finding: &Finding, label_width: usize, look: &Look) -> Vec<String> {
    let (mark, paint) = match finding.level {
        Level::Ok => ("ok", Paint::Good),
        Level::Warning => ("warning", Paint::Warning),
        Level::Error => ("error", Paint::Bad),
    };
    const MARK_WIDTH: usize = "warning".len();
    let indent = MARK_WIDTH + 2 + label_width + 2;
    let subject = finding.subject.as_ref().map(|subject| format!("[{subject}] ")).unwrap_or_default();
    let texts = std::iter::once((Paint::Strong, format!("{subject}{}", finding.message)))
        .chain(finding.hint.iter().map(|hint| (Paint::Faint, format!("-> {hint}"))));
    let room = look.columns.map(|columns| columns.min(WIDEST).saturating_sub(indent).max(NARROWEST));
    let mut lines = Vec::new();
    for (text_paint, text) in texts {
        // What is good is not to be read first.
        let text_paint = if finding.level == Level::Ok { None } else { Some(text_paint) };
        for line in wrapped(&printable(&text.replace('\n', " ")), room) {
            let shown = text_paint.map_or_else(|| line.clone(), |text_paint| look.paint(text_paint, &line));
            if lines.is_empty() {
                let label = format!("{:label_width$}", finding.check.word());
                let marked = look.paint(paint, mark) + &" ".repeat(MARK_WIDTH - mark.len());
                lines.push(format!("{marked}  {label}  {shown}"));
            } else {
                lines.push(format!("{:indent$}{shown}", ""));
            }
        }
    }
    lines
}

/// Breaks a text between its words. One that is too long alone, as a path, stays whole: it is there to be copied.
fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room else { return vec![text.to_owned()] };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Check;

    use super::*;

    fn checkup(findings: Vec<Finding>) -> Checkup {
        Checkup { version: "1".to_owned(), home: "/h".into(), findings }
    }

    #[test]
    fn each_finding_has_its_line_and_what_to_do_below() {
        let findings = vec![
            Finding::ok(Check::Restic, "restic 0.19.1"),
            Finding::error(Check::Repository, "`/r` does not open", "mount the disk").about("home"),
        ];
        let expected = [
            "ok       restic      restic 0.19.1",
            "error    repository  [home] `/r` does not open",
            "                     -> mount the disk",
            "",
            "1 error, 0 warnings",
        ];
        assert_eq!(lines(&checkup(findings), &Look::PLAIN), expected);
    }

    #[test]
    fn good_machine_is_told_so() {
        let findings = vec![Finding::ok(Check::Web, "off")];
        assert_eq!(lines(&checkup(findings), &Look::PLAIN).last().unwrap(), "all is well");
    }

    #[test]
    fn narrow_terminal_gets_more_lines_and_loses_no_word() {
        let look = Look { columns: Some(40), ..Look::PLAIN };
        let findings =
            vec![Finding::warning(Check::Web, "nobody listens there at all today", "see /a/path/that/is/very/long/indeed")];
        let expected = [
            "warning  web  nobody listens there at",
            "              all today",
            "              -> see",
            "              /a/path/that/is/very/long/indeed",
            "",
            "1 warning",
        ];
        assert_eq!(lines(&checkup(findings), &look), expected);
    }
}

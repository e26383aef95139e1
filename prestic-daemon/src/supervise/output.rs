//! What becomes of restic's output: lines for the log, progress for the listeners, facts for the record.
//!
//! It owns the log and all that is remembered of the output. It reads no pipe and knows no listener.

use std::{collections::VecDeque, fmt::Write as _};

use prestic_proto::progress::{Progress, Summary};
use regex::Regex;

use crate::{
    clock::Stopwatch,
    restic::messages::Message,
    supervise::{
        lines::push_clean,
        log::Log,
        readable,
        spec::OutputFormat,
        text_progress::{self, TextProgress},
    },
};

/// The last lines of the log that a record keeps, and the characters of each.
const LAST_LINES: usize = 20;
const LAST_LINE_LENGTH: usize = 400;

/// The last lines of standard error that tell why restic failed, and the characters of each.
const ERROR_LINES: usize = 50;
const ERROR_LINE_LENGTH: usize = 2000;

/// Which of restic's two streams a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// Makes sense of a run's output.
#[derive(Debug)]
pub struct Output {
    format: OutputFormat,
    filter: Option<Regex>,
    log: Log,
    stopwatch: Stopwatch,
    last_lines: LastLines,
    error_lines: LastLines,
    file_errors: u64,
    summary: Option<Summary>,
    /// Progress that the listeners have not been told.
    progress: Option<Progress>,
    /// The last progress line of a text, which goes into the log if no other one follows.
    held: Option<(TextProgress, String)>,
    /// The line at hand; kept for its memory.
    line: String,
    is_closed: bool,
}

/// What the record is told of the output.
#[derive(Debug, Default, PartialEq)]
pub struct Findings {
    /// What restic said that it did.
    pub summary: Option<Summary>,
    /// Files that could not be read.
    pub file_errors: u64,
    /// The last lines of the log.
    pub last_lines: Vec<String>,
    /// The last lines of standard error.
    pub error_lines: Vec<String>,
}

impl Output {
    /// Starts with an empty memory. A filter that is no regular expression is told in the log, and left out.
    pub fn new(format: OutputFormat, filter: Option<&str>, mut log: Log) -> Self {
        // Python's `re.match` looks at the start of a line only.
        let filter = filter.and_then(|filter| match Regex::new(&format!(r"\A(?:{filter})")) {
            Ok(filter) => Some(filter),
            Err(_) => {
                log.add(&format!("warning: log-filter is no regular expression: {filter}"));
                None
            }
        });
        Self {
            format,
            filter,
            log,
            stopwatch: Stopwatch::start(),
            last_lines: LastLines::new(LAST_LINES, LAST_LINE_LENGTH),
            error_lines: LastLines::new(ERROR_LINES, ERROR_LINE_LENGTH),
            file_errors: 0,
            summary: None,
            progress: None,
            held: None,
            line: String::new(),
            is_closed: false,
        }
    }

    /// Starts the clock by which speeds are told.
    pub fn restic_started(&mut self, stopwatch: Stopwatch) {
        self.stopwatch = stopwatch;
    }

    /// Takes a line of restic, of which `cut` bytes are missing.
    pub fn take(&mut self, stream: Stream, bytes: &[u8], cut: u64) {
        if self.is_closed {
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        push_clean(&mut line, bytes);
        if cut > 0 {
            let _ = write!(line, " [… {cut} bytes cut]");
        }
        let message = match self.format {
            OutputFormat::Json | OutputFormat::JsonForUser if cut == 0 => Message::parse(&line),
            _ => None,
        };
        match message {
            Some(message) => self.take_message(stream, message, &line),
            None => self.take_text(stream, &line),
        }
        self.line = line;
    }

    fn take_message(&mut self, stream: Stream, message: Message, line: &str) {
        let text = readable::text_of(&message).map(|text| clean_lines(&text));
        if stream == Stream::Errors {
            text.as_deref().unwrap_or(line).lines().for_each(|line| self.error_lines.push(line));
        }
        match self.format {
            OutputFormat::JsonForUser => self.log_line(line),
            _ => text.as_deref().unwrap_or_default().split_terminator('\n').for_each(|line| self.log_line(line)),
        }
        match message {
            Message::Status(status) => {
                self.progress = Some(status.into_progress(self.stopwatch.elapsed_ms(), self.file_errors));
            }
            Message::Error(_) => self.file_errors += 1,
            Message::Summary(summary) => self.summary = summary.to_summary(self.file_errors).or(self.summary.take()),
            Message::VerboseStatus(_) | Message::ExitError(_) | Message::Initialized(_) => {}
        }
    }

    fn take_text(&mut self, stream: Stream, line: &str) {
        let progress = if self.format == OutputFormat::JsonForUser { None } else { text_progress::parse(line) };
        let Some(progress) = progress else {
            self.let_held_line_go();
            if stream == Stream::Errors {
                self.error_lines.push(line);
            }
            self.log_line(line);
            return;
        };
        if self.held.as_ref().is_some_and(|(held, _)| held.is_complete && !progress.is_complete) {
            self.let_held_line_go();
        }
        self.progress = Some(progress.progress.clone());
        self.held = Some((progress, line.to_owned()));
    }

    fn let_held_line_go(&mut self) {
        if let Some((_, line)) = self.held.take() {
            self.log_line(&line);
        }
    }

    fn log_line(&mut self, line: &str) {
        if self.filter.as_ref().is_none_or(|filter| !filter.is_match(line)) {
            self.add(line);
        }
    }

    /// Writes a line of our own into the log.
    pub fn note(&mut self, line: &str) {
        self.let_held_line_go();
        self.add(line);
        self.log.flush();
    }

    fn add(&mut self, line: &str) {
        self.last_lines.push(line);
        self.log.add(line);
    }

    /// Writes into the log what came since the last time, and returns the latest progress, if it has changed.
    pub fn flush(&mut self) -> Option<Progress> {
        self.log.flush();
        self.progress.take()
    }

    /// Returns how many bytes of the log can be read.
    pub fn log_length(&self) -> u64 {
        self.log.written()
    }

    /// Takes no more lines of restic.
    pub fn close(&mut self) {
        self.let_held_line_go();
        self.is_closed = true;
    }

    /// Returns what was found out.
    pub fn findings(&self) -> Findings {
        Findings {
            summary: self.summary.clone(),
            file_errors: self.file_errors,
            last_lines: self.last_lines.lines.iter().filter(|line| !line.is_empty()).cloned().collect(),
            error_lines: self.error_lines.lines.clone().into(),
        }
    }

    /// Writes the end of the log. Returns why there is no whole log, if so.
    pub fn finish_log(&mut self, footer: &str) -> Option<&str> {
        self.log.finish(footer);
        self.log.failure()
    }
}

/// Cleans a text that came out of JSON, where control characters are escaped and so have not been seen yet.
fn clean_lines(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            clean.push('\n');
        }
        push_clean(&mut clean, line.as_bytes());
    }
    clean
}

/// The last lines of something, each cut to a length.
#[derive(Debug)]
struct LastLines {
    lines: VecDeque<String>,
    limit: usize,
    length: usize,
}

impl LastLines {
    fn new(limit: usize, length: usize) -> Self {
        Self { lines: VecDeque::with_capacity(limit), limit, length }
    }

    fn push(&mut self, line: &str) {
        let mut slot = match self.lines.len() == self.limit {
            true => self.lines.pop_front().unwrap_or_default(),
            false => String::new(),
        };
        slot.clear();
        match line.char_indices().nth(self.length) {
            Some((end, _)) => {
                slot.push_str(&line[..end]);
                slot.push('…');
            }
            None => slot.push_str(line),
        }
        self.lines.push_back(slot);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Rig {
        file: tempfile::NamedTempFile,
        output: Output,
    }

    fn rig(format: OutputFormat, filter: Option<&str>) -> Rig {
        let file = tempfile::NamedTempFile::new().unwrap();
        let log = Log::new(file.reopen().unwrap());
        Rig { output: Output::new(format, filter, log), file }
    }

    impl Rig {
        fn take(&mut self, lines: &[&str]) -> &mut Self {
            for line in lines {
                self.output.take(Stream::Output, line.as_bytes(), 0);
            }
            self
        }

        fn log(&mut self) -> String {
            self.output.close();
            self.output.finish_log("");
            fs::read_to_string(&self.file).unwrap()
        }
    }

    const STATUS: &str = r#"{"message_type":"status","percent_done":0.5,"total_files":4,"current_files":["/a"]}"#;
    const ERROR: &str = r#"{"message_type":"error","error":{"message":"open /a: denied"},"item":"/a"}"#;
    const SUMMARY: &str = r#"{"message_type":"summary","files_new":3,"total_files_processed":3,"snapshot_id":"0123456789"}"#;

    #[test]
    fn json_becomes_progress_and_text() {
        let mut rig = rig(OutputFormat::Json, None);
        rig.take(&[STATUS, ERROR, "no parent snapshot found", r#"{"message_type":"new-in-1.0"}"#, SUMMARY]);
        let progress = rig.output.flush().unwrap();
        assert_eq!((progress.fraction, progress.current_file.as_deref()), (Some(0.5), Some("/a")));
        assert_eq!(rig.output.flush(), None);
        let findings = rig.output.findings();
        assert_eq!(findings.file_errors, 1);
        let summary = findings.summary.unwrap();
        assert_eq!((summary.snapshot_id.as_deref(), summary.files_new, summary.errors), (Some("0123456789"), 3, 1));
        let log = rig.log();
        assert!(
            log.starts_with("error: open /a: denied\nno parent snapshot found\n{\"message_type\":\"new-in-1.0\"}\n\nFiles: ")
        );
        assert!(log.ends_with("\nsnapshot 01234567 saved\n"), "{log}");
    }

    #[test]
    fn json_that_the_user_asked_for_stays_json() {
        let mut rig = rig(OutputFormat::JsonForUser, None);
        rig.take(&[STATUS, SUMMARY]);
        assert!(rig.output.flush().is_some());
        assert!(rig.output.findings().summary.is_some());
        assert_eq!(rig.log(), format!("{STATUS}\n{SUMMARY}\n"));
    }

    #[test]
    fn of_text_progress_only_the_last_line_of_each_part_is_logged() {
        let mut rig = rig(OutputFormat::Text, None);
        rig.take(&["load indexes", "[0:00] 50.00%  1 / 2 index files", "[0:00] 100.00%  2 / 2 index files"]);
        rig.take(&["[0:01] 4.00%  1 / 25 packs", "[0:02] 100.00%  25 / 25 packs", "no errors were found"]);
        assert_eq!(rig.output.flush().unwrap().files_done, 25);
        assert_eq!(
            rig.log(),
            "load indexes\n[0:00] 100.00%  2 / 2 index files\n[0:02] 100.00%  25 / 25 packs\nno errors were found\n"
        );
    }

    #[test]
    fn filter_looks_at_the_start_of_a_line() {
        let mut rig = rig(OutputFormat::Text, Some(r"unchanged\s/|x"));
        rig.take(&["unchanged /a", "is unchanged /b", "ax", "xa"]);
        assert_eq!(rig.log(), "is unchanged /b\nax\n");
    }

    #[test]
    fn wrong_filter_is_told_in_the_log() {
        let mut rig = rig(OutputFormat::Text, Some("("));
        assert_eq!(rig.take(&["("]).log(), "warning: log-filter is no regular expression: (\n(\n");
    }

    #[test]
    fn cut_line_has_a_mark_and_is_not_read_as_json() {
        let mut rig = rig(OutputFormat::Json, None);
        rig.output.take(Stream::Output, STATUS.as_bytes(), 1048576);
        assert_eq!(rig.output.flush(), None);
        assert_eq!(rig.log(), format!("{STATUS} [… 1048576 bytes cut]\n"));
    }

    #[test]
    fn control_characters_in_json_do_not_reach_the_log() {
        let mut rig = rig(OutputFormat::Json, None);
        rig.take(&[r#"{"message_type":"verbose_status","action":"new","item":"/\u001b[2Ja\rb"}"#]);
        assert_eq!(rig.log(), "new       /ab, saved in 0.000s (0 B added)\n");
    }

    #[test]
    fn last_lines_are_kept_short_and_few() {
        let mut rig = rig(OutputFormat::Text, None);
        for number in 0..30 {
            rig.take(&[&format!("{number}"), &"ä".repeat(500)]);
        }
        let lines = rig.output.findings().last_lines;
        assert_eq!((lines.len(), lines[0].as_str()), (LAST_LINES, "20"));
        assert_eq!(lines[1].chars().count(), LAST_LINE_LENGTH + 1);
    }

    #[test]
    fn nothing_is_taken_after_the_end() {
        let mut rig = rig(OutputFormat::Text, None);
        rig.take(&["a"]).output.close();
        assert_eq!(rig.take(&["b"]).log(), "a\n");
    }
}

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
    /// How many lines told something new.
    steps: u64,
    /// The bytes of all lines.
    bytes: u64,
    /// The numbers that were told last.
    numbers: Option<Numbers>,
    summary: Option<Summary>,
    /// Progress that the listeners have not been told.
    progress: Option<Progress>,
    /// The last progress line of a text, which goes into the log if no other one follows.
    held: Option<(TextProgress, String)>,
    /// The line at hand; kept for its memory.
    line: String,
    is_closed: bool,
}

/// What moves while restic gets on, of all that a progress message tells.
type Numbers = (Option<u64>, [u64; 4]);

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
            steps: 0,
            bytes: 0,
            numbers: None,
            summary: None,
            progress: None,
            held: None,
            line: String::new(),
            is_closed: false,
        }
    }

    /// Starts the clock by which speeds are told, and forgets what an earlier restic of this run said.
    pub fn restic_started(&mut self, stopwatch: Stopwatch) {
        self.stopwatch = stopwatch;
        self.last_lines.lines.clear();
        self.error_lines.lines.clear();
        self.file_errors = 0;
        self.numbers = None;
        self.summary = None;
        self.is_closed = false;
    }

    /// Returns how many lines have told something new, and how many bytes all lines have. A line with the same numbers as the
    /// one before tells nothing new.
    pub fn movement(&self) -> (u64, u64) {
        (self.steps, self.bytes)
    }

    /// Takes a line of restic, of which `cut` bytes are missing.
    pub fn take(&mut self, stream: Stream, bytes: &[u8], cut: u64) {
        if self.is_closed {
            return;
        }
        self.bytes += bytes.len() as u64 + cut + 1;
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
                let progress = status.into_progress(self.stopwatch.elapsed_ms(), self.file_errors);
                self.count_step(Some(&progress));
                self.progress = Some(progress);
                return;
            }
            Message::Error(_) => self.file_errors += 1,
            Message::Summary(summary) => self.summary = summary.to_summary(self.file_errors).or(self.summary.take()),
            Message::VerboseStatus(_) | Message::ExitError(_) | Message::Initialized(_) => {}
        }
        self.count_step(None);
    }

    fn count_step(&mut self, progress: Option<&Progress>) {
        let numbers = progress.map(numbers_of);
        let is_new = numbers.is_none() || numbers != self.numbers;
        self.numbers = numbers.or(self.numbers);
        self.steps += u64::from(is_new);
    }

    fn take_text(&mut self, stream: Stream, line: &str) {
        let progress = if self.format == OutputFormat::JsonForUser { None } else { text_progress::parse(line) };
        let Some(progress) = progress else {
            self.let_held_line_go();
            if stream == Stream::Errors {
                self.error_lines.push(line);
            }
            self.log_line(line);
            self.count_step(None);
            return;
        };
        self.count_step(Some(&progress.progress));
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

fn numbers_of(progress: &Progress) -> Numbers {
    let counts = [progress.files_done, progress.files_total, progress.bytes_done, progress.bytes_total];
    (progress.fraction.map(f64::to_bits), counts)
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
mod tests;

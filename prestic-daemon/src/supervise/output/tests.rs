//! What becomes of lines, one after the other.

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
    assert!(log.starts_with("error: open /a: denied\nno parent snapshot found\n{\"message_type\":\"new-in-1.0\"}\n\nFiles: "));
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
fn same_numbers_again_are_no_movement() {
    let mut rig = rig(OutputFormat::Json, None);
    let mut steps = |lines: &[&str]| rig.take(lines).output.movement().0;
    assert_eq!(steps(&[STATUS, STATUS, STATUS]), 1);
    assert_eq!(steps(&[&STATUS.replace("/a", "/b")]), 1);
    assert_eq!(steps(&[&STATUS.replace("0.5", "0.6")]), 2);
    assert_eq!(steps(&["some text", "some text", ERROR]), 5);
    assert_eq!(steps(&["[0:01] 4.00%  1 / 25 packs", "[0:02] 4.00%  1 / 25 packs"]), 6);
    assert_eq!(steps(&["[0:03] 8.00%  2 / 25 packs"]), 7);
}

#[test]
fn restic_that_is_started_again_begins_anew() {
    let mut rig = rig(OutputFormat::Json, None);
    rig.take(&[ERROR, SUMMARY, "first"]);
    rig.output.take(Stream::Errors, b"Fatal: locked", 0);
    rig.output.close();
    rig.output.restic_started(Stopwatch::start());
    assert_eq!(rig.output.findings(), Findings::default());
    rig.take(&["second"]);
    assert_eq!(rig.output.findings().last_lines, ["second"]);
    assert!(rig.log().ends_with("first\nFatal: locked\nsecond\n"));
}

#[test]
fn nothing_is_taken_after_the_end() {
    let mut rig = rig(OutputFormat::Text, None);
    rig.take(&["a"]).output.close();
    assert_eq!(rig.take(&["b"]).log(), "a\n");
}

//! The JSON messages that restic writes, one a line, when it is asked for `--json`.
//!
//! Every field may be missing, since restic leaves out what is 0 and each version has its own set. It only reads: what a
//! message means for a log stands in `supervise::readable`.

use prestic_proto::progress::{Progress, Summary};
use serde::Deserialize;
use serde_json::Value;

/// One message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
pub enum Message {
    /// How far it has come.
    Status(StatusMessage),
    /// What became of one file or folder, at `--verbose=2`.
    VerboseStatus(ItemMessage),
    /// Something that could not be read, or another problem that did not end the run.
    Error(ErrorMessage),
    /// What was done, at the end.
    Summary(Box<SummaryMessage>),
    /// Why restic gives up (0.18 and later).
    ExitError(ExitErrorMessage),
    /// A repository was made.
    Initialized(InitializedMessage),
}

/// How far a backup or a restore has come.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StatusMessage {
    /// Seconds since the start.
    pub seconds_elapsed: u64,
    /// Seconds to go.
    pub seconds_remaining: Option<u64>,
    /// From 0 to 1.
    pub percent_done: f64,
    /// Files in all, as far as they have been counted.
    pub total_files: u64,
    /// Files that were backed up.
    pub files_done: u64,
    /// Files that were restored.
    pub files_restored: u64,
    /// Files that a restore found to be right.
    pub files_skipped: u64,
    /// Bytes in all, as far as they have been counted.
    pub total_bytes: u64,
    /// Bytes that were backed up.
    pub bytes_done: u64,
    /// Bytes that were restored.
    pub bytes_restored: u64,
    /// Bytes that a restore found to be right.
    pub bytes_skipped: u64,
    /// Files that could not be read.
    pub error_count: u64,
    /// Files that are being read.
    pub current_files: Vec<String>,
}

/// What became of one file or folder.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ItemMessage {
    /// `new`, `modified`, `unchanged`, `restored`, `scan_finished`, …
    pub action: String,
    /// Its path; a folder's ends with a slash.
    pub item: String,
    /// Seconds that it took.
    pub duration: f64,
    /// Bytes of the content that were added.
    pub data_size: u64,
    /// The same as stored, compressed.
    pub data_size_in_repo: u64,
    /// Bytes of the description that were added.
    pub metadata_size: u64,
    /// The same as stored, compressed.
    pub metadata_size_in_repo: u64,
    /// Files that the scan found.
    pub total_files: u64,
    /// Size of a restored file.
    pub size: u64,
}

/// A problem that did not end the run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ErrorMessage {
    /// Text, or an object with `message`, or what Go made of its own error (0.16 and before).
    pub error: Value,
    /// The problem's text where it does not belong to a file (`check`).
    pub message: String,
    /// The file, where it belongs to one.
    pub item: String,
}

/// What was done. The fields of `backup`, `restore` and `check` share one message type.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SummaryMessage {
    /// Whether a backup only looked what it would do.
    pub dry_run: bool,
    /// `backup`.
    pub files_new: u64,
    /// `backup`.
    pub files_changed: u64,
    /// `backup`.
    pub files_unmodified: u64,
    /// `backup`.
    pub dirs_new: u64,
    /// `backup`.
    pub dirs_changed: u64,
    /// `backup`.
    pub dirs_unmodified: u64,
    /// Bytes added by a backup, before compression.
    pub data_added: u64,
    /// The same as stored (0.17 and later).
    pub data_added_packed: Option<u64>,
    /// Files that a backup looked at; only a backup tells it.
    pub total_files_processed: Option<u64>,
    /// Bytes that a backup looked at.
    pub total_bytes_processed: u64,
    /// Seconds that a backup took.
    pub total_duration: f64,
    /// The snapshot, if one was made.
    pub snapshot_id: Option<String>,
    /// Files that a restore wrote; only a restore tells it.
    pub files_restored: Option<u64>,
    /// Files that a restore was to write.
    pub total_files: u64,
    /// Bytes that a restore wrote.
    pub bytes_restored: u64,
    /// Seconds that a restore took.
    pub seconds_elapsed: u64,
    /// Errors that a check found; only a check tells it.
    pub num_errors: Option<u64>,
    /// Packs that a check found to be broken.
    pub broken_packs: Option<Vec<String>>,
    /// Whether `repair index` would help.
    pub suggest_repair_index: bool,
    /// Whether `prune` would help.
    pub suggest_prune: bool,
}

/// Why restic gives up.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ExitErrorMessage {
    /// Its exit code.
    pub code: i32,
    /// The reason; it may have several lines.
    pub message: String,
}

/// A repository was made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct InitializedMessage {
    /// Its number.
    pub id: String,
    /// Where it is.
    pub repository: String,
}

impl Message {
    /// Reads a line. Returns `None` for anything that is not a message of a known type.
    pub fn parse(line: &str) -> Option<Self> {
        if !line.starts_with('{') {
            return None;
        }
        serde_json::from_str(line).ok()
    }
}

impl StatusMessage {
    /// Returns the numbers, with what restic did not tell worked out from the time since its start.
    pub fn into_progress(self, elapsed_ms: u64, errors: u64) -> Progress {
        let bytes_done = self.bytes_done + self.bytes_restored + self.bytes_skipped;
        let elapsed_ms = if self.seconds_elapsed > 0 { self.seconds_elapsed.saturating_mul(1000) } else { elapsed_ms };
        let bytes_per_second = bytes_done.saturating_mul(1000).checked_div(elapsed_ms).filter(|speed| *speed > 0);
        let bytes_left = self.total_bytes.saturating_sub(bytes_done);
        Progress {
            fraction: Some(self.percent_done.clamp(0.0, 1.0)),
            files_done: self.files_done + self.files_restored + self.files_skipped,
            files_total: self.total_files,
            bytes_done,
            bytes_total: self.total_bytes,
            bytes_per_second,
            seconds_remaining: self.seconds_remaining.or_else(|| Some(bytes_left / bytes_per_second?)),
            current_file: self.current_files.into_iter().next(),
            errors: self.error_count.max(errors),
        }
    }
}

impl ErrorMessage {
    /// Returns the problem in words.
    pub fn text(&self) -> String {
        if !self.message.is_empty() {
            return self.message.clone();
        }
        match &self.error {
            Value::String(text) => text.clone(),
            Value::Object(error) => match (error.get("message").and_then(Value::as_str), error.get("Err")) {
                (Some(message), _) => message.to_owned(),
                (None, Some(cause)) => go_error(&self.error, cause),
                (None, None) => "unknown error".to_owned(),
            },
            _ => "unknown error".to_owned(),
        }
    }
}

/// Words the error of a system call as restic 0.16 and before write it: `{"Op":"open","Path":"/x","Err":13}`.
fn go_error(error: &Value, cause: &Value) -> String {
    let word = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
    let cause = match cause.as_i64().and_then(|code| i32::try_from(code).ok()) {
        Some(code) => std::io::Error::from_raw_os_error(code).to_string(),
        None => cause.to_string(),
    };
    format!("{} {}: {cause}", word("Op"), word("Path"))
}

impl SummaryMessage {
    /// Returns what clients are told of it. Only a backup has anything to tell.
    pub fn to_summary(&self, errors: u64) -> Option<Summary> {
        Some(Summary {
            snapshot_id: self.snapshot_id.clone().filter(|id| !id.is_empty() && !self.dry_run),
            files_new: self.files_new,
            files_changed: self.files_changed,
            files_unmodified: self.files_unmodified,
            files_processed: self.total_files_processed?,
            bytes_processed: self.total_bytes_processed,
            bytes_added: self.data_added,
            errors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_error(line: &str, expected: &str) {
        let Some(Message::Error(error)) = Message::parse(line) else { panic!("not an error: {line}") };
        assert_eq!(error.text(), expected);
    }

    #[test]
    fn errors_of_all_versions_are_worded() {
        check_error(r#"{"message_type":"error","error":{"message":"open /x: denied"},"item":"/x"}"#, "open /x: denied");
        check_error(
            r#"{"message_type":"error","error":{"Op":"open","Path":"/x","Err":13},"during":"archival","item":"/x"}"#,
            &format!("open /x: {}", std::io::Error::from_raw_os_error(13)),
        );
        check_error(r#"{"message_type":"error","error":{},"item":"/x"}"#, "unknown error");
        check_error(r#"{"message_type":"error","message":"pack is broken"}"#, "pack is broken");
    }

    #[test]
    fn other_lines_are_no_messages() {
        for line in ["", "text", "[]", "{", r#"{"message_type":"never-seen"}"#, r#"{"time":"now"}"#] {
            assert_eq!(Message::parse(line), None, "{line}");
        }
    }

    #[test]
    fn unknown_fields_do_not_disturb() {
        let line = r#"{"message_type":"status","action":"scan_finished","percent_done":0.5,"later":[1]}"#;
        assert!(matches!(Message::parse(line), Some(Message::Status(status)) if status.percent_done == 0.5));
    }

    #[test]
    fn speed_and_remaining_time_come_from_the_clock_when_restic_does_not_tell() {
        let status = StatusMessage { percent_done: 0.25, total_bytes: 4000, bytes_done: 1000, ..Default::default() };
        let progress = status.clone().into_progress(500, 0);
        assert_eq!((progress.bytes_per_second, progress.seconds_remaining), (Some(2000), Some(1)));
        let told = StatusMessage { seconds_elapsed: 2, seconds_remaining: Some(9), ..status };
        let progress = told.into_progress(0, 0);
        assert_eq!((progress.bytes_per_second, progress.seconds_remaining), (Some(500), Some(9)));
        assert_eq!(StatusMessage::default().into_progress(0, 0).bytes_per_second, None);
    }

    #[test]
    fn dry_run_makes_no_snapshot() {
        let summary = SummaryMessage {
            dry_run: true,
            snapshot_id: Some("00000000".to_owned()),
            total_files_processed: Some(1),
            ..Default::default()
        };
        assert_eq!(summary.to_summary(0).unwrap().snapshot_id, None);
    }
}

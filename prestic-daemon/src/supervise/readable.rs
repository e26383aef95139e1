//! Words restic's JSON messages as restic itself would have, had it not been asked for JSON.

use std::fmt::Write as _;

use crate::restic::messages::{ErrorMessage, ItemMessage, Message, SummaryMessage};

/// Returns the text for a log, without a last newline; `None` for what does not belong into a log.
pub fn text_of(message: &Message) -> Option<String> {
    match message {
        Message::Status(_) => None,
        Message::VerboseStatus(item) => Some(item_text(item)),
        Message::Error(error) => Some(error_text(error)),
        Message::Summary(summary) => summary_text(summary),
        Message::ExitError(end) => Some(end.message.trim_end().to_owned()),
        Message::Initialized(made) => Some(format!("created restic repository {} at {}", made.id, made.repository)),
    }
}

fn item_text(item: &ItemMessage) -> String {
    let ItemMessage { action, item: path, duration, .. } = item;
    let added = bytes_text(item.data_size + item.metadata_size);
    let stored = item.data_size_in_repo + item.metadata_size_in_repo;
    match action.as_str() {
        "new" | "modified" if stored > 0 => {
            format!("{action:<9} {path}, saved in {duration:.3}s ({added} added, {} stored)", bytes_text(stored))
        }
        "new" | "modified" => format!("{action:<9} {path}, saved in {duration:.3}s ({added} added)"),
        "scan_finished" => {
            format!("scan finished in {duration:.3}s: {} files, {}", item.total_files, bytes_text(item.data_size))
        }
        "restored" | "updated" => format!("{action:<9} {path} with size {}", bytes_text(item.size)),
        _ => format!("{action:<9} {path}"),
    }
}

fn error_text(error: &ErrorMessage) -> String {
    let text = error.text();
    // restic names the file in most of its errors already.
    if error.item.is_empty() || text.contains(&error.item) {
        format!("error: {text}")
    } else {
        format!("error: {}: {text}", error.item)
    }
}

fn summary_text(summary: &SummaryMessage) -> Option<String> {
    if summary.total_files_processed.is_some() {
        Some(backup_summary(summary))
    } else if let Some(restored) = summary.files_restored {
        let size = bytes_text(summary.bytes_restored);
        let duration = duration_text(summary.seconds_elapsed);
        Some(format!("Summary: restored {restored} / {} files and folders ({size}) in {duration}", summary.total_files))
    } else {
        summary.num_errors.map(|errors| check_summary(summary, errors))
    }
}

fn backup_summary(summary: &SummaryMessage) -> String {
    let would = if summary.dry_run { "Would add" } else { "Added" };
    let counts =
        |new: u64, changed: u64, unmodified: u64| format!("{new:5} new, {changed:5} changed, {unmodified:5} unmodified");
    let mut text = format!(
        "\nFiles:       {}\nDirs:        {}\n{would} to the repository: {}",
        counts(summary.files_new, summary.files_changed, summary.files_unmodified),
        counts(summary.dirs_new, summary.dirs_changed, summary.dirs_unmodified),
        bytes_text(summary.data_added),
    );
    if let Some(stored) = summary.data_added_packed {
        let _ = write!(text, " ({} stored)", bytes_text(stored));
    }
    let _ = write!(
        text,
        "\n\nprocessed {} files, {} in {}",
        summary.total_files_processed.unwrap_or_default(),
        bytes_text(summary.total_bytes_processed),
        duration_text(summary.total_duration.max(0.0) as u64),
    );
    match summary.snapshot_id.as_deref() {
        _ if summary.dry_run => {}
        Some(id) if !id.is_empty() => {
            let _ = write!(text, "\nsnapshot {} saved", id.get(..8).unwrap_or(id));
        }
        _ => text.push_str("\nno snapshot was made: nothing has changed"),
    }
    text
}

fn check_summary(summary: &SummaryMessage, errors: u64) -> String {
    let mut text = match errors {
        0 => "no errors were found".to_owned(),
        1 => "1 error was found".to_owned(),
        errors => format!("{errors} errors were found"),
    };
    for pack in summary.broken_packs.iter().flatten() {
        let _ = write!(text, "\nbroken pack: {pack}");
    }
    if summary.suggest_repair_index {
        text.push_str("\nhint: `restic repair index` corrects the index");
    }
    if summary.suggest_prune {
        text.push_str("\nhint: `restic prune` removes data that is not needed");
    }
    text
}

/// Returns a size as restic prints it.
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, power) in UNITS {
        if bytes >> power > 0 {
            return format!("{:.3} {unit}", bytes as f64 / (1_u64 << power) as f64);
        }
    }
    format!("{bytes} B")
}

/// Returns a duration as restic prints it: `1:02`, `1:00:00`.
fn duration_text(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        let message = Message::parse(line).unwrap_or_else(|| panic!("no message: {line}"));
        assert_eq!(text_of(&message).as_deref(), expected);
    }

    #[test]
    fn files_are_told_as_restic_tells_them() {
        check(r#"{"message_type":"verbose_status","action":"unchanged","item":"/a b"}"#, Some("unchanged /a b"));
        check(
            r#"{"message_type":"verbose_status","action":"new","item":"/a","duration":0.5,"data_size":2048,"metadata_size":0}"#,
            Some("new       /a, saved in 0.500s (2.000 KiB added)"),
        );
        check(
            r#"{"message_type":"verbose_status","action":"modified","item":"/a/","metadata_size":300,"metadata_size_in_repo":100}"#,
            Some("modified  /a/, saved in 0.000s (300 B added, 100 B stored)"),
        );
        check(
            r#"{"message_type":"verbose_status","action":"scan_finished","duration":1.5,"data_size":5,"total_files":2}"#,
            Some("scan finished in 1.500s: 2 files, 5 B"),
        );
    }

    #[test]
    fn error_names_its_file_once() {
        check(
            r#"{"message_type":"error","error":{"message":"open /a: permission denied"},"item":"/a"}"#,
            Some("error: open /a: permission denied"),
        );
        check(r#"{"message_type":"error","error":{},"item":"/a"}"#, Some("error: /a: unknown error"));
    }

    #[test]
    fn status_stays_out_of_the_log() {
        check(r#"{"message_type":"status","percent_done":1}"#, None);
    }

    #[test]
    fn summary_of_a_backup_is_told_as_restic_tells_it() {
        check(
            concat!(
                r#"{"message_type":"summary","files_new":1,"files_changed":22,"files_unmodified":333,"dirs_new":4,"#,
                r#""data_added":1536,"data_added_packed":1024,"total_files_processed":356,"#,
                r#""total_bytes_processed":3670016,"total_duration":62.9,"snapshot_id":"0123456789abcdef"}"#
            ),
            Some(
                "\nFiles:           1 new,    22 changed,   333 unmodified\
                 \nDirs:            4 new,     0 changed,     0 unmodified\
                 \nAdded to the repository: 1.500 KiB (1.000 KiB stored)\n\
                 \nprocessed 356 files, 3.500 MiB in 1:02\
                 \nsnapshot 01234567 saved",
            ),
        );
    }

    #[test]
    fn summaries_of_check_and_restore_are_told() {
        check(
            r#"{"message_type":"summary","num_errors":2,"broken_packs":["ab"],"suggest_prune":true}"#,
            Some("2 errors were found\nbroken pack: ab\nhint: `restic prune` removes data that is not needed"),
        );
        check(
            r#"{"message_type":"summary","total_files":3,"files_restored":3,"bytes_restored":10,"seconds_elapsed":1}"#,
            Some("Summary: restored 3 / 3 files and folders (10 B) in 0:01"),
        );
    }
}

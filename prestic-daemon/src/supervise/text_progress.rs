//! Reads the progress lines that restic writes as text, such as `[0:01] 12.00%  3 / 25 packs`.

use prestic_proto::progress::Progress;

/// What one progress line says.
#[derive(Debug, Clone, PartialEq)]
pub struct TextProgress {
    /// The numbers.
    pub progress: Progress,
    /// Whether this part of the work is done.
    pub is_complete: bool,
}

/// Reads a line. Returns `None` if it is not about progress.
pub fn parse(line: &str) -> Option<TextProgress> {
    let (elapsed, rest) = line.trim().strip_prefix('[')?.split_once(']')?;
    let elapsed = parse_duration(elapsed)?;
    let rest = rest.trim_start();
    let (fraction, rest) = match rest.split_once('%') {
        Some((percent, rest)) => (Some(percent.parse::<f64>().ok()? / 100.0), rest.trim_start()),
        None => (None, rest),
    };
    let mut progress = Progress { fraction, ..Progress::default() };
    let (counts, total) = rest.split_once(", total ").unwrap_or((rest, ""));
    let mut words = counts.split_whitespace();
    progress.files_done = words.next()?.parse().ok()?;
    let second = words.next()?;
    if second == "/" {
        progress.files_total = words.next()?.parse().ok()?;
    } else if second == "files" || second == "files," || second == "index" {
        progress.bytes_done = parse_size(words.next(), words.next());
        let mut words = total.split_whitespace();
        progress.files_total = words.next().and_then(|files| files.parse().ok()).unwrap_or_default();
        progress.bytes_total = parse_size(words.nth(1), words.next());
    } else if fraction.is_some() {
        return None;
    }
    progress.errors = errors_in(rest);
    progress.bytes_per_second = progress.bytes_done.checked_div(elapsed).filter(|speed| *speed > 0);
    progress.seconds_remaining = fraction
        .filter(|fraction| *fraction > 0.0)
        .map(|fraction| (elapsed as f64 * (1.0 - fraction).max(0.0) / fraction).round() as u64);
    Some(TextProgress { progress, is_complete: fraction.is_some_and(|fraction| fraction >= 1.0) })
}

/// Reads `12:34` or `1:02:03` as seconds.
fn parse_duration(text: &str) -> Option<u64> {
    let mut seconds = 0_u64;
    for part in text.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    text.contains(':').then_some(seconds)
}

/// Reads a size as restic prints it, with three digits after the point; 0 if it is none.
fn parse_size(number: Option<&str>, unit: Option<&str>) -> u64 {
    let factor = match unit.unwrap_or_default().trim_end_matches([',', ':']) {
        "B" => 1.0,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        "TiB" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return 0,
    };
    number.and_then(|number| number.parse::<f64>().ok()).map_or(0, |number| (number * factor) as u64)
}

fn errors_in(text: &str) -> u64 {
    let before = text.split_once(" errors").map_or("", |(before, _)| before);
    before.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, fraction: Option<f64>, files: (u64, u64), bytes: (u64, u64)) {
        let found = parse(line).unwrap_or_else(|| panic!("not progress: {line}"));
        let progress = &found.progress;
        assert_eq!(progress.fraction, fraction, "{line}");
        assert_eq!((progress.files_done, progress.files_total), files, "{line}");
        assert_eq!((progress.bytes_done, progress.bytes_total), bytes, "{line}");
        assert_eq!(found.is_complete, fraction == Some(1.0), "{line}");
    }

    #[test]
    fn progress_lines_of_all_commands_are_read() {
        check("[0:01] 12.00%  3 / 25 packs", Some(0.12), (3, 25), (0, 0));
        check("[1:00:00] 100.00%  25 / 25 packs", Some(1.0), (25, 25), (0, 0));
        check("[0:00]          5 index files loaded", None, (5, 0), (0, 0));
        check("[0:02] 3 files, 12 B, 0 errors", None, (3, 0), (12, 0));
        check(
            "[0:05] 50.00%  10 files 1.000 KiB, total 20 files 2.000 KiB, 0 errors ETA 0:05",
            Some(0.5),
            (10, 20),
            (1024, 2048),
        );
    }

    #[test]
    fn remaining_time_speed_and_errors_are_worked_out() {
        let found = parse("[0:10] 25.00%  10 files 1.000 KiB, total 20 files 4.000 KiB, 3 errors ETA 0:30").unwrap();
        assert_eq!(found.progress.seconds_remaining, Some(30));
        assert_eq!(found.progress.bytes_per_second, Some(102));
        assert_eq!(found.progress.errors, 3);
    }

    #[test]
    fn other_lines_are_not_progress() {
        for line in
            ["", "[x] 5 files", "[0:01]", "[0:01] text", "[12] 3 / 4 packs", "[0:01] 5%", "no [0:01] 12.00%  3 / 25 packs"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}

//! Names of log files, and names of tasks within them.

use std::fmt::{Display, Write};

use chrono::{DateTime, TimeZone};

use crate::fingerprint::fingerprint;

const EXTENSION: &str = ".txt";

/// `2026.01.31_23.59`, of which each digit stands for any other.
const STAMP_SHAPE: &str = "0000.00.00_00.00";

/// File systems take names of 255 bytes; date, number and extension need some of them.
const LONGEST_ESCAPED: usize = 150;

/// So much is left of a longer one, before `~` and its fingerprint.
const CUT_LENGTH: usize = 120;

/// Begins the fingerprint of a name that was cut. No other escaped name has this letter.
const CUT_MARK: char = '~';

/// Windows opens a device instead of a file that has one of these names, with any extension.
const WINDOWS_DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const NUMBERED_WINDOWS_DEVICES: [&str; 2] = ["com", "lpt"];

/// Returns the name of the log of a task's run, the `number`th in its minute.
pub(super) fn numbered<Zone>(task: &str, at: &DateTime<Zone>, number: u32) -> String
where
    Zone: TimeZone<Offset: Display>,
{
    let stamp = at.format("%Y.%m.%d_%H.%M");
    let task = escape(task);
    if number == 1 { format!("{stamp}-{task}{EXTENSION}") } else { format!("{stamp}-{number}-{task}{EXTENSION}") }
}

/// Whether a file's name is that of a log of this task, and not of one whose name merely ends in the same way.
pub(super) fn belongs_to(file_name: &str, task: &str) -> bool {
    let Some(rest) = after_stamp(file_name).and_then(|rest| rest.strip_suffix(EXTENSION)) else {
        return false;
    };
    let escaped = rest.split_once('-').filter(|(number, _)| is_number(number)).map_or(rest, |(_, escaped)| escaped);
    // Python's PRestic writes the task's name as it is. Nothing that we write has letters that need an escape.
    let is_pythons = rest == task && !task.bytes().all(|byte| is_plain(byte) || byte == b'%' || byte == CUT_MARK as u8);
    escaped == escape(task) || is_pythons
}

/// Returns the local time and the task in the name of a log of Python's PRestic, which writes tasks' names as they are.
pub fn parts(file_name: &str) -> Option<(&str, &str)> {
    let task = after_stamp(file_name)?.strip_suffix(EXTENSION)?;
    Some((&file_name[..STAMP_SHAPE.len()], task))
}

fn after_stamp(file_name: &str) -> Option<&str> {
    let (stamp, rest) = file_name.split_at_checked(STAMP_SHAPE.len())?;
    let has_shape = stamp.bytes().zip(STAMP_SHAPE.bytes()).all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == shape,
    });
    rest.strip_prefix('-').filter(|_| has_shape)
}

/// Returns a text that is a safe part of a file's name everywhere, and from which [`unescape`] gets the name of the task.
///
/// Bytes that are not plain become `%XX`, and so does the first or last one where it would change what the name means. A
/// name that gets too long is cut, with a fingerprint of the whole; that cannot be undone.
pub fn escape(task: &str) -> String {
    let last = task.len().saturating_sub(1);
    let escapes_first = task.starts_with(['.', ' ']) || is_windows_device(task) || begins_like_a_second_run(task);
    let mut escaped = String::with_capacity(task.len());
    for (position, byte) in task.bytes().enumerate() {
        let escapes_here = (position == 0 && escapes_first) || (position == last && matches!(byte, b'.' | b' '));
        if is_plain(byte) && !escapes_here {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a String takes every text");
        }
    }
    if escaped.len() > LONGEST_ESCAPED {
        escaped.truncate(CUT_LENGTH);
        write!(escaped, "{CUT_MARK}{:016x}", fingerprint(task.as_bytes())).expect("a String takes every text");
    }
    escaped
}

/// Returns the name of the task from what [`escape`] made of it; none for what it cannot have made, or has cut.
pub fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        if *first == b'%' {
            let (digits, others) = others.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = others;
        } else {
            bytes.push(*first);
            rest = others;
        }
    }
    String::from_utf8(bytes).ok().filter(|task| escape(task) == escaped)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b' ' | b'-' | b'@' | b'+' | b',')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the name begins with digits and a dash, as do those of the second and later runs in a minute.
fn begins_like_a_second_run(task: &str) -> bool {
    task.split_once('-').is_some_and(|(number, _)| is_number(number))
}

fn is_windows_device(task: &str) -> bool {
    let stem = task.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_numbered = |device| stem.strip_prefix(device).is_some_and(|number: &str| number.len() == 1 && is_number(number));
    WINDOWS_DEVICES.contains(&stem.as_str()) || NUMBERED_WINDOWS_DEVICES.into_iter().any(is_numbered)
}

//! What the end of a restic means: its exit code, and where that says too little, the last words that it wrote.

use prestic_proto::outcome::{Failure, Outcome};

use crate::restic::version::ResticVersion;

#[cfg(test)]
mod tests;

/// How the process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
}

/// What restic writes when its backend cannot be reached.
const NETWORK_WORDS: [&str; 16] = [
    "dial tcp",
    "no such host",
    "connection refused",
    "connection reset",
    "connection timed out",
    "network is unreachable",
    "no route to host",
    "i/o timeout",
    "tls handshake timeout",
    "context deadline exceeded",
    "could not resolve host",
    "name resolution",
    "server misbehaving",
    "no connection could be made",
    "unable to start the sftp session",
    "error talking http to rclone",
];

/// What restic writes when a disk, a quota or a server is full.
const NO_SPACE_WORDS: [&str; 5] =
    ["no space left on device", "not enough space on the disk", "quota exceeded", "insufficient storage", "(507)"];

/// What restic 0.14 to 0.19 write when a flag, a command or a number of words is wrong.
const BAD_USAGE_WORDS: [&str; 30] = [
    "unknown flag: ",
    "unknown shorthand flag: ",
    "unknown command \"",
    "flag needs an argument: ",
    "invalid argument \"",
    " arg(s), received ",
    "cannot be used together",
    "mutually exclusive",
    "has invalid value, please see documentation",
    "invalid number of bytes \"",
    "strconv.parse",
    "wrong number of arguments",
    "wrong number of parameters",
    "expects no arguments",
    "nothing to backup, please specify",
    "files/dirs were listed as arguments",
    "no snapshot id specified",
    "specify two snapshot ids",
    "please specify a directory to restore to",
    "no file and no snapshot id specified",
    "type or id not specified",
    "type not specified",
    "fatal: id not specified",
    "fatal: invalid type",
    "fatal: nothing to do",
    "no policy was specified",
    "unknown counting mode",
    "please specify a source repository location",
    "please specify repository location",
    "please specify at least one output file/dir",
];

/// What restic writes when it has not refreshed its lock for so long that others may take it for left behind.
const LOST_LOCK_WORDS: [&str; 1] = ["failed to refresh lock in time"];

/// With these, the question "Is there a repository …?" is not the point: there is one, and it cannot be read.
const UNREADABLE_WORDS: [&str; 6] = [
    "permission denied",
    "access denied",
    "forbidden",
    "unauthorized",
    "signature we calculated does not match",
    "access key id you provided does not exist",
];

/// Returns what the end of a restic means.
///
/// `stderr_tail` are the last lines of its standard error, `file_errors` is the number of files that it said it could not
/// handle. That a stop was asked for is known from having asked, never from the code: restic 0.17 and 0.18 end with 1 then,
/// others with 130.
pub fn classify(
    end: End,
    version: Option<ResticVersion>,
    subcommand: &str,
    was_stopped_by_us: bool,
    stderr_tail: &[String],
    file_errors: u64,
) -> Outcome {
    let has_exit_codes = version.is_none_or(ResticVersion::has_exit_codes);
    match end {
        End::Exited(0) if file_errors > 0 || misses_source(subcommand, stderr_tail) => Outcome::Warnings,
        End::Exited(0) => Outcome::Succeeded,
        _ if was_stopped_by_us => Outcome::Stopped,
        End::Signaled(signal) => Outcome::Killed(signal),
        End::Exited(1 | 130) if let Some(signal) = caught_signal(stderr_tail) => Outcome::Killed(signal),
        // A shell script in restic's place tells in this way of the signal that ended its child.
        End::Exited(code @ (130 | 137 | 143)) => Outcome::Killed(code - 128),
        End::Exited(2) => Outcome::Failed(Failure::Crashed),
        End::Exited(3) if subcommand == "backup" => Outcome::Warnings,
        End::Exited(10) if has_exit_codes => Outcome::Failed(Failure::NoRepository),
        End::Exited(11) if has_exit_codes => Outcome::RepositoryLocked,
        End::Exited(12) if has_exit_codes => Outcome::Failed(Failure::WrongPassword),
        End::Exited(_) => from_words(stderr_tail),
    }
}

/// Whether a backup left out a source that is not there: up to restic 0.18 it ends with 0 all the same.
fn misses_source(subcommand: &str, stderr_tail: &[String]) -> bool {
    subcommand == "backup" && stderr_tail.iter().any(|line| line.trim_end().ends_with(" does not exist, skipping"))
}

/// Returns the signal that restic says it caught. It ends by itself then, with 1 or 130.
fn caught_signal(stderr_tail: &[String]) -> Option<i32> {
    let has_line = |words| stderr_tail.iter().any(|line| line.contains(words));
    match () {
        () if has_line("signal interrupt received, cleaning up") => Some(2),
        () if has_line("signal terminated received, cleaning up") => Some(15),
        () => None,
    }
}

/// Judges by restic's last word; where that tells nothing, by all lines but those about what was tried again.
fn from_words(stderr_tail: &[String]) -> Outcome {
    let last_word = stderr_tail.iter().rposition(|line| line.contains("Fatal: ") || line.contains("\"exit_error\""));
    let fatal = last_word.and_then(|first| judge(&lower_case(&stderr_tail[first..])));
    fatal.or_else(|| judge(&lower_case(stderr_tail))).unwrap_or(Outcome::Failed(Failure::Other))
}

fn lower_case(lines: &[String]) -> String {
    let final_lines = lines.iter().filter(|line| !line.contains("retrying after"));
    final_lines.map(|line| line.to_lowercase()).collect::<Vec<_>>().join("\n")
}

fn judge(words: &str) -> Option<Outcome> {
    let has_any = |known: &[&str]| known.iter().any(|known| words.contains(known));
    let failure = if has_any(&["repository is already locked"]) {
        return Some(Outcome::RepositoryLocked);
    } else if has_any(&["wrong password or no key found"]) {
        Failure::WrongPassword
    } else if has_any(&["an empty password is not", "resolving password failed"]) {
        Failure::NoPassword
    } else if has_any(&LOST_LOCK_WORDS) {
        Failure::LostLock
    } else if has_any(&NO_SPACE_WORDS) {
        Failure::NoSpace
    } else if has_any(&NETWORK_WORDS) {
        Failure::Network
    } else if has_any(&["repository does not exist", "is there a repository at"]) && !has_any(&UNREADABLE_WORDS) {
        Failure::NoRepository
    } else if has_any(&BAD_USAGE_WORDS) {
        Failure::BadUsage
    } else {
        return None;
    };
    Some(Outcome::Failed(failure))
}

//! What restic itself offers for its words: its flags, and the commands of its commands.

use std::{
    ffi::{OsStr, OsString},
    process::Stdio,
    time::Duration,
};

use clap_complete::CompletionCandidate;
use tokio::{process::Command, runtime::Builder, time::timeout};

/// How long somebody who has pressed a key waits for restic, which opens no repository for this.
const LIMIT: Duration = Duration::from_millis(700);

/// Returns what may stand after some words, where a word has been begun; nothing if there is no restic that answers.
pub fn complete(before: &[OsString], current: &OsStr) -> Vec<CompletionCandidate> {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let output = runtime.block_on(async {
        let mut command = Command::new("restic");
        command.arg("__complete").args(before).arg(current).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        timeout(LIMIT, command.output()).await
    });
    let Ok(Ok(output)) = output else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout);
    let candidates = offered(&text).filter(|(word, _)| word.starts_with(&*current.to_string_lossy()));
    candidates.map(|(word, about)| CompletionCandidate::new(word).help(about.map(|about| about.to_owned().into()))).collect()
}

/// Reads the answer: a word a line, perhaps with what it is for behind a tab, and at the end a number for the shell.
fn offered(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let lines = text.lines().take_while(|line| !line.starts_with(':'));
    lines.map(|line| line.split_once('\t').map_or((line, None), |(word, about)| (word, Some(about))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_read_up_to_its_number() {
        let found: Vec<_> = offered("--exclude\tleaves out\n--tag\n:4\nCompletion ended").collect();
        assert_eq!(found, [("--exclude", Some("leaves out")), ("--tag", None)]);
        assert_eq!(offered(":0\n").count(), 0);
    }
}

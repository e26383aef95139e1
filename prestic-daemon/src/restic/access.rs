//! How restic locks a repository for a command line: shared, exclusively, or not at all.
//!
//! A table of what restic 0.14, 0.18 and 0.19 were seen to do. Where they differ the stricter one counts (0.14 locks for
//! `backup --dry-run`, `key list --no-lock` and `prune --dry-run --no-lock`, too), and what is not known is exclusive: a run
//! that waits without need loses less than one that fails.

use serde::{Deserialize, Serialize};

/// How a command uses a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Together with other shared ones.
    Shared,
    /// Alone.
    Exclusive,
}

/// The repositories that a command line uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accesses {
    /// The lock on the repository itself; none if the command takes none.
    pub repository: Option<Access>,
    /// The lock on the repository that a `copy` reads from.
    pub source: Option<Access>,
}

/// Commands that only read, and can be told to do it without a lock.
const READING: [&str; 9] = ["cat", "diff", "dump", "find", "ls", "mount", "restore", "snapshots", "stats"];

/// Commands that lock nothing, because they open no repository or because that is what they are for.
const WITHOUT_LOCK: [&str; 10] =
    ["cache", "completion", "features", "generate", "help", "init", "options", "self-update", "unlock", "version"];

/// Tells how restic uses its repositories for a command. `command` is restic's own command, `words` are all words after
/// the program, flags included.
pub fn of_command(command: &str, words: &[String]) -> Accesses {
    let switches = Switches::find(words);
    let unless = |is_without: bool, access: Access| (!is_without).then_some(access);
    let repository = match command {
        _ if WITHOUT_LOCK.contains(&command) => None,
        _ if READING.contains(&command) => unless(switches.no_lock, Access::Shared),
        "list" => unless(switches.no_lock || word_after(command, words) == Some("locks"), Access::Shared),
        "key" if matches!(word_after(command, words), Some("list" | "add")) => Some(Access::Shared),
        "backup" | "copy" => Some(Access::Shared),
        "rewrite" if switches.forget => Some(Access::Exclusive),
        "rewrite" => unless(switches.dry_run, Access::Shared),
        "check" => unless(switches.no_lock, Access::Exclusive),
        "forget" => unless(switches.no_lock && switches.dry_run, Access::Exclusive),
        _ => Some(Access::Exclusive),
    };
    let source = if command == "copy" { unless(switches.no_lock, Access::Shared) } else { None };
    Accesses { repository, source }
}

/// The flags that change how restic locks.
#[derive(Default)]
struct Switches {
    no_lock: bool,
    dry_run: bool,
    forget: bool,
}

impl Switches {
    fn find(words: &[String]) -> Self {
        let mut found = Self::default();
        for word in words.iter().take_while(|word| *word != "--") {
            let (name, value) = word.split_once('=').map_or((word.as_str(), "true"), |(name, value)| (name, value));
            let is_on = matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True");
            match name {
                "--no-lock" => found.no_lock = is_on,
                "--dry-run" | "-n" => found.dry_run = is_on,
                "--forget" => found.forget = is_on,
                _ => {}
            }
        }
        found
    }
}

/// Returns the first word after the command that is no flag.
fn word_after<'words>(command: &str, words: &'words [String]) -> Option<&'words str> {
    let after = words.iter().skip_while(|word| *word != command).skip(1);
    after.map(String::as_str).find(|word| !word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: Option<Access> = Some(Access::Shared);
    const EXCLUSIVE: Option<Access> = Some(Access::Exclusive);

    #[track_caller]
    fn check(line: &str, expected: Option<Access>) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let command = words.iter().find(|word| !word.starts_with('-')).unwrap();
        assert_eq!(of_command(command, &words).repository, expected, "{line}");
    }

    #[test]
    fn backups_and_readers_share_a_repository() {
        for line in
            ["backup /home", "restore latest", "ls latest", "snapshots", "find x", "stats", "diff a b", "dump latest /x"]
        {
            check(line, SHARED);
        }
        for line in
            ["mount /mnt", "cat config", "list packs", "key list", "key add", "copy --from-repo /x", "rewrite --exclude x"]
        {
            check(line, SHARED);
        }
    }

    #[test]
    fn what_deletes_or_checks_is_alone() {
        for line in
            ["check", "forget --keep-daily 7", "prune", "tag --add x", "key remove x", "key passwd", "migrate", "recover"]
        {
            check(line, EXCLUSIVE);
        }
        for line in ["repair index", "repair snapshots", "rebuild-index", "rewrite --forget --exclude x", "forget --prune"] {
            check(line, EXCLUSIVE);
        }
    }

    #[test]
    fn some_commands_lock_nothing() {
        for line in ["unlock", "list locks", "cache", "version", "init", "rewrite --dry-run --exclude x"] {
            check(line, None);
        }
    }

    #[test]
    fn no_lock_is_for_commands_that_only_read() {
        for line in ["--no-lock snapshots", "check --no-lock", "--no-lock=true ls latest", "list packs --no-lock"] {
            check(line, None);
        }
        check("backup --no-lock /home", SHARED);
        check("backup --dry-run /home", SHARED);
        check("key list --no-lock", SHARED);
        check("prune --no-lock --dry-run", EXCLUSIVE);
        check("forget --no-lock --dry-run", None);
        check("forget --dry-run --keep-last 1", EXCLUSIVE);
        check("restore latest --dry-run", SHARED);
        check("snapshots --no-lock=false", SHARED);
    }

    #[test]
    fn words_after_the_mark_are_no_flags() {
        check("backup -- --dry-run", SHARED);
    }

    #[test]
    fn unknown_commands_are_alone_to_be_safe() {
        check("defragment", EXCLUSIVE);
        check("key", EXCLUSIVE);
    }

    #[test]
    fn copy_shares_its_source_too() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(of_command("copy", &words("copy --from-repo /x")).source, SHARED);
        assert_eq!(of_command("copy", &words("copy --from-repo /x --no-lock")).source, None);
        assert_eq!(of_command("backup", &words("backup /home")).source, None);
    }
}

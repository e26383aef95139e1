//! The reference of the configuration, as the man page and the book have it.

use prestic_daemon::config::{
    keys::{OptionRow, Scope},
    options_table,
};

/// What the configuration is, in paragraphs.
pub const DESCRIPTION: &[&str] = &[
    "PRestic reads one INI file. Each section is a profile: a repository, or a restic command for one. A profile with a command \
     and a repository is a task, which can be run and scheduled. The section [prestic] is for the daemon itself, and what stands \
     in [DEFAULT] holds for every profile.",
    "A profile builds on those that it names with `inherit`; of several that set the same option the first one named wins, and \
     what the profile says itself comes before all of them. A text or a list without a value takes back what a parent says.",
    "`%(name)s` stands for the value of the option `name` of the same section or of [DEFAULT], and `%%` for a percent sign. Lines \
     that begin with `#` or `;` are comments. A value goes on in the next line if that is indented.",
    "The daemon reads the file again when it changes. While there are errors in it, what was live stays live. \
     `prestic-ctl check` tells all that is wrong, with line and remedy.",
];

/// The kinds of values, and how each is written.
pub const KINDS: &[(&str, &str)] = &[
    ("address", "an address with a port, as `127.0.0.1:8711` or `[::1]:8711`, or `off`"),
    ("bool", "`true`, `yes`, `on` or `1`; `false`, `no`, `off` or `0`"),
    ("duration", "numbers with s, m, h or d, as `5m` or `1h30m`; a plain number is seconds"),
    ("int", "a whole number"),
    ("list", "words with spaces or line ends between them; a word with a space is put into quotes, as in a shell"),
    ("percent", "a whole number from 0 to 100, as `30` or `30%`"),
    ("priority", "`idle`, `low`, `normal` or `high`"),
    ("rank", "a whole number, of which the highest goes first, or `low` (-10), `normal` (0) or `high` (10)"),
    ("regex", "a regular expression"),
    ("schedule", "when to run, as `daily at 02:30`; see below, and try it with `prestic-ctl explain`"),
    ("size", "a number with K, M, G or T, as `512K` or `1.5M`; a plain number is KiB"),
    ("text", "any text up to the end of the line"),
    ("window", "a part of the day, as `22:00..06:00`"),
    ("word", "one of the words that its description names"),
    ("zone", "a name of the tz database, as `Europe/Berlin`, or `local` for the machine's own zone"),
];

/// Schedules, and when each is due.
pub const SCHEDULES: &[(&str, &str)] = &[
    ("daily at 02:30", "every day at that time"),
    ("mon..fri at 12:00, 18:00", "on days of the week, several times a day"),
    ("weekly", "on Mondays at midnight; `monthly` on the first"),
    ("last fri", "on the last Friday of the month; also `1st, 3rd mon`, `day 1, 15`, `last day`, `jan, jul day 1`"),
    ("hourly", "every hour; also `*:15`, `*/2:15` and `9..17:00`"),
    ("every 15 minutes from 08:00 to 18:00", "in steps; also `every 3 days at 02:30`"),
    ("30 2 * * 1-5", "as cron has it, also after `cron:`; also `@daily`"),
    ("calendar:Mon..Fri *-*-* 02:30", "as systemd has it"),
    ("after home", "when that task has ended well; `after home fail` and `after home any`"),
    ("@startup", "at the start of the daemon; also `@boot`, `@resume` and `@reload`"),
    ("in Europe/Berlin daily at 02:30", "in a time zone of its own"),
    ("mon at 08:00; fri at 20:00", "several, with a semicolon or a line end between them"),
];

/// The files, and what each is for.
pub const FILES: &[(&str, &str)] = &[
    ("~/.prestic/config.ini", "the configuration; %APPDATA%\\prestic\\config.ini on Windows"),
    ("$PRESTIC_HOME/config.ini", "the configuration, where that variable names a folder"),
    ("~/.prestic/status.ini", "what each task did last"),
    ("~/.prestic/logs/", "what each run said"),
];

/// Where options belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Into any section that is a profile.
    Profile,
    /// Into `[prestic]`.
    Daemon,
}

impl Section {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Profile, Self::Daemon];

    /// Returns its heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Profile => "Options of profiles",
            Self::Daemon => "Options of [prestic]",
        }
    }

    /// Returns what to know of all its options.
    pub fn introduction(self) -> &'static str {
        match self {
            Self::Profile => "They stand in the section of a profile, or in [DEFAULT] for all of them.",
            Self::Daemon => "They stand in the section [prestic], and hold for the daemon as a whole.",
        }
    }

    /// Returns its options.
    pub fn rows(self) -> impl Iterator<Item = &'static OptionRow> {
        options_table().filter(move |row| (row.scope == Scope::Profile) == (self == Self::Profile))
    }
}

/// Returns the page of the book.
pub fn page() -> String {
    let mut text = String::from("# Configuration reference\n\n");
    for paragraph in DESCRIPTION {
        text.push_str(&format!("{paragraph}\n\n"));
    }
    text.push_str("`prestic-ctl options` prints the same list.\n\n");
    for section in Section::ALL {
        text.push_str(&format!("## {}\n\n{}\n\n", section.heading(), section.introduction()));
        text.push_str("| option | value | default | what for |\n|---|---|---|---|\n");
        for row in section.rows() {
            let default = row.default.map(code).unwrap_or_default();
            text.push_str(&format!("| {} | {} | {default} | {} |\n", code(row.name), row.kind, in_table(row.about)));
        }
        text.push('\n');
    }
    text.push_str("## Values\n\n| value | how it is written |\n|---|---|\n");
    for (kind, how) in KINDS {
        text.push_str(&format!("| {kind} | {} |\n", in_table(how)));
    }
    text.push_str("\n## Schedules\n\n[Schedules](../schedules.md) tells more.\n\n| schedule | due |\n|---|---|\n");
    for (schedule, due) in SCHEDULES {
        text.push_str(&format!("| {} | {} |\n", code(schedule), in_table(due)));
    }
    text.push_str("\n## Files\n\n| file | what it is |\n|---|---|\n");
    for (file, what) in FILES {
        text.push_str(&format!("| {} | {} |\n", code(file), in_table(what)));
    }
    text
}

fn code(text: &str) -> String {
    format!("`{}`", in_table(text))
}

/// A bar would end the cell, in code too.
fn in_table(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_explained() {
        for row in options_table() {
            let kind = row.kind.to_string();
            assert!(KINDS.iter().any(|(name, _)| *name == kind), "{kind}");
        }
    }

    /// Whether the daemon takes what stands in backticks, or what has none, for a schedule.
    #[track_caller]
    fn check_schedules(text: &str) {
        for schedule in text.split('`').skip(1).step_by(2) {
            let parsed = prestic_daemon::schedule::Schedule::parse(schedule);
            assert!(parsed.is_ok(), "{schedule}: {parsed:?}");
        }
    }

    #[test]
    fn every_schedule_that_is_shown_is_one() {
        for (schedule, due) in SCHEDULES {
            check_schedules(&code(schedule));
            check_schedules(&due.replace("`cron:`", ""));
        }
        let checkout = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let page = std::fs::read_to_string(checkout.join("docs/src/schedules.md")).unwrap();
        let (_, table) = page.split_once("## What can be written").unwrap();
        let (table, _) = table.split_once("Several are").unwrap();
        check_schedules(table);
    }

    #[test]
    fn every_option_has_one_row() {
        let page = page();
        for row in options_table() {
            assert_eq!(page.matches(&format!("\n| `{}` |", row.name)).count(), 1, "{}", row.name);
        }
    }
}

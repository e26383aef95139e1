//! Which snapshots are kept, as people say it: `7 daily, 5 weekly, 12 monthly`, or `7d 5w 12m`, or `all`.

use thiserror::Error;

/// What is proposed: every day of a week, and less and less of what is older.
pub(super) const PROPOSAL: &str = "7 daily, 5 weekly, 12 monthly, 3 yearly";

/// The words for each unit; the first one is restic's.
const UNITS: [(&str, &[&str]); 6] = [
    ("last", &["l", "latest", "snapshots"]),
    ("hourly", &["h", "hours"]),
    ("daily", &["d", "days"]),
    ("weekly", &["w", "weeks"]),
    ("monthly", &["m", "months"]),
    ("yearly", &["y", "years"]),
];

/// Words that keep everything.
const ALL: [&str; 3] = ["all", "everything", "forever"];

/// What it means is not clear.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` does not say which snapshots to keep: write for example `7 daily, 5 weekly, 12 monthly`, or `all`")]
pub(super) struct BadKeep(String);

/// Returns restic's flags; none if all are kept.
pub(super) fn flags(text: &str) -> Result<Vec<String>, BadKeep> {
    let bad = || BadKeep(text.to_owned());
    let text = text.to_lowercase();
    if ALL.contains(&text.trim()) {
        return Ok(Vec::new());
    }
    let mut flags: Vec<String> = Vec::new();
    let mut words = text.split(|separator: char| separator == ',' || separator.is_whitespace()).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let digits = word.len() - word.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let (number, rest) = word.split_at(digits);
        let number: u32 = number.parse().ok().filter(|number| *number > 0).ok_or_else(bad)?;
        let unit = if rest.is_empty() { words.next().ok_or_else(bad)? } else { rest };
        let is_it = |(name, others): &&(&str, &[&str])| *name == unit || others.contains(&unit);
        let (name, _) = UNITS.iter().find(is_it).ok_or_else(bad)?;
        let start = format!("--keep-{name}=");
        if flags.iter().any(|flag| flag.starts_with(&start)) {
            return Err(bad());
        }
        flags.push(format!("{start}{number}"));
    }
    if flags.is_empty() { Err(bad()) } else { Ok(flags) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&[&str]>) {
        let flags = flags(text).ok();
        assert_eq!(flags.as_deref().map(|flags| flags.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(), expected);
    }

    #[test]
    fn numbers_and_units_become_flags() {
        let proposal = ["--keep-daily=7", "--keep-weekly=5", "--keep-monthly=12", "--keep-yearly=3"];
        check(PROPOSAL, Some(&proposal));
        check("7d 5w 12m 3y", Some(&proposal));
        check("24h, 10 last", Some(&["--keep-hourly=24", "--keep-last=10"]));
    }

    #[test]
    fn all_is_no_flag() {
        check("all", Some(&[]));
        check(" Everything ", Some(&[]));
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for text in ["", "7", "daily", "7 fortnights", "0 daily", "7d 8d", "-1d", "99999999999d"] {
            check(text, None);
        }
    }
}

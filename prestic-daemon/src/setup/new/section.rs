//! The text of the sections that make a profile, and where it goes: behind all that is there already.
//!
//! Pure. Nothing that stands in the file is touched.

use crate::config::words;

/// All that goes into the sections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// The name of the profile.
    pub name: String,
    /// The name of this machine. Snapshots go on under it even if the machine is called something else one day.
    pub host: String,
    /// What is backed up.
    pub paths: Vec<String>,
    /// What is left out of that.
    pub excludes: Vec<String>,
    /// Where the repository is.
    pub repository: String,
    /// The option that tells the password, and its value, once it is known where that is kept.
    pub password: Option<(&'static str, String)>,
    /// Variables that the repository needs.
    pub variables: Vec<(String, String)>,
    /// The disk that has to be there.
    pub require_path: Option<String>,
    /// When it runs; an empty one is by hand only.
    pub schedule: String,
    /// Whether it would have a schedule if it had none of its own.
    pub overrides_schedule: bool,
    /// The flags that say which snapshots are kept; none if all are.
    pub keep: Vec<String>,
}

/// When old snapshots are removed: not after each backup, since on other machines that takes long.
const FORGET_SCHEDULE: &str = "sun at 13:30";

impl Draft {
    /// Returns the name of the task that removes old snapshots, if there is one.
    pub(super) fn forget_task(&self) -> Option<String> {
        (!self.keep.is_empty()).then(|| forget_name(&self.name))
    }

    /// Whether each value fits into its line: one with a line feed in it would go on as something else.
    pub(super) fn is_writable(&self) -> bool {
        let options = [&self.host, &self.repository, &self.schedule].into_iter().chain(self.require_path.as_ref());
        let variables = self.variables.iter().flat_map(|(name, value)| [name, value]);
        let password = self.password.iter().map(|(_, value)| value);
        let texts = options.chain(variables).chain(password).chain(&self.paths).chain(&self.excludes);
        texts.into_iter().all(|text| !text.contains(char::is_control))
    }

    /// Returns the sections as text. Their snapshots have the names of profile and machine, so that no others are forgotten: on
    /// another machine that has the same repository, a profile may well have the same name.
    pub(super) fn text(&self) -> String {
        let host = (!self.host.is_empty()).then(|| format!("--host={}", self.host));
        let own: Vec<String> = [format!("--tag={}", self.name)].into_iter().chain(host).collect();
        let mut lines = vec![format!("[{}]", self.name), line("repository", &self.repository)];
        lines.extend(self.password.iter().map(|(key, value)| line(key, value)));
        lines.extend(self.variables.iter().map(|(name, value)| line(&format!("env.{name}"), value)));
        let disk = self.require_path.as_ref();
        lines.extend(disk.map(|disk| line("require-path", &words::join(&[disk]))));
        if !self.schedule.is_empty() || self.overrides_schedule {
            lines.push(line("schedule", &self.schedule));
        }
        lines.push(line("command", "backup"));
        let excludes = self.excludes.iter().map(|pattern| format!("--exclude={pattern}"));
        let flags = own.iter().cloned().chain(["--exclude-caches".to_owned()]).chain(excludes);
        // A path that begins with a dash is no flag behind the mark.
        let marked = self.paths.iter().any(|path| path.starts_with('-')).then(|| "--".to_owned());
        let args: Vec<String> = flags.chain(marked).chain(self.paths.iter().cloned()).collect();
        lines.push(line("args", &words::join(&args)));
        if let Some(forget) = self.forget_task() {
            lines.extend([String::new(), format!("[{forget}]"), line("inherit", &self.name)]);
            lines.push(line("schedule", if self.schedule.is_empty() { "" } else { FORGET_SCHEDULE }));
            lines.push(line("command", "forget"));
            let args: Vec<String> = self.keep.iter().cloned().chain(own).chain(["--prune".to_owned()]).collect();
            lines.push(line("args", &words::join(&args)));
        }
        lines.join("\n") + "\n"
    }
}

/// Returns the name of the task that removes the old snapshots of a profile.
pub(super) fn forget_name(profile: &str) -> String {
    format!("{profile}-forget")
}

/// A percent sign would begin a reference.
fn line(key: &str, value: &str) -> String {
    format!("{key} = {}", value.replace('%', "%%")).trim_end().to_owned()
}

/// Returns a file with sections behind all that it has, in its own line ends.
pub(super) fn appended(file: &str, sections: &str) -> String {
    let end = if file.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = file.to_owned();
    if !text.is_empty() {
        if !text.ends_with('\n') {
            text += end;
        }
        text += end;
    }
    text + &sections.replace('\n', end)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;

    fn draft() -> Draft {
        Draft {
            name: "home".to_owned(),
            host: "laptop".to_owned(),
            paths: vec!["/home/me".to_owned()],
            repository: "/mnt/usb/restic".to_owned(),
            password: Some(("password-keyring", "home".to_owned())),
            ..Draft::default()
        }
    }

    /// Returns the command line that the daemon makes of a task.
    #[track_caller]
    fn command_line(text: &str, task: &str) -> Vec<String> {
        let loaded = config::read(text, Path::new("config.ini"));
        assert_eq!(loaded.report.errors, []);
        loaded.config.profile(task).unwrap().restic_command(config::Arguments::Own).unwrap().words()
    }

    #[test]
    fn backup_by_hand_needs_one_section() {
        let expected = "[home]\nrepository = /mnt/usb/restic\npassword-keyring = home\ncommand = backup\n\
                        args = --tag=home --host=laptop --exclude-caches /home/me\n";
        assert_eq!(draft().text(), expected);
    }

    #[test]
    fn whatever_is_given_comes_out_of_the_configuration_again() {
        let odd = Draft {
            paths: vec!["/a b".to_owned(), "/it's \"100%\"".to_owned(), "-x".to_owned()],
            excludes: vec!["*.tmp #1".to_owned(), "%(x)s".to_owned()],
            repository: "sftp:me@host:/100% sure".to_owned(),
            keep: vec!["--keep-daily=7".to_owned()],
            schedule: "daily at 12:30".to_owned(),
            ..draft()
        };
        let words = command_line(&odd.text(), "home");
        let expected = [
            "restic",
            "--repo=sftp:me@host:/100% sure",
            "backup",
            "--tag=home",
            "--host=laptop",
            "--exclude-caches",
            "--exclude=*.tmp #1",
            "--exclude=%(x)s",
            "--",
            "/a b",
            "/it's \"100%\"",
            "-x",
        ];
        assert_eq!(words, expected);
        let forget = command_line(&odd.text(), "home-forget");
        assert_eq!(forget[2..], ["forget", "--keep-daily=7", "--tag=home", "--host=laptop", "--prune"]);
    }

    #[test]
    fn value_of_two_lines_is_noticed() {
        assert!(draft().is_writable());
        assert!(!Draft { excludes: vec!["a\nb".to_owned()], ..draft() }.is_writable());
        assert!(!Draft { password: Some(("password-keyring", "a\n[b]".to_owned())), ..draft() }.is_writable());
    }

    #[test]
    fn old_snapshots_are_removed_only_by_hand_where_backups_are() {
        let by_hand = Draft { keep: vec!["--keep-last=3".to_owned()], ..draft() };
        let loaded = config::read(&by_hand.text(), Path::new("config.ini"));
        assert_eq!(loaded.config.profile("home-forget").unwrap().schedule(), None);
    }

    #[test]
    fn schedule_of_all_others_is_not_that_of_a_backup_by_hand() {
        let by_hand = Draft { overrides_schedule: true, ..draft() };
        let text = "[DEFAULT]\nschedule = hourly\n".to_owned() + &by_hand.text();
        let loaded = config::read(&text, Path::new("config.ini"));
        assert_eq!(loaded.config.profile("home").unwrap().schedule(), None);
    }

    #[track_caller]
    fn check_appended(file: &str, expected: &str) {
        assert_eq!(appended(file, "[b]\nx = 1\n"), expected);
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        check_appended("", "[b]\nx = 1\n");
        check_appended("; mine\n[a]\n", "; mine\n[a]\n\n[b]\nx = 1\n");
        check_appended("[a]", "[a]\n\n[b]\nx = 1\n");
        check_appended("[a]\r\nx=1\r\n", "[a]\r\nx=1\r\n\r\n[b]\r\nx = 1\r\n");
    }
}

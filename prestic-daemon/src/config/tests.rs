//! Whole files: what is read from them, and what is told of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{notifications::Notifications, *};

#[track_caller]
fn check_errors(text: &str, expected: &[&str]) {
    let report = read(text, Path::new("config.ini")).report;
    assert_eq!(report.errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

#[track_caller]
fn check_warnings(text: &str, expected: &[&str]) {
    let report = read(text, Path::new("config.ini")).report;
    assert_eq!(report.errors, []);
    assert_eq!(report.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

/// A profile of the example as Python resolves it.
#[derive(Deserialize)]
struct Golden {
    name: String,
    description: String,
    is_task: bool,
    inherits: Vec<String>,
    repository: Option<String>,
    schedule: Option<String>,
    notifications: bool,
    prune_logs_after: Option<u32>,
    wait_for_lock: Option<u64>,
    cpu_priority: Option<String>,
    io_priority: Option<String>,
    keyring: Option<String>,
    words: Vec<String>,
    variables: BTreeMap<String, String>,
}

/// Joins flags with their values, which Python hands over as words of their own; restic reads both alike.
fn one_word_each(words: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        match joined.last_mut().filter(|last| last.starts_with("--") && !last.contains('=')) {
            Some(last) => *last = format!("{last}={word}"),
            None => joined.push(word.clone()),
        }
    }
    joined
}

#[test]
fn every_profile_of_the_example_is_what_python_makes_of_it() {
    let loaded = read(include_str!("../../testdata/config.example.ini"), Path::new("config.ini"));
    let golden: Vec<Golden> = serde_json::from_str(include_str!("../../testdata/config.example.golden.json")).unwrap();
    assert_eq!(loaded.report.errors, []);
    assert_eq!(loaded.report.profiles, golden.len());
    assert_eq!(loaded.report.tasks, golden.iter().filter(|expected| expected.is_task).count());
    for (profile, expected) in loaded.config.profiles().zip(golden) {
        let name = expected.name.as_str();
        assert_eq!(profile.name(), name);
        let summary = profile.summary();
        assert_eq!(
            (summary.description, summary.is_task, summary.inherits),
            (expected.description, expected.is_task, expected.inherits),
            "{name}"
        );
        assert_eq!(profile.repository(), expected.repository.as_deref(), "{name}");
        assert_eq!(profile.schedule(), expected.schedule.as_deref(), "{name}");
        // What is not set is on for Python, and problems for us.
        assert_eq!(profile.notifications() != Notifications::Off, expected.notifications, "{name}");
        assert_eq!(profile.prune_logs_after(), expected.prune_logs_after, "{name}");
        assert_eq!(profile.wait_for_lock().map(|wait| wait.as_secs()), expected.wait_for_lock, "{name}");
        let plain = |key: keys::Key| profile.value(key).map(value::Value::plain_text);
        assert_eq!(plain(keys::Key::CpuPriority), expected.cpu_priority, "{name}");
        assert_eq!(plain(keys::Key::IoPriority), expected.io_priority, "{name}");
        assert_eq!(plain(keys::Key::PasswordKeyring), expected.keyring, "{name}");
        let command = profile.command_to_show();
        let own = command.words().len() - command.arguments.len();
        let (flags, arguments) = expected.words.split_at(expected.words.len() - command.arguments.len());
        assert_eq!(command.words()[..own], one_word_each(flags), "{name}");
        assert_eq!(command.arguments, arguments, "{name}");
        let variables: BTreeMap<_, _> =
            command.env.iter().map(|(name, value)| (name.clone(), value.reveal().to_owned())).collect();
        assert_eq!(variables, expected.variables, "{name}");
    }
}

#[test]
fn the_example_gives_the_warnings_that_it_deserves() {
    let report = read(include_str!("../../testdata/config.example.ini"), Path::new("config.ini")).report;
    let found: Vec<_> = report.warnings.iter().map(|problem| problem.message.as_str()).collect();
    let password = "no password goes with this repository, and nobody answers when restic asks for one";
    assert_eq!(
        found,
        [password, "tasks `default` and `media-backup` run the same command on the same repository at the same time"]
    );
}

#[test]
fn all_errors_are_told_at_once_with_their_places() {
    check_errors(
        "[a]\nverbose = much\nnotifications = maybe\nlimit-upload = fast\nargs = 'open\n[b]\nwait-for-lock = soon\nio-priority = slow\n\
         log-filter = (\ndescription = %(nope)s\nword\n[b]\n",
        &[
            "`verbose`: `much` is not a whole number in [a] at config.ini:2\n  hint: write digits only, as `2`",
            "`notifications`: `maybe` is not `on`, `problems` or `off` in [a] at config.ini:3\n  hint: `on` tells of every start and end, `problems` of what needs you and when it is over, `off` of failures only",
            "`limit-upload`: `fast` is not a size in [a] at config.ini:4\n  hint: write KiB a second as a plain number, or a number with K, M, G or T, as `512` or `1.5M`",
            &format!(
                "`args`: a quote (') is opened and not closed in [a] at config.ini:5\n  hint: {}",
                words::UNCLOSED_QUOTE_HINT
            ),
            "`wait-for-lock`: `soon` is not a duration in [b] at config.ini:7\n  hint: write seconds as a plain number, or numbers with s, m, h or d, as `300`, `5m` or `1h30m`",
            "`io-priority`: `slow` is not a priority in [b] at config.ini:8\n  hint: write `idle`, `low`, `normal` or `high`",
            "`log-filter`: `(` is no regular expression: unclosed group in [b] at config.ini:9\n  hint: write a backslash before characters that should stand for themselves",
            "`%(nope)s` names a key that is neither here nor in [DEFAULT] in [b] at config.ini:10\n  hint: write `%%` for a percent sign that stands for itself",
            "the line has no `=` in [b] at config.ini:11\n  hint: write `key = value`, or indent the line if it belongs to the value above",
            "this section was there before in [b] at config.ini:12\n  hint: join it with the one at line 6, or rename it",
        ],
    );
}

#[test]
fn an_error_in_the_defaults_is_told_once() {
    let loaded = read("[DEFAULT]\nverbose = x\n[a]\n[b]\nverbose = 1\n[c]\n", Path::new("config.ini"));
    assert_eq!(loaded.report.errors.len(), 1);
    assert_eq!(loaded.report.errors[0].section.as_deref(), Some("DEFAULT"));
    assert_eq!(loaded.config.profiles().map(|profile| profile.name()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn unknown_keys_are_warnings_with_a_guess() {
    check_warnings(
        "[a]\nshedule = daily\nkeep-daily = 7\nmax-parallel = 2\n",
        &[
            "unknown key `shedule` in [a] at config.ini:2\n  hint: did you mean `schedule`?",
            "unknown key `keep-daily` in [a] at config.ini:3\n  hint: for a flag of restic write `flag.keep-daily`, for a variable `env.keep-daily`",
            "`max-parallel` is a setting of the daemon, not of a profile in [a] at config.ini:4\n  hint: move it to [prestic]",
        ],
    );
}

#[test]
fn keys_that_values_refer_to_are_not_unknown() {
    check_warnings("[DEFAULT]\nroot = /srv\n[a]\nname = x\nrepository = %(root)s/%(name)s\n[b]\n", &[]);
}

#[test]
fn what_looks_like_a_comment_is_a_warning_that_hides_the_value() {
    check_warnings(
        "[a]\ndescription = daily # at night\nargs = /a\n  /b ; /c\n  --exclude='x #y'\n",
        &[
            "what follows `#` is part of the value, not a comment in [a] at config.ini:2\n  hint: put the comment on a line of its own, or quote the word in a list",
            "what follows `;` is part of the value, not a comment in [a] at config.ini:3\n  hint: put the comment on a line of its own, or quote the word in a list",
        ],
    );
}

#[test]
fn home_signs_are_a_warning() {
    let hint = "\n  hint: write the whole path";
    check_warnings(
        "[a]\nrepository = ~/r\npassword-file = ~/p\nargs = ~/x y~\n[b]\nrepository = sftp:h:~/r\n",
        &[
            &format!("`~` is not replaced by the home folder in [a] at config.ini:2{hint}"),
            &format!("`~` is not replaced by the home folder in [a] at config.ini:3{hint}"),
            &format!("`~` is not replaced by the home folder in [a] at config.ini:4{hint}"),
        ],
    );
}

#[test]
fn keyring_gets_time_to_answer_whatever_is_set() {
    let text = "[prestic]\nkeyring-timeout = 0\n";
    check_warnings(
        text,
        &[
            "no keyring answers within 0 s, so it has 30 s as if nothing were set in [prestic] at config.ini:2\n  hint: write how long it may take, as `2m`",
        ],
    );
    assert_eq!(read(text, Path::new("config.ini")).config.settings.keyring_timeout, keyring::DEFAULT_LIMIT);
}

#[test]
fn plain_passwords_are_one_warning() {
    check_warnings(
        "[a]\npassword = x\n[b]\nenv.RESTIC_PASSWORD = y\n[c]\ninherit = a\n",
        &[
            "a password stands here in plain text, and in one more place in [a] at config.ini:2\n  hint: use `password-keyring`, `password-command` or `password-file`",
        ],
    );
}

#[test]
fn a_second_password_in_a_section_is_a_warning() {
    check_warnings(
        "[a]\npassword-file = /x\npassword-command = y\n[b]\ninherit = a\npassword-file = /z\n",
        &[
            "`password-file` is not used, because `password-command` goes before it in [a] at config.ini:2\n  hint: keep one of the two",
        ],
    );
}

#[test]
fn two_names_for_one_option_in_a_section_are_a_warning() {
    check_warnings(
        "[a]\nrepository = /a\nflag.repo = /b\n",
        &[
            "`repository` and `flag.repo` are the same option, and this later line counts in [a] at config.ini:3\n  hint: remove line 2",
        ],
    );
}

#[test]
fn the_alias_of_a_task_is_told_to_drop_the_schedule() {
    let same = "tasks `default` and `media` run the same command on the same repository at the same time";
    check_warnings(
        "[default]\n# the usual one\ninherit = media\n[media]\nrepository = /r\npassword-file = /p\nschedule = daily\ncommand = check\n",
        &[&format!(
            "{same} in [default] at config.ini:3\n  hint: write an empty `schedule =` into [default], which is only another name for `media`"
        )],
    );
    let task = |name: &str| format!("[{name}]\nrepository = /r\npassword-file = /p\nschedule = daily\ncommand = check\n");
    check_warnings(
        &(task("default") + &task("media")),
        &[&format!("{same} in [media] at config.ini:9\n  hint: take the schedule out of one of them")],
    );
}

#[test]
fn the_settings_section_is_no_profile() {
    let loaded = read("[prestic]\nmax-parallel = 7\nmax-paralel = 1\n", Path::new("config.ini"));
    assert_eq!(loaded.config.settings.max_parallel, 7);
    assert_eq!(loaded.config.profiles().count(), 0);
    assert_eq!(loaded.report.warnings[0].hint.as_deref(), Some("did you mean `max-parallel`?"));
}

#[test]
fn the_settings_section_may_be_a_profile_too() {
    let loaded = read("[prestic]\nmax-parallel = 1\nrepository = /r\n", Path::new("config.ini"));
    assert_eq!(loaded.config.settings.max_parallel, 1);
    assert_eq!(loaded.config.profile("prestic").and_then(|profile| profile.repository()), Some("/r"));
    assert_eq!((loaded.report.errors, loaded.report.warnings), (Vec::new(), Vec::new()));
}

#[test]
fn a_bad_setting_is_an_error() {
    check_errors(
        "[prestic]\nmax-parallel = 0\n",
        &["`max-parallel`: `0` is not a whole number from 1 in [prestic] at config.ini:2\n  hint: write digits only, as `2`"],
    );
    check_errors(
        "[a]\ndescription = x\0y\n",
        &[
            "the value holds a NUL character in [a] at config.ini:2\n  hint: no program can be given a value with one: remove it",
        ],
    );
}

#[test]
fn names_with_a_slip_are_guessed() {
    let config = read("[my-repo]\nrepository = /r\n[my-backup]\ninherit = my-repo\ncommand = backup\n", Path::new("c")).config;
    assert_eq!(config.similar_profile("my-rep"), Some("my-repo".to_owned()));
    assert_eq!(config.similar_task("my-bakcup"), Some("my-backup".to_owned()));
    assert_eq!(config.similar_task("other"), None);
}

#[track_caller]
fn check_file(content: Option<&[u8]>, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.ini");
    if let Some(content) = content {
        crate::atomic_write::replace(&path, content).unwrap();
    }
    let loaded = load(&path);
    assert_eq!(loaded.config.profiles().count(), 0);
    let found = loaded.report.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert_eq!(found.replace(&path.display().to_string(), "config.ini"), expected);
}

#[test]
fn a_missing_file_is_one_error_that_says_how_to_begin() {
    check_file(
        None,
        "there is no configuration at config.ini\n  hint: create it with a section such as [my-backup] that sets `repository`, \
         `password-file`, `command` and `args`",
    );
}

#[test]
fn a_file_that_is_not_utf_8_is_one_error_with_its_line() {
    check_file(
        Some(b"[a]\ndescription = \xfcber\n"),
        "the file is not UTF-8 at config.ini:2\n  hint: save it as UTF-8 in your editor",
    );
}

#[test]
fn an_empty_file_is_no_error() {
    check_file(Some(b""), "");
}

#[cfg(unix)]
#[test]
fn files_that_others_can_read_are_warnings() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let [config, open, closed]: [PathBuf; 3] = ["config.ini", "open", "closed"].map(|name| folder.path().join(name));
    let text =
        format!("[a]\npassword-file = {}\n[b]\ninherit = a\n[c]\npassword-file = {}\n", open.display(), closed.display());
    for (path, content, mode) in [(&config, text.as_str(), 0o640), (&open, "x", 0o604), (&closed, "x", 0o600)] {
        crate::atomic_write::replace(path, content.as_bytes()).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let found: Vec<_> = load(&config).report.warnings.into_iter().map(|problem| (problem.line, problem.message)).collect();
    let expected = [
        (None, "other users can read the configuration"),
        (None, "no profile is a task: nothing will ever run by itself"),
        (Some(2), "other users can read the file with the password"),
    ];
    assert_eq!(found, expected.map(|(line, message)| (line, message.to_owned())));
}

#[test]
fn ten_thousand_profiles_in_chains_of_ten_are_resolved() {
    let mut text = String::new();
    for number in 0..10_000 {
        text += &format!("[profile-{number}]\n");
        if number % 10 > 0 {
            text += &format!("inherit = profile-{}\n", number - 1);
        }
        text += &format!("description = number {number}\nrepository = /srv/{number}\nenv.LEVEL_{} = {number}\n", number % 10);
        text += "password-file = /none\ncommand = backup\nargs =\n  /home\n  --exclude='*.tmp'\n";
        text += &format!("schedule = daily at 01:00\nflag.tag{} = x\n", number % 10);
    }
    let loaded = read(&text, Path::new("config.ini"));
    assert_eq!(loaded.report, ConfigReport { profiles: 10_000, tasks: 10_000, ..ConfigReport::default() });
    let last = loaded.config.profile("profile-9999").unwrap().restic_command(Arguments::Own).unwrap();
    assert_eq!(last.env.len(), 11);
    assert_eq!(last.flags.len(), 11);
}

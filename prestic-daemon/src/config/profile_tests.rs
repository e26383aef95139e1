//! What a profile says of itself.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    super::{notifications::Notifications, read},
    *,
};

#[track_caller]
fn profile(text: &str) -> Arc<Profile> {
    let loaded = read(text, Path::new("config.ini"));
    Arc::clone(loaded.config.profile("p").unwrap_or_else(|| panic!("{:?}", loaded.report.errors)))
}

#[track_caller]
fn check_missing(text: &str, expected: Option<&str>) {
    assert_eq!(profile(text).missing_for_task(), expected);
}

#[track_caller]
fn check_filter(text: &str, expected: Option<&str>) {
    assert_eq!(profile(text).log_filter(), expected);
}

#[test]
fn a_task_has_a_command_and_a_repository() {
    check_missing("[p]\nrepository = /r\ncommand = backup\n", None);
    check_missing("[p]\nflag.repo = /r\ncommand = backup\n", None);
    check_missing("[p]\ncommand = backup\n", Some("repository"));
    check_missing("[p]\nrepository =\ncommand = backup\n", Some("repository"));
    check_missing("[p]\nrepository = /r\ncommand =\n", Some("command"));
}

#[test]
fn backups_have_a_log_filter_that_can_be_taken_back() {
    check_filter("[p]\ncommand = backup --verbose\n", Some(r"^unchanged\s/"));
    check_filter("[p]\ncommand = forget\n", None);
    check_filter("[p]\ncommand = backup\nlog-filter =\n", None);
    check_filter("[p]\ncommand = forget\nlog-filter = ^x\n", Some("^x"));
}

#[test]
fn options_mean_what_they_say() {
    let profile = profile(
        "[p]\nprune-logs-after = 14\nwait-for-lock = 5m\nnotifications = off\nschedule = daily at 01:00\ndescription = d\n",
    );
    assert_eq!(profile.prune_logs_after(), Some(14));
    assert_eq!(profile.wait_for_lock(), Some(Duration::from_secs(300)));
    assert_eq!(profile.notifications(), Notifications::Off);
    assert_eq!(profile.schedule(), Some("daily at 01:00"));
    assert_eq!(profile.schedule_origin().map(|origin| origin.line), Some(5));
    assert_eq!(profile.description(), "d");
}

#[test]
fn options_that_are_not_set_have_their_defaults() {
    let profile = profile("[p]\nschedule =\nwait-for-lock = 0\n");
    assert_eq!(profile.prune_logs_after(), None);
    assert_eq!(profile.wait_for_lock(), None);
    assert_eq!(profile.notifications(), Notifications::Problems);
    assert_eq!((profile.schedule(), profile.schedule_origin()), (None, None));
    assert_eq!(profile.description(), "no description");
    assert_eq!(profile.repository(), None);
}

const SECRETIVE: &str = "[base]
repository = rest:https://me:hunter2@host/r
password = hunter2
env.AWS_SECRET_ACCESS_KEY = hunter2
env.RESTIC_PASSWORD_COMMAND =
option = s3.secret=hunter2 local.layout=default
flag.api-token = hunter2
executable = env B2_ACCOUNT_KEY=hunter2 restic
[p]
inherit = base
command = backup
args = /home --password hunter2
    -o b2.key=hunter2
verbose = 2
env.HTTPS_PROXY = http://me:hunter2@proxy
env.GOGC = 20
";

#[test]
fn details_have_every_option_with_its_origin() {
    let details = profile(SECRETIVE).details();
    let place = |option: &OptionValue| {
        option.origin.as_ref().map_or("default".to_owned(), |origin| format!("{}:{}", origin.section, origin.line))
    };
    let found: Vec<_> =
        details.options.iter().map(|option| format!("{} = {} ({})", option.key, option.value, place(option))).collect();
    assert_eq!(
        found,
        [
            "inherit = base (p:10)",
            "description = no description (default)",
            "repository = rest:https://[hidden]@host/r (base:2)",
            "password = [hidden] (base:3)",
            "env.RESTIC_PASSWORD_COMMAND =  (base:5)",
            "executable = env 'B2_ACCOUNT_KEY=[hidden]' restic (base:8)",
            "command = backup (p:11)",
            "args = /home --password '[hidden]' -o 'b2.key=[hidden]' (p:12)",
            "notifications = problems (default)",
            "verbose = 2 (p:14)",
            "option = 's3.secret=[hidden]' local.layout=default (base:6)",
            r"log-filter = ^unchanged\s/ (default)",
            "timezone = local (default)",
            "catch-up = auto (default)",
            "overlap = skip (default)",
            "priority = 0 (default)",
            "retry = 0 (default)",
            "retry-delay = 1m (default)",
            "only-on-ac = false (default)",
            "not-metered = false (default)",
            "snapshot-index = on (default)",
            "env.AWS_SECRET_ACCESS_KEY = [hidden] (base:4)",
            "env.GOGC = 20 (p:16)",
            "env.HTTPS_PROXY = http://[hidden]@proxy (p:15)",
            "flag.api-token = [hidden] (base:7)",
        ]
    );
    assert_eq!(details.variables, ["HTTPS_PROXY", "GOGC", "RESTIC_REPOSITORY", "RESTIC_PASSWORD", "AWS_SECRET_ACCESS_KEY"]);
}

#[test]
fn nothing_that_is_shown_has_a_secret() {
    let profile = profile(SECRETIVE);
    let command = profile.restic_command(Arguments::Own).unwrap();
    for text in [
        serde_json::to_string(&profile.details()).unwrap(),
        serde_json::to_string(&profile.summary()).unwrap(),
        format!("{profile:?}"),
        format!("{command:?} {}", command.shown_line()),
        profile.shown_repository().unwrap(),
    ] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("[hidden]"), "{text}");
    }
}

#[test]
fn password_in_the_keyring_is_not_in_the_command_that_is_shown() {
    let details = profile("[p]\npassword-keyring = k\nrepository = /r\n").details();
    assert_eq!(details.command_line, ["restic", "--repo=/r"]);
    assert_eq!(details.summary.command, None);
    assert_eq!(details.variables, Vec::<String>::new());
}

//! What becomes of a profile with several repositories.

use std::path::Path;

use super::super::{Arguments, Config, read};

/// Two repositories, and nothing that uses them.
const BASES: &str = "[nas]\nrepository = /nas\npassword-file = /nas-password\nenv.A = nas\nflag.x = nas\n\
                     [cloud]\nrepository = s3:host/bucket\npassword-command = pass cloud\nexecutable = restic-cloud\n";

fn config(text: &str) -> Config {
    let loaded = read(&format!("{BASES}{text}"), Path::new("config.ini"));
    assert_eq!(loaded.report.errors, []);
    loaded.config
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let loaded = read(&format!("{BASES}{text}"), Path::new("config.ini"));
    let found: Vec<_> = loaded.report.errors.iter().map(ToString::to_string).collect();
    assert_eq!(found, [expected]);
    assert!(loaded.config.profile("home").is_none());
}

/// Checks a member's whole command line and its variables.
#[track_caller]
fn check_command(text: &str, member: &str, line: &str, variables: &[&str]) {
    let config = config(text);
    let command = config.profile(member).unwrap().restic_command(Arguments::Own).unwrap();
    assert_eq!(command.shown_line(), line);
    let found: Vec<_> = command.env.iter().map(|(name, value)| format!("{name}={}", value.reveal())).collect();
    assert_eq!(found, variables);
}

const HOME: &str = "[home]\nrepositories = nas cloud\ncommand = backup\nargs = /home\nschedule = daily\n";

#[test]
fn profile_with_repositories_is_a_group_of_tasks() {
    let config = config(HOME);
    assert_eq!(config.tasks().map(|task| task.name()).collect::<Vec<_>>(), ["home@nas", "home@cloud"]);
    assert_eq!(config.group("home"), Some(vec!["home@nas", "home@cloud"]));
    assert_eq!((config.group("nas"), config.group("home@nas")), (None, None));
    let member = config.profile("home@nas").unwrap();
    assert_eq!((member.group(), member.schedule()), (Some("home"), Some("daily")));
    assert_eq!(config.profile("home").unwrap().group(), None);
}

#[test]
fn members_take_what_belongs_to_the_repository_from_its_profile() {
    check_command(
        HOME,
        "home@nas",
        "restic --repo=/nas --x=nas backup /home",
        &["RESTIC_PASSWORD_FILE=/nas-password", "A=nas"],
    );
    check_command(
        HOME,
        "home@cloud",
        "restic-cloud --repo=s3:host/bucket backup /home",
        &["RESTIC_PASSWORD_COMMAND=pass cloud"],
    );
}

#[test]
fn own_section_of_the_group_wins() {
    let own = format!("{HOME}env.A = home\nflag.x = home\nexecutable = mine\npassword = secret\n");
    let variables = ["A=home", "RESTIC_PASSWORD=secret"];
    check_command(&own, "home@nas", "mine --x=home --repo=/nas backup /home", &variables);
    check_command(&own, "home@cloud", "mine --x=home --repo=s3:host/bucket backup /home", &variables);
}

#[test]
fn what_is_inherited_comes_after_what_the_repository_has() {
    let text = format!("[common]\npassword = other\nenv.A = common\nenv.B = common\n{HOME}inherit = common\n");
    let variables = ["RESTIC_PASSWORD_FILE=/nas-password", "A=nas", "B=common"];
    check_command(&text, "home@nas", "restic --repo=/nas --x=nas backup /home", &variables);
}

#[test]
fn what_is_inherited_beside_another_repository_is_left_out() {
    let text = format!("{HOME}inherit = nas\n");
    check_command(
        &text,
        "home@cloud",
        "restic-cloud --repo=s3:host/bucket backup /home",
        &["RESTIC_PASSWORD_COMMAND=pass cloud"],
    );
}

#[test]
fn origins_are_those_of_the_lines() {
    let config = config(HOME);
    let details = config.profile("home@nas").unwrap().details();
    let origin = |key: &str| {
        let option = details.options.iter().find(|option| option.key == key).unwrap();
        option.origin.as_ref().unwrap().to_string()
    };
    assert_eq!(origin("repository"), "[nas] at config.ini:2");
    assert_eq!(origin("schedule"), "[home] at config.ini:14");
    assert_eq!(details.summary.inherits, ["home", "nas"]);
}

#[test]
fn nearer_one_of_repository_and_repositories_counts() {
    let config = config(&format!("{HOME}[one]\ninherit = home\nrepository = /one\n[several]\ninherit = nas home\n"));
    assert_eq!(config.profile("one").unwrap().repository(), Some("/one"));
    assert!(config.profile("one").unwrap().is_task() && config.group("one").is_none());
    assert_eq!(config.profile("several").unwrap().repository(), Some("/nas"));
}

#[test]
fn profile_without_a_command_only_passes_its_repositories_on() {
    let config = config("[both]\nrepositories = nas cloud\n[home]\ninherit = both\ncommand = check\n");
    assert_eq!(config.tasks().map(|task| task.name()).collect::<Vec<_>>(), ["home@nas", "home@cloud"]);
}

#[test]
fn group_has_no_command_line_of_its_own() {
    let error = config(HOME).profile("home").unwrap().restic_command(Arguments::Own).unwrap_err();
    assert_eq!(error.to_string(), "profile `home` has several repositories: use `home@nas` or `home@cloud` instead");
    let error =
        config("[both]\nrepositories = nas cloud\n").profile("both").unwrap().restic_command(Arguments::Own).unwrap_err();
    assert_eq!(error.to_string(), "profile `both` has several repositories: use `nas` or `cloud` instead");
}

#[test]
fn one_repository_and_several_do_not_go_together() {
    check_error(
        "[home]\nrepository = /r\nrepositories = nas\ncommand = check\n",
        "`repository` and `repositories` do not go together in [home] at config.ini:12\n  hint: keep one of the two",
    );
}

#[test]
fn profiles_that_cannot_be_used_are_told() {
    let home = |names: &str| format!("[home]\nrepositories = {names}\ncommand = check\n");
    check_error(&home("nas claud"), "no profile is called `claud` in [home] at config.ini:11\n  hint: did you mean `cloud`?");
    check_error(&home("nas nas"), "`nas` is named twice in [home] at config.ini:11\n  hint: name each profile once");
    check_error(
        &(home("empty") + "[empty]\n"),
        "profile `empty` has no `repository` of its own in [home] at config.ini:11\n  hint: set `repository` in [empty], or name a profile that has one",
    );
    check_error(
        &(home("nas") + "[home@nas]\n"),
        "`home` on `nas` would be called as the section [home@nas] in [home] at config.ini:11\n  hint: rename [home@nas]",
    );
}

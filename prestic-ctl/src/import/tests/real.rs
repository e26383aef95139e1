//! What files of others have that our samples had not: each was found by importing one.

#![cfg(unix)]

use super::{Origin, check_lines};

#[test]
fn inherited_template_has_the_name_of_whoever_inherits_it() {
    let yaml = "generic:\n  repository: /r/{{ .Profile.Name }}\n  password-file: k-{{ .Profile.Name }}\n  \
                env: {MARK: '{{ .Profile.Name }}', PLAIN: x}\n  copy: {repository: '/c/{{ .Profile.Name }}'}\n\
                home:\n  inherit: generic\n  env: {PLAIN: y}\n  backup: {source: /a}\n";
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        yaml,
        &[
            "repository = /r/generic",
            "repository = /r/home",
            "password-file = /etc/there/k-home",
            "env.MARK = home",
            "env.PLAIN = y",
            "repository = /c/home",
            "env.RESTIC_FROM_REPOSITORY = /r/home",
            "env.RESTIC_FROM_PASSWORD_FILE = /etc/there/k-home",
        ],
        &["env.RESTIC_FROM_REPOSITORY = /r/{{"],
    );
}

#[test]
fn retention_has_its_folders_as_snapshots_have_them() {
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        "home: {repository: /r, backup: {source: [./, /a/]}, retention: {after-backup: true, keep-last: 1}}\n",
        &["--path=/etc/there", "--path=/a", "# home.backup.source: relative folders were taken as those of /etc/there"],
        &["--path=/etc/there/", "--path=/a/", "--path=./"],
    );
}

#[test]
fn check_before_a_backup_is_told_to_come_after_it() {
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        "global: {initialize: false}\nhome: {repository: /r, backup: {source: /a, check-before: true}}\n",
        &["# home.backup.check-before: it is a task of its own here, after the backup", "schedule = after home-backup"],
        &["# home.backup.check-after", "# global.initialize"],
    );
}

#[test]
fn older_word_of_crestic_for_arguments_is_known() {
    let text = "[home]\nrepo: /r\n[home.backup]\nparams: /a\n";
    check_lines(Origin::Crestic, "x.cfg", text, &["args = /a"], &["--params"]);
}

#[test]
fn variables_of_autorestic_may_stand_beside_the_path() {
    let text = "backends: {b: {type: b2, path: x, B2_ACCOUNT_ID: one, B2_ACCOUNT_KEY: two, colour: red}}\n\
                locations: {a: {from: /a, to: b}}\n";
    check_lines(
        Origin::Autorestic,
        "x.yml",
        text,
        &[
            "env.B2_ACCOUNT_ID = one",
            "env.B2_ACCOUNT_KEY = two",
            "# backends.b.colour: has no equal",
            "# locations.a: it has no `cron`",
        ],
        &[],
    );
}

#[test]
fn retention_that_autorestic_was_asked_for_stays_without_a_schedule() {
    let text = "backends: {b: {type: local, path: /r}}\n\
                locations: {a: {from: /a, to: b, cron: '0 1 * * *', options: {forget: {keep-daily: 3}}}}\n";
    check_lines(
        Origin::Autorestic,
        "x.yml",
        text,
        &["[a-forget]", "--keep-daily=3", "# locations.a.options.forget: it ran only when asked to"],
        &["schedule = after a"],
    );
}

#[test]
fn keys_of_backrest_without_an_equal_are_told() {
    let text = "{\"repos\": [{\"id\": \"r\", \"uri\": \"/r\", \"password\": \"\", \"autoInitialize\": true, \"forgetPolicy\": {}, \
                \"later\": 1}], \"plans\": [{\"id\": \"p\", \"repo\": \"r\", \"paths\": [\"/a\"], \"sooner\": 1}]}";
    let present = [
        "# repos[0].autoInitialize: a repository is not made by itself",
        "# repos[0].forgetPolicy: rules for all snapshots",
        "# repos[0].later: has no equal",
        "# repos[0].password: the password is not in this file",
        "password-keyring = r",
        "# plans[0].sooner: has no equal",
    ];
    check_lines(Origin::Backrest, "x.json", text, &present, &[]);
}

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

#[test]
fn folder_with_a_template_that_is_left_is_missed_by_restic_itself() {
    let backup = "{source: ['/a/{{ .Now }}', /b], files-from: '/l/{{ .Now }}', schedule: daily}";
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        &format!("home: {{repository: /r, backup: {backup}, retention: {{after-backup: true, keep-last: 1}}}}\n"),
        &[
            "'/a/{{ .Now }}'",
            "/b",
            "'--files-from=/l/{{ .Now }}'",
            "# home.backup.source: it has a template",
            "schedule = calendar:daily",
            "# schedule = after home-backup: is left out, because",
        ],
        &["schedule = after"],
    );
}

#[test]
fn resticprofile_expands_patterns_and_neither_variables_nor_commands() {
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        "home: {repository: /r, password-command: '~/pw', env: {A: '~/x'}, backup: {source: /a, exclude: ['~/b'], iexclude: '~/c'}}\n",
        &["password-command = ~/pw", "env.A = ~/x", "--exclude=/home/me/b", "--iexclude=/home/me/c"],
        &[],
    );
}

#[test]
fn copy_of_resticprofile_names_its_snapshots_without_a_flag() {
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        "home: {repository: /r, copy: {repository: /s, snapshot: [latest], schedule-after-network-online: true}}\n",
        &["args = latest", "# home.copy.schedule-after-network-online: it does not wait"],
        &[],
    );
}

#[test]
fn user_of_autorestic_s_server_is_spelled_for_an_address() {
    let text = "backends: {r: {type: rest, path: 'http://host:8000/r', rest: {user: me, password: 'a@b/c:d'}}}\n\
                locations: {Home: {from: /a, to: r}}\n";
    let present = ["repository = rest:http://me:a%%40b%%2Fc%%3Ad@host:8000/r", "--tag=ar:location:home"];
    check_lines(Origin::Autorestic, "x.yml", text, &present, &[]);
}

#[test]
fn relative_files_of_crestic_are_those_of_the_folder_it_runs_in() {
    let text =
        "[a]\nrepo: /r\n[a.backup]\n_workdir: /w\n_arguments: b\nexclude-file: e\n[c]\nrepo: /r\n[c.backup]\nfiles-from: f\n";
    check_lines(Origin::Crestic, "x.cfg", text, &["/w/b", "--exclude-file=/w/e", "args = --files-from=/home/me/f"], &[]);
}

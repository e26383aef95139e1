//! What each kind of file becomes: samples with all features, and the INIs that are expected of them.

mod real;

use super::{
    ConvertError, Origin,
    draft::{Draft, Section},
    paths::Places,
};

/// Returns the INI of one section.
pub(crate) fn ini_of(section: Section) -> String {
    let mut draft = Draft::default();
    draft.add(section);
    draft.to_ini("test")
}

fn convert(origin: Origin, name: &str, text: &str) -> Result<String, ConvertError> {
    let variable = |_: &str| None;
    let places = Places {
        folder: "/etc/there".into(),
        user_home: Some("/home/me".into()),
        host_name: Some("thishost".to_owned()),
        variable: &variable,
    };
    origin.convert(name, text, &places).map(|draft| draft.to_ini("prestic-ctl import"))
}

/// Samples have a word for the folder of a test. Here that is one that nobody has.
#[cfg(unix)]
#[track_caller]
fn check(origin: Origin, name: &str, sample: &str, expected: &str) {
    let found = convert(origin, name, &sample.replace("@FOLDER@", "/folder")).unwrap();
    assert_eq!(found, expected, "{found}");
}

#[test]
#[cfg(unix)]
fn profiles_of_resticprofile_become_profiles_and_tasks() {
    let samples = [
        (
            "1.toml",
            include_str!("../../testdata/import/resticprofile-1.toml"),
            include_str!("../../testdata/import/resticprofile-1.toml.ini"),
        ),
        (
            "2.yaml",
            include_str!("../../testdata/import/resticprofile-2.yaml"),
            include_str!("../../testdata/import/resticprofile-2.yaml.ini"),
        ),
        (
            "1.hcl",
            include_str!("../../testdata/import/resticprofile-1.hcl"),
            include_str!("../../testdata/import/resticprofile-1.hcl.ini"),
        ),
        (
            "1.json",
            include_str!("../../testdata/import/resticprofile-1.json"),
            include_str!("../../testdata/import/resticprofile-1.json.ini"),
        ),
    ];
    for (name, sample, expected) in samples {
        check(Origin::Resticprofile, name, sample, expected);
    }
}

#[test]
#[cfg(unix)]
fn locations_of_autorestic_become_tasks_for_their_backends() {
    let sample = include_str!("../../testdata/import/autorestic.yml");
    check(Origin::Autorestic, "x.yml", sample, include_str!("../../testdata/import/autorestic.yml.ini"));
}

#[test]
#[cfg(unix)]
fn presets_of_crestic_become_profiles_with_a_task_for_each_command() {
    let sample = include_str!("../../testdata/import/crestic.cfg");
    check(Origin::Crestic, "x.cfg", sample, include_str!("../../testdata/import/crestic.cfg.ini"));
}

#[test]
#[cfg(unix)]
fn plans_of_backrest_become_tasks_with_their_retention_after_them() {
    let sample = include_str!("../../testdata/import/backrest.json");
    check(Origin::Backrest, "x.json", sample, include_str!("../../testdata/import/backrest.json.ini"));
}

/// Checks that an import has all of these lines, and none of the others.
#[cfg(unix)]
#[track_caller]
fn check_lines(origin: Origin, name: &str, text: &str, present: &[&str], absent: &[&str]) {
    let ini = convert(origin, name, text).unwrap();
    let has = |wanted: &str| ini.lines().any(|line| line.trim().starts_with(wanted));
    for wanted in present {
        assert!(has(wanted), "`{wanted}` is not in\n{ini}");
    }
    for unwanted in absent {
        assert!(!has(unwanted), "`{unwanted}` is in\n{ini}");
    }
}

#[test]
#[cfg(unix)]
fn retention_of_resticprofile_is_for_the_snapshots_of_its_backup_alone() {
    let profile = "{repository: /r, backup: {source: [/a, b], tag: [x, y]}, retention: {keep-last: 3";
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        &format!("home: {profile}, after-backup: true}}}}\n"),
        &["--path=/a", "--path=/etc/there/b", "schedule = after home-backup"],
        &["--host", "--tag=x,y"],
    );
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        &format!("home: {profile}, path: false}}}}\n"),
        &["args = --keep-last=3"],
        &["--path", "schedule"],
    );
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        &format!("version: '2'\nprofiles: {{home: {profile}}}}}}}\n"),
        &["--path=/a", "--tag=x,y", "--host=thishost", "schedule = after home-backup"],
        &[],
    );
}

#[test]
#[cfg(unix)]
fn forgetting_without_all_of_its_rules_gets_no_schedule() {
    let left_out = "# schedule = calendar:daily: is left out, because";
    for rule in ["keep-tag: '{{ .Now }}'", "host: '{{ .Env.NOWHERE }}'", "path: true"] {
        let text = format!("home: {{repository: /r, forget: {{schedule: daily, prune: true, keep-last: 3, {rule}}}}}\n");
        check_lines(Origin::Resticprofile, "x.yaml", &text, &[left_out, "--keep-last=3"], &["schedule ="]);
    }
    let backends = "backends: {a: {path: /a, options: {forget: {keep-daily: 9}}}, b: {path: /b}}\n";
    let location = "locations: {x: {from: /x, to: [a, b], forget: prune, options: {forget: {keep-last: 2}}}}\n";
    let left_out = "# schedule = after x: is left out, because";
    check_lines(Origin::Autorestic, "x.yml", &format!("{backends}{location}"), &[left_out, "--keep-last=2"], &["schedule ="]);
    let plan = r#"{"repos": [{"id": "r", "uri": "/r"}], "plans": [{"id": "x", "repo": "r", "retention": {"keepDaily": 3, "keepNew": 9}}]}"#;
    check_lines(Origin::Backrest, "x.json", plan, &[left_out, "--keep-daily=3"], &["schedule ="]);
}

#[test]
#[cfg(unix)]
fn rules_of_all_places_stay_where_autorestic_gives_them_all() {
    let text = "global: {forget: {keep-tag: [forever], keep-last: 1}, backup: {exclude: '*.tmp'}}\n\
                backends: {a: {path: /a, options: {forget: {keep-daily: 9}, backup: {exclude: '*.bak'}}}}\n\
                locations: {x: {from: /x, to: a, forget: 'yes', options: {forget: {keep-tag: letters, keep-last: 5}, \
                backup: {exclude: '*.o'}}}}\n";
    let present = [
        "--exclude=*.tmp",
        "--exclude=*.bak",
        "--exclude=*.o",
        "--keep-tag=forever",
        "--keep-daily=9",
        "--keep-tag=letters",
        "--keep-last=5",
        "schedule = after x",
    ];
    check_lines(Origin::Autorestic, "x.yml", text, &present, &[]);
}

#[test]
#[cfg(unix)]
fn names_of_profiles_stay_apart_from_those_of_tasks() {
    let text = "home: {repository: /r, backup: {source: /a}}\nhome-backup: {repository: /s, password-file: /p}\n\
                'my child': {inherit: home-backup, description: x}\ngrandchild: {inherit: 'my child'}\n";
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        text,
        &["[home-backup]", "[home-backup-2]", "inherit = home-backup", "inherit = 'my child'"],
        &["inherit = home-backup-2"],
    );
}

#[test]
#[cfg(unix)]
fn switches_of_crestic_may_be_written_as_empty_values() {
    let text = "[home]\nrepo: /r\nno-cache:\n[home.backup]\n_arguments: /a\none-file-system:\nexclude:\n    *.tmp\n    two words\n\
                [home.forget]\nprune:\nkeep-last: 3\ngroup-by:\n";
    let present = [
        "flag.no-cache = true",
        "--one-file-system",
        "--exclude=*.tmp",
        "'--exclude=two words'",
        "--prune",
        "--keep-last=3",
        "--group-by=",
    ];
    check_lines(Origin::Crestic, "x.cfg", text, &present, &["--one-file-system=", "--prune=", "'--exclude='", "--exclude= "]);
}

#[test]
#[cfg(unix)]
fn blocks_of_one_name_are_one() {
    let text =
        "home {\n repository = \"r\"\n}\nhome {\n backup {\n source = [\"/a\"]\n }\n backup {\n exclude = [\"*.tmp\"]\n }\n}\n";
    let present = ["repository = /etc/there/r", "[home-backup]", "/a", "--exclude=*.tmp"];
    check_lines(Origin::Resticprofile, "x.hcl", text, &present, &[]);
}

#[test]
#[cfg(unix)]
fn tasks_without_a_repository_are_told() {
    let text =
        "home: {env-file: secrets, backup: {source: /a}}\nbase: {backup: {source: /a}}\nx: {inherit: base, repository: /r}\n";
    let told = "# home.backup: it was left out, because its profile names no repository";
    check_lines(Origin::Resticprofile, "x.yaml", text, &[told, "[x-backup]"], &["# base.backup", "[home-backup]"]);
}

#[track_caller]
fn check_refused(origin: Origin, name: &str, text: &str, expected: &str) {
    let message = convert(origin, name, text).unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
}

#[test]
fn what_is_not_that_program_s_is_refused() {
    check_refused(Origin::Resticprofile, "x.toml", "[a", "no TOML");
    check_refused(Origin::Resticprofile, "x.ini", "[a]", "does not say");
    check_refused(Origin::Resticprofile, "x.yaml", "version: '1'", "it has no profile");
    check_refused(Origin::Resticprofile, "x.yaml", "a: {backup: {use: gone}}", "there is no mixin `gone`, which `a` uses");
    check_refused(Origin::Resticprofile, "x.yaml", "a: {inherit: gone}", "there is no profile `gone`, which `a` inherits from");
    check_refused(Origin::Autorestic, "x.yml", "a: [", "no YAML");
    check_refused(Origin::Autorestic, "x.yml", "a: b", "no `backends` and `locations`");
    check_refused(Origin::Crestic, "x.cfg", "[global]\nrepo: x\n", "no section of a preset");
    check_refused(Origin::Backrest, "x.json", "{}", "no `repos`");
    check_refused(Origin::Backrest, "x.json", "", "no JSON");
}

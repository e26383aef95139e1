//! What each kind of file becomes: samples with all features, and the INIs that are expected of them.

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
    let places = Places { folder: "/etc/there".into(), user_home: Some("/home/me".into()), variable: &variable };
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
    check_refused(Origin::Autorestic, "x.yml", "a: [", "no YAML");
    check_refused(Origin::Autorestic, "x.yml", "a: b", "no `backends` and `locations`");
    check_refused(Origin::Crestic, "x.cfg", "[global]\nrepo: x\n", "no section of a preset");
    check_refused(Origin::Backrest, "x.json", "{}", "no `repos`");
    check_refused(Origin::Backrest, "x.json", "", "no JSON");
}

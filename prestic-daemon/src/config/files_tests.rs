//! Configurations of several files: what is read of them, and what is told.

use std::path::{MAIN_SEPARATOR, PathBuf};

use tempfile::TempDir;

use super::super::{Loaded, load};

/// Writes files into a new folder, `HERE` in them being its path; the first one is the configuration.
fn written(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display().to_string();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        crate::atomic_write::replace(&path, text.replace("HERE", &here).as_bytes()).unwrap();
    }
    let first = folder.path().join(files[0].0);
    (folder, first)
}

fn loaded(files: &[(&str, &str)]) -> (TempDir, Loaded) {
    let (folder, first) = written(files);
    let loaded = load(&first);
    (folder, loaded)
}

#[track_caller]
fn check(files: &[(&str, &str)], profiles: &[&str]) -> (TempDir, Loaded) {
    let (folder, loaded) = loaded(files);
    assert_eq!(loaded.report.errors, []);
    assert_eq!(loaded.config.profiles().map(|profile| profile.name()).collect::<Vec<_>>(), profiles);
    (folder, loaded)
}

#[track_caller]
fn check_errors(files: &[(&str, &str)], expected: &[&str]) {
    let (folder, loaded) = loaded(files);
    let here = format!("{}{MAIN_SEPARATOR}", folder.path().display());
    let found: Vec<_> = loaded.report.errors.iter().map(|error| error.to_string().replace(&here, "")).collect();
    assert_eq!(found, expected);
}

#[test]
fn files_are_included_in_the_order_of_their_names() {
    let include = "[prestic]\ninclude = conf.d/*.ini last.ini\n[first]\n";
    check(
        &[("config.ini", include), ("last.ini", "[z]\n"), ("conf.d/20-b.ini", "[b]\n"), ("conf.d/10-a.ini", "[a]\n")],
        &["first", "a", "b", "z"],
    );
}

#[test]
fn paths_may_be_whole_and_values_may_refer_to_others() {
    check(&[("config.ini", "[prestic]\nwhere = HERE/x\ninclude = %(where)s/*.ini\n"), ("x/a.ini", "[a]\n")], &["a"]);
}

#[test]
fn profiles_inherit_across_files_and_know_their_origins() {
    let files = [
        ("config.ini", "[DEFAULT]\nverbose = 1\n[prestic]\ninclude = a.ini\n[base]\nrepository = /r\n"),
        ("a.ini", "\n[a]\ninherit = base\ndescription = mine\n"),
    ];
    let (folder, loaded) = check(&files, &["base", "a"]);
    let details = loaded.config.profile("a").unwrap().details();
    let origin = |key: &str| {
        let option = details.options.iter().find(|option| option.key == key).unwrap();
        option.origin.as_ref().unwrap().to_string().replace(&format!("{}{MAIN_SEPARATOR}", folder.path().display()), "")
    };
    assert_eq!(origin("repository"), "[base] at config.ini:6");
    assert_eq!(origin("description"), "[a] at a.ini:4");
    assert_eq!(origin("verbose"), "[DEFAULT] at config.ini:2");
}

#[test]
fn included_files_include_others_relative_to_themselves() {
    let nested = "[prestic]\ninclude = deeper/b.ini\nmax-parallel = 7\n";
    let files = [("config.ini", "[prestic]\ninclude = d/a.ini\n"), ("d/a.ini", nested), ("d/deeper/b.ini", "[b]\n")];
    let (_folder, loaded) = check(&files, &["b"]);
    assert_eq!(loaded.config.settings.max_parallel, 7);
}

#[test]
fn file_that_two_others_include_is_read_once() {
    let include = "[prestic]\ninclude = common.ini\n";
    check(&[("config.ini", "[prestic]\ninclude = a.ini common.ini\n"), ("a.ini", include), ("common.ini", "[c]\n")], &["c"]);
}

#[test]
fn files_of_editors_are_not_included() {
    let include = "[prestic]\ninclude = conf.d/*.ini\n";
    check(&[("config.ini", include), ("conf.d/.a.ini", "["), ("conf.d/a.ini~", "["), ("conf.d/b.ini", "[b]\n")], &["b"]);
}

#[test]
fn section_in_two_files_is_an_error_that_names_both() {
    check_errors(
        &[("config.ini", "[prestic]\ninclude = a.ini\n[a]\n"), ("a.ini", "\n[a]\n")],
        &["this section was there before in [a] at a.ini:2\n  hint: join it with the one at config.ini:3, or rename it"],
    );
}

#[test]
fn file_that_is_named_must_be_there() {
    check_errors(
        &[("config.ini", "[prestic]\ninclude = a.ini\n")],
        &[
            "the file `a.ini` is to be included, but does not exist in [prestic] at config.ini:2\n  hint: create it, or correct the path",
        ],
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_an_error_with_its_path() {
    check_errors(
        &[("config.ini", "[prestic]\ninclude = conf.d\n"), ("conf.d/a.ini", "")],
        &[
            "the file cannot be read: Is a directory (os error 21) at conf.d\n  hint: it must be a file that you may read; for all files of a folder write `FOLDER/*.ini`",
        ],
    );
}

#[test]
fn errors_of_included_files_name_them_after_those_of_the_first() {
    check_errors(
        &[("config.ini", "[prestic]\ninclude = a.ini\n[x]\nverbose = x\n"), ("a.ini", "[a]\nverbose = y\n")],
        &[
            "`verbose`: `x` is not a whole number in [x] at config.ini:4\n  hint: write digits only, as `2`",
            "`verbose`: `y` is not a whole number in [a] at a.ini:2\n  hint: write digits only, as `2`",
        ],
    );
}

#[test]
fn circle_of_files_is_an_error_that_names_it() {
    check_errors(
        &[
            ("config.ini", "[prestic]\ninclude = a.ini\n"),
            ("a.ini", "[prestic]\ninclude = b.ini\n"),
            ("b.ini", "[prestic]\ninclude = a.ini\n"),
        ],
        &[
            "files include each other in a circle: `a.ini -> b.ini -> a.ini` in [prestic] at b.ini:2\n  hint: take one of these files out of its `include`",
        ],
    );
}

#[test]
fn files_are_not_included_without_end() {
    let names: Vec<_> = (0..20).map(|number| format!("{number}.ini")).collect();
    let texts: Vec<_> = (1..=20).map(|number| format!("[prestic]\ninclude = {number}.ini\n")).collect();
    let files: Vec<_> = names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let (_folder, loaded) = loaded(&files);
    assert_eq!(loaded.report.errors.len(), 1);
    assert!(loaded.report.errors[0].message.starts_with("files include each other more than 16 deep"));
}

#[test]
fn folder_that_is_missing_is_a_warning() {
    let (_folder, loaded) = loaded(&[("config.ini", "[prestic]\ninclude = conf.d/*.ini\n")]);
    let message = &loaded.report.warnings.last().unwrap().message;
    assert!(message.starts_with("nothing is included") && message.ends_with("conf.d` does not exist"), "{message}");
}

#[test]
fn include_elsewhere_is_a_warning() {
    let (_folder, loaded) = loaded(&[("config.ini", "[a]\ninclude = b.ini\n"), ("b.ini", "[b]\n")]);
    assert_eq!(loaded.report.profiles, 1);
    assert_eq!(loaded.report.warnings.last().unwrap().message, "`include` is a setting of the daemon, not of a profile");
}

#[test]
fn every_file_and_folder_that_counts_is_watched() {
    let files = [("config.ini", "[prestic]\ninclude = conf.d/*.ini absent.ini\n"), ("conf.d/a.ini", "[a]\n")];
    let (folder, loaded) = loaded(&files);
    for name in ["config.ini", "absent.ini", "conf.d/a.ini", "conf.d/new.ini"] {
        assert!(loaded.watch.is_relevant(&folder.path().join(name)), "{name}");
    }
    assert!(!loaded.watch.is_relevant(&folder.path().join("status.ini")));
}

#[test]
fn fingerprint_changes_with_any_of_the_files_and_with_nothing_else() {
    let (folder, first) = written(&[("config.ini", "[prestic]\ninclude = a*.ini\n"), ("a.ini", "[a]\n")]);
    let before = load(&first).fingerprint;
    assert_eq!(load(&first).fingerprint, before);
    let change = |name: &str, text: &[u8]| {
        crate::atomic_write::replace(&folder.path().join(name), text).unwrap();
        load(&first).fingerprint
    };
    assert_ne!(change("a.ini", b"[b]\n"), before);
    assert_eq!(change("a.ini", b"[a]\n"), before);
    assert_ne!(change("aa.ini", b""), before);
}

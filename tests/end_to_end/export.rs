//! The script of `export`: run by a shell with real restic, without PRestic.

use std::{fs, path::PathBuf, process::Command};

use prestic_tests::{
    files,
    home::{Ended, TestHome},
    restic::{PASSWORD, oldest_and_newest},
};

/// Writes the script of a profile, and has a shell run it.
fn run_script(home: &TestHome, profile: &str, options: &[&str], password: Option<&str>) -> (Ended, PathBuf) {
    let exported = home.ctl(&[&["export", profile], options].concat()).stdout_of_success();
    let script = home.path("script.sh");
    write(&script, &exported);
    let mut shell = home.command("/bin/sh");
    shell.env_remove("PRESTIC_HOME").arg(&script);
    shell.envs(password.map(|password| ("RESTIC_PASSWORD", password)));
    let output = shell.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }, script)
}

#[expect(clippy::disallowed_methods, reason = "no one else reads the file yet")]
fn write(path: &std::path::Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[track_caller]
fn check_with_shellcheck(script: &PathBuf) {
    let output = Command::new("shellcheck").arg(script).output().unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stdout), fs::read_to_string(script).unwrap());
}

#[test]
fn script_backs_up_without_prestic_and_ends_as_restic_does() {
    let home = TestHome::new();
    let repository = oldest_and_newest()[1].init(home.path("repository"));
    files::tree(&home.path("the source"));
    home.write_config(format!(
        "[home]\n{}cpu-priority = low\nio-priority = idle\ncommand = backup\nargs = '{}' --exclude='*[x]*' --tag=\"it's\"\n",
        repository.profile(),
        home.path("the source").display(),
    ));
    let (run, script) = run_script(&home, "home", &[], Some(PASSWORD));
    run.expect_code(0);
    assert_eq!(repository.snapshots()[0]["tags"][0], "it's");
    check_with_shellcheck(&script);
    assert!(!fs::read_to_string(&script).unwrap().contains(PASSWORD));
    // The script alone is enough once it holds the password.
    run_script(&home, "home", &["--with-secrets"], None).0.expect_code(0);
    check_with_shellcheck(&script);
    repository.check(2);
    // 12 is restic's own code for a wrong password.
    run_script(&home, "home", &[], Some("wrong")).0.expect_code(12);
}

#[test]
fn script_of_a_group_goes_on_after_a_failure_and_ends_with_it() {
    let home = TestHome::new();
    let restic = &oldest_and_newest()[1];
    let repository = restic.init(home.path("far"));
    files::tree(&home.path("source"));
    write(&home.path("password"), PASSWORD);
    let profile = |name: &str| {
        let [executable, password, folder] =
            [&restic.path, &home.path("password"), &home.path(name)].map(|path| path.display().to_string());
        format!("[{name}]\nexecutable = {executable}\npassword-file = {password}\nrepository = {folder}\n")
    };
    let task = format!("[home]\nrepositories = near far\ncommand = backup\nargs = {}\n", home.path("source").display());
    home.write_config(profile("near") + &profile("far") + &task);
    // The first repository is not there, for which restic's own code is 10.
    let (run, script) = run_script(&home, "home", &[], None);
    run.expect_code(10);
    assert_eq!(repository.snapshots().len(), 1);
    check_with_shellcheck(&script);
}

#[test]
fn unknown_profile_and_missing_configuration_have_their_codes() {
    let home = TestHome::new();
    home.ctl(&["export", "home"]).expect_code(66);
    home.write_config("[nas]\nrepository = /r\npassword-file = /p\n");
    let refused = home.ctl(&["export", "nsa"]).expect_code(65);
    assert!(refused.stderr.contains("`nsa`"), "{}", refused.stderr);
    let no_json = home.ctl(&["--json", "export", "nas"]).expect_code(64);
    assert!(no_json.stderr.contains("`export` writes a shell script, and no JSON"), "{}", no_json.stderr);
}

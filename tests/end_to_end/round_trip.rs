//! What goes in comes out: backup, forget, restore and dump, through the daemon and in the foreground.

use std::{
    fs::{self, File},
    path::PathBuf,
};

use prestic_tests::{
    files,
    home::TestHome,
    restic::{Repository, Restic, each_restic},
};

/// A home with a repository, a folder of files, and a task that backs the folder up; `more` goes behind that.
fn home_with_backup(restic: &Restic, more: &str) -> (TestHome, Repository, PathBuf) {
    let mut home = TestHome::new();
    let repository = restic.init(home.path("repository"));
    let source = home.path("source");
    files::tree(&source);
    home.write_config(format!(
        "[repo]\n{}\n[backup]\ninherit = repo\ncommand = backup\nargs = '{}'{more}",
        repository.profile(),
        source.display()
    ));
    home.start_daemon();
    (home, repository, source)
}

#[test]
fn restored_tree_and_dumped_file_are_what_was_backed_up() {
    each_restic(|restic| {
        let (home, repository, source) = home_with_backup(restic, "\n");
        home.ctl(&["run", "backup"]).expect_code(0);
        repository.check(1);

        let restored = home.path("restored");
        let target = restored.display().to_string();
        home.ctl(&["-p", "repo", "restore", "latest", "--target", &target]).expect_code(0);
        files::assert_same_tree(&source, &restored.join(source.strip_prefix("/").unwrap()));

        let big = source.join("big");
        let dumped = home.path("dumped");
        let mut dump = home.ctl_command(&["-p", "repo", "dump", "latest", &big.display().to_string()]);
        assert!(dump.stdout(File::create(&dumped).unwrap()).status().unwrap().success());
        assert!(fs::read(&big).unwrap() == fs::read(&dumped).unwrap(), "the dumped file differs");

        let listed = home.ctl(&["-p", "repo", "snapshots", "--json"]).stdout_of_success();
        let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed.len(), 1);
    });
}

#[test]
fn forget_task_leaves_the_snapshots_that_it_keeps() {
    each_restic(|restic| {
        let tidy = "\n\n[tidy]\ninherit = repo\ncommand = forget\nargs =\n    --prune\n    --keep-last 1\n";
        let (home, repository, source) = home_with_backup(restic, tidy);
        home.ctl(&["run", "backup"]).expect_code(0);
        files::random_file(&source.join("plain.txt"), 5_000, 42);
        home.ctl(&["run", "backup", "--quiet"]).expect_code(0);
        repository.check(2);
        home.ctl(&["run", "tidy"]).expect_code(0);
        repository.check(1);
    });
}

#[test]
fn words_after_two_dashes_reach_restic() {
    each_restic(|restic| {
        let (home, repository, _) = home_with_backup(restic, "\n");
        home.ctl(&["run", "backup", "--", "--tag", "by-hand"]).expect_code(0);
        assert_eq!(repository.snapshots()[0]["tags"], serde_json::json!(["by-hand"]));
    });
}

/// restic before 0.19 says nothing by its exit code when some of the sources are not there.
#[test]
fn missing_source_is_a_warning_even_where_restic_ends_with_0() {
    each_restic(|restic| {
        let (home, repository, _) = home_with_backup(restic, " /nowhere/at/all\n");
        let exit_code = if restic.is_at_least("0.19.0") { 3 } else { 0 };
        home.ctl(&["run", "backup"]).expect_code(exit_code);
        repository.check(1);
        assert_eq!(home.history("backup")[0].finished().unwrap().outcome.word(), "warnings");
    });
}

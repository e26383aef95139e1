//! Configurations of other programs: each sample becomes an INI without errors, of which every task runs with real restic.

use std::{env, fs, path::PathBuf, process::Command};

use prestic_tests::{
    files,
    home::TestHome,
    programs,
    restic::{PASSWORD, oldest_and_newest},
};

/// A test's folder with all that the samples name.
struct Import {
    home: TestHome,
    path: std::ffi::OsString,
}

impl Import {
    fn new() -> Self {
        let home = TestHome::new();
        let restic = &oldest_and_newest()[1];
        for name in ["repository", "copy"] {
            restic.init(home.path(name));
        }
        files::tree(&home.path("source"));
        fs::create_dir(home.path("source/music")).unwrap();
        write(home.path("password"), PASSWORD);
        let folders = std::iter::once(restic.path.parent().unwrap().to_owned());
        let path = env::join_paths(folders.chain(env::split_paths(&env::var_os("PATH").unwrap_or_default()))).unwrap();
        Self { home, path }
    }

    /// Puts a sample into the test's folder.
    fn sample(&self, name: &str) -> PathBuf {
        let folder = programs::checkout().join("prestic-ctl/testdata/import");
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let file = self.home.path(name);
        write(file.clone(), &text.replace("@FOLDER@", self.home.path("").display().to_string().trim_end_matches('/')));
        file
    }

    fn command(&self, mut command: Command) -> Command {
        command.env("PATH", &self.path);
        command
    }

    /// Imports a sample, and runs each task of it.
    #[track_caller]
    fn check(mut self, program: &str, name: &str, expected_tasks: &[&str]) {
        let file = self.sample(name).display().to_string();
        let target = self.home.home().config_file().display().to_string();
        let imported = self.home.ctl(&["import", program, &file, "--output", &target]);
        assert_eq!(imported.code, Some(0), "{}", imported.stderr);
        let ini = fs::read_to_string(&target).unwrap();
        self.home.ctl(&["check"]).expect_code(0);
        let daemon = self.command(self.home.daemon_command(&[]));
        self.home.start_daemon_with(daemon);
        // What comes after another task would come by itself.
        self.home.ctl(&["pause"]).expect_code(0);
        let tasks: Vec<String> = self.home.status().tasks.into_iter().map(|task| task.name).collect();
        assert_eq!(tasks, expected_tasks, "{ini}");
        for task in &tasks {
            let run = self.home.ctl(&["run", task, "--quiet"]);
            assert_eq!(run.code, Some(0), "{task}: {}{}\n{ini}", run.stdout, run.stderr);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "no one else reads the file yet")]
fn write(path: PathBuf, text: &str) {
    fs::write(path, text).unwrap();
}

#[test]
fn toml_of_resticprofile_runs() {
    let tasks = [
        "documents-backup",
        "documents-backup-check",
        "documents-retention",
        "documents-prune",
        "documents-check",
        "documents-copy",
        "music-backup",
        "music-backup-check",
        "music-retention",
        "music-prune",
        "music-check",
        "music-copy",
    ];
    Import::new().check("resticprofile", "resticprofile-1.toml", &tasks);
}

#[test]
fn yaml_of_resticprofile_s_second_version_runs() {
    let tasks = ["home-backup", "home-forget", "home-prune", "server-backup", "server-forget", "server-check"];
    Import::new().check("resticprofile", "resticprofile-2.yaml", &tasks);
}

#[test]
fn hcl_and_json_of_resticprofile_run() {
    Import::new().check("resticprofile", "resticprofile-1.hcl", &["default-backup"]);
    Import::new().check("resticprofile", "resticprofile-1.json", &["default-backup"]);
}

#[test]
fn yaml_of_autorestic_runs() {
    let tasks =
        ["home@disk", "home@second", "home-forget@disk", "home-forget@second", "home-copy-second", "disk-2", "disk-2-forget"];
    Import::new().check("autorestic", "autorestic.yml", &tasks);
}

#[test]
fn ini_of_crestic_runs() {
    let tasks =
        ["work-forget", "work-save", "source-disk-forget", "source-disk-backup", "source-copy-forget", "source-copy-backup"];
    Import::new().check("crestic", "crestic.cfg", &tasks);
}

#[test]
fn json_of_backrest_runs() {
    let tasks = ["disk-prune", "disk-check", "home", "home-forget", "now and then"];
    Import::new().check("backrest", "backrest.json", &tasks);
}

#[test]
fn nothing_is_overwritten_and_what_is_wrong_is_said() {
    let import = Import::new();
    let file = import.sample("backrest.json").display().to_string();
    let refused = import.home.ctl(&["import", "backrest", &file, "--output", &file]).expect_code(74);
    assert!(refused.stderr.contains("nothing is ever overwritten"), "{}", refused.stderr);
    let wrong = import.home.ctl(&["import", "autorestic", &file]).expect_code(1);
    assert!(wrong.stderr.contains("no `backends` and `locations`"), "{}", wrong.stderr);
    let no_json = import.home.ctl(&["--json", "import", "backrest", &file]).expect_code(64);
    assert!(no_json.stderr.contains("`backrest` writes an INI, and no JSON"), "{}", no_json.stderr);
    import.home.ctl(&["import", "crestic", "/nowhere/crestic.cfg"]).expect_code(66);
    let ini = import.home.ctl(&["import", "backrest", &file]).stdout_of_success();
    assert!(ini.starts_with("# Written by `prestic-ctl import backrest "), "{ini}");
}

#[test]
fn schedule_that_is_none_becomes_a_comment() {
    let import = Import::new();
    let file = import.sample("autorestic.yml").display().to_string();
    let ini = import.home.ctl(&["import", "autorestic", &file]).stdout_of_success();
    assert!(ini.contains("# schedule = cron:not a time: is no schedule here ("), "{ini}");
}

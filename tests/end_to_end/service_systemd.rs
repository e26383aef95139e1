//! The service under a real user manager of systemd: installed, reloaded, restarted in the middle of a backup, hung, stopped.

use std::{fs, io::Write, path::Path, process::Stdio, time::Instant};

use prestic_proto::{outcome::Outcome, run::RunId};
use prestic_tests::{
    LIMIT, files,
    home::{Ended, TestHome},
    processes, programs,
    restic::{Repository, oldest_and_newest},
    user_manager::UserManager,
};
use rustix::process::Signal;
use serde_json::Value;

const UNIT: &str = "prestic-daemon.service";

/// A home with a backup of one file that takes some seconds, and the manager of its user.
struct Rig {
    manager: UserManager,
    repository: Repository,
    // Goes last: it looks after what is left of the others.
    home: TestHome,
}

impl Rig {
    fn start() -> Option<Self> {
        let home = TestHome::new();
        let manager = UserManager::start(&home)?;
        let [_, restic] = oldest_and_newest();
        let repository = restic.init(home.path("repository"));
        let rig = Self { manager, repository, home };
        rig.write_config("");
        Some(rig)
    }

    fn write_config(&self, more: &str) {
        self.home.write_config(format!(
            "[prestic]\nweb-listen = off\nnotifications = off\n\n[backup]\n{}limit-upload = 2048\ncommand = backup\nargs = '{}'\n{more}",
            self.repository.profile(),
            self.home.path("data").display()
        ));
    }

    #[track_caller]
    fn ctl(&self, args: &[&str]) -> Ended {
        self.manager.run(&self.home, &programs::ctl().display().to_string(), args)
    }

    #[track_caller]
    fn systemctl(&self, args: &[&str]) -> Ended {
        self.manager.run(&self.home, "systemctl", &[&["--user"], args].concat())
    }

    #[track_caller]
    fn status(&self) -> Value {
        serde_json::from_str(&self.ctl(&["service", "status", "--json"]).stdout).unwrap()
    }

    #[track_caller]
    fn main_pid(&self) -> u32 {
        let shown = self.systemctl(&["show", "--property=MainPID", "--value", UNIT]).stdout_of_success();
        shown.trim().parse().unwrap()
    }

    /// Waits for the start that systemd has planned by itself.
    #[track_caller]
    fn wait_for_another_daemon(&self) {
        let end = Instant::now() + LIMIT;
        // While the old daemon is being cleared away, a start fails with what happened to that.
        while self.systemctl(&["start", UNIT]).code != Some(0) {
            assert!(Instant::now() < end, "no daemon is started");
        }
    }

    /// Starts a backup that takes some seconds, and returns it with restic's process id.
    #[track_caller]
    fn begin_backup(&self, seed: u64) -> (RunId, u32) {
        files::random_file(&self.home.path("data"), 8 * 1024 * 1024, seed);
        let run = self.home.run("backup");
        (run, self.home.wait_running(run))
    }

    /// Waits for the end of a backup under another daemon than the one that began it.
    #[track_caller]
    fn expect_survival(&self, run: RunId, restic: u32, old_daemon: u32) {
        assert_ne!(self.main_pid(), old_daemon);
        assert_eq!(self.home.wait_running(run), restic, "it was over before anything happened to the daemon");
        self.home.expect_outcome(run, &Outcome::Succeeded);
        assert_eq!(self.repository.locks(), Vec::<String>::new());
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn service_is_installed_reloaded_stopped_and_removed() {
    let Some(rig) = Rig::start() else { return };
    let installed = rig.ctl(&["service", "install"]).expect_code(0);
    let unit = rig.home.path(".config/systemd/user").join(UNIT);
    let entry = rig.home.path(".config/autostart/prestic-tray.desktop");
    assert!(installed.stdout.contains(&format!("wrote {}\n", unit.display())), "{}", installed.stdout);
    assert!(installed.stdout.contains("ran `systemctl --user restart prestic-daemon.service`\n"), "{}", installed.stdout);
    let status = rig.status();
    assert_eq!(
        (&status["state"], &status["is_enabled"], &status["daemon"]["is_the_service"]),
        (&"active (running)".into(), &true.into(), &true.into()),
        "{status}"
    );
    assert_eq!(status["says"], "1 task");
    assert!(status["since"].is_string() && entry.exists());
    assert_eq!(rig.ctl(&["service", "install"]).expect_code(0).stdout, "", "all is there already");

    rig.write_config("\n[other]\ninherit = backup\n");
    rig.systemctl(&["reload", UNIT]).expect_code(0);
    assert_eq!(rig.home.status().tasks.len(), 2);
    rig.write_config("\n[broken\n");
    rig.systemctl(&["reload", UNIT]);
    let status = rig.home.status();
    assert_eq!((status.tasks.len(), status.config.errors.len()), (2, 1));
    assert_eq!(rig.systemctl(&["is-active", UNIT]).stdout, "active\n");
    rig.write_config("");

    let (_, restic) = rig.begin_backup(1);
    rig.systemctl(&["stop", UNIT]).expect_code(0);
    assert!(processes::wait_for_exit(restic, LIMIT));
    assert_eq!(rig.repository.locks(), Vec::<String>::new(), "a stop lets restic leave its repository in order");
    rig.ctl(&["service", "status"]).expect_code(69);
    rig.systemctl(&["start", UNIT]).expect_code(0);
    assert_eq!(rig.home.history("backup")[0].finished().unwrap().outcome, Outcome::Interrupted);

    let daemon = rig.main_pid();
    let before = rig.home.files().len();
    rig.ctl(&["service", "uninstall"]).expect_code(0);
    assert!(processes::wait_for_exit(daemon, LIMIT));
    assert!(
        !unit.exists() && !entry.exists() && !rig.home.path(".config/systemd/user/default.target.wants").join(UNIT).exists()
    );
    assert!(rig.home.home().config_file().exists() && rig.home.files().len() >= before);
    assert_eq!(rig.ctl(&["service", "uninstall"]).expect_code(0).stdout, "");
}

#[test]
fn backup_survives_a_restart_a_crash_and_a_hang_of_the_daemon() {
    let Some(rig) = Rig::start() else { return };
    let settings = rig.home.path(".config/systemd/user/prestic-daemon.service.d/test.conf");
    write(&settings, "[Unit]\nStartLimitIntervalSec=0\n[Service]\nWatchdogSec=1s\nRestartSec=100ms\n");
    rig.ctl(&["service", "install", "--no-tray"]).expect_code(0);

    let daemon = rig.main_pid();
    let (run, restic) = rig.begin_backup(1);
    rig.systemctl(&["restart", UNIT]).expect_code(0);
    rig.expect_survival(run, restic, daemon);

    for (seed, signal) in [(2, Signal::KILL), (3, Signal::STOP)] {
        let daemon = rig.main_pid();
        let (run, restic) = rig.begin_backup(seed);
        processes::send(daemon, signal);
        assert!(processes::wait_for_exit(daemon, LIMIT), "nobody has noticed that it hangs");
        rig.wait_for_another_daemon();
        rig.expect_survival(run, restic, daemon);
    }
    rig.repository.check(3);
}

#[test]
fn daemon_that_a_client_has_started_makes_way_with_a_backup_under_way() {
    let Some(rig) = Rig::start() else { return };
    // Not through the manager's shell: its output would be held by the daemon.
    let mut command = rig.home.ctl_command(&["status"]);
    assert!(command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    let daemon = rig.home.status().pid;
    let (run, restic) = rig.begin_backup(1);
    let installed = rig.ctl(&["service", "install", "--no-tray"]).expect_code(0);
    assert!(installed.stdout.contains("its runs go on\n"), "{}", installed.stdout);
    assert!(processes::wait_for_exit(daemon, LIMIT));
    rig.expect_survival(run, restic, daemon);
}

#[test]
fn whoever_starts_a_daemon_starts_the_service_where_there_is_one() {
    let Some(rig) = Rig::start() else { return };
    // The home is the usual one of a user whose home folder this is.
    std::os::unix::fs::symlink(rig.home.home().root(), rig.home.path(".prestic")).unwrap();
    let ctl = |args: &[&str]| {
        let mut command = rig.home.ctl_command(args);
        command.env_remove("PRESTIC_HOME").env("XDG_RUNTIME_DIR", rig.home.path("runtime"));
        command.output().unwrap()
    };
    let installed = ctl(&["service", "install", "--no-tray", "--no-start"]);
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    assert_eq!(rig.systemctl(&["is-active", UNIT]).stdout, "inactive\n");
    assert!(ctl(&["status"]).status.success());
    assert_eq!(rig.systemctl(&["is-active", UNIT]).stdout, "active\n");
    assert_eq!(rig.home.status().pid, rig.main_pid());
    assert!(ctl(&["shutdown"]).status.success());
    assert_eq!(ctl(&["status", "--no-start"]).status.code(), Some(69));
}

//! A user manager of systemd for one test: the real one, in a group of processes and a view of the system's files of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Child, Stdio},
};

use rustix::process::Signal;

use crate::{
    LIMIT,
    home::{Ended, TestHome},
    notify_socket::NotifySocket,
    processes,
};

/// Starts the manager where it believes that the system was booted with systemd, with control groups of version 2, and takes all
/// down that it leaves. It needs root for the view of its own, as a container or a virtual machine for tests has.
const SCRIPT: &str = r#"
set -eu
mount --make-rprivate /
umount -R -l /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd
mount -t tmpfs none /run/systemd
mkdir /run/systemd/system
group="/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/prestic-test-$$"
mkdir "$group"
(echo 0 >"$group/cgroup.procs"; exec /lib/systemd/systemd --user --unit=basic.target) &
manager=$!
trap 'kill "$manager"' TERM
while ! wait "$manager"; do
    kill -0 "$manager" 2>/dev/null || break
done
echo 1 >"$group/cgroup.kill"
# The kernel needs a moment for those that were killed.
while grep -q 'populated 1' "$group/cgroup.events"; do sleep 0.05; done
find "$group" -depth -type d -exec rmdir {} +
"#;

/// The manager. Dropped, it takes every service and every process of them down.
#[derive(Debug)]
pub struct UserManager {
    wrapper: Child,
}

impl UserManager {
    /// Starts a manager for a home's user; none where this machine cannot have one, which is said.
    #[track_caller]
    pub fn start(home: &TestHome) -> Option<Self> {
        if !rustix::process::getuid().is_root() || !fs::exists("/lib/systemd/systemd").unwrap_or(false) {
            eprintln!("SKIPPED: a user manager of its own takes root and systemd");
            return None;
        }
        let runtime = home.path("runtime");
        fs::create_dir(&runtime).expect("the folder is ours");
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("the folder is ours");
        let ready = NotifySocket::new(home.path("manager.notify"));
        let log = fs::File::create(home.path("manager.log")).expect("the folder is ours");
        let mut command = home.command("unshare");
        command.args(["--mount", "sh", "-c", SCRIPT]).env_remove("PRESTIC_HOME");
        command.env("XDG_RUNTIME_DIR", &runtime).env("NOTIFY_SOCKET", ready.path());
        let errors = log.try_clone().expect("a file can have two descriptors");
        let wrapper = command.stdout(log).stderr(errors).stdin(Stdio::null()).spawn().expect("util-linux is everywhere");
        let mut manager = Self { wrapper };
        loop {
            match ready.hear_within(LIMIT / 4) {
                Some(message) if message.lines().any(|line| line == "READY=1") => return Some(manager),
                Some(_) => {}
                None => {
                    let has_ended = manager.wrapper.try_wait().expect("it is our child").is_some();
                    let said = fs::read_to_string(home.path("manager.log")).unwrap_or_default();
                    assert!(has_ended, "the manager does not get ready: {said}");
                    eprintln!("SKIPPED: this machine lets nobody have a user manager of its own: {said}");
                    return None;
                }
            }
        }
    }

    /// Runs a program as a user who is logged in: it finds this manager.
    #[track_caller]
    pub fn run(&self, home: &TestHome, program: &str, args: &[&str]) -> Ended {
        let mut command = home.command(program);
        command.args(args).env("XDG_RUNTIME_DIR", home.path("runtime"));
        let output = command.output().expect("it is installed");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for UserManager {
    fn drop(&mut self) {
        processes::send(self.wrapper.id(), Signal::TERM);
        if !processes::wait_for_exit(self.wrapper.id(), LIMIT) {
            processes::send(self.wrapper.id(), Signal::KILL);
        }
        let _ = self.wrapper.wait();
    }
}

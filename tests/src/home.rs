//! A home for one test: its own folder, its own daemon, nothing of the machine's user.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use prestic_proto::{endpoint::Endpoint, home::Home, system::WebState};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{LIMIT, processes, programs};

/// How long a daemon may take to go when a test is over and it is asked kindly.
const KIND_LIMIT: Duration = Duration::from_secs(20);

/// What a program did.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ended {
    /// Fails the test unless the program ended with a code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test unless the program succeeded, and returns its standard output.
    #[track_caller]
    pub fn stdout_of_success(self) -> String {
        self.expect_code(0).stdout
    }
}

/// A home in a folder of its own. Dropped, it takes everything down that it started.
#[derive(Debug)]
pub struct TestHome {
    pub(crate) runtime: Runtime,
    home: Home,
    daemon: Option<Child>,
    folder: TempDir,
}

impl TestHome {
    /// Makes an empty home. Its configuration comes with [`TestHome::write_config`], which can name paths in the test's folder.
    #[expect(clippy::new_without_default, reason = "making one touches the disk")]
    pub fn new() -> Self {
        Self::named("home")
    }

    /// Makes an empty home of this name in the test's folder.
    pub fn named(name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("prestic-").tempdir().expect("the system has a folder for such files");
        let home = Home::at(folder.path().join(name));
        fs::create_dir(home.root()).expect("the folder is new");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime needs a few descriptors only");
        Self { runtime, home, daemon: None, folder }
    }

    /// Returns a path in the test's folder, beside the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Writes `config.ini`, readable by its owner only.
    #[expect(clippy::disallowed_methods, reason = "no one else reads the file yet, and a test that crashes starts anew")]
    pub fn write_config(&self, text: impl AsRef<str>) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.home.config_file();
        fs::write(&path, text.as_ref()).expect("the home is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    }

    /// Prepares a command that sees this home and nothing of the user's environment.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("HOME", self.folder.path())
            .env("PRESTIC_HOME", self.home.root())
            // Many daemons at once cannot share a port.
            .env("PRESTIC_WEB_LISTEN", "off")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Prepares `prestic-ctl` with arguments.
    pub fn ctl_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(programs::ctl());
        command.args(args);
        command
    }

    /// Runs `prestic-ctl` to its end.
    pub fn ctl(&self, args: &[&str]) -> Ended {
        ended(&mut self.ctl_command(args))
    }

    /// Prepares `prestic-daemon` with arguments.
    pub fn daemon_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(programs::daemon());
        command.args(args);
        command
    }

    /// Runs `prestic-daemon` to its end.
    pub fn daemon(&self, args: &[&str]) -> Ended {
        ended(&mut self.daemon_command(args))
    }

    /// Starts the daemon, waits until it listens, and returns its process id.
    #[track_caller]
    pub fn start_daemon(&mut self) -> u32 {
        self.start_daemon_with(self.daemon_command(&[]))
    }

    /// Starts the daemon with a command that becomes it, waits until it listens, and returns its process id.
    #[track_caller]
    pub fn start_daemon_with(&mut self, mut command: Command) -> u32 {
        assert!(self.daemon.is_none(), "the test's daemon runs already");
        let errors = File::options().create(true).append(true).open(self.path("daemon.stderr")).expect("the folder is ours");
        let mut daemon = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the daemon was built");
        let stdout = daemon.stdout.take().expect("it is piped");
        let pid = daemon.id();
        self.daemon = Some(daemon);
        let (sender, receiver) = mpsc::sync_channel(1);
        let reader = thread::spawn(move || {
            let mut line = String::new();
            // A daemon that dies closes the pipe, so the reader always ends.
            BufReader::new(stdout).read_line(&mut line).ok();
            sender.send(line).ok();
        });
        let line = receiver.recv_timeout(LIMIT).expect("the daemon says `ready` or ends");
        reader.join().expect("reading a line does not panic");
        assert_eq!(line, "ready\n", "the daemon did not get ready:\n{}", self.daemon_errors());
        pid
    }

    /// Starts the daemon with its web interface at a port that is free, and returns the address of that: `http://127.0.0.1:PORT`.
    #[track_caller]
    pub fn start_daemon_with_web(&mut self) -> String {
        let mut command = self.daemon_command(&[]);
        command.env("PRESTIC_WEB_LISTEN", "127.0.0.1:0");
        self.start_daemon_with(command);
        format!("http://{}", self.wait_for_web())
    }

    /// Waits until the web interface listens, and returns where.
    #[track_caller]
    pub fn wait_for_web(&self) -> SocketAddr {
        match self.wait_for_web_state(|state| matches!(state, WebState::Listening { .. })) {
            WebState::Listening { address } => address,
            other => unreachable!("it was waited for: {other:?}"),
        }
    }

    /// Returns the process id of the daemon that this test started.
    #[track_caller]
    pub fn daemon_pid(&self) -> u32 {
        self.daemon.as_ref().expect("the test started a daemon").id()
    }

    /// Sends the daemon a signal.
    #[track_caller]
    pub fn signal_daemon(&self, signal: Signal) {
        processes::send(self.daemon_pid(), signal);
    }

    /// Kills the daemon as a crash would.
    #[track_caller]
    pub fn kill_daemon(&mut self) {
        let mut daemon = self.daemon.take().expect("the test started a daemon");
        daemon.kill().expect("it is our child");
        daemon.wait().expect("it is our child");
    }

    /// Waits until the daemon has gone by itself.
    #[track_caller]
    pub fn wait_for_daemon(&mut self) -> ExitStatus {
        let mut daemon = self.daemon.take().expect("the test started a daemon");
        if !processes::wait_for_exit(daemon.id(), LIMIT) {
            self.daemon = Some(daemon);
            panic!("the daemon does not go");
        }
        daemon.wait().expect("it is our child")
    }

    /// Returns what the daemon wrote to standard error.
    pub fn daemon_errors(&self) -> String {
        fs::read_to_string(self.path("daemon.stderr")).unwrap_or_default()
    }

    /// Returns every text file of the home with its content: configuration, status, logs, records.
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.home.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(kind) if kind.is_file() => {
                        let bytes = fs::read(entry.path()).unwrap_or_default();
                        found.push((entry.path(), String::from_utf8_lossy(&bytes).into_owned()));
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the programs under test were built");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the daemon's words:\n{}", self.daemon_errors());
            for (path, text) in self.files().iter().filter(|(path, _)| path.starts_with(self.home.logs_dir())) {
                let lines: Vec<&str> = text.lines().collect();
                eprintln!("--- the end of {}:\n{}", path.display(), lines[lines.len().saturating_sub(20)..].join("\n"));
            }
        }
        // A daemon that a client started is not our child, but it wrote its number down.
        let started_by_client = Endpoint::read(&self.home).ok().map(|endpoint| endpoint.pid);
        let is_daemon = |pid: &u32| processes::program(*pid).is_some_and(|path| path.ends_with("prestic-daemon"));
        let daemons = self.daemon.iter().map(Child::id).chain(started_by_client.filter(is_daemon));
        for daemon in daemons {
            // The second signal skips the grace.
            for signal in [Signal::TERM, Signal::TERM, Signal::KILL] {
                processes::send(daemon, signal);
                if processes::wait_for_exit(daemon, KIND_LIMIT) {
                    break;
                }
            }
        }
        if let Some(mut daemon) = self.daemon.take() {
            daemon.wait().ok();
        }
        // What a test leaves running without a daemon: restic first, so that its supervisor sees it go.
        for left in processes::of_home(self.folder.path()) {
            if left != std::process::id() {
                processes::send(left, Signal::KILL);
            }
        }
    }
}

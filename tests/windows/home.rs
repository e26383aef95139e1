//! A home for one test: its own folder, its own daemon, and the ways to both.

use std::{
    fs::{self, File},
    future::Future,
    io::{BufRead, BufReader, Read, Seek, Write},
    os::windows::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use prestic_double::{LIMIT, program};
use prestic_proto::{
    client::Client,
    event::{EventKind, Watched},
    home::Home,
    outcome::Outcome,
    run::{Finished, Run, RunId},
    service::{RunRequest, RunSelector},
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

/// How long one long poll lasts.
pub(crate) const POLL: Duration = Duration::from_secs(30);

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails the test unless the program ended with a code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A home in a folder of its own. Dropped, it takes its daemon down.
pub(crate) struct TestHome {
    runtime: Runtime,
    home: Home,
    daemon: Option<Child>,
    folder: TempDir,
}

impl TestHome {
    /// Makes an empty home.
    pub(crate) fn new() -> Self {
        Self::in_folder("home")
    }

    /// Makes an empty home at a path below the test's folder.
    pub(crate) fn in_folder(path: impl AsRef<Path>) -> Self {
        let folder = tempfile::Builder::new().prefix("prestic-").tempdir().unwrap();
        let home = Home::at(folder.path().join(path));
        fs::create_dir_all(home.root()).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, home, daemon: None, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    pub(crate) fn write_config(&self, text: &str) {
        File::create(self.home.config_file()).unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program(name));
        command
            .args(args)
            .env("PRESTIC_HOME", self.home.root())
            // Many daemons at once cannot share a port.
            .env("PRESTIC_WEB_LISTEN", "off")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn ctl_command(&self, args: &[&str]) -> Command {
        self.command("prestic-ctl", args)
    }

    /// Runs `prestic-ctl` to its end.
    pub(crate) fn ctl(&self, args: &[&str]) -> Ended {
        ended(self.ctl_command(args), "")
    }

    /// Runs `prestic-ctl` to its end, with a text as its input.
    pub(crate) fn ctl_with_input(&self, args: &[&str], input: &str) -> Ended {
        ended(self.ctl_command(args), input)
    }

    pub(crate) fn daemon_command(&self, args: &[&str]) -> Command {
        let mut command = self.command("prestic-daemon", args);
        command.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
        command
    }

    /// Runs `prestic-daemon` to its end.
    pub(crate) fn daemon(&self, args: &[&str]) -> Ended {
        ended(self.daemon_command(args), "")
    }

    /// Runs `prestic-tray` to its end.
    pub(crate) fn tray(&self, args: &[&str]) -> Ended {
        ended(self.command("prestic-tray", args), "")
    }

    /// Starts the daemon, waits until it listens, and returns its process id.
    #[track_caller]
    pub(crate) fn start_daemon(&mut self) -> u32 {
        self.start_daemon_with(self.daemon_command(&[]))
    }

    #[track_caller]
    pub(crate) fn start_daemon_with(&mut self, mut command: Command) -> u32 {
        assert!(self.daemon.is_none(), "the test's daemon runs already");
        let errors = File::options().create(true).append(true).open(self.path("daemon.stderr")).unwrap();
        let mut daemon = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let stdout = daemon.stdout.take().unwrap();
        let pid = daemon.id();
        self.daemon = Some(daemon);
        let (sender, receiver) = mpsc::sync_channel(1);
        // A daemon that dies closes the pipe, so the thread always ends.
        thread::spawn(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).ok();
            sender.send(line).ok();
        });
        let line = receiver.recv_timeout(LIMIT).expect("the daemon says `ready` or ends");
        assert_eq!(line, "ready\n", "the daemon did not get ready:\n{}", self.daemon_errors());
        pid
    }

    /// Ends the daemon's process from one moment to the next.
    #[track_caller]
    pub(crate) fn kill_daemon(&mut self) {
        let mut daemon = self.daemon.take().expect("the test started a daemon");
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// Waits until the daemon has gone by itself.
    #[track_caller]
    pub(crate) fn wait_for_daemon(&mut self) {
        let status = self.daemon.take().expect("the test started a daemon").wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.daemon_errors());
    }

    /// Returns what the daemon wrote to standard error.
    pub(crate) fn daemon_errors(&self) -> String {
        fs::read_to_string(self.path("daemon.stderr")).unwrap_or_default()
    }

    /// Connects to the daemon and does something with it.
    #[track_caller]
    pub(crate) fn with_client<T, F: Future<Output = T>>(&self, act: impl FnOnce(Client) -> F) -> T {
        let work = async { act(Client::connect(&self.home).await.expect("the daemon listens")).await };
        self.runtime.block_on(async { tokio::time::timeout(LIMIT, work).await }).expect("the wait took longer than its limit")
    }

    /// Queues a run of a task.
    #[track_caller]
    pub(crate) fn run(&self, task: &str) -> RunId {
        let request = RunRequest { task: task.to_owned(), ..RunRequest::default() };
        self.with_client(async |client| client.run(request).await.unwrap().expect("the task is there"))
    }

    /// Waits until a run is over.
    #[track_caller]
    pub(crate) fn wait_finished(&self, run: RunId) -> Run {
        self.with_client(async |client| {
            loop {
                let mut cursor = client.status().await.unwrap().cursor;
                let found = client.find_run(RunSelector::Run(run)).await.unwrap().expect("the run is known");
                if found.finished().is_some() {
                    return found;
                }
                while let Watched::Events { events, next, .. } = client.watch(cursor, POLL).await.unwrap() {
                    cursor = next;
                    for event in events {
                        if let EventKind::Run { run: changed } = event.kind
                            && changed.id == run
                            && changed.finished().is_some()
                        {
                            return *changed;
                        }
                    }
                }
            }
        })
    }

    /// Waits until a run is over, and fails the test unless it ended so.
    #[track_caller]
    pub(crate) fn expect_outcome(&self, run: RunId, outcome: &Outcome) -> Finished {
        let run = self.wait_finished(run);
        let finished = run.finished().unwrap().clone();
        assert_eq!(finished.outcome, *outcome, "{run:?}\n{}", self.daemon_errors());
        finished
    }

    /// Returns the log of a run that is over.
    #[track_caller]
    pub(crate) fn log(&self, run: RunId) -> String {
        let name = self.wait_finished(run).log_file.expect("the run has a log");
        String::from_utf8_lossy(&fs::read(self.home.logs_dir().join(name)).unwrap()).into_owned()
    }
}

/// Runs a program to its end.
///
/// It writes into files, not pipes: under Wine the console of a daemon that it starts inherits its streams, and keeps them.
fn ended(mut command: Command, input: &str) -> Ended {
    let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().unwrap());
    command.stdin(Stdio::piped()).stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    // Who does not read it may have closed it.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let code = child.wait().unwrap().code();
    Ended { code, stdout: content(stdout), stderr: content(stderr) }
}

fn content(mut file: File) -> String {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Drop for TestHome {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- the daemon's words:\n{}", self.daemon_errors());
        }
        // A daemon that a client started is not our child, but it can be asked, too.
        let home = &self.home;
        let ask = async {
            if let Ok(client) = Client::connect(home).await {
                client.shutdown().await.ok();
                client.ended().await;
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(LIMIT, ask).await }).ok();
        if let Some(mut daemon) = self.daemon.take() {
            if thread::panicking() {
                daemon.kill().ok();
            }
            daemon.wait().ok();
        }
    }
}

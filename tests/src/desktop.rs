//! A desktop session of one test's own: a bus, perhaps a screen, and the services that are started on them.

pub mod silent_bus;

mod keyring;

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{LIMIT, processes};

pub mod notifications;
mod screen;
pub mod tray;

/// A session. Dropped, it takes everything down that it started.
#[derive(Debug)]
pub struct Desktop {
    address: String,
    display: Option<String>,
    /// The newest last: they end in the reverse order.
    programs: Vec<Child>,
    folder: TempDir,
}

impl Desktop {
    /// Starts a bus on which nothing comes by itself: a test starts the services that it wants.
    #[track_caller]
    pub fn start() -> Self {
        Self::start_with_services(&[])
    }

    /// Starts a bus that starts the services of these folders when somebody asks for them.
    #[track_caller]
    pub fn start_with_services(folders: &[&Path]) -> Self {
        let folder =
            tempfile::Builder::new().prefix("prestic-desktop-").tempdir().expect("the system has a folder for such files");
        let mut desktop = Self { address: String::new(), display: None, programs: Vec::new(), folder };
        for name in ["home", "runtime"] {
            let path = desktop.path(name);
            fs::create_dir(&path).expect("the folder is ours");
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("the folder is ours");
        }
        let config = desktop.path("bus.conf");
        let services: String = folders.iter().map(|folder| format!("<servicedir>{}</servicedir>", folder.display())).collect();
        write!(
            File::create(&config).expect("the folder is ours"),
            r#"<busconfig><type>session</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>{services}
               <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
               <allow own="*"/></policy></busconfig>"#,
            desktop.path("bus").display()
        )
        .expect("the folder is ours");
        let mut command = desktop.command("dbus-daemon");
        // It complains when it may not raise its limit on open files.
        command.args(["--nofork", "--print-address=1", "--config-file"]).arg(&config).stderr(Stdio::null());
        desktop.address = desktop.start_and_read_line(command);
        desktop
    }

    /// Starts a screen without a monitor.
    #[track_caller]
    pub fn start_screen(&mut self) {
        let mut command = self.command("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]).stderr(Stdio::null());
        self.display = Some(format!(":{}", self.start_and_read_line(command)));
    }

    /// Whether the session has a screen.
    pub fn has_screen(&self) -> bool {
        self.display.is_some()
    }

    /// Returns a path in the session's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the address of the bus.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes a command part of the session: it gets the bus, and the screen if there is one.
    pub fn admit(&self, command: &mut Command) {
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        if let Some(display) = &self.display {
            command.env("DISPLAY", display);
        }
    }

    /// Prepares a program of the session, with a home folder of its own.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("runtime"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        self.admit(&mut command);
        command
    }

    /// Starts a program that ends with the session, and returns its process id.
    #[track_caller]
    pub fn run(&mut self, mut command: Command) -> u32 {
        let child = command.spawn().unwrap_or_else(|error| panic!("`make test` installs {command:?}: {error}"));
        let pid = child.id();
        self.programs.push(child);
        pid
    }

    /// Ends a program of the session as a crash would.
    #[track_caller]
    pub fn kill(&mut self, pid: u32) {
        let index = self.programs.iter().position(|child| child.id() == pid).expect("the session started it");
        end(self.programs.remove(index));
    }

    /// Starts a program and waits for the first line that it writes.
    #[track_caller]
    fn start_and_read_line(&mut self, mut command: Command) -> String {
        command.stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("`make test` installs {command:?}: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a pipe can be read");
        self.programs.push(child);
        assert!(!line.is_empty(), "it does not start: {command:?}");
        line.trim_end().to_owned()
    }
}

/// Ends a program, kindly first.
fn end(mut child: Child) {
    for signal in [Signal::TERM, Signal::KILL] {
        processes::send(child.id(), signal);
        if processes::wait_for_exit(child.id(), LIMIT) {
            break;
        }
    }
    let _ = child.wait();
}

impl Drop for Desktop {
    fn drop(&mut self) {
        while let Some(child) = self.programs.pop() {
            end(child);
        }
    }
}

//! The keyring of a session: a real gnome-keyring, and the Python library with which other programs use it.

use std::{io::Write, process::Stdio};

use futures::StreamExt;
use tokio::{runtime::Builder, time::timeout};
use zbus::{connection, fdo::DBusProxy, names::BusName};

use super::Desktop;
use crate::{LIMIT, programs};

/// The password of the keyring itself.
const MASTER: &str = "master";

/// The name of a keyring on the bus.
const SERVICE: &str = "org.freedesktop.secrets";

impl Desktop {
    /// Starts a keyring that is open, as after a login, and returns its process id when it is on the bus.
    #[track_caller]
    pub fn start_keyring(&mut self) -> u32 {
        self.start_keyring_with(&["--unlock"])
    }

    /// Starts a keyring that is locked, and returns its process id when it is on the bus.
    #[track_caller]
    pub fn start_locked_keyring(&mut self) -> u32 {
        self.start_keyring_with(&[])
    }

    #[track_caller]
    fn start_keyring_with(&mut self, args: &[&str]) -> u32 {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).args(args).stdin(Stdio::piped());
        // It complains of each question that it has no screen for.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let pid = self.run(command);
        let keyring = self.programs.iter_mut().find(|child| child.id() == pid).expect("it was started");
        // The pipe's end is the end of the password.
        let mut input = keyring.stdin.take().expect("it is piped");
        input.write_all(MASTER.as_bytes()).expect("the pipe takes a word, whoever reads it");
        drop(input);
        let is_there = wait_for_name(self.address(), SERVICE);
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime needs a few descriptors only");
        runtime
            .block_on(async { timeout(LIMIT, is_there).await })
            .expect("the keyring starts in time")
            .expect("the bus answers");
        pid
    }

    /// Runs a piece of Python that has the library `keyring`, and returns what it prints.
    #[track_caller]
    pub fn python_keyring(&self, code: &str) -> String {
        let python = programs::target().join("python-keyring/bin/python").display().to_string();
        let mut command = self.command(&python);
        let output = command.args(["-c", &format!("import keyring\n{code}")]).output();
        let output = output.unwrap_or_else(|error| panic!("`make test` installs {python}: {error}"));
        assert!(output.status.success(), "{code}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }
}

/// Returns when a name is on a bus.
async fn wait_for_name(address: &str, name: &str) -> zbus::Result<()> {
    let bus = connection::Builder::address(address)?.build().await?;
    let daemon = DBusProxy::new(&bus).await?;
    let mut changes = daemon.receive_name_owner_changed_with_args(&[(0, name)]).await?;
    if daemon.name_has_owner(BusName::try_from(name)?).await? {
        return Ok(());
    }
    while let Some(change) = changes.next().await {
        if change.args()?.new_owner().is_some() {
            return Ok(());
        }
    }
    Err(zbus::Error::InvalidReply)
}

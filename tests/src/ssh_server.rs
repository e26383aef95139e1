//! A server that is reached by ssh: the real programs of both sides, and no port.
//!
//! The client starts the server itself and talks to it over a pipe, so that tests need neither a free port nor one that is known.

use std::{
    fs::{self, File, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Where distributions put the server, which is not on everybody's PATH.
const SERVER: &str = "/usr/sbin/sshd";
/// What the server wants to be there when root starts it; a service would make it.
const ROOTS_FOLDER: &str = "/run/sshd";

/// What has to be done for a client to reach the server.
#[derive(Debug)]
pub struct SshServer {
    programs: PathBuf,
    user: String,
}

impl SshServer {
    /// Makes a server that is called so, with all that it needs in a folder that does not exist yet.
    #[track_caller]
    pub fn new(folder: &Path, name: &str) -> Self {
        let programs = folder.join("programs");
        fs::create_dir_all(&programs).expect("the folder is ours");
        let user = output_of(Command::new("id").arg("-un"));
        if user == "root" {
            fs::create_dir_all(ROOTS_FOLDER).expect("root may make it");
        }
        for key in ["server-key", "client-key"] {
            output_of(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.join(key)));
        }
        let place = folder.display();
        let server = format!(
            "HostKey {place}/server-key\nAuthorizedKeysFile {place}/client-key.pub\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPidFile none\nSubsystem sftp internal-sftp\n"
        );
        write(&folder.join("server"), &server, 0o600);
        let client = format!(
            "Host {name}\nProxyCommand {SERVER} -i -f {place}/server\nIdentityFile {place}/client-key\nIdentitiesOnly yes\n\
             StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n"
        );
        write(&folder.join("client"), &client, 0o600);
        // ssh looks for its configuration in the home folder that the system knows, whatever `HOME` says.
        let ssh = output_of(Command::new("sh").args(["-c", "command -v ssh"]));
        write(&programs.join("ssh"), &format!("#!/bin/sh\nexec {ssh} -F {place}/client \"$@\"\n"), 0o700);
        Self { programs, user }
    }

    /// Returns the folder with the `ssh` that reaches the server: it has to come first on PATH.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// Returns the user whom the server lets in.
    pub fn user(&self) -> &str {
        &self.user
    }
}

#[track_caller]
fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("`make test` installs {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn write(path: &Path, text: &str, mode: u32) {
    let mut file = File::create(path).expect("the folder is ours");
    file.write_all(text.as_bytes()).expect("the folder is ours");
    file.set_permissions(Permissions::from_mode(mode)).expect("the file is ours");
}

//! A restic that leaves a line for each start, and can be held at a command: to see what the daemon starts, and when.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::restic::Repository;

/// The double of a restic. It becomes the real one, so it has the same process number.
#[derive(Debug)]
pub struct CountedRestic {
    program: PathBuf,
    log: PathBuf,
}

impl CountedRestic {
    /// Makes one in a folder. For the commands that match a pattern of the shell, `script` runs in restic's place; `$restic`
    /// is the real one, `"$@"` its arguments.
    #[expect(clippy::disallowed_methods, reason = "no one else reads the file yet, and a test that crashes starts anew")]
    pub fn new(folder: &Path, repository: &Repository, pattern: &str, script: &str) -> Self {
        let counted = Self { program: folder.join("counted-restic"), log: folder.join("starts") };
        let text = format!(
            "#!/bin/sh\nrestic='{}'\nlog='{}'\ncase \"$*\" in {pattern}) {script};; esac\n\
             case \"$*\" in *version*) ;; *) echo \"$$ $*\" >>\"$log\";; esac\nexec \"$restic\" \"$@\"\n",
            repository.restic.path.display(),
            counted.log.display(),
        );
        fs::write(&counted.log, "").expect("the folder is the test's");
        fs::write(&counted.program, text).expect("the folder is the test's");
        fs::set_permissions(&counted.program, fs::Permissions::from_mode(0o700)).expect("the file is the test's");
        counted
    }

    /// Returns the lines of a profile that uses it.
    pub fn profile(&self, repository: &Repository) -> String {
        repository.profile().replace(
            &format!("executable = {}\n", repository.restic.path.display()),
            &format!("executable = {}\n", self.program.display()),
        )
    }

    /// Returns the lines that were written so far: the process number and the arguments of each start, `version` left out.
    pub fn lines(&self) -> Vec<String> {
        fs::read_to_string(&self.log).expect("it was made").lines().map(str::to_owned).collect()
    }
}

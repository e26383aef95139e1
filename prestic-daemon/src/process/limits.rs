//! The limit on open files: as high as may be for the daemon, as it was for its children.

use std::{io, os::unix::process::CommandExt, process::Command, sync::OnceLock};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the daemon was started with, once it has raised its limit. It belongs to the process, so there is one.
static ORIGINAL: OnceLock<Rlimit> = OnceLock::new();

/// Raises the soft limit to the hard one: each client, run and log takes descriptors, and the usual 1024 are few.
pub fn raise_descriptor_limit() -> io::Result<()> {
    let original = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: original.maximum, maximum: original.maximum };
    setrlimit(Resource::Nofile, raised)?;
    ORIGINAL.get_or_init(|| original);
    Ok(())
}

/// Lets a child start with the limit that this process was started with: programs that use `select` rely on a low one.
pub fn restore_descriptor_limit(command: &mut Command) {
    let Some(original) = ORIGINAL.get().copied() else { return };
    // SAFETY: between fork and exec only one system call is made; nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            // A child with a higher limit is better than none.
            let _ = setrlimit(Resource::Nofile, original);
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_raised_for_this_process_and_not_for_its_children() {
        let original = getrlimit(Resource::Nofile);
        // A soft limit below the hard one has to be there for the test to tell anything.
        let low = Rlimit { current: original.current.map(|files| files - 1), maximum: original.maximum };
        setrlimit(Resource::Nofile, low).unwrap();
        raise_descriptor_limit().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, original.maximum);
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -Sn"]);
        restore_descriptor_limit(&mut command);
        let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let expected = low.current.map_or_else(|| "unlimited".to_owned(), |files| files.to_string());
        assert_eq!(shown.trim(), expected);
    }
}

//! The completions of each shell.

use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use prestic_ctl::completion::scripts;

use crate::{GenerateError, programs, write};

/// The shells, and the folder of each.
const SHELLS: [(Shell, &str); 4] =
    [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish"), (Shell::PowerShell, "powershell")];

/// The program that answers its shell itself, because it knows names.
const ANSWERS_ITSELF: &str = "prestic-ctl";

/// Writes all of them, each under the name by which its shell finds it.
pub fn write_into(folder: &Path) -> Result<(), GenerateError> {
    for (shell, name) in SHELLS {
        for program in programs::programs() {
            let path = folder.join(name).join(file_name(shell, program.get_name()));
            write(&path, script(shell, program).as_bytes())?;
        }
    }
    Ok(())
}

fn script(shell: Shell, mut program: Command) -> String {
    let name = program.get_name().to_owned();
    if name == ANSWERS_ITSELF {
        return scripts::script(shell);
    }
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, name, &mut script);
    String::from_utf8(script).expect("what it is made of is text")
}

/// Returns the name by which a shell finds the completions of a program.
fn file_name(shell: Shell, program: &str) -> String {
    match shell {
        Shell::Zsh => format!("_{program}"),
        Shell::Fish => format!("{program}.fish"),
        Shell::PowerShell => format!("{program}.ps1"),
        _ => program.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_can_read_their_scripts() {
        let folder = tempfile::tempdir().unwrap();
        write_into(folder.path()).unwrap();
        for (shell, option) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
            for script in std::fs::read_dir(folder.path().join(shell)).unwrap().flatten() {
                let read = std::process::Command::new(shell).arg(option).arg(script.path()).output();
                let read = read.unwrap_or_else(|error| panic!("`make test` installs {shell}: {error}"));
                let said = String::from_utf8_lossy(&read.stderr);
                assert!(read.status.success() && said.is_empty(), "{}: {said}", script.path().display());
            }
        }
    }

    #[test]
    fn every_shell_finds_the_completions_of_every_program() {
        let folder = tempfile::tempdir().unwrap();
        write_into(folder.path()).unwrap();
        for program in ["prestic-ctl", "prestic-daemon", "prestic-tray"] {
            for path in ["bash/NAME", "zsh/_NAME", "fish/NAME.fish", "powershell/NAME.ps1"] {
                let path = folder.path().join(path.replace("NAME", program));
                let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(text.contains(program), "{}", path.display());
            }
        }
    }
}

//! The scripts by which shells ask this program.

use clap_complete::{Shell, env::Shells};

use super::VARIABLE;

const PROGRAM: &str = "prestic-ctl";

/// bash's own: it takes words apart at `@` and `:`, which names of tasks and profiles may have.
const BASH: &str = include_str!("bash.sh");

/// Where the script of zsh lies in a folder of its path, it is itself what is asked for the first time.
const ZSH_AUTOLOAD: &str = "\nif [ \"$funcstack[1]\" = _prestic-ctl ]; then\n    _clap_dynamic_completer_prestic_ctl\nfi\n";

/// Returns the script of a shell.
pub fn script(shell: Shell) -> String {
    let name = shell.to_string();
    let mut script = Vec::new();
    match (shell, Shells::builtins().completer(&name)) {
        (Shell::Bash, _) | (_, None) => return BASH.to_owned(),
        (_, Some(writer)) => {
            writer
                .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
                .expect("memory takes all that is written");
        }
    }
    let mut script = String::from_utf8_lossy(&script).trim().to_owned() + "\n";
    if shell == Shell::Zsh {
        script.push_str(ZSH_AUTOLOAD);
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_calls_the_program_back() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let script = script(shell);
            assert!(script.contains(VARIABLE) && script.contains(PROGRAM), "{shell}: {script}");
        }
    }
}

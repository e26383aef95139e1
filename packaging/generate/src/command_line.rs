//! The page of the book with the help of every command.

use clap::Command;

use crate::programs;

/// Returns the page of the book.
pub fn page() -> String {
    let mut text = String::from(
        "# Command line reference\n\n\
         What `--help` says of every program and command; the man pages have the same. Options that all commands of `prestic-ctl` \
         have are told with the program alone.\n",
    );
    for program in programs::programs() {
        for command in programs::with_commands(&program) {
            let level = programs::call(&command).split(' ').count().min(2);
            let marks = "#".repeat(level + 1);
            text.push_str(&format!("\n{marks} {}\n\n```text\n{}\n```\n", programs::call(&command), help(command.clone())));
        }
    }
    text
}

/// Returns the help as a terminal of a certain width shows it.
fn help(command: Command) -> String {
    let is_program = !programs::call(&command).contains(' ');
    // What a program has already told is left out of its commands.
    let mut command = if is_program {
        command
    } else {
        let global: Vec<_> =
            command.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().clone()).collect();
        global.into_iter().fold(command, |command, id| command.mut_arg(id, |arg| arg.hide(true))).mut_args(|arg| {
            let is_help = arg.get_id() == "help";
            arg.hide_short_help(is_help).hide_long_help(is_help)
        })
    };
    let text = command.render_long_help().to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_heading_and_its_help() {
        let page = page();
        for expected in
            ["\n## prestic-ctl\n", "\n### prestic-ctl run\n", "\n### prestic-ctl keyring set\n", "\n## prestic-tray\n"]
        {
            assert_eq!(page.matches(expected).count(), 1, "{expected}");
        }
        assert!(page.contains("The first Ctrl-C asks the run to stop"), "the long help is shown");
        assert_eq!(page.matches("      --no-start\n").count(), 1, "options of all commands are told once");
    }
}

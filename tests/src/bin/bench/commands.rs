//! What the way through PRestic adds to a command.

use std::process::{Command, Stdio};

use prestic_tests::{files, home::TestHome, restic};

use crate::table::{Table, medians};

/// Prints the rows of `prestic-ctl`'s commands.
pub fn measure(table: &Table) {
    let [_, newest] = restic::oldest_and_newest();
    let mut home = TestHome::new();
    let repository = newest.init(home.path("repository"));
    let source = home.path("source");
    files::many_files(&source, 20_000);
    home.write_config(format!(
        "[repo]\n{}\n[backup]\ninherit = repo\ncommand = backup\nargs = '{}'\n",
        repository.profile(),
        source.display()
    ));
    home.start_daemon();

    let times = medians(
        || succeed(Command::new(&newest.path).arg("version")),
        || succeed(&mut home.ctl_command(&["-p", "repo", "version"])),
    );
    table.added("prestic-ctl -p repo version (restic version)", times, 15.0);

    // The daemon asks for JSON to learn of the progress, so the reference does so too.
    let path = source.display().to_string();
    let times = medians(
        || succeed(repository.command(&["backup", "--json", &path]).env("RESTIC_PROGRESS_FPS", "2")),
        || succeed(&mut home.ctl_command(&["run", "backup"])),
    );
    table.added("prestic-ctl run, 20,000 files (restic backup)", times, 30.0);

    let times = medians(|| succeed(&mut Command::new("true")), || succeed(&mut home.ctl_command(&["status"])));
    table.whole("prestic-ctl status (true)", times, 5.0);
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the program is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

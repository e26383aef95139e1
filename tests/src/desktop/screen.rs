//! What somebody does at a session's screen: mouse, keys, and pictures of what is to be seen.

use std::{
    fs,
    process::{Command, Output},
    time::Instant,
};

use super::Desktop;
use crate::{LIMIT, programs};

impl Desktop {
    /// Moves the mouse to a place.
    #[track_caller]
    pub fn point(&self, (x, y): (u32, u32)) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string()]);
    }

    /// Presses the right button where the mouse is.
    #[track_caller]
    pub fn click_right(&self) {
        self.xdotool(&["click", "3"]);
    }

    /// Presses a key.
    #[track_caller]
    pub fn press(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// Waits until there are so many windows of the tray beside the tray itself: menus, and what it says when the mouse rests on it.
    ///
    /// X would tell, but none of the programs at hand waits for that, so it is asked again and again.
    #[track_caller]
    pub fn wait_for_windows(&self, count: usize) {
        let start = Instant::now();
        loop {
            let found = self.xdotool(&["search", "--onlyvisible", "--class", "wrapper-2.0"]).stdout;
            if found.iter().filter(|byte| **byte == b'\n').count() == count + 1 {
                return;
            }
            assert!(start.elapsed() < LIMIT, "the windows do not come: {}", String::from_utf8_lossy(&found));
        }
    }

    /// Takes a picture of a part of the screen (`WIDTHxHEIGHT+X+Y`) as soon as that is the same twice, for `target/screenshots`.
    #[track_caller]
    #[expect(clippy::disallowed_methods, reason = "who looks at the picture sees whether it is whole")]
    pub fn take_picture(&self, name: &str, part: &str) {
        let import = || {
            let mut command = self.command("import");
            command.args(["-window", "root", "-crop", part, "+repage", "-depth", "8", "-strip", "png:-"]);
            output(&mut command).stdout
        };
        let mut picture = import();
        let start = Instant::now();
        loop {
            let next = import();
            if next == picture {
                break;
            }
            picture = next;
            assert!(start.elapsed() < LIMIT, "the screen never comes to rest");
        }
        let folder = programs::target().join("screenshots");
        fs::create_dir_all(&folder).expect("the target folder is ours");
        fs::write(folder.join(name), picture).expect("the target folder is ours");
    }

    #[track_caller]
    fn xdotool(&self, args: &[&str]) -> Output {
        let mut command = self.command("xdotool");
        command.args(args);
        output(&mut command)
    }
}

#[track_caller]
fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("`make test` installs {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

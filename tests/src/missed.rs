//! Tasks that are due at once: their time of day went by while no daemon ran.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{fake::FakeScript, home::TestHome};

/// What a configuration begins with so that nothing waits for the machine to settle.
pub const NO_STARTUP_DELAY: &str = "[prestic]\nstartup-delay = 0\n\n";

/// Returns a time of day, as `21:05`, two hours ago, in the zone of the tests.
#[expect(clippy::disallowed_methods, reason = "the daemon under test reads the real clock, too")]
pub fn two_hours_ago() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    let minutes = (seconds / 60 + 22 * 60) % (24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Returns the section of a backup by a double that was due two hours ago, with more options.
pub fn due_task(name: &str, script: &FakeScript, options: &str) -> String {
    format!(
        "[{name}]\n{}repository = /nowhere/{name}\nschedule = daily at {}\ncommand = backup\nargs = /nowhere\n{options}\n\n",
        script.profile(),
        two_hours_ago()
    )
}

impl TestHome {
    /// Writes a `status.ini` for the daemon to find.
    #[expect(clippy::disallowed_methods, reason = "no daemon runs yet")]
    pub fn write_status(&self, text: impl AsRef<str>) {
        fs::write(self.home().status_file(), text.as_ref()).expect("the home is ours");
    }

    /// Writes a `status.ini` in which tasks ran last years ago, as Python's PRestic left it.
    pub fn write_old_status(&self, tasks: &[&str]) {
        let section = |task: &&str| format!("[{task}]\nlast_run = 1700000000.5\nexit_code = 0\npid = 0\n\n");
        self.write_status(tasks.iter().map(section).collect::<String>());
    }
}

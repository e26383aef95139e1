//! A home for the web interface to show: a repository with a past, and tasks that stand in every way a task can.

use std::{fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use prestic_proto::outcome::{Failure, Outcome};

use crate::{
    fake::{FakeScript, Gate, Step},
    files,
    home::TestHome,
    restic::{PASSWORD, Repository, Restic},
};

/// A small picture of hills and a sun.
const PICTURE: &str = concat!(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAoAgMAAAAzoBR6AAAADFBMVEUgQHg8bqrwyFpQllpY79OBAAAAY0lEQVR42mNgoC1gWrUAVYBr1QpUAa",
    "1Vq1AFVq1a1UArgVA4AApMDQ1FEshatSoURSBq1UpUgbBVS1EFIGDwCtwtvV56PfZ6bHlsKZjJ8Pf7/e/36+/X/q/9DmYy/EcDg1YAAMwhF6AR",
    "xtfZAAAAAElFTkSuQmCC",
);

/// What the double says when it is half-way.
const HALF_WAY: &str = concat!(
    r#"{"message_type":"status","seconds_elapsed":42,"seconds_remaining":40,"percent_done":0.5,"total_files":1200,"files_done":600,"#,
    r#""total_bytes":4294967296,"bytes_done":2147483648,"current_files":["/home/ada/pictures/2026/alps/panorama.jpg"]}"#,
    "\n"
);

/// A home that runs, with its web interface.
#[derive(Debug)]
pub struct WebHome {
    /// The home.
    pub home: TestHome,
    /// The address of the web interface, without a slash at its end.
    pub base: String,
    /// The repository of `documents`, with two snapshots.
    pub repository: Repository,
    /// Where the double of `pictures` waits, once half of its work is done.
    pub gate: Gate,
    /// The folder that `documents` backs up.
    pub source: PathBuf,
}

impl WebHome {
    /// Makes the home and its past, and starts the daemon.
    ///
    /// `documents` has run twice with real restic, and between the two a file has changed, one is new and one is gone. `mail` has
    /// failed, `tidy` is paused, and `pictures` waits for somebody to run it.
    #[track_caller]
    pub fn start(restic: &Restic) -> Self {
        let mut home = TestHome::new();
        let repository = restic.init(home.path("repository"));
        let source = home.path("documents");
        let gate = Gate::new(home.path("gate"));
        write_documents(&source);
        let pictures = FakeScript::of([Step::Out(HALF_WAY.to_owned()), gate.wait()]);
        let mail =
            FakeScript { exit_code: 12, ..FakeScript::of([Step::Err("Fatal: wrong password or no key found\n".into())]) };
        home.write_config(format!(
            "[prestic]\nstartup-delay = 0\nsnapshot-index = on-demand\n\n[nas]\ndescription = The disk in the cellar\n{}\n\
             [documents]\ninherit = nas\ndescription = Letters and notes\ncommand = backup\nargs = '{}'\nschedule = daily at 12:30\n\n\
             [pictures]\ndescription = Everything from the camera\n{}repository = /mnt/pictures\ncommand = backup\n\
             args = /home/ada/pictures\nschedule = weekly at 18:00\n\n\
             [mail]\ndescription = The mailbox\n{}repository = /mnt/mail\ncommand = backup\nargs = /var/mail\nschedule = hourly\n\n\
             [tidy]\ninherit = nas\ndescription = Forget old snapshots\ncommand = forget\nargs = --keep-last 100\n\
             schedule = monthly at 03:00\n",
            repository.profile(),
            source.display(),
            pictures.profile(),
            mail.profile(),
        ));
        let base = home.start_daemon_with_web();
        home.expect_outcome(home.run("documents"), &Outcome::Succeeded);
        change_documents(&source);
        home.expect_outcome(home.run("documents"), &Outcome::Succeeded);
        home.expect_outcome(home.run("mail"), &Outcome::Failed(Failure::WrongPassword));
        home.ctl(&["pause", "tidy"]).expect_code(0);
        Self { home, base, repository, gate, source }
    }

    /// Returns the ids of the snapshots, oldest first.
    #[track_caller]
    pub fn snapshots(&self) -> Vec<String> {
        let id = |snapshot: &serde_json::Value| snapshot["id"].as_str().expect("a snapshot has an id").to_owned();
        self.repository.snapshots().iter().map(id).collect()
    }

    /// Returns the path of a file of `documents`, as the web interface has it behind a snapshot.
    pub fn path(&self, name: &str) -> String {
        self.source.join(name).display().to_string()
    }

    /// Returns what must not be shown anywhere.
    pub fn secret(&self) -> &'static str {
        PASSWORD
    }
}

#[expect(clippy::disallowed_methods, reason = "nobody else reads these files yet")]
fn write_documents(folder: &std::path::Path) {
    let letters = folder.join("letters/2026");
    fs::create_dir_all(&letters).expect("the folder is ours");
    let notes = "Shopping\n\n- bread\n- butter\n- apples\n\nCall the plumber.\nWater the plants on Friday.\n";
    let page = "<!doctype html><script>document.title = 'executed'</script><h1>Minutes</h1>\n";
    fs::write(folder.join("notes.txt"), notes).expect("the folder is ours");
    fs::write(folder.join("minutes.html"), page).expect("the folder is ours");
    fs::write(folder.join("old.txt"), "Not needed any more.\n").expect("the folder is ours");
    fs::write(letters.join("landlord.txt"), "Dear Sir or Madam,\n\nthe heating …\n").expect("the folder is ours");
    let picture = BASE64_STANDARD.decode(PICTURE).expect("it is base64");
    fs::write(folder.join("hills.png"), picture).expect("the folder is ours");
    files::random_file(&folder.join("scan.bin"), 300_000, 7);
}

#[expect(clippy::disallowed_methods, reason = "nobody else reads these files now")]
fn change_documents(folder: &std::path::Path) {
    let notes = "Shopping\n\n- bread\n- apples\n- pears\n\nCall the plumber.\nWater the plants on Friday.\n";
    fs::write(folder.join("notes.txt"), notes).expect("the folder is ours");
    fs::write(folder.join("letters/2026/bank.txt"), "Dear bank,\n").expect("the folder is ours");
    fs::remove_file(folder.join("old.txt")).expect("it is there");
}

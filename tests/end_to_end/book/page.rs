//! Tries a page: its configurations are checked, and its commands run one after the other in one shell.
//!
//! `/home/me`, `/mnt` and `/srv` of the page lie in the test's folder. A block is marked by what is to be done with it:
//! `ini` is checked, `ini,config` is written to `~/.prestic/config.ini` as well, `sh` and `console` are run, `exit-N` says how the
//! last command of a block ends, `keyring` is what needs a desktop's keyring, `ssh` what needs the server `nas.local`, `web`
//! what needs the web interface, and `not-here` what needs a machine of its own.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use prestic_tests::{
    desktop::Desktop,
    home::TestHome,
    markdown::{self, Block},
    programs, restic,
    ssh_server::SshServer,
};

use super::output;

/// The folder that is the test's own, and those in it.
const ME: &str = "/home/me";
const INNER: [&str; 2] = ["/mnt", "/srv"];

/// The server of the pages, and who logs in there.
const SERVER: &str = "nas.local";
const LOGIN: &str = "me@nas.local";

/// What a page needs besides its home.
struct Surroundings {
    desktop: Option<Desktop>,
    server: Option<SshServer>,
    has_web: bool,
}

impl Surroundings {
    fn of(blocks: &[Block], home: &TestHome) -> Self {
        let is_needed = |tag: &str| blocks.iter().any(|block| block.has_tag(tag));
        let desktop = is_needed("keyring").then(|| {
            let mut desktop = Desktop::start();
            desktop.start_keyring();
            desktop
        });
        let server = is_needed("ssh").then(|| SshServer::new(&home.path("server"), SERVER));
        Self { desktop, server, has_web: is_needed("web") }
    }
}

/// One thing to do.
struct Step {
    line: usize,
    script: String,
    /// What has to be printed; none if that does not matter.
    shown: Option<Vec<String>>,
    code: String,
}

/// Whether something is done with a block.
pub fn is_tried(block: &Block) -> bool {
    !block.has_tag("not-here") && ["ini", "sh", "console"].contains(&block.language.as_str())
}

/// Tries a page.
#[track_caller]
pub fn try_out(page: &str) {
    let text = fs::read_to_string(programs::checkout().join("docs/src").join(page)).unwrap();
    let home = TestHome::named(".prestic");
    for folder in INNER {
        fs::create_dir(home.path(folder.trim_start_matches('/'))).unwrap();
    }
    // The disk of the pages is there: an empty folder would be the place of one that is away.
    fs::create_dir_all(home.path("mnt/usb/lost+found")).unwrap();
    let blocks: Vec<Block> = markdown::blocks(&text).into_iter().filter(is_tried).collect();
    for block in blocks.iter().filter(|block| block.language == "ini") {
        check_configuration(&home, page, block);
    }
    let steps: Vec<Step> = blocks.iter().flat_map(steps).collect();
    let printed = run(&home, &Surroundings::of(&blocks, &home), &steps);
    for (step, (code, lines)) in steps.iter().zip(&printed) {
        let place = format!("docs/src/{page}:{}", step.line);
        let said = lines.join("\n");
        assert_eq!(code.as_deref(), Some(step.code.as_str()), "{place}: {}\n{said}", step.script);
        if let Some(shown) = &step.shown {
            let [lines, shown] = [lines, shown].map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>());
            assert!(output::is_shown(&lines, &shown), "{place} shows something else than is printed:\n{said}");
        }
    }
}

#[track_caller]
fn check_configuration(home: &TestHome, page: &str, block: &Block) {
    let path = home.path("shown.ini");
    write(&path, &real(home, &block.text));
    let checked = home.daemon(&["check", path.to_str().unwrap()]);
    let expected = block.tagged("exit").unwrap_or("0");
    let said = format!("docs/src/{page}:{}\n{}{}", block.line, checked.stdout, checked.stderr);
    assert_eq!(checked.code.map(|code| code.to_string()).as_deref(), Some(expected), "{said}");
}

fn steps(block: &Block) -> Vec<Step> {
    if block.language == "ini" {
        if !block.has_tag("config") {
            return Vec::new();
        }
        // A daemon notices the change by itself; asking it makes sure that it has.
        let script = format!(
            "mkdir -p ~/.prestic\ncat >~/.prestic/config.ini <<'END'\n{}END\nchmod 600 ~/.prestic/config.ini\n\
             prestic-ctl --no-start reload; code=$?; [ $code -eq 69 ] || (exit $code)",
            block.text
        );
        let code = block.tagged("exit").unwrap_or("0").to_owned();
        return vec![Step { line: block.line, script, shown: None, code }];
    }
    let mut steps: Vec<Step> = block
        .commands()
        .into_iter()
        .map(|command| {
            let mut shown = command.output;
            while shown.last().is_some_and(String::is_empty) {
                shown.pop();
            }
            let shown = (block.language == "console").then_some(shown);
            Step { line: command.line, script: command.text, shown, code: "0".to_owned() }
        })
        .collect();
    if let (Some(last), Some(code)) = (steps.last_mut(), block.tagged("exit")) {
        last.code = code.to_owned();
    }
    steps
}

/// Runs the steps in one shell; returns how each ended, and what it printed.
fn run(home: &TestHome, surroundings: &Surroundings, steps: &[Step]) -> Vec<(Option<String>, Vec<String>)> {
    let mut script = String::new();
    let user = surroundings.server.as_ref().map_or("me", SshServer::user);
    let login = format!("{user}@{SERVER}");
    for (index, step) in steps.iter().enumerate() {
        let [printed, code] = ["printed", "code"].map(|name| home.path(&format!("{name}-{index}")).display().to_string());
        script.push_str(&format!(
            "{{\n{}\n}} >{printed} 2>&1 </dev/null\necho $? >{code}\n",
            real(home, &step.script).replace(LOGIN, &login)
        ));
    }
    let path = home.path("page.sh");
    write(&path, &script);
    let mut command = home.command("bash");
    if let Some(desktop) = &surroundings.desktop {
        desktop.admit(&mut command);
    }
    if surroundings.has_web {
        command.env("PRESTIC_WEB_LISTEN", "127.0.0.1:0");
    }
    let [_, newest] = restic::oldest_and_newest();
    let folders = [programs::ctl(), newest.path].map(|program| program.parent().unwrap().to_owned());
    let server = surroundings.server.as_ref().map(|server| server.programs().to_owned());
    command.env_remove("PRESTIC_HOME").env("PATH", path_with(server.into_iter().chain(folders))).arg(&path);
    let output = command.output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (0..steps.len())
        .map(|index| {
            let read = |name: &str| fs::read_to_string(home.path(&format!("{name}-{index}")));
            let printed = shown(home, &read("printed").unwrap_or_default()).replace(&login, LOGIN);
            let lines = printed.trim_end().lines().map(|line| line.trim_end().to_owned()).collect();
            (read("code").ok().map(|code| code.trim().to_owned()), lines)
        })
        .collect()
}

fn path_with(folders: impl IntoIterator<Item = PathBuf>) -> OsString {
    let system = env::var_os("PATH").unwrap_or_default();
    env::join_paths(folders.into_iter().chain(env::split_paths(&system))).unwrap()
}

/// Puts the test's own folders for those of the page.
fn real(home: &TestHome, text: &str) -> String {
    let own = home.path("").display().to_string().trim_end_matches('/').to_owned();
    let text = text.replace(ME, &own);
    INNER.iter().fold(text, |text, inner| text.replace(&format!("{inner}/"), &format!("{own}{inner}/")))
}

/// Puts the folders of the page for those of the test.
fn shown(home: &TestHome, text: &str) -> String {
    let own = home.path("").display().to_string().trim_end_matches('/').to_owned();
    let text = INNER.iter().fold(text.to_owned(), |text, inner| text.replace(&format!("{own}{inner}"), inner));
    text.replace(&own, ME)
}

#[expect(clippy::disallowed_methods, reason = "no one else reads the file yet, and a test that crashes starts anew")]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

//! The page about troubles explains messages that the programs really say, and every way in which a run fails.

use std::{
    fs,
    path::{Path, PathBuf},
};

use prestic_proto::outcome::{Failure, Outcome};
use prestic_tests::programs;

/// The parts of the page whose headings are messages of ours.
const OURS: [&str; 3] = ["From `prestic-ctl`", "A run has failed", "The keyring"];

fn page() -> String {
    fs::read_to_string(programs::checkout().join("docs/src/troubleshooting.md")).unwrap()
}

/// Returns the headings of a part of the page.
fn headings<'page>(page: &'page str, part: &str) -> Vec<&'page str> {
    let begin = format!("## {part}");
    let lines = page.lines().skip_while(|line| *line != begin).skip(1).take_while(|line| !line.starts_with("## "));
    lines.filter_map(|line| line.strip_prefix("### ")).collect()
}

/// Returns the text of all sources of the programs.
fn sources() -> String {
    let crates = ["prestic-proto", "prestic-daemon", "prestic-ctl", "prestic-tray"];
    let mut folders: Vec<PathBuf> = crates.iter().map(|name| programs::checkout().join(name).join("src")).collect();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(Path::new("rs").as_os_str()) {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn messages_that_are_explained_are_those_of_the_programs() {
    let (page, sources) = (page(), sources());
    for part in OURS {
        let headings = headings(&page, part);
        assert!(!headings.is_empty(), "{part}");
        let parts = headings.iter().flat_map(|heading| heading.split(['…', '·']).map(str::trim));
        for words in parts.filter(|words| !words.is_empty()) {
            assert!(sources.contains(words), "no program says {words:?}");
        }
    }
}

#[test]
fn every_way_in_which_a_run_fails_is_explained() {
    use Failure::{BadUsage, Crashed, LostLock, Network, NoKeyring, NoPassword, NoRepository, NoSpace, Other, WrongPassword};
    let page = page();
    let explained = headings(&page, "A run has failed");
    let failures = [WrongPassword, NoPassword, NoKeyring, NoRepository, Network, NoSpace, BadUsage, LostLock, Crashed, Other];
    let outcomes = failures.map(Outcome::Failed).into_iter().chain([
        Outcome::Warnings,
        Outcome::RepositoryLocked,
        Outcome::Interrupted,
        Outcome::TimedOut(prestic_proto::limit::Limit::MaxRuntime),
        Outcome::SpawnFailed(String::new()),
    ]);
    for outcome in outcomes {
        let message = outcome.to_string();
        assert!(explained.iter().any(|heading| message.contains(heading)), "{message}");
    }
}

//! What icon and menu show: `(what is known, what time it is) -> model`. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::{
    moment::Moment,
    overview::{OverallState, Overview, overview},
    pause_length::PauseLength,
    run::RunId,
    status::Status,
    system::WebState,
    words,
};

use crate::{
    icon::IconState,
    label::{line, tooltip, wrapped},
};

mod problems;
mod tasks;

pub use problems::short as problem_in_short;

#[cfg(test)]
mod tests;

/// The sentences below the first one: more would push the menu off small screens.
const DETAILS: usize = 4;

/// What is known of the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum Daemon {
    /// It is being connected to, or started, for the first time.
    Starting,
    /// It cannot be reached.
    Unreachable {
        /// Why not.
        reason: String,
        /// Whether starting one could help.
        can_start: bool,
    },
    /// It stops its runs and then itself, because the user wants it.
    Ending,
    /// It answers.
    Live(Box<Status>),
}

/// Everything that the model is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What is known of the daemon.
    pub daemon: Daemon,
    /// What came of the last thing that the user wanted, if there is something to say.
    pub notice: Option<Notice>,
}

/// What came of something that the user wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What is to be said.
    pub text: String,
    /// What it is about.
    pub about: About,
}

/// What a notice is about: it is shown for as long as that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Something that did not work.
    Refusal,
    /// A configuration that is live.
    GoodConfig,
    /// A configuration with errors.
    BadConfig,
}

/// What an item of the menu does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Runs a task.
    Run {
        /// The task.
        task: String,
    },
    /// Stops a run.
    Stop {
        /// The run.
        run: RunId,
    },
    /// Shows the log of a run.
    ShowLog {
        /// The run; none if Python's PRestic ran it.
        run: Option<RunId>,
        /// The name of its log file in `<home>/logs`.
        log_file: Option<String>,
    },
    /// Pauses all tasks.
    Pause(PauseLength),
    /// Ends that pause.
    Resume,
    /// Opens the web interface.
    OpenWeb,
    /// Opens the home's folder.
    OpenFolder,
    /// Reads the configuration again.
    Reload,
    /// Starts a daemon.
    StartDaemon,
    /// Ends the tray.
    QuitTray,
    /// Ends the daemon, and then the tray.
    QuitBoth,
}

/// An item of the menu. Its key tells which one it is, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A line between groups.
    Separator,
    /// A line to read, or to choose.
    Line {
        /// Which one it is.
        key: String,
        /// What it says.
        label: String,
        /// What it does; none if it cannot be chosen.
        action: Option<Action>,
    },
    /// A menu of its own.
    Submenu {
        /// Which one it is.
        key: String,
        /// What it says.
        label: String,
        /// What is in it.
        items: Vec<Item>,
    },
}

/// What icon and menu show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuModel {
    /// The icon.
    pub icon: IconState,
    /// What the icon says when the mouse rests on it.
    pub tooltip: String,
    /// The menu.
    pub items: Vec<Item>,
}

/// Whether two menus have the same items, whatever those say: then one can become the other in place.
pub fn is_same_shape(one: &[Item], other: &[Item]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|items| match items {
            (Item::Separator, Item::Separator) => true,
            (Item::Line { key, .. }, Item::Line { key: other, .. }) => key == other,
            (Item::Submenu { key, items, .. }, Item::Submenu { key: other_key, items: others, .. }) => {
                key == other_key && is_same_shape(items, others)
            }
            _ => false,
        })
}

/// Decides what is shown.
pub fn model(known: &Known, moment: &Moment) -> MenuModel {
    match &known.daemon {
        Daemon::Live(status) => live(status, known.notice.as_ref(), moment),
        Daemon::Starting => without_daemon("Connecting to the daemon…", &[], None),
        Daemon::Ending => without_daemon("The daemon is stopping its runs, and then itself", &[], None),
        Daemon::Unreachable { reason, can_start } => {
            let start = can_start.then(|| choice("start", "Start the daemon", Action::StartDaemon));
            // What went well with the daemon before is no news of one that is gone.
            let notice = known.notice.as_ref().filter(|notice| notice.about == About::Refusal);
            let details: Vec<&str> = [reason.as_str()].into_iter().chain(notice.map(|notice| notice.text.as_str())).collect();
            without_daemon("The daemon cannot be reached", &details, start)
        }
    }
}

/// Returns what a notice says, unless what is known of the configuration has made it untrue.
fn still_true<'a>(notice: &'a Notice, status: &Status) -> Option<&'a str> {
    let is_true = match notice.about {
        About::Refusal => true,
        About::GoodConfig => status.config.errors.is_empty(),
        About::BadConfig => !status.config.errors.is_empty(),
    };
    is_true.then_some(notice.text.as_str())
}

fn without_daemon(sentence: &str, details: &[&str], start: Option<Item>) -> MenuModel {
    let mut items = vec![text("status", sentence)];
    items.extend(details.iter().enumerate().flat_map(|(index, detail)| texts(&format!("detail/{index}"), detail)));
    items.push(Item::Separator);
    items.extend(start);
    items.push(choice("folder", "Open PRestic folder", Action::OpenFolder));
    items.push(Item::Separator);
    items.push(submenu("about", "About", vec![text("about/tray", &own_version())]));
    items.push(choice("quit", "Quit tray", Action::QuitTray));
    MenuModel { icon: IconState::Unreachable, tooltip: tooltip(sentence), items }
}

fn live(status: &Status, notice: Option<&Notice>, moment: &Moment) -> MenuModel {
    let overview = overview(status);
    let sentence = tasks::with_progress(&overview, status);
    let next = overview.next.as_ref().map(|(task, at)| format!("Next: {task}, {}", when(*at, moment)));
    // What comes and goes with each run has a line that is always there: other lines close a menu that is open.
    let beside = match (&overview.beside, overview.state) {
        (Some(beside), _) => beside,
        (None, OverallState::Running) => "Nothing needs attention",
        (None, _) => "Nothing is running",
    };
    let mut items = vec![text("status", &pause_end(&sentence, &overview, status, moment))];
    let details = overview.details.iter().take(DETAILS).enumerate();
    items.extend(details.map(|(index, detail)| text(&format!("detail/{index}"), detail)));
    items.push(text("beside", beside));
    items.push(text("next", next.as_deref().unwrap_or("Next: nothing by itself")));
    items.extend(notice.and_then(|notice| still_true(notice, status)).into_iter().flat_map(|notice| texts("notice", notice)));
    items.push(Item::Separator);

    items.push(tasks::menu(status, moment));
    let lengths =
        PauseLength::ALL.map(|length| choice(&format!("pause/{}", length.word()), length.label(), Action::Pause(length)));
    items.push(submenu("pause", "Pause all", lengths.into()));
    let resume = match status.paused.map(|pause| pause.until) {
        None => "Resume all".to_owned(),
        Some(None) => "Resume all (paused)".to_owned(),
        Some(Some(until)) => format!("Resume all (paused until {})", moment.clock(until)),
    };
    items.push(tasks::line_of("resume".to_owned(), &resume, status.paused.map(|_| Action::Resume)));
    items.push(Item::Separator);

    items.push(web(&status.web));
    items.push(choice("folder", "Open PRestic folder", Action::OpenFolder));
    items.push(choice("reload", "Reload config", Action::Reload));
    items.extend(problems::menu(&status.config));
    items.push(Item::Separator);

    items.push(about(status));
    items.push(choice("quit", "Quit tray", Action::QuitTray));
    let runs = match status.runs.iter().filter(|run| run.pid().is_some()).count() {
        0 => String::new(),
        runs => format!(" (stops {})", words::counted_usize(runs, "run")),
    };
    items.push(choice("quit-both", &format!("Quit tray and daemon{runs}"), Action::QuitBoth));

    let icon = match overview.state {
        OverallState::Attention => IconState::Failed,
        OverallState::Paused => IconState::Paused,
        OverallState::Running => IconState::Busy,
        OverallState::Warnings => IconState::Warning,
        OverallState::NotYet | OverallState::Fine => IconState::Normal,
    };
    let tooltip = tooltip(&[Some(sentence), next].into_iter().flatten().collect::<Vec<_>>().join("\n"));
    MenuModel { icon, tooltip, items }
}

/// Adds when a pause of all tasks ends.
fn pause_end(sentence: &str, overview: &Overview, status: &Status, moment: &Moment) -> String {
    match status.paused.and_then(|pause| pause.until) {
        Some(until) if overview.state == OverallState::Paused => format!("{sentence} until {}", moment.clock(until)),
        _ => sentence.to_owned(),
    }
}

fn web(state: &WebState) -> Item {
    match state {
        WebState::Listening { .. } => choice("web", "Open web interface", Action::OpenWeb),
        WebState::Off => text("web", "Web interface: off"),
        WebState::Unavailable { address, reason } => text("web", &format!("No web interface at {address}: {reason}")),
    }
}

fn about(status: &Status) -> Item {
    let lines = [
        ("tray", own_version()),
        ("daemon", format!("prestic-daemon {}, process {}", status.version, status.pid)),
        ("home", format!("Home: {}", status.home.display())),
    ];
    submenu("about", "About", lines.iter().map(|(key, label)| text(&format!("about/{key}"), label)).collect())
}

fn own_version() -> String {
    format!("prestic-tray {}", env!("CARGO_PKG_VERSION"))
}

/// Returns how far off an instant is, and what the clock shows then: `in 2 h (15:00 UTC+01:00)`.
fn when(at: DateTime<Utc>, moment: &Moment) -> String {
    format!("{} ({})", until(at, moment), moment.clock(at))
}

/// Returns how far off an instant is. Texts are made once a minute: one that told seconds would be untrue a moment later.
fn until(at: DateTime<Utc>, moment: &Moment) -> String {
    if (TimeDelta::zero()..TimeDelta::minutes(1)).contains(&(at - moment.now)) {
        "within a minute".to_owned()
    } else {
        words::until(at, moment.now)
    }
}

/// Returns how long ago an instant was, without seconds.
fn ago(at: DateTime<Utc>, moment: &Moment) -> String {
    if moment.now - at < TimeDelta::minutes(1) { "just now".to_owned() } else { words::ago(at, moment.now) }
}

fn text(key: &str, label: &str) -> Item {
    Item::Line { key: key.to_owned(), label: line(label), action: None }
}

/// Makes as many lines as a sentence needs.
fn texts(key: &str, sentence: &str) -> Vec<Item> {
    wrapped(sentence).iter().enumerate().map(|(index, line)| text(&format!("{key}/{index}"), line)).collect()
}

fn choice(key: &str, label: &str, action: Action) -> Item {
    Item::Line { key: key.to_owned(), label: line(label), action: Some(action) }
}

fn submenu(key: &str, label: &str, items: Vec<Item>) -> Item {
    Item::Submenu { key: key.to_owned(), label: line(label), items }
}

//! Does what the user has chosen from the menu. Each is a task of its own, so that none keeps the others waiting.

use std::{path::Path, process::Child};

use prestic_proto::{
    client::{Answer, Client},
    daemon_program::{self, Started},
    error::{ApiError, CallError, ConnectError},
    home::Home,
    opener,
    run::RunId,
    service::{RunRequest, RunSelector},
    words,
};

use crate::{
    clock,
    model::{About, Action, Notice, problem_in_short},
    reason::{early_end, with_causes},
};

/// More errors than these do not fit a notification.
const ERRORS_TOLD: usize = 3;

/// What came of it.
#[derive(Debug)]
pub enum Performed {
    /// What the user wanted, and the menu shows it.
    Done,
    /// What the user wanted, and there is something to say.
    Said(Notice),
    /// Not what the user wanted.
    Refused {
        /// What did not work.
        what: String,
        /// Why.
        why: String,
        /// What the refusal is about.
        about: About,
    },
    /// A daemon was started, by us or by somebody who was faster.
    Started(Option<Child>),
    /// The daemon has ended as the user wanted, and the tray is to follow.
    AllEnded,
}

/// What an action may need.
#[derive(Debug, Clone)]
pub struct Means {
    /// The home.
    pub home: Home,
    /// The daemon, if it answers.
    pub client: Option<Client>,
    /// Whether the web interface listens.
    pub has_web: bool,
}

/// Does what was chosen.
pub async fn perform(action: Action, means: Means) -> Performed {
    let Means { home, client, has_web } = means;
    let what = described(&action);
    match (action, client) {
        (Action::OpenFolder, _) => open_file(&what, home.root()).await,
        (Action::StartDaemon, _) => start_daemon(&what, &home).await,
        (Action::ShowLog { log_file: Some(name), run }, client) if !has_web || run.is_none() || client.is_none() => {
            open_file(&what, &home.logs_dir().join(name)).await
        }
        (Action::QuitTray, _) => Performed::Done,
        (_, None) => refused(&what, "the daemon cannot be reached"),
        (Action::Run { task }, Some(client)) => done(&what, client.run(RunRequest { task, ..RunRequest::default() }).await),
        (Action::Stop { run }, Some(client)) => done(&what, client.stop(RunSelector::Run(run)).await),
        (Action::Pause(length), Some(client)) => done(&what, client.pause(None, length.until(&clock::moment())).await),
        (Action::Resume, Some(client)) => done(&what, client.resume(None).await),
        (Action::OpenWeb, Some(client)) => open_page(&what, &home, &client, None).await,
        (Action::ShowLog { run, .. }, Some(client)) => open_page(&what, &home, &client, run).await,
        (Action::Reload, Some(client)) => reload(&what, &client).await,
        (Action::QuitBoth, Some(client)) => quit_both(&what, &client).await,
    }
}

/// Returns what an action is, as it follows "cannot".
fn described(action: &Action) -> String {
    let words = match action {
        Action::Run { task } => return format!("run {task}"),
        Action::Stop { run } => return format!("stop run {run}"),
        Action::ShowLog { .. } => "show the log",
        Action::Pause(_) => "pause",
        Action::Resume => "resume",
        Action::OpenWeb => "open the web interface",
        Action::OpenFolder => "open the folder",
        Action::Reload => "load the configuration",
        Action::StartDaemon => "start the daemon",
        Action::QuitTray => "quit",
        Action::QuitBoth => "stop the daemon",
    };
    words.to_owned()
}

fn refused(what: &str, why: impl ToString) -> Performed {
    Performed::Refused { what: what.to_owned(), why: why.to_string(), about: About::Refusal }
}

fn unanswered(what: &str, error: CallError) -> Performed {
    refused(what, with_causes(&ConnectError::Call(error)))
}

fn done<T>(what: &str, answer: Answer<T>) -> Performed {
    match answer {
        Ok(Ok(_)) => Performed::Done,
        Ok(Err(error)) => refused(what, error),
        Err(error) => unanswered(what, error),
    }
}

async fn open_file(what: &str, path: &Path) -> Performed {
    match opener::open_file(path).await {
        Ok(()) => Performed::Done,
        Err(error) => refused(what, format!("{error}. It is {}", path.display())),
    }
}

/// Opens the page of a run, or the one with everything at a glance.
async fn open_page(what: &str, home: &Home, client: &Client, run: Option<RunId>) -> Performed {
    let code = match client.web_code().await {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => return refused(what, error),
        Err(error) => return unanswered(what, error),
    };
    let run = run.map(|run| format!("&run={run}")).unwrap_or_default();
    match opener::open_address(home, &format!("{}login?code={}{run}", code.url, code.code)).await {
        Ok(()) => Performed::Done,
        Err(error) => refused(what, format!("{error}. It is at {}", code.url)),
    }
}

async fn reload(what: &str, client: &Client) -> Performed {
    match client.reload().await {
        Ok(Ok(reloaded)) => {
            let tasks = words::counted_usize(reloaded.report.tasks, "task");
            let warnings = match reloaded.report.warnings.len() {
                0 => String::new(),
                number => format!(", {}", words::counted_usize(number, "warning")),
            };
            let text = format!("The configuration is live: {tasks}{warnings}");
            Performed::Said(Notice { text, about: About::GoodConfig })
        }
        Ok(Err(ApiError::BadConfig(errors))) => {
            let mut lines: Vec<String> = errors.iter().take(ERRORS_TOLD).map(problem_in_short).collect();
            if errors.len() > ERRORS_TOLD {
                lines.push(format!("and {} more", errors.len() - ERRORS_TOLD));
            }
            Performed::Refused { what: what.to_owned(), why: lines.join("\n"), about: About::BadConfig }
        }
        Ok(Err(error)) => refused(what, error),
        Err(error) => unanswered(what, error),
    }
}

async fn start_daemon(what: &str, home: &Home) -> Performed {
    let starting = home.clone();
    match tokio::task::spawn_blocking(move || daemon_program::start(&starting)).await {
        Ok(Ok(Started::Ready(child))) => Performed::Started(child),
        Ok(Ok(Started::Ended(status))) => match Client::connect(home).await {
            Ok(_) => Performed::Started(None),
            Err(ConnectError::NotRunning { .. }) => refused(what, early_end(status)),
            Err(error) => refused(what, with_causes(&error)),
        },
        Ok(Err(error)) => refused(what, with_causes(&error)),
        Err(error) => refused(what, error),
    }
}

async fn quit_both(what: &str, client: &Client) -> Performed {
    match client.shutdown().await {
        Ok(()) => {
            client.ended().await;
            Performed::AllEnded
        }
        Err(error) => unanswered(what, error),
    }
}

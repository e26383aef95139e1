//! The commands, against a daemon that follows a script.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use prestic_proto::{
    error::ApiError,
    run::{Run, RunId, RunState},
    service::RunSelector,
};

use super::*;
use crate::{
    scripted::Scripted,
    tests::{run_in, succeeded},
};

/// Keeps what is written into it.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn output(is_json: bool) -> (Output, Page) {
    let data = Page::default();
    (Output::to(Box::new(data.clone()), Box::new(io::sink()), is_json), data)
}

#[tokio::test]
async fn a_number_is_a_run_unless_a_task_is_called_so() {
    let (daemon, _script) = Scripted::new(&["home-backup", "7"], vec![run_in(succeeded())]);
    let client = daemon.client().await;
    let resolve = async |word| selector::resolve(&client, word).await.unwrap();
    assert_eq!(resolve("12").await, RunSelector::Run(RunId(12)));
    assert_eq!(resolve("7").await, RunSelector::Task("7".to_owned()));
    assert_eq!(resolve("home-backup").await, RunSelector::Task("home-backup".to_owned()));
}

#[tokio::test]
async fn a_log_is_printed_to_its_end() {
    let (mut daemon, _script) = Scripted::new(&["home-backup"], vec![run_in(succeeded())]);
    daemon.log = "scanned\nsaved\n";
    let (mut output, data) = output(false);
    let exit = log::log(&daemon.client().await, None, log::Extent::ToTheEndOfTheRun, &mut output).await.unwrap();
    assert_eq!((exit, data.text().as_str()), (Exit::OK, "scanned\nsaved\n"));
    assert_eq!(*daemon.calls.lock().unwrap(), ["history 100 None", "log 12 0", "log 12 4", "log 12 8", "log 12 12"]);
}

#[tokio::test]
async fn the_newest_run_may_still_be_active() {
    let active = Run { id: RunId(13), ..run_in(RunState::Running { pid: 7 }) };
    let (daemon, _script) = Scripted::new(&["home-backup"], vec![run_in(succeeded()), active]);
    assert_eq!(selector::newest(&daemon.client().await).await.unwrap().id, RunId(13));
}

#[tokio::test]
async fn without_any_run_there_is_no_newest() {
    let (daemon, _script) = Scripted::new(&["home-backup"], Vec::new());
    let error = selector::newest(&daemon.client().await).await.unwrap_err();
    assert_eq!(Exit::of_error(&error), Exit::REFUSED);
}

#[tokio::test]
async fn listings_are_json_when_asked() {
    let (daemon, _script) = Scripted::new(&["home-backup"], vec![run_in(succeeded())]);
    let client = daemon.client().await;
    let (mut output, data) = output(true);
    history::history(&client, RunQuery { limit: 20, ..RunQuery::default() }, &mut output).await.unwrap();
    assert_eq!(serde_json::from_str::<Vec<Run>>(&data.text()).unwrap(), [run_in(succeeded())]);
}

/// Checks which of five past runs are listed, and how the daemon is asked for them.
async fn check_history(query: RunQuery, expected: &[u64], calls: &[&str]) {
    let past = (1..=5).rev().map(|id| Run { id: RunId(id), ..run_in(succeeded()) }).collect();
    let (daemon, _script) = Scripted::new(&["home-backup"], past);
    let (mut output, data) = output(true);
    history::history(&daemon.client().await, query, &mut output).await.unwrap();
    let listed: Vec<Run> = serde_json::from_str(&data.text()).unwrap();
    assert_eq!(listed.iter().map(|run| run.id.0).collect::<Vec<_>>(), expected);
    assert_eq!(*daemon.calls.lock().unwrap(), calls);
}

#[tokio::test]
async fn history_goes_on_until_there_are_as_many_runs_as_are_wanted() {
    let query = RunQuery { limit: 3, ..RunQuery::default() };
    check_history(query.clone(), &[5, 4, 3], &["history 3 None", "history 1 Some(4)"]).await;
    let calls = ["history 20 None", "history 18 Some(4)", "history 16 Some(2)"];
    check_history(RunQuery { limit: 20, ..query }, &[5, 4, 3, 2, 1], &calls).await;
}

#[tokio::test]
async fn history_can_begin_before_a_run() {
    let query = RunQuery { limit: 20, before: Some(RunId(3)), ..RunQuery::default() };
    check_history(query, &[2, 1], &["history 20 Some(3)"]).await;
}

#[tokio::test]
async fn an_idle_task_is_listed_in_plain_text() {
    let (daemon, _script) = Scripted::new(&["home-backup"], Vec::new());
    let (mut output, data) = output(false);
    status::status(&daemon.client().await, &mut output).await.unwrap();
    assert_eq!(data.text(), "TASK         STATE  LAST RUN  NEXT RUN\nhome-backup  idle   never     not scheduled\n");
}

#[tokio::test]
async fn a_run_that_is_under_way_is_not_started_again() {
    let (daemon, _script) = Scripted::new(&["home-backup"], vec![run_in(RunState::Running { pid: 7 })]);
    let mut session = Session::of(daemon.client().await, Home::at("nowhere"));
    let options = crate::cli::RunOptions {
        task: Some("home-backup".to_owned()),
        all: false,
        detach: true,
        quiet: false,
        queue: false,
        args: vec!["--tag=x".to_owned()],
    };
    let (mut output, _data) = output(false);
    let error = run::run(&mut session, options, &mut output).await.unwrap_err();
    assert!(matches!(&error, CtlError::Api(ApiError::AlreadyActive { run: RunId(12), .. })));
    assert_eq!(Exit::of_error(&error), Exit::REFUSED);
    assert_eq!(*daemon.calls.lock().unwrap(), ["run home-backup --tag=x"]);
}

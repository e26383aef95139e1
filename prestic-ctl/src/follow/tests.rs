//! Following, against a daemon that follows a script.

use std::{cell::RefCell, io, rc::Rc};

use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName, traits::tokio::Listener};
use prestic_proto::{
    endpoint,
    home::Home,
    outcome::Outcome,
    progress::Progress,
    run::{RunId, RunState, Turn},
    transport,
};
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::{
    scripted::{self, Script, Scripted},
    tests::{ended, run_in, succeeded},
};

/// Notes what it is shown, and tells the test of each notice.
struct Noted {
    lines: Rc<RefCell<Vec<String>>>,
    notices: mpsc::Sender<String>,
}

impl View for Noted {
    fn moved(&mut self, run: &Run) -> io::Result<()> {
        let state = serde_json::to_value(&run.state)?;
        self.lines.borrow_mut().push(state["state"].as_str().unwrap_or_default().to_owned());
        Ok(())
    }

    fn progressed(&mut self, run: &Run) -> io::Result<()> {
        let files = run.progress.as_ref().map_or(0, |progress| progress.files_done);
        self.lines.borrow_mut().push(format!("{files} files"));
        Ok(())
    }

    fn notice(&mut self, text: &str) {
        self.notices.try_send(text.to_owned()).unwrap();
    }

    fn close(&mut self) {
        self.lines.borrow_mut().push("closed".to_owned());
    }
}

struct Stage {
    session: Session,
    interrupts: Interrupts,
    ctrl_c: mpsc::Sender<()>,
    view: Noted,
    lines: Rc<RefCell<Vec<String>>>,
    notices: mpsc::Receiver<String>,
}

fn stage(client: prestic_proto::client::Client, home: Home) -> Stage {
    let (ctrl_c, interrupts) = mpsc::channel(4);
    let (notice_sender, notices) = mpsc::channel(16);
    let lines = Rc::new(RefCell::new(Vec::new()));
    Stage {
        session: Session::of(client, home),
        interrupts: Interrupts::from_test(interrupts),
        ctrl_c,
        view: Noted { lines: Rc::clone(&lines), notices: notice_sender },
        lines,
        notices,
    }
}

async fn scripted_stage(state: RunState) -> (Scripted, Script, Stage) {
    let (daemon, script) = Scripted::new(&["home-backup"], vec![run_in(state)]);
    let client = daemon.client().await;
    (daemon, script, stage(client, Home::at("nowhere")))
}

impl Stage {
    async fn follow(&mut self) -> Result<Ending, CtlError> {
        follow(&mut self.session, &[RunId(12)], &mut self.interrupts, &mut self.view).await
    }
}

fn running() -> RunState {
    RunState::Running { pid: 7 }
}

#[tokio::test]
async fn a_run_is_followed_to_its_end() {
    let (_daemon, script, mut stage) = scripted_stage(RunState::Queued(Turn::default())).await;
    script.run(run_in(running())).await;
    script.progress(RunId(12), Progress { files_done: 5, ..Progress::default() }).await;
    script.run(run_in(succeeded())).await;
    assert_eq!(stage.follow().await.unwrap(), Ending::Over(vec![run_in(succeeded())]));
    assert_eq!(*stage.lines.borrow(), ["queued", "running", "5 files", "finished", "closed"]);
}

#[tokio::test]
async fn a_run_that_is_over_already_is_shown_once() {
    let (_daemon, _script, mut stage) = scripted_stage(succeeded()).await;
    assert_eq!(stage.follow().await.unwrap(), Ending::Over(vec![run_in(succeeded())]));
    assert_eq!(*stage.lines.borrow(), ["finished", "closed"]);
}

#[tokio::test]
async fn a_client_that_fell_behind_asks_for_the_status() {
    let (daemon, script, mut stage) = scripted_stage(running()).await;
    let end = async {
        script.run(run_in(RunState::Stopping { pid: 7 })).await;
        script.taken().await;
        *daemon.runs.lock().unwrap() = vec![run_in(succeeded())];
        script.watched(Watched::Resync).await;
    };
    let (ending, ()) = tokio::join!(stage.follow(), end);
    assert_eq!(ending.unwrap(), Ending::Over(vec![run_in(succeeded())]));
    assert_eq!(*stage.lines.borrow(), ["running", "stopping", "finished", "closed"]);
}

#[tokio::test]
async fn the_first_ctrl_c_stops_the_run_and_it_is_followed_on() {
    let (daemon, script, mut stage) = scripted_stage(running()).await;
    stage.ctrl_c.send(()).await.unwrap();
    let mut notices = std::mem::replace(&mut stage.notices, mpsc::channel(1).1);
    let stopped = run_in(ended(Outcome::Stopped, Some(130)));
    let end = async {
        notices.recv().await.unwrap();
        script.run(stopped.clone()).await;
    };
    let (ending, ()) = tokio::join!(stage.follow(), end);
    assert_eq!(ending.unwrap(), Ending::Over(vec![stopped]));
    assert_eq!(*daemon.calls.lock().unwrap(), ["stop 12"]);
}

#[tokio::test]
async fn the_second_ctrl_c_leaves_the_run() {
    let (daemon, _script, mut stage) = scripted_stage(running()).await;
    stage.ctrl_c.send(()).await.unwrap();
    stage.ctrl_c.send(()).await.unwrap();
    assert_eq!(stage.follow().await.unwrap(), Ending::Detached);
    assert_eq!(*daemon.calls.lock().unwrap(), ["stop 12"]);
}

#[tokio::test]
async fn a_run_that_the_daemon_forgot_is_an_error() {
    let (daemon, _script, mut stage) = scripted_stage(running()).await;
    daemon.runs.lock().unwrap().clear();
    assert!(matches!(stage.follow().await, Err(CtlError::Forgotten(RunId(12)))));
}

/// Accepts one connection at the home's socket and serves it until the sender is used.
fn listen(home: &Home, daemon: Scripted) -> oneshot::Sender<()> {
    let socket = endpoint::daemon_socket(home);
    std::fs::create_dir_all(endpoint::socket_dir(home)).unwrap();
    let name = socket.to_fs_name::<GenericFilePath>().unwrap();
    let listener = ListenerOptions::new().name(name).create_tokio().unwrap();
    let (end, ended) = oneshot::channel();
    tokio::spawn(async move {
        let connection = transport::wrap(listener.accept().await.unwrap());
        scripted::serve(daemon, connection, ended).await;
    });
    end
}

#[tokio::test]
async fn a_run_is_followed_over_a_restart_of_the_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let (first, first_script) = Scripted::new(&["home-backup"], vec![run_in(running())]);
    let (second, second_script) = Scripted::new(&["home-backup"], vec![run_in(running())]);
    let crash = listen(&home, first);
    let client = prestic_proto::client::Client::connect(&home).await.unwrap();
    let mut stage = stage(client, home.clone());
    let mut notices = std::mem::replace(&mut stage.notices, mpsc::channel(1).1);
    let restart = async {
        first_script.run(run_in(running())).await;
        crash.send(()).unwrap();
        assert!(notices.recv().await.unwrap().contains("went away"));
        let _serving = listen(&home, second);
        assert_eq!(notices.recv().await.unwrap(), "the daemon is back");
        second_script.run(run_in(succeeded())).await;
        assert_eq!(notices.recv().await, None);
    };
    let follow = async {
        let ending = stage.follow().await;
        drop(stage);
        ending
    };
    let (ending, ()) = tokio::join!(follow, restart);
    assert_eq!(ending.unwrap(), Ending::Over(vec![run_in(succeeded())]));
}

//! The teller, with a core and a service manager that are the test's own.

use std::{os::unix::net::UnixDatagram, time::Duration};

use tempfile::TempDir;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::*;
use crate::core::{command::Input, glance::Glance};

/// Short, so that a test sees many; a ping comes twice as often.
const WATCHDOG: Duration = Duration::from_millis(100);

struct Rig {
    socket: tokio::net::UnixDatagram,
    inbox: mpsc::Receiver<Input>,
    ticks: watch::Sender<u64>,
    phase: watch::Sender<Phase>,
    told: JoinHandle<()>,
    _folder: TempDir,
}

impl Rig {
    fn new(watchdog: Option<Duration>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (inbox_sender, inbox) = mpsc::channel(1);
        let (ticks, tick_receiver) = watch::channel(0);
        let (phase, phase_receiver) = watch::channel(Phase::default());
        let manager = ServiceManager(system::ServiceManager::at(&path, watchdog));
        let told = tokio::spawn(manager.follow(CoreHandle::new(inbox_sender, tick_receiver), phase_receiver));
        let socket = tokio::net::UnixDatagram::from_std(socket).unwrap();
        Self { socket, inbox, ticks, phase, told, _folder: folder }
    }

    async fn hear(&self) -> String {
        let mut message = [0; 1024];
        let length = self.socket.recv(&mut message).await.unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    /// Answers the next question as a core with so many tasks.
    async fn answer(&mut self, tasks: usize) {
        let Some(Input::Command(Command::Glance(reply))) = self.inbox.recv().await else { panic!("it asks for nothing else") };
        reply.send(Glance { tasks, ..Glance::default() }).unwrap();
    }

    /// Hears what is said first by a daemon with so many tasks.
    async fn begin(&mut self, tasks: usize, expected: &str) {
        assert_eq!(self.hear().await, "READY=1");
        self.answer(tasks).await;
        assert_eq!(self.hear().await, expected);
    }
}

#[tokio::test]
async fn core_that_answers_is_alive_and_one_that_hangs_is_not() {
    let mut rig = Rig::new(Some(WATCHDOG));
    rig.begin(4, "STATUS=4 tasks").await;
    for _ in 0..3 {
        rig.answer(4).await;
        assert_eq!(rig.hear().await, "WATCHDOG=1");
    }
    // The next question is asked and never answered.
    let Some(question) = rig.inbox.recv().await else { panic!("it asks on") };
    let silence = tokio::time::timeout(5 * WATCHDOG, rig.hear()).await;
    assert!(silence.is_err(), "{silence:?}");
    drop(question);
}

#[tokio::test]
async fn sentence_is_told_when_it_changes_only() {
    let mut rig = Rig::new(None);
    rig.begin(1, "STATUS=1 task").await;
    for tasks in [1, 2] {
        rig.ticks.send_modify(|tick| *tick += 1);
        rig.answer(tasks).await;
    }
    assert_eq!(rig.hear().await, "STATUS=2 tasks");
}

#[tokio::test]
async fn without_a_watchdog_nothing_is_asked_while_nothing_happens() {
    let mut rig = Rig::new(None);
    rig.begin(1, "STATUS=1 task").await;
    let question = tokio::time::timeout(STATUS_REST + 5 * WATCHDOG, rig.inbox.recv()).await;
    assert!(question.is_err(), "{question:?}");
}

#[tokio::test]
async fn reload_is_told_when_it_begins_and_when_it_ends() {
    let mut rig = Rig::new(None);
    rig.begin(1, "STATUS=1 task").await;
    let before = clock::monotonic().as_micros();
    rig.phase.send_modify(|phase| (phase.reloads, phase.is_reloading) = (1, true));
    let reloading = rig.hear().await;
    let at = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap_or_else(|| panic!("{reloading}"));
    let now = clock::monotonic().as_micros();
    assert!((before..=now).contains(&at.parse().unwrap()), "{before} {at} {now}");
    rig.phase.send_modify(|phase| phase.is_reloading = false);
    assert_eq!(rig.hear().await, "READY=1");
}

#[tokio::test]
async fn reload_that_is_over_already_is_told_too() {
    let mut rig = Rig::new(None);
    rig.begin(1, "STATUS=1 task").await;
    rig.phase.send_modify(|phase| phase.reloads = 1);
    assert!(rig.hear().await.starts_with("RELOADING=1\n"));
    assert_eq!(rig.hear().await, "READY=1");
}

#[tokio::test]
async fn end_comes_with_the_time_that_it_may_take_and_nothing_says_ready_after_it() {
    let mut rig = Rig::new(None);
    rig.begin(1, "STATUS=1 task").await;
    rig.phase.send_modify(|phase| phase.ends_within = Some(Duration::from_secs(195)));
    assert_eq!(rig.hear().await, "STOPPING=1\nEXTEND_TIMEOUT_USEC=195000000\nSTATUS=stopping");
    drop((rig.phase, rig.ticks, rig.inbox));
    rig.told.await.unwrap();
    assert_eq!(rig.socket.try_recv(&mut [0; 64]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

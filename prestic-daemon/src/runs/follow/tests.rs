//! Runs that are followed, with a socket and a lock in the supervisor's place.

use std::{
    fs::File,
    io::Read as _,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
};

use chrono::DateTime;
use interprocess::local_socket::{
    GenericFilePath, ListenerOptions, ToFsName,
    tokio::{Listener, Stream},
    traits::tokio::Listener as _,
};
use prestic_proto::{
    home::Home,
    progress::Progress,
    run::{Finished, Trigger},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    sync::{mpsc, watch},
    task,
};

use super::*;
use crate::{
    core::{CoreHandle, command::Input},
    keyring::Keyring,
};

const RUN: RunId = RunId(1);

/// A home with the record of one run, and a driver for it that has not begun.
struct Rig {
    _folder: tempfile::TempDir,
    home: Home,
    records: RecordFolder,
    news: mpsc::Receiver<Input>,
    orders: mpsc::Sender<Order>,
    driver: Option<Driver>,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let records = RecordFolder::open(home.runs_dir()).unwrap();
        let (sender, news) = mpsc::channel(16);
        let (orders, order_receiver) = mpsc::channel(4);
        let driver = Driver {
            run: RUN,
            profile: None,
            core: CoreHandle::new(sender, watch::channel(0).1),
            home: home.clone(),
            records: records.clone(),
            versions: Arc::default(),
            keyring: Keyring::default(),
            orders: order_receiver,
        };
        let rig = Self { _folder: folder, home, records, news, orders, driver: Some(driver) };
        rig.write(Stage::Planned);
        rig
    }

    fn write(&self, stage: Stage) {
        let record = Record {
            run: RUN,
            task: "home".to_owned(),
            repositories: Vec::new(),
            missed: 0,
            attempt: 0,
            restics: Vec::new(),
            trigger: Trigger::Manual,
            due_at: None,
            created_at: DateTime::UNIX_EPOCH,
            stage,
        };
        self.records.write(&record).unwrap();
    }

    fn write_running(&self, restic: ProcessId) {
        self.write(Stage::Running { started_at: DateTime::UNIX_EPOCH, restic, log_file: None });
    }

    fn write_finished(&self, exit_code: Option<i32>, outcome: Outcome) {
        let finished = Finished { at: DateTime::UNIX_EPOCH, duration_ms: 1, exit_code, outcome };
        let (started_at, log_file) = (None, None);
        self.write(Stage::Finished { started_at, log_file, finished, summary: None, last_lines: Vec::new() });
    }

    fn lock(&self) -> File {
        self.records.lock(RUN).unwrap()
    }

    fn listen(&self) -> Listener {
        let path = endpoint::run_socket(&self.home, RUN);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        ListenerOptions::new().name(path.to_fs_name::<GenericFilePath>().unwrap()).create_tokio().unwrap()
    }

    fn adopt(&mut self) {
        tokio::spawn(self.driver.take().unwrap().adopt());
    }

    async fn hear(&mut self) -> RunNews {
        let Some(Input::Run(RUN, news)) = self.news.recv().await else { panic!("the driver told nothing") };
        news
    }

    async fn hear_end(&mut self) -> Finished {
        loop {
            if let RunNews::Ended(record) = self.hear().await {
                assert_eq!(self.records.read(RUN).unwrap(), *record);
                let Stage::Finished { finished, .. } = record.stage else { panic!("{:?}", record.stage) };
                return finished;
            }
        }
    }
}

fn process() -> (Child, ProcessId) {
    let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let process = process::identify(child.id()).unwrap();
    (child, process)
}

async fn end_of(mut child: Child) -> ExitStatus {
    // To wait for a child closes its input, which these would end at.
    let _input = child.stdin.take();
    task::spawn_blocking(move || child.wait().unwrap()).await.unwrap()
}

async fn report(stream: &Stream, report: Report) {
    let mut line = serde_json::to_vec(&report).unwrap();
    line.push(b'\n');
    (&mut &*stream).write_all(&line).await.unwrap();
}

fn progress(files_done: u64) -> Progress {
    Progress { files_done, ..Progress::default() }
}

#[tokio::test]
async fn feed_that_breaks_is_connected_again() {
    let mut rig = Rig::new();
    let (socket, lock) = (rig.listen(), rig.lock());
    rig.adopt();
    drop(socket.accept().await.unwrap());
    let feed = socket.accept().await.unwrap();
    (&mut &feed).write_all(b"nonsense\n").await.unwrap();
    let feed = socket.accept().await.unwrap();
    report(&feed, Report::Progress(progress(3))).await;
    assert_eq!(rig.hear().await, RunNews::Progress(progress(3)));
    rig.write_finished(Some(0), Outcome::Succeeded);
    report(&feed, Report::Finished).await;
    drop(lock);
    assert_eq!(rig.hear_end().await.outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn run_whose_feed_answers_is_not_lost_though_its_lock_is_free() {
    let mut rig = Rig::new();
    let socket = rig.listen();
    rig.adopt();
    let feed = socket.accept().await.unwrap();
    report(&feed, Report::Progress(progress(1))).await;
    assert_eq!(rig.hear().await, RunNews::Progress(progress(1)));
    rig.write_finished(Some(0), Outcome::Succeeded);
    drop((feed, socket));
    assert_eq!(rig.hear_end().await.outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn run_that_nobody_leads_is_interrupted() {
    let mut rig = Rig::new();
    rig.adopt();
    assert_eq!(rig.hear_end().await.outcome, Outcome::Interrupted);
}

#[tokio::test]
async fn order_waits_for_a_supervisor_that_does_not_listen_yet() {
    let mut rig = Rig::new();
    let _lock = rig.lock();
    rig.orders.send(Order::Stop { grace_ms: 7, by: StopCause::Shutdown }).await.unwrap();
    rig.adopt();
    // The driver has taken the order, and found nobody to give it to.
    rig.orders.reserve_many(4).await.unwrap();
    let feed = rig.listen().accept().await.unwrap();
    let mut line = String::new();
    BufReader::new(&feed).read_line(&mut line).await.unwrap();
    assert_eq!(line, "{\"stop\":{\"grace_ms\":7,\"by\":\"shutdown\"}}\n");
}

/// Stops a run whose supervisor lives but cannot be reached, and lets the supervisor tell of restic's end as it sees it.
async fn stop_unreachable(by: StopCause, exit_code: Option<i32>, seen: Outcome) -> Outcome {
    let mut rig = Rig::new();
    let lock = rig.lock();
    let (restic, process) = process();
    rig.write_running(process.clone());
    rig.adopt();
    rig.orders.send(Order::Stop { grace_ms: 60_000, by }).await.unwrap();
    let status = end_of(restic).await;
    assert_eq!(status.signal(), Some(2));
    assert!(matches!(rig.hear().await, RunNews::Started { pid, log_file: None, .. } if pid == process.pid));
    assert_eq!(rig.hear().await, RunNews::Stopping);
    rig.write_finished(exit_code, seen);
    drop(lock);
    rig.hear_end().await.outcome
}

#[tokio::test]
async fn supervisor_that_cannot_be_reached_does_not_keep_restic_from_being_stopped() {
    use StopCause::{Shutdown, User};
    assert_eq!(stop_unreachable(User, None, Outcome::Killed(2)).await, Outcome::Stopped);
    assert_eq!(stop_unreachable(Shutdown, Some(130), Outcome::Killed(2)).await, Outcome::Interrupted);
    assert_eq!(stop_unreachable(User, Some(0), Outcome::Succeeded).await, Outcome::Succeeded);
}

#[tokio::test]
async fn restic_that_ignores_the_interrupt_of_the_daemon_is_killed_after_the_grace() {
    let mut rig = Rig::new();
    let _lock = rig.lock();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' INT; echo ready; read -r line"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut restic = shell.spawn().unwrap();
    // It says that the trap is set.
    restic.stdout.take().unwrap().read_exact(&mut [0; 6]).unwrap();
    rig.write_running(process::identify(restic.id()).unwrap());
    rig.adopt();
    for grace_ms in [60_000, 10] {
        rig.orders.send(Order::Stop { grace_ms, by: StopCause::User }).await.unwrap();
    }
    let status = end_of(restic).await;
    assert_eq!(status.signal(), Some(9));
}

#[test]
fn of_two_orders_the_first_cause_and_the_shorter_grace_count() {
    let order = |grace_ms, by| Order::Stop { grace_ms, by };
    let merged = merge(Some(order(9, StopCause::Shutdown)), order(5, StopCause::User));
    assert_eq!(merged, order(5, StopCause::Shutdown));
    assert_eq!(merge(Some(order(5, StopCause::User)), order(9, StopCause::User)), order(5, StopCause::User));
}

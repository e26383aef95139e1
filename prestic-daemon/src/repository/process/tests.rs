//! What becomes of a restic that reads, shown with shells in its place.

use std::time::Duration;

use super::*;
use crate::process as system;

fn repository() -> RepositoryId {
    serde_json::from_value("a".into()).unwrap()
}

async fn start(processes: &Processes, script: &str) -> Running {
    let words = ["sh", "-c", script].map(OsString::from).to_vec();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let environment = [("PATH".into(), path)];
    let order = Order { words, environment: &environment, password: None, repository: &repository(), kind: Kind::Short };
    processes.start(order).await.unwrap()
}

/// Reads a whole line, such as the number of a process.
async fn line(running: &mut Running) -> String {
    let mut text = String::new();
    while !text.ends_with('\n') {
        text.push_str(str::from_utf8(&running.next().await.unwrap()).unwrap());
    }
    text.trim().to_owned()
}

/// Waits until a process has gone. Its owner is a task of this test's runtime.
async fn wait_until_gone(pid: &str) {
    let id = system::identify(pid.parse().unwrap());
    let Ok(id) = id else { return };
    let waited = tokio::task::spawn_blocking(move || system::wait_for_end(&id, Some(Duration::from_secs(60))));
    assert!(waited.await.unwrap().unwrap(), "it is still there");
}

#[tokio::test]
async fn output_comes_whole_and_the_end_with_the_last_lines() {
    let processes = Processes::default();
    let mut running = start(&processes, "head -c 3000000 /dev/zero; echo one >&2; echo two >&2; exit 3").await;
    let mut length = 0;
    while let Some(piece) = running.next().await {
        assert!(!piece.is_empty() && piece.len() <= MAX_PIECE);
        length += piece.len();
    }
    let ended = running.end().await;
    assert_eq!((length, ended.status.unwrap().code()), (3_000_000, Some(3)));
    assert_eq!(ended.last_lines, ["one", "two"]);
}

#[tokio::test]
async fn errors_are_kept_up_to_a_limit_and_without_what_moves_the_cursor() {
    let processes = Processes::default();
    let script = r"i=0; while [ $i -lt 100 ]; do echo line $i >&2; i=$((i+1)); done; printf '\033[2K\rsignal\033[0m\n' >&2";
    let ended = start(&processes, script).await.end().await;
    assert_eq!((ended.last_lines.len(), ended.last_lines.first().map(String::as_str)), (KEPT_LINES, Some("line 61")));
    assert_eq!(ended.last_lines.last().map(String::as_str), Some("signal"));
}

#[tokio::test]
async fn one_that_nobody_listens_to_is_interrupted_and_what_it_still_writes_is_read() {
    let processes = Processes::default();
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("ended-well");
    let script = format!(
        "trap 'head -c 5000000 /dev/zero && : >\"{}\"; exit 0' INT; echo $$; while :; do sleep 0.01; done",
        mark.display()
    );
    let mut running = start(&processes, &script).await;
    let pid = line(&mut running).await;
    drop(running);
    wait_until_gone(&pid).await;
    assert!(mark.exists(), "its last words were not read");
}

#[tokio::test]
async fn one_that_does_not_heed_the_interrupt_is_killed() {
    let processes = Processes::default();
    let mut running = start(&processes, "trap '' INT; echo $$; while :; do sleep 0.01; done").await;
    let pid = line(&mut running).await;
    drop(running);
    wait_until_gone(&pid).await;
}

#[tokio::test]
async fn place_is_free_when_the_process_has_gone() {
    let processes = Processes::default();
    let first = start(&processes, "cat /dev/zero").await;
    let second = start(&processes, "cat /dev/zero").await;
    assert_eq!(processes.running(), 2);
    drop(first);
    let third = start(&processes, "true").await;
    assert!(third.end().await.status.unwrap().success());
    drop(second);
    processes.shut_down().await;
    assert_eq!(processes.running(), 0);
}

#[tokio::test]
async fn nothing_starts_when_the_daemon_goes() {
    let processes = Processes::default();
    let mut running = start(&processes, "echo $$; exec sleep 1000").await;
    let pid = line(&mut running).await;
    processes.shut_down().await;
    wait_until_gone(&pid).await;
    let order =
        Order { words: vec!["true".into()], environment: &[], password: None, repository: &repository(), kind: Kind::Short };
    assert!(matches!(processes.start(order).await, Err(NotStarted::ShuttingDown)));
}

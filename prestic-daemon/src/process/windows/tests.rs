//! What a child is given, and how it ends.

use std::{io::Read, process::Child};

use super::*;
use crate::process::ProcessId;

/// Starts a child that lives until its standard input ends.
fn reader() -> (Child, ProcessId) {
    let child = Command::new("cmd").arg("/Q").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let process = identify(child.id()).unwrap();
    (child, process)
}

#[test]
fn killed_process_is_told_from_one_that_ended_by_itself() {
    let (mut child, process) = reader();
    assert!(is_alive(&process));
    assert!(!wait_for_end(&process, Some(std::time::Duration::from_millis(1))).unwrap());
    kill(&process).unwrap();
    assert_eq!(ending_signal(child.wait().unwrap()), Some(SIGKILL));
    assert!(wait_for_end(&process, None).unwrap());
    assert!(!is_alive(&process));
    kill(&process).unwrap();

    let (mut child, process) = reader();
    drop(child.stdin.take());
    assert!(wait_for_end(&process, None).unwrap());
    assert_eq!(ending_signal(child.wait().unwrap()), None);
}

#[test]
fn child_has_two_pipes_and_the_warnings_say_what_it_has_not() {
    let mut command = Command::new("cmd");
    command.raw_arg("/C echo said& echo complained>&2");
    let mut started = start(command, Some(CpuPriority::Idle), Some(IoPriority::Low)).unwrap();
    let (mut said, mut complained) = (String::new(), String::new());
    started.output.read_to_string(&mut said).unwrap();
    started.errors.read_to_string(&mut complained).unwrap();
    assert_eq!((said.trim_end(), complained.trim_end()), ("said", "complained"));
    assert!(started.child.wait().unwrap().success());
    assert!(started.warnings[0].contains("I/O priority"), "{:?}", started.warnings);
}

#[test]
fn machine_has_a_name() {
    assert!(!hostname().is_empty());
}

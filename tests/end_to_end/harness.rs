//! The harness itself: a test that rests on a broken double would prove nothing.

use std::process::{Child, Command, Stdio};

use prestic_tests::{
    LIMIT,
    fake::{FakeScript, Gate, SCRIPT_VARIABLE, Step, Wire},
    files, processes, programs,
    restic::each_restic,
};
use rustix::process::Signal;
use tempfile::tempdir;

fn spawn_double(script: &FakeScript) -> Child {
    let script = serde_json::to_string(script).unwrap();
    let mut command = Command::new(programs::fake_restic());
    command.args(["backup", "/nowhere"]).env(SCRIPT_VARIABLE, script).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn double_waits_at_its_gate_and_ends_with_its_exit_code() {
    let folder = tempdir().unwrap();
    let gate = Gate::new(folder.path().join("gate"));
    let mut wire = Wire::new(folder.path().join("wire"));
    let steps = [Step::Out("before\n".into()), gate.wait(), Step::Out("after\n".into())];
    let script = FakeScript { tell: Some(wire.path().to_owned()), exit_code: 7, ..FakeScript::of(steps) };
    let double = spawn_double(&script);
    assert_eq!(wire.hear_start(), double.id());
    gate.open();
    let output = double.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(output.stdout, b"before\nafter\n");
}

#[test]
fn double_tells_of_interrupts_and_may_ignore_them() {
    let folder = tempdir().unwrap();
    let gate = Gate::new(folder.path().join("gate"));
    for (ignores_interrupt, exit_code) in [(false, 130), (true, 0)] {
        let mut wire = Wire::new(folder.path().join(format!("wire-{exit_code}")));
        let script = FakeScript { tell: Some(wire.path().to_owned()), ignores_interrupt, ..FakeScript::of([gate.wait()]) };
        let mut double = spawn_double(&script);
        processes::send(wire.hear_start(), Signal::INT);
        assert_eq!(wire.hear(), "interrupted");
        if ignores_interrupt {
            gate.open();
        }
        assert_eq!(double.wait().unwrap().code(), Some(exit_code));
    }
}

#[test]
fn double_writes_as_much_as_it_is_told_in_lines_of_that_length() {
    for (bytes, line) in [(200_000, 100), (200_000, 70_000), (150_000, 1_000_000), (10, 1)] {
        let output = spawn_double(&FakeScript::of([Step::Flood { bytes, line }])).wait_with_output().unwrap();
        assert_eq!(output.stdout.len(), usize::try_from(bytes).unwrap());
        let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(lines, usize::try_from(bytes / line).unwrap(), "{bytes} in lines of {line}");
    }
}

#[test]
fn double_leaves_a_child_that_holds_its_pipe() {
    let folder = tempdir().unwrap();
    let gate = Gate::new(folder.path().join("gate"));
    let double = spawn_double(&FakeScript::of([gate.hold_pipe()]));
    assert!(processes::wait_for_exit(double.id(), LIMIT));
    gate.open();
    // Reading to the end of the pipe ends because the child has gone too.
    assert!(double.wait_with_output().unwrap().status.success());
}

#[test]
fn every_restic_backs_up_and_leaves_no_lock() {
    each_restic(|restic| {
        let folder = tempdir().unwrap();
        let repository = restic.init(folder.path().join("repository"));
        let version = repository.succeed(&["version"]).stdout;
        assert!(String::from_utf8(version).unwrap().starts_with(&format!("restic {} ", restic.version)));
        let source = folder.path().join("source");
        files::tree(&source);
        repository.succeed(&["backup", &source.display().to_string()]);
        repository.check(1);
    });
}

#[test]
fn double_can_do_something_else_the_first_time() {
    let folder = tempdir().unwrap();
    let failing = FakeScript { exit_code: 1, ..FakeScript::of([Step::Err("Fatal: no\n".into())]) };
    let script = FakeScript::of([]).after(folder.path().join("mark"), failing);
    let codes = [1, 2].map(|_| spawn_double(&script).wait().unwrap().code());
    assert_eq!(codes, [Some(1), Some(0)]);
}

//! Asks PRestic: many schedules in one process, as `prestic-ctl explain --batch`.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use prestic_tests::programs;
use serde_json::{Value, json};

/// A question: which times does a schedule have after an instant?
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) schedule: String,
    pub(crate) zone: Tz,
    pub(crate) from: DateTime<Utc>,
    pub(crate) count: usize,
}

/// Returns the answer to each question, in order.
pub(crate) fn ask(questions: &[Question]) -> Vec<Value> {
    let lines: Vec<String> = questions.iter().map(|question| question.as_json().to_string()).collect();
    ask_lines(&lines)
}

/// Returns the times that answer each question. The test fails where there is an error instead.
#[track_caller]
pub(crate) fn ask_times(questions: &[Question]) -> Vec<Vec<DateTime<Utc>>> {
    let answers = ask(questions);
    assert_eq!(answers.len(), questions.len());
    questions
        .iter()
        .zip(answers)
        .map(|(question, answer)| times(&answer).unwrap_or_else(|| panic!("{question:?}: {answer}")))
        .collect()
}

/// Returns the times of an answer; none for an error.
pub(crate) fn times(answer: &Value) -> Option<Vec<DateTime<Utc>>> {
    let next = answer.get("next")?.as_array()?;
    Some(next.iter().map(|at| at.as_str().unwrap().parse().unwrap()).collect())
}

/// Returns the answer to each line.
pub(crate) fn ask_lines(lines: &[String]) -> Vec<Value> {
    let mut program = Command::new(programs::ctl())
        .args(["explain", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = program.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // It answers while it is still being asked, and neither pipe holds everything.
        scope.spawn(move || {
            for line in lines {
                writeln!(input, "{line}").unwrap();
            }
        });
        program.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Question {
    fn as_json(&self) -> Value {
        json!({
            "schedule": self.schedule,
            "timezone": self.zone.name(),
            "from": self.from.to_rfc3339_opts(SecondsFormat::Secs, true),
            "n": self.count,
        })
    }
}

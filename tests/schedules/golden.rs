//! Compares PRestic with what is written down in `golden.txt`: it needs neither systemd nor Python.

use std::fs;

use prestic_tests::programs;
use serde_json::Value;

use crate::ask::ask_lines;

/// What the file says: a schedule, and what comes of it.
struct Line<'file> {
    number: usize,
    schedule: String,
    zone: &'file str,
    from: &'file str,
    expected: &'file str,
}

/// Reads `schedule | zone | from | times`, in which `\n` stands for the end of a line.
fn lines(file: &str) -> Vec<Line<'_>> {
    let is_data = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let lines = (1..).zip(file.lines().map(str::trim)).filter(|(_, line)| is_data(line));
    lines
        .map(|(number, line)| {
            let fields: Vec<&str> = line.split(" | ").map(str::trim).collect();
            let [schedule, zone, from, expected] = fields[..] else { panic!("line {number} has not four fields: {line}") };
            let schedule = schedule.trim_matches('"').replace("\\n", "\n");
            Line { number, schedule, zone, from, expected }
        })
        .collect()
}

impl Line<'_> {
    fn question(&self) -> String {
        serde_json::json!({ "schedule": self.schedule, "timezone": self.zone, "from": self.from, "n": 3 }).to_string()
    }

    /// Compares the local times, or the message of the error with its hint.
    fn check(&self, answer: &Value) -> Result<(), String> {
        let found = match (answer["next"].as_array(), self.expected.strip_prefix("error: ")) {
            (None, Some(expected)) => {
                let error = &answer["error"];
                let text = format!("{}; {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap_or("no hint"));
                if text.contains(expected) {
                    return Ok(());
                }
                format!("error: {text}")
            }
            (Some(next), None) if next.is_empty() => "none".to_owned(),
            (Some(next), None) => next.iter().map(|at| short(at.as_str().unwrap())).collect::<Vec<_>>().join(", "),
            _ => answer.to_string(),
        };
        if found == self.expected { Ok(()) } else { Err(format!("line {}: {:?}: {found}", self.number, self.schedule)) }
    }
}

/// Returns an instant without its seconds, which are 0.
fn short(at: &str) -> String {
    let (minutes, offset) = at.split_at(16);
    offset.strip_prefix(":00").map_or_else(|| at.to_owned(), |offset| minutes.to_owned() + offset)
}

#[test]
fn schedules_mean_what_is_written_down() {
    let file = fs::read_to_string(programs::checkout().join("tests/schedules/golden.txt")).unwrap();
    let lines = lines(&file);
    let questions: Vec<String> = lines.iter().map(Line::question).collect();
    let answers = ask_lines(&questions);
    assert_eq!(answers.len(), lines.len());
    let differences: Vec<String> = lines.iter().zip(&answers).filter_map(|(line, answer)| line.check(answer).err()).collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

/// Every other spelling of the same schedule is the canonical one in the end.
#[test]
fn canonical_spelling_of_what_is_written_down_means_the_same() {
    let file = fs::read_to_string(programs::checkout().join("tests/schedules/golden.txt")).unwrap();
    let lines = lines(&file);
    let first = ask_lines(&lines.iter().map(Line::question).collect::<Vec<_>>());
    let respelled = lines.iter().zip(&first).filter_map(|(line, answer)| {
        let schedule = answer["canonical"].as_str()?.to_owned();
        Some((Line { schedule, ..*line }.question(), answer))
    });
    let (questions, expected): (Vec<String>, Vec<&Value>) = respelled.unzip();
    for (question, (found, expected)) in questions.iter().zip(ask_lines(&questions).iter().zip(expected)) {
        assert_eq!(found, expected, "{question}");
    }
}

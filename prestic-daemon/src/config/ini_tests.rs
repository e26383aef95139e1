//! What the reader says, against what Python's configparser says: a table of its answers, and random files.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher},
    process::Command,
};

use serde::Deserialize;

use super::{super::interpolate, *};

/// What Python says of a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Error { error: String },
    Document { defaults: BTreeMap<String, String>, sections: BTreeMap<String, SectionAnswer> },
}

#[derive(Deserialize)]
struct SectionAnswer {
    raw: BTreeMap<String, String>,
    /// By key; none where Python refuses a `%` that stands for itself here.
    expanded: BTreeMap<String, Option<Expanded>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expanded {
    Value(String),
    Error(String),
}

#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    name: String,
    text: String,
    answer: Answer,
}

#[track_caller]
fn check(sample: &Sample, names_of_errors_are_known: bool) {
    let Sample { name, text, answer } = sample;
    let document = parse(text, 0);
    match (answer, first_fault(&document)) {
        (Answer::Error { error }, Some(fault)) if names_of_errors_are_known => assert_eq!(fault, error, "{name} {text:?}"),
        (Answer::Error { .. }, Some(_)) => {}
        (Answer::Error { error }, None) => panic!("python says {error}: {name} {text:?}"),
        (Answer::Document { .. }, Some(fault)) => panic!("python accepts it, we say {fault}: {name} {text:?}"),
        (Answer::Document { defaults, sections }, None) => {
            assert_eq!(&raw(&document.defaults), defaults, "{name} {text:?}");
            let names: Vec<_> = document.sections.iter().map(|section| section.name.as_str()).collect();
            let mut sorted = names.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, sections.keys().map(String::as_str).collect::<Vec<_>>(), "{name} {text:?}");
            for section in &document.sections {
                let expected = &sections[&section.name];
                assert_eq!(raw(section), expected.raw, "{name} {text:?}");
                check_expanded(&document.defaults, section, expected, text);
            }
        }
    }
}

#[track_caller]
fn check_expanded(defaults: &Section, section: &Section, expected: &SectionAnswer, text: &str) {
    let all: BTreeMap<_, _> =
        defaults.entries.iter().chain(&section.entries).map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
    for (key, expected) in &expected.expanded {
        let Some(expected) = expected else { continue };
        let found = match interpolate::expand(all[key.as_str()], &mut |name| all.get(name).copied()) {
            Ok(value) => Expanded::Value(value.into_owned()),
            Err(interpolate::InterpolationError::UnknownName(_)) => {
                Expanded::Error("InterpolationMissingOptionError".to_owned())
            }
            Err(interpolate::InterpolationError::TooDeep(_)) => Expanded::Error("InterpolationDepthError".to_owned()),
            Err(error) => panic!("{error}: {text:?}"),
        };
        assert_eq!(&found, expected, "{key} {text:?}");
    }
}

fn raw(section: &Section) -> BTreeMap<String, String> {
    section.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
}

/// Returns the error with which Python would stop: some kinds at once, others at the end of the file.
fn first_fault(document: &Document) -> Option<&'static str> {
    let names = document.faults.iter().map(|fault| match fault.kind {
        FaultKind::NoSection => "MissingSectionHeaderError",
        FaultKind::DuplicateSection(_) => "DuplicateSectionError",
        FaultKind::DuplicateKey(..) => "DuplicateOptionError",
        FaultKind::NoSeparator | FaultKind::NoKey | FaultKind::UnclosedHeader => "ParsingError",
    });
    let names: Vec<_> = names.collect();
    names.iter().find(|name| **name != "ParsingError").or(names.first()).copied()
}

#[test]
fn every_row_of_the_table_is_read_as_python_reads_it() {
    let table: Vec<Sample> = serde_json::from_str(include_str!("../../testdata/configparser/table.json")).unwrap();
    assert!(table.len() >= 70);
    for sample in &table {
        check(sample, true);
    }
}

#[test]
fn random_files_are_read_as_python_reads_them() {
    let Some((seed, output)) = run_python("random_files.py", 3000) else { return };
    #[derive(Deserialize)]
    struct Header {
        names_of_errors_are_known: bool,
    }
    let mut lines = output.lines();
    let header: Header = serde_json::from_str(lines.next().unwrap()).unwrap();
    for line in lines {
        let mut sample: Sample = serde_json::from_str(line).unwrap();
        sample.name = format!("seed {seed}");
        // After an unclosed header we read a new section, and we count no key as the same as another missing one:
        // there Python may stop at another fault.
        let faults = parse(&sample.text, 0).faults;
        let is_of_its_own = |fault: &Fault| matches!(fault.kind, FaultKind::UnclosedHeader | FaultKind::NoKey);
        let may_differ = faults.iter().filter(|fault| is_of_its_own(fault)).count() > 0;
        check(&sample, header.names_of_errors_are_known && !may_differ);
    }
}

/// Runs a script beside the table with a new seed, where Python is installed. `PRESTIC_TEST_SEED` repeats a run.
pub(crate) fn run_python(script: &str, count: u32) -> Option<(u64, String)> {
    let seed = match std::env::var("PRESTIC_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => std::hash::RandomState::new().build_hasher().finish(),
    };
    let script = format!("{}/testdata/configparser/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut python = Command::new("python3");
    python.arg("-B").arg(script).arg(seed.to_string()).arg(count.to_string());
    match python.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some((seed, String::from_utf8(output.stdout).unwrap()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("python3 is not installed: nothing compared");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn check_faults(text: &str, expected: &[(usize, FaultKind)]) {
    let found: Vec<_> = parse(text, 0).faults.into_iter().map(|fault| (fault.place.line, fault.kind)).collect();
    assert_eq!(found, expected);
}

#[test]
fn all_faults_of_a_file_are_found() {
    check_faults(
        "k = 1\nn = 2\n[a]\nword\nk = 1\nk = 2\n  more\n= 3\n[a]\nk = 4\n[b\nk = 5\n",
        &[
            (1, FaultKind::NoSection),
            (4, FaultKind::NoSeparator),
            (6, FaultKind::DuplicateKey("k".to_owned(), Place { file: 0, line: 5 })),
            (8, FaultKind::NoKey),
            (9, FaultKind::DuplicateSection(Place { file: 0, line: 3 })),
            (11, FaultKind::UnclosedHeader),
        ],
    );
}

#[test]
fn sections_with_faults_are_marked() {
    let document = parse("[a]\nword\n[b]\nk = 1\n[c\nk = 1\n", 0);
    let marks: Vec<_> = document.sections.iter().map(|section| (section.name.as_str(), section.is_broken)).collect();
    assert_eq!(marks, [("a", true), ("b", false), ("c", true)]);
}

#[test]
fn a_duplicate_does_not_change_the_first_value() {
    let document = parse("[a]\nk = 1\nk = 2\n  3\n", 0);
    assert_eq!(document.sections[0].entries[0].value, "1");
}

#[test]
fn lines_are_counted_with_any_ends() {
    let document = parse("[a]\r\n# c\rk = 1\n\n  2\r\nn = 3", 0);
    let lines: Vec<_> = document.sections[0].entries.iter().map(|entry| entry.place.line).collect();
    assert_eq!(lines, [3, 6]);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let document = parse("\u{feff}[a]\nk = 1\n", 0);
    assert!(document.faults.is_empty());
    assert_eq!(document.sections[0].name, "a");
}

//! What the documentation shows must work.

use std::fs;

use prestic_tests::{home::TestHome, programs};

/// Returns the blocks of a Markdown text that are marked as INI.
fn ini_samples(markdown: &str) -> Vec<String> {
    let mut samples = Vec::new();
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "```ini" {
            let sample: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            samples.push(sample.join("\n") + "\n");
        }
    }
    samples
}

#[test]
fn every_configuration_in_the_readme_is_valid() {
    let readme = fs::read_to_string(programs::checkout().join("README.md")).expect("there is a README.md");
    let samples = ini_samples(&readme);
    assert!(!samples.is_empty(), "README.md shows no configuration");
    for sample in samples {
        let home = TestHome::new();
        home.write_config(&sample);
        let checked = home.daemon(&["check"]);
        assert_eq!(checked.code, Some(0), "{sample}\n{}{}", checked.stdout, checked.stderr);
    }
}

//! Compares what a command printed with what documentation shows.
//!
//! `…` stands for anything within a line, and alone on a line for any number of lines. Several spaces stand for several, because
//! the width of a column depends on what stands in it.

/// Returns whether some lines are what is shown.
pub fn is_shown(lines: &[&str], shown: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|skipped| is_shown(&lines[skipped..], rest)),
        Some((pattern, rest)) => {
            lines.split_first().is_some_and(|(line, lines)| is_line(line, pattern) && is_shown(lines, rest))
        }
    }
}

fn is_line(line: &str, pattern: &str) -> bool {
    is_like(&with_narrow_columns(line), &with_narrow_columns(pattern))
}

fn with_narrow_columns(line: &str) -> String {
    let parts: Vec<&str> = line.split("  ").map(|part| part.trim_matches(' ')).collect();
    let (indent, rest) = parts.split_at(parts.iter().take_while(|part| part.is_empty()).count());
    let rest: Vec<&str> = rest.iter().copied().filter(|part| !part.is_empty()).collect();
    "  ".repeat(indent.len().min(1)) + &rest.join("  ")
}

fn is_like(line: &str, pattern: &str) -> bool {
    match pattern.split_once('…') {
        None => line == pattern,
        Some((begin, rest)) => line
            .strip_prefix(begin)
            .is_some_and(|line| line.char_indices().map(|(at, _)| at).chain([line.len()]).any(|at| is_like(&line[at..], rest))),
    }
}

#[test]
fn dots_stand_for_anything() {
    assert!(is_shown(&["run 12 took 3 s", "done"], &["run … took … s", "done"]));
    assert!(is_shown(&["first", "a", "b", "last"], &["first", "…", "last"]));
    assert!(is_shown(&["first", "last"], &["first", "…", "last"]));
    assert!(!is_shown(&["first", "other"], &["first", "…", "last"]));
    assert!(!is_shown(&["one", "two"], &["one"]));
    assert!(!is_shown(&["one"], &["one", "two"]));
    assert!(!is_shown(&["run took 3 min"], &["run … took … s"]));
}

#[test]
fn columns_may_have_another_width() {
    assert!(is_shown(&["home      idle  never"], &["home  idle  never"]));
    assert!(!is_shown(&["home idle"], &["home  idle"]));
    assert!(!is_shown(&["  home"], &["home"]));
}

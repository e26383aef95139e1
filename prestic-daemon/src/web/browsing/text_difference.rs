//! What has changed between two texts, line by line, with the words that changed in them.

use std::time::Duration;

use similar::{ChangeTag, DiffOp, TextDiff};

use crate::web::browsing::text_lines::shown_line;

/// The largest text that is compared.
pub const MAX_COMPARED: usize = 1024 * 1024;

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// How long to look for the smallest difference; then a larger one will do.
const LIMIT: Duration = Duration::from_secs(1);

/// How many lines are shown in all.
const MAX_LINES: usize = 20_000;

/// The differences of two texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextDifference {
    /// The places where they differ.
    pub hunks: Vec<Hunk>,
    /// How many lines are new.
    pub added: usize,
    /// How many lines are gone.
    pub removed: usize,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}

/// Lines that changed, with some around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The number of its first line in the old text.
    pub old_start: usize,
    /// The number of its first line in the new text.
    pub new_start: usize,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// What has happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// It is in both.
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What has happened to it.
    pub kind: LineKind,
    /// Its number in the old text.
    pub old: Option<usize>,
    /// Its number in the new text.
    pub new: Option<usize>,
    /// Its text in parts, each with whether it is what changed.
    pub parts: Vec<(bool, String)>,
}

/// Compares two texts.
pub fn compare(old: &str, new: &str) -> TextDifference {
    let difference = TextDiff::configure().timeout(LIMIT).diff_lines(old, new);
    let mut compared = TextDifference { hunks: Vec::new(), added: 0, removed: 0, is_cut: false };
    let mut shown = 0;
    for operations in difference.grouped_ops(CONTEXT) {
        let (added, removed) = operations.iter().fold((0, 0), |(added, removed), operation| match *operation {
            DiffOp::Equal { .. } => (added, removed),
            DiffOp::Delete { old_len, .. } => (added, removed + old_len),
            DiffOp::Insert { new_len, .. } => (added + new_len, removed),
            DiffOp::Replace { old_len, new_len, .. } => (added + new_len, removed + old_len),
        });
        compared.added += added;
        compared.removed += removed;
        if shown >= MAX_LINES {
            compared.is_cut = true;
            continue;
        }
        let Some(first) = operations.first() else { continue };
        let mut lines = Vec::new();
        for change in operations.iter().flat_map(|operation| difference.iter_inline_changes(operation)) {
            if shown >= MAX_LINES {
                compared.is_cut = true;
                break;
            }
            shown += 1;
            lines.push(Line {
                kind: match change.tag() {
                    ChangeTag::Equal => LineKind::Same,
                    ChangeTag::Delete => LineKind::Removed,
                    ChangeTag::Insert => LineKind::Added,
                },
                old: change.old_index().map(|index| index + 1),
                new: change.new_index().map(|index| index + 1),
                parts: change.iter_strings_lossy().map(|(is_changed, text)| (is_changed, shown_line(&text))).collect(),
            });
        }
        compared.hunks.push(Hunk { old_start: first.old_range().start + 1, new_start: first.new_range().start + 1, lines });
    }
    compared
}

impl Hunk {
    /// Puts the lines that are gone beside those that came for them.
    pub fn side_by_side(&self) -> Vec<(Option<&Line>, Option<&Line>)> {
        let mut rows = Vec::new();
        let mut lines = self.lines.iter().peekable();
        while let Some(line) = lines.peek() {
            if line.kind == LineKind::Same {
                rows.push((lines.peek().copied(), lines.next()));
                continue;
            }
            let (mut removed, mut added) = (Vec::new(), Vec::new());
            while let Some(line) = lines.next_if(|line| line.kind != LineKind::Same) {
                if line.kind == LineKind::Removed { removed.push(line) } else { added.push(line) }
            }
            for row in 0..removed.len().max(added.len()) {
                rows.push((removed.get(row).copied(), added.get(row).copied()));
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line) -> String {
        line.parts.iter().map(|(_, part)| part.as_str()).collect()
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(compare("a\nb\n", "a\nb\n").hunks, []);
    }

    #[test]
    fn a_changed_line_is_told_with_its_neighbors_and_what_changed_in_it() {
        let old = "1\n2\n3\n4\nthe old word\n6\n7\n8\n9\n";
        let difference = compare(old, &old.replace("old", "new"));
        assert_eq!((difference.added, difference.removed), (1, 1));
        let [hunk] = difference.hunks.as_slice() else { panic!("{difference:?}") };
        assert_eq!((hunk.old_start, hunk.new_start), (2, 2));
        assert_eq!(hunk.lines.len(), 8);
        let gone = hunk.lines.iter().find(|line| line.kind == LineKind::Removed).unwrap();
        assert_eq!((text(gone).as_str(), gone.old, gone.new), ("the old word", Some(5), None));
        assert!(gone.parts.contains(&(true, "old".to_owned())), "{gone:?}");
    }

    #[test]
    fn side_by_side_puts_what_is_gone_beside_what_came_for_it() {
        let difference = compare("same\nold\n", "same\nnew\nmore\n");
        let rows: Vec<_> =
            difference.hunks[0].side_by_side().into_iter().map(|(old, new)| (old.map(text), new.map(text))).collect();
        let side = |line: &str| Some(line.to_owned());
        assert_eq!(rows, [(side("same"), side("same")), (side("old"), side("new")), (None, side("more"))]);
    }

    #[test]
    fn more_lines_than_are_shown_are_counted_all_the_same() {
        let new = "line\n".repeat(MAX_LINES + 10);
        let difference = compare("", &new);
        assert!(difference.is_cut);
        assert_eq!(difference.added, MAX_LINES + 10);
        assert_eq!(difference.hunks.iter().map(|hunk| hunk.lines.len()).sum::<usize>(), MAX_LINES);
    }
}

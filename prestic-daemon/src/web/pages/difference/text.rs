//! The lines that differ between two texts, one below the other or side by side.

use maud::{Markup, html};
use prestic_proto::words as plain;

use crate::web::browsing::{
    links::with_parameters,
    text_difference::{Hunk, Line, LineKind, TextDifference},
};

/// Writes the difference; the address is that of the page, for the other way to show it.
pub fn show(address: &str, difference: &TextDifference, is_side_by_side: bool) -> Markup {
    html! {
        p {
            span.added { "+" (plain::counted_usize(difference.added, "line")) } ", "
            span.removed { "−" (plain::counted_usize(difference.removed, "line")) } " "
            @if is_side_by_side { a.button href=(address) { "One below the other" } }
            @else { a.button href=(with_parameters(address.to_owned(), &[("view", Some("side"))])) { "Side by side" } }
        }
        @if difference.hunks.is_empty() { p { "The texts are the same, but for their encoding." } }
        div.scroll tabindex="0" role="region" aria-label="Lines that changed" {
            table.source.diff {
                @for hunk in &difference.hunks {
                    tbody {
                        tr { th.muted colspan="4" scope="rowgroup" { "Line " (hunk.old_start) ", now " (hunk.new_start) } }
                        @if is_side_by_side { (side_by_side(hunk)) } @else { (unified(hunk)) }
                    }
                }
            }
        }
        @if difference.is_cut { p.note { "There is more: download both files to see all of it." } }
    }
}

fn unified(hunk: &Hunk) -> Markup {
    html! {
        @for line in &hunk.lines {
            tr class=[class(line)] {
                th { @if let Some(number) = line.old { (number) } }
                th { @if let Some(number) = line.new { (number) } }
                td colspan="2" { (sign(line)) (text(line)) }
            }
        }
    }
}

fn side_by_side(hunk: &Hunk) -> Markup {
    html! {
        @for (old, new) in hunk.side_by_side() {
            tr {
                th { @if let Some(number) = old.and_then(|line| line.old) { (number) } }
                td class=[old.and_then(class)] { @if let Some(line) = old { (text(line)) } }
                th { @if let Some(number) = new.and_then(|line| line.new) { (number) } }
                td class=[new.and_then(class)] { @if let Some(line) = new { (text(line)) } }
            }
        }
    }
}

fn class(line: &Line) -> Option<&'static str> {
    match line.kind {
        LineKind::Same => None,
        LineKind::Added => Some("added"),
        LineKind::Removed => Some("removed"),
    }
}

fn sign(line: &Line) -> &'static str {
    match line.kind {
        LineKind::Same => "  ",
        LineKind::Added => "+ ",
        LineKind::Removed => "− ",
    }
}

fn text(line: &Line) -> Markup {
    html! {
        @for (is_changed, part) in &line.parts {
            @match (is_changed, line.kind) {
                (true, LineKind::Added) => ins { (part) },
                (true, LineKind::Removed) => del { (part) },
                _ => (part),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::browsing::text_difference::compare;

    #[test]
    fn lines_are_marked_and_escaped_in_both_views() {
        let difference = compare("the <b>old</b> line\n", "the <b>new</b> line\n");
        for is_side_by_side in [false, true] {
            let shown = show("/x?against=1", &difference, is_side_by_side).into_string();
            assert!(shown.contains("old") && shown.contains("<del>") && shown.contains("<ins>"), "{shown}");
            assert!(shown.contains("+1 line</span>, ") && shown.contains("−1 line</span>"), "{shown}");
            assert!(shown.contains("&lt;b&gt;") && !shown.contains("<b>"), "{shown}");
            assert_eq!(shown.contains("view=side"), !is_side_by_side, "{shown}");
        }
    }
}

//! Runs as a table: the newest of a profile, and all of its history. Pure.

use maud::{Markup, html};
use prestic_proto::{run::Run, words as plain};

use super::{instants, standing};
use crate::web::words::{self, Moment};

/// Shows runs, one a line; their tasks too where they can be several.
pub fn show(runs: &[Run], with_tasks: bool, moment: &Moment) -> Markup {
    html! {
        table.list.cards {
            thead { tr {
                th scope="col" { "Run" }
                @if with_tasks { th scope="col" { "Task" } }
                th scope="col" { "Result" }
                th scope="col" { "When" }
                th scope="col" { "Why" }
                th.number scope="col" { "Duration" }
                th.number scope="col" { "Added" }
            } }
            tbody { @for run in runs { (row(run, with_tasks, moment)) } }
        }
    }
}

fn row(run: &Run, with_tasks: bool, moment: &Moment) -> Markup {
    let at = run.finished().map(|finished| finished.at).or(run.started_at).unwrap_or(run.created_at);
    html! {
        tr data-row {
            th.name scope="row" { a href=(instants::run_address(run.id)) { "Run " (run.id) } }
            @if with_tasks { td data-label="Task" { a href=(instants::profile_address(&run.task)) { (run.task) } } }
            td data-label="Result" { (standing::run_chip(run)) }
            td data-label="When" { (words::relative(moment, at)) }
            td data-label="Why" { (run.trigger) }
            td.number data-label="Duration" {
                @if let Some(finished) = run.finished().filter(|_| run.started_at.is_some()) { (plain::duration_ms(finished.duration_ms)) }
            }
            td.number data-label="Added" { @if let Some(summary) = &run.summary { (words::bytes(summary.bytes_added)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{outcome::Outcome, run::Trigger};

    use super::*;
    use crate::web::pages::samples::{finished, moment, run};

    #[test]
    fn runs_are_told_in_a_line_each() {
        let after = Run { trigger: Trigger::After("<b>".to_owned()), ..finished(7, "home", Outcome::Warnings) };
        let shown = show(&[run(9, "home"), after], true, &moment()).into_string();
        for part in ["href=\"/runs/9\"", "Running", "Warnings", "after &lt;b&gt;", "1 min 00 s", "href=\"/profile/home\""] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

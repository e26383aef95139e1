//! How far a run is: a bar with figures, which the page's script keeps up to date. Pure.

use maud::{Markup, html};
use prestic_proto::{
    file_path,
    progress::Progress,
    run::{Run, RunState},
    words,
};

use super::instants;

/// Shows how far a run is.
pub fn show(run: &Run) -> Markup {
    let progress = run.progress.clone().unwrap_or_default();
    let percent = progress.fraction.map(words::percent);
    html! {
        div.live-progress data-progress=(run.id) {
            progress.bar aria-label={ "Progress of " (run.task) } max="100" value=[percent] {}
            p.figures {
                strong data-figure="percent" hidden[percent.is_none()] { (percent.unwrap_or_default()) " %" }
                @if percent.is_none() { span data-figure="start" { (beginning(run)) } }
                span data-figure="done" { (done(&progress)) }
                span data-figure="speed" { (speed(&progress)) }
                span data-figure="left" { (left(&progress)) }
                span.state-text data-figure="errors" data-state="failed" { (errors(&progress)) }
                a href=(instants::run_address(run.id)) { "Log" }
            }
            p.current data-figure="current" { (progress.current_file.map(|file| file_path::shown(file.as_bytes())).unwrap_or_default()) }
        }
    }
}

fn beginning(run: &Run) -> &'static str {
    match run.state {
        RunState::Stopping { .. } => "stopping",
        _ => "at work",
    }
}

fn done(progress: &Progress) -> String {
    match progress {
        Progress { bytes_total: 0, files_total: 0, .. } => String::new(),
        Progress { bytes_total: 0, .. } => {
            format!("{} of {}", words::count(progress.files_done), words::counted(progress.files_total, "file"))
        }
        _ => {
            let bytes = words::bytes_of(progress.bytes_done, progress.bytes_total);
            format!("{bytes}, {} of {}", words::count(progress.files_done), words::counted(progress.files_total, "file"))
        }
    }
}

fn speed(progress: &Progress) -> String {
    progress.bytes_per_second.filter(|speed| *speed > 0).map(|speed| format!("{}/s", words::bytes(speed))).unwrap_or_default()
}

fn left(progress: &Progress) -> String {
    progress
        .seconds_remaining
        .filter(|left| *left > 0)
        .map(|left| format!("about {} left", words::duration(left)))
        .unwrap_or_default()
}

fn errors(progress: &Progress) -> String {
    if progress.errors == 0 { String::new() } else { format!("{} so far", words::counted(progress.errors, "error")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::samples;

    #[test]
    fn figures_are_told_as_far_as_restic_tells_them() {
        let progress = Progress {
            fraction: Some(0.425),
            files_done: 1200,
            files_total: 3000,
            bytes_done: 1 << 29,
            bytes_total: 1 << 31,
            bytes_per_second: Some(1 << 20),
            seconds_remaining: Some(125),
            current_file: Some("/home/<b>\u{202e}\n".to_owned()),
            errors: 2,
        };
        let shown = show(&Run { progress: Some(progress), ..samples::run(7, "home") }).into_string();
        let parts = [
            "value=\"42\"",
            "42 %",
            "0.5 of 2.0 GiB, 1,200 of 3,000 files",
            "1.0 MiB/s",
            "about 2 min 05 s left",
            "2 errors so far",
            "/home/&lt;b&gt;\\u{202e}\\n",
        ];
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn bar_without_a_number_has_no_value() {
        let shown = show(&samples::run(7, "home")).into_string();
        assert!(!shown.contains("value=") && shown.contains("at work"), "{shown}");
    }
}

//! The first sentence of the home page: the worst first, then what comes next. Pure.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use prestic_proto::{
    overview::{OverallState, Overview, overview},
    status::{Pause, Status},
};

use super::{
    icons::{Icon, icon},
    instants,
};
use crate::web::{layout::Mood, words, words::Moment};

/// What is to be said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hero {
    /// The name of its colors.
    pub state: &'static str,
    /// What the page's title and icon tell.
    pub mood: Mood,
    /// The sentence.
    pub sentence: String,
    /// What it leaves out.
    pub details: Vec<String>,
    /// The task that starts next, and when.
    pub next: Option<(String, DateTime<Utc>)>,
}

/// Finds the words for all tasks together, and their colors.
pub fn hero(status: &Status) -> Hero {
    let Overview { state, sentence, mut details, beside, next } = overview(status);
    details.extend(beside);
    let (state, mood) = match state {
        OverallState::Attention => ("failed", Mood::Attention),
        OverallState::Paused => ("paused", Mood::Fine),
        OverallState::Running => ("running", Mood::Running),
        OverallState::Warnings => ("warning", Mood::Fine),
        OverallState::NotYet => ("none", Mood::Fine),
        OverallState::Fine => ("ok", Mood::Fine),
    };
    Hero { state, mood, sentence, details, next }
}

/// Returns what the script of the page reads, for the title and the icon.
fn mood_word(mood: Mood) -> &'static str {
    match mood {
        Mood::Fine => "fine",
        Mood::Running => "running",
        Mood::Attention => "attention",
        Mood::Unreachable => "unreachable",
    }
}

/// Shows the sentence, and below it what comes next.
pub fn show(hero: &Hero, paused: Option<Pause>, moment: &Moment) -> Markup {
    let sign = match hero.state {
        "failed" => Icon::Cross,
        "warning" => Icon::Warning,
        "running" => Icon::Turning,
        "paused" => Icon::Pause,
        "none" => Icon::Dash,
        _ => Icon::Tick,
    };
    html! {
        section.hero data-state=(hero.state) data-mood=(mood_word(hero.mood)) {
            (icon(sign))
            div {
                h1.lead { (hero.sentence) @if let Some(until) = paused.and_then(|pause| pause.until).filter(|_| hero.state == "paused") {
                    " until " (instants::clock(moment, until))
                } "." }
                @for detail in &hero.details { p { (detail) "." } }
                @if let Some((task, at)) = &hero.next {
                    p { "Next: " a href=(instants::profile_address(task)) { (task) } ", " (words::relative(moment, *at)) " (" (instants::clock(moment, *at)) ")" }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{
        outcome::SkipReason,
        profile::ConfigProblem,
        run::RunId,
        status::{Skip, TaskStatus},
    };

    use super::*;
    use crate::web::pages::samples::{at, ended, moment, run, status, task};

    #[track_caller]
    fn check(status: &Status, mood: Mood, sentence: &str, details: &[&str]) {
        let hero = hero(status);
        assert_eq!((hero.sentence.as_str(), hero.mood), (sentence, mood));
        assert_eq!(hero.details, details);
    }

    fn running(name: &str) -> Status {
        let active = TaskStatus { active: Some(RunId(7)), ..ended(name, "succeeded") };
        Status { runs: vec![run(7, name)], ..status(vec![active, ended("mail", "succeeded")]) }
    }

    #[test]
    fn worst_is_told_first() {
        let overdue = TaskStatus { overdue_since: Some(at(1)), ..ended("photos", "succeeded") };
        let missed = Some(Skip { due_at: at(1), reason: SkipReason::Deadline });
        let missed = TaskStatus { last_skip: missed, ..ended("music", "succeeded") };
        let no_password = TaskStatus { cannot_run: Some("no password".to_owned()), ..task("docs") };
        let fine = ended("mail", "succeeded");
        let all = vec![fine.clone(), ended("home", "failed"), overdue.clone(), missed, no_password];
        let details = ["home failed", "photos is overdue", "music missed its time", "docs cannot run"];
        check(&status(all), Mood::Attention, "4 of 5 tasks need attention", &details);
        check(&status(vec![fine, overdue]), Mood::Attention, "1 of 2 tasks needs attention", &["photos is overdue"]);
        check(&status(vec![ended("home", "failed")]), Mood::Attention, "home needs attention", &["home failed"]);
    }

    #[test]
    fn errors_of_the_configuration_come_before_what_goes_well() {
        let mut status = running("home");
        let file = status.config.path.clone();
        let message = "unknown key".to_owned();
        status.config.errors = vec![ConfigProblem { file, line: Some(3), section: None, key: None, message, hint: None }];
        let details = ["config.ini has 1 error, and the configuration before stays live", "home is running"];
        check(&status, Mood::Attention, "The configuration has 1 error", &details);
    }

    #[test]
    fn running_pausing_and_warnings_come_before_all_is_fine() {
        check(&running("home"), Mood::Running, "home is running", &[]);
        let paused = Status { paused: Some(Pause { until: None }), ..running("home") };
        check(&paused, Mood::Fine, "All tasks are paused until you resume them", &["home is running"]);
        check(&status(vec![ended("a", "warnings"), ended("b", "succeeded")]), Mood::Fine, "a ended with warnings", &[]);
        check(&status(vec![task("a"), ended("b", "succeeded")]), Mood::Fine, "a has not run yet", &[]);
        check(&status(vec![ended("a", "succeeded"), ended("b", "stopped")]), Mood::Fine, "All 2 tasks are fine", &[]);
        check(&status(vec![ended("a", "succeeded")]), Mood::Fine, "a is fine", &[]);
    }

    #[test]
    fn next_run_is_told_with_its_time_and_zone() {
        let shown = show(&hero(&status(vec![ended("home", "succeeded")])), None, &moment()).into_string();
        assert!(shown.contains("home is fine.") && shown.contains(">in 2 h</time> (15:00 UTC+01:00)"), "{shown}");
    }

    #[test]
    fn names_are_escaped() {
        let shown = show(&hero(&status(vec![ended("<script>", "failed")])), None, &moment()).into_string();
        assert!(!shown.contains("<script>") && shown.contains("&lt;script&gt; failed"), "{shown}");
    }
}

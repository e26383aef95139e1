//! Writes the calendar as a page. Pure.

use chrono::TimeDelta;
use maud::{Markup, html};
use prestic_proto::words as plain;

use super::plan::{CalendarDay, Often, Plan, Planned};
use crate::web::{
    pages::{days_strip, instants},
    words,
};

/// More times of one task on one day are told by the first, the last and their number.
const LISTED_TIMES: usize = 6;

/// Writes the page.
pub fn page(plan: &Plan, often: &[Often], is_cut: bool) -> Markup {
    html! {
        div.title-row {
            h1 { "Calendar" }
            @if plan.coming().next().is_some() { a.button href="/calendar.ics" download { "Download .ics" } }
        }
        @if !often.is_empty() && plan.coming().next().is_some() {
            p.muted.small { "The download leaves out what comes all the time: " @for (index, often) in often.iter().enumerate() { @if index > 0 { ", " } (often.task) } "." }
        }
        @if is_cut { p.note { "There are too many tasks for one page: those at the end of the configuration are left out." } }
        @if !often.is_empty() {
            section.box aria-labelledby="often" {
                h2 #often { "All the time" }
                ul.plain {
                    @for often in often {
                        li {
                            a href=(instants::profile_address(&often.task)) { (often.task) } ": " code { (often.schedule) }
                            ", " (plain::counted_usize(often.a_day, "time")) " a day"
                            @if let Some(next) = often.next { ", next " (words::relative(&plan.moment, next)) }
                        }
                    }
                }
            }
        }
        @if plan.coming().next().is_none() && often.is_empty() {
            div.empty { p { "Nothing is scheduled." } p { "Give a task a " code { "schedule" } ", as " code { "daily at 12:30" } "." } }
        }
        ol.calendar { @for day in &plan.days { (one_day(day, plan)) } }
        p.muted.small {
            "Times are those of the daemon’s machine. Runs with a dashed border will probably want the same repository at the same time: \
             PRestic lets one wait for the other."
        }
    }
}

/// Says why there is no calendar to download.
pub fn nothing_to_download(often: &[Often]) -> String {
    let days = super::COMING_DAYS;
    if often.is_empty() {
        format!("nothing is scheduled in the next {days} days, so that there is no calendar to download")
    } else {
        "all that is scheduled comes too often for a calendar: the page shows it".to_owned()
    }
}

fn one_day(day: &CalendarDay, plan: &Plan) -> Markup {
    let class = match day.date.cmp(&plan.today) {
        std::cmp::Ordering::Less => "past",
        std::cmp::Ordering::Equal => "today",
        std::cmp::Ordering::Greater => "coming",
    };
    html! {
        li class=(class) {
            h2 {
                time datetime=(day.date) { (day.date.format("%a %-d %b")) }
                @if day.date == plan.today { " · today" }
            }
            div.stack {
                @if day.clock_change != TimeDelta::zero() {
                    p.note { "Clocks go " (if day.clock_change > TimeDelta::zero() { "forward" } else { "back" }) " by " (plain::duration(day.clock_change.num_seconds().unsigned_abs())) " on this day." }
                }
                @if day.past.is_empty() && day.coming.is_empty() { p.muted { "Nothing" } }
                ul {
                    @for (task, past) in &day.past {
                        li { span.entry data-state=(days_strip::state(past)) {
                            @match past.run {
                                Some(run) => { a href=(instants::run_address(run)) { (task) } }
                                None => { (task) }
                            }
                            span.small { (days_strip::told(past)) }
                        } }
                    }
                    @for (task, times) in &day.coming { li { (coming(task, times, plan)) } }
                }
            }
        }
    }
}

fn coming(task: &str, times: &[Planned], plan: &Plan) -> Markup {
    let overlaps = times.iter().find_map(|planned| planned.overlaps.as_ref());
    let clock = |planned: &Planned| plan.moment.at(planned.starts_at).format("%H:%M").to_string();
    html! {
        span class={ "entry" @if overlaps.is_some() { " overlaps" } } {
            @match times {
                [first, .., last] if times.len() > LISTED_TIMES => { span.number { (times.len()) " times, " (clock(first)) " to " (clock(last)) } }
                _ => { @for planned in times { time.number datetime=(planned.starts_at.to_rfc3339()) { (clock(planned)) } } }
            }
            a href=(instants::profile_address(task)) { (task) }
            @if let Some(zone) = times.iter().find_map(|planned| planned.timezone.as_ref()) { span.muted.small { "scheduled in " (zone) } }
            @if let Some(length) = times.iter().find_map(|planned| planned.length) { span.muted.small { "takes " (plain::duration_ms(length.num_milliseconds().unsigned_abs())) } }
            @if let Some(other) = overlaps { span.small { "overlaps " (other) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::{
        history::{Day, TaskDays},
        run::RunId,
        status::Upcoming,
    };

    use super::*;
    use crate::web::pages::samples::{moment, now, status, task};

    #[test]
    fn past_runs_are_colored_and_coming_ones_have_their_times() {
        let date = now().date_naive() - chrono::Days::new(1);
        let day =
            Day { date, succeeded: 0, warnings: 0, failed: 1, stopped: 0, missed: 0, run: Some(RunId(7)), bytes_added: 0 };
        let past = [TaskDays { task: "<home>".to_owned(), days: vec![day] }];
        let at = now() + TimeDelta::hours(2);
        let zone = Some("Asia/Tokyo".to_owned());
        let upcoming = [Upcoming { task: "<home>".to_owned(), due_at: at, starts_at: at, timezone: zone }];
        let plan = Plan::new(&status(vec![task("<home>")]), &upcoming, &past, &[], &moment());
        let often = Often { task: "beat".to_owned(), schedule: "every minute".to_owned(), a_day: 1440, next: Some(at) };
        let shown = page(&plan, &[often], false).into_string();
        let parts = [
            "data-state=\"failed\"><a href=\"/runs/7\">&lt;home&gt;",
            ">15:00</time>",
            "scheduled in Asia/Tokyo",
            "<code>every minute</code>, 1,440 times a day",
            "· today",
            "The download leaves out what comes all the time: beat.",
        ];
        for part in parts {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("<home>"), "{shown}");
    }

    #[test]
    fn many_times_of_a_day_are_counted() {
        let hourly: Vec<_> = (0..8)
            .map(|hour| now() + TimeDelta::hours(hour))
            .map(|at| Upcoming { task: "a".to_owned(), due_at: at, starts_at: at, timezone: None })
            .collect();
        let plan = Plan::new(&status(vec![task("a")]), &hourly, &[], &[], &moment());
        let shown = page(&plan, &[], false).into_string();
        assert!(shown.contains("8 times, 13:00 to 20:00"), "{shown}");
    }

    #[test]
    fn calendar_without_anything_says_what_to_do() {
        let plan = Plan::new(&status(vec![task("a")]), &[], &[], &[], &moment());
        let shown = page(&plan, &[], false).into_string();
        assert!(shown.contains("Nothing is scheduled.") && !shown.contains("/calendar.ics"), "{shown}");
        assert!(nothing_to_download(&[]).contains("14 days"));
    }
}

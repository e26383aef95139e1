//! Numbers and instants as a page shows them: short, with all there is to know on hover.
//!
//! Pure: the time and the zone are given.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
pub use prestic_proto::moment::Moment;
use prestic_proto::words;

/// Returns a size, with its exact number of bytes on hover.
pub fn bytes(bytes: u64) -> Markup {
    html! { span title=(words::counted(bytes, "byte")) { (words::bytes(bytes)) } }
}

/// Returns an instant by its distance from now, with its date and time on hover: `in 2 h`, `5 min ago`.
pub fn relative(moment: &Moment, at: DateTime<Utc>) -> Markup {
    let text = if at > moment.now { words::until(at, moment.now) } else { words::ago(at, moment.now) };
    html! { time.relative datetime=(machine_readable(at)) title=(absolute_text(moment, at)) { (text) } }
}

/// Returns an instant as date and time, with its distance from now on hover.
pub fn absolute(moment: &Moment, at: DateTime<Utc>) -> Markup {
    let distance = if at > moment.now { words::until(at, moment.now) } else { words::ago(at, moment.now) };
    html! { time datetime=(machine_readable(at)) title=(distance) { (short_text(moment, at)) } }
}

/// Returns date and time with all that there is to say: `Mon 2026-11-23 02:00:00 +01:00`.
pub fn absolute_text(moment: &Moment, at: DateTime<Utc>) -> String {
    moment.at(at).format("%a %Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Returns date and time to the minute: `2026-11-23 02:00`.
pub fn short_text(moment: &Moment, at: DateTime<Utc>) -> String {
    moment.at(at).format("%Y-%m-%d %H:%M").to_string()
}

/// Shows a message in which `backticks` stand around what is typed or written in a file.
pub fn marked(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick without a partner is one that somebody has written.
    let last_pair = if parts.len() % 2 == 1 { parts.len() } else { parts.len() - 1 };
    html! {
        @for (index, part) in parts.iter().enumerate() {
            @if index >= last_pair { "`" (part) } @else if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn machine_readable(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    const NOW: &str = "2026-11-23T12:00:00Z";

    fn moment() -> Moment {
        fn berlin(at: DateTime<Utc>) -> DateTime<FixedOffset> {
            at.with_timezone(&chrono_tz::Europe::Berlin).fixed_offset()
        }
        Moment { now: NOW.parse().unwrap(), local: berlin }
    }

    #[track_caller]
    fn check_relative(at: &str, expected: &str) {
        assert_eq!(relative(&moment(), at.parse().unwrap()).into_string(), expected);
    }

    #[test]
    fn instant_is_told_by_its_distance_and_on_hover_by_date_and_offset() {
        check_relative(
            "2026-11-23T14:00:00Z",
            "<time class=\"relative\" datetime=\"2026-11-23T14:00:00Z\" title=\"Mon 2026-11-23 15:00:00 +01:00\">in 2 h</time>",
        );
        check_relative(
            "2026-07-01T00:00:00Z",
            "<time class=\"relative\" datetime=\"2026-07-01T00:00:00Z\" title=\"Wed 2026-07-01 02:00:00 +02:00\">145 d ago</time>",
        );
        check_relative(
            NOW,
            "<time class=\"relative\" datetime=\"2026-11-23T12:00:00Z\" title=\"Mon 2026-11-23 13:00:00 +01:00\">just now</time>",
        );
    }

    #[test]
    fn date_has_the_distance_on_hover() {
        let shown = absolute(&moment(), "2026-11-23T11:55:00Z".parse().unwrap()).into_string();
        assert_eq!(shown, "<time datetime=\"2026-11-23T11:55:00Z\" title=\"5 min ago\">2026-11-23 12:55</time>");
    }

    #[test]
    fn backticks_mark_what_is_typed() {
        let check = |text: &str, expected: &str| assert_eq!(marked(text).into_string(), expected, "{text}");
        check("no profile is called `<x>`", "no profile is called <code>&lt;x&gt;</code>");
        check("`a` and `b`.", "<code>a</code> and <code>b</code>.");
        check("`a` and it`s", "<code>a</code> and it`s");
        check("plain", "plain");
        check("", "");
    }

    #[test]
    fn size_is_exact_on_hover() {
        assert_eq!(bytes(1_610_612_736).into_string(), "<span title=\"1,610,612,736 bytes\">1.5 GiB</span>");
    }

    #[test]
    fn offset_is_that_of_now() {
        assert_eq!(moment().offset(), "+01:00");
    }
}

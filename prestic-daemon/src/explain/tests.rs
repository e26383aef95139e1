//! Requests and their answers.

use super::*;

fn surroundings(machine_zone: Option<&str>) -> Surroundings {
    let now = "2026-03-28T12:00:30Z".parse().unwrap();
    Surroundings { now, machine_zone: machine_zone.map(str::to_owned) }
}

fn request(line: &str) -> Request {
    serde_json::from_str(line).unwrap()
}

#[track_caller]
fn check_json(line: &str, expected: &str) {
    assert_eq!(as_json(&explain(&request(line), &surroundings(Some("UTC")))), expected, "{line}");
}

#[track_caller]
fn check_refused(line: &str, message: &str, hint: &str) {
    let refusal = explain(&request(line), &surroundings(None)).unwrap_err();
    assert_eq!((refusal.to_string().as_str(), refusal.hint().as_deref()), (message, Some(hint)), "{line}");
}

#[test]
fn times_are_told_in_the_zone_that_is_asked_for() {
    check_json(
        r#"{"schedule": "DAILY at 2:30", "timezone": "Europe/Berlin", "n": 2}"#,
        concat!(
            r#"{"canonical":"daily at 02:30","words":"every day at 02:30","timezone":"Europe/Berlin","#,
            r#""next":["2026-03-29T03:00:00+02:00","2026-03-30T02:30:00+02:00"]}"#
        ),
    );
}

#[test]
fn times_come_after_the_instant_that_is_asked_for() {
    let line = r#"{"schedule": "daily at 02:30", "from": "2026-01-01T00:00:00-05:00", "timezone": "UTC"}"#;
    let found = explain(&request(line), &surroundings(None)).unwrap();
    let times: Vec<String> = found.next.iter().map(ToString::to_string).collect();
    let expected = (2..=6).map(|day| format!("2026-01-{day:02} 02:30:00 +00:00"));
    assert_eq!(times, expected.collect::<Vec<_>>());
}

#[test]
fn error_has_the_place_of_the_word() {
    check_json(
        r#"{"schedule": "mon dialy"}"#,
        r#"{"error":{"column":5,"hint":"did you mean `daily`?","length":5,"message":"unknown word `dialy` at column 5"}}"#,
    );
}

#[test]
fn error_is_underlined_for_people() {
    let refusal = explain(&request(r#"{"schedule": "mon dialy"}"#), &surroundings(None)).unwrap_err();
    assert_eq!(
        refusal.as_text(),
        "error: unknown word `dialy` at column 5\n  mon dialy\n      ^^^^^\nhint: did you mean `daily`?\n"
    );
}

#[test]
fn machine_without_a_named_zone_is_local() {
    let zone = |machine_zone| explain(&request(r#"{"schedule": "off"}"#), &surroundings(machine_zone)).unwrap().timezone;
    assert_eq!(zone(None), "local");
    assert_eq!(zone(Some("America/Havana")), "America/Havana");
}

#[test]
fn what_never_comes_has_no_times() {
    for schedule in ["off", "", "@startup", "after home"] {
        let request = Request { schedule: schedule.to_owned(), ..Request::default() };
        assert!(explain(&request, &surroundings(None)).unwrap().next.is_empty(), "{schedule}");
    }
}

#[test]
fn steps_count_from_the_instant_that_is_asked_for() {
    let line = r#"{"schedule": "every 7 hours", "from": "2026-01-01T00:30:00Z", "timezone": "UTC", "n": 2}"#;
    let found = explain(&request(line), &surroundings(None)).unwrap();
    let times: Vec<String> = found.next.iter().map(ToString::to_string).collect();
    assert_eq!(times, ["2026-01-01 07:30:00 +00:00", "2026-01-01 14:30:00 +00:00"]);
}

#[test]
fn random_delay_is_told_to_be_unknown() {
    let request = Request { schedule: "daily random 30m".to_owned(), ..Request::default() };
    let words = explain(&request, &surroundings(None)).unwrap().words;
    assert!(words.ends_with("(how much later depends on the task: these are the times without it)"), "{words}");
}

#[test]
fn instant_needs_an_offset() {
    check_refused(
        r#"{"schedule": "daily", "from": "2026-03-29 02:00"}"#,
        "`2026-03-29 02:00` does not say in which zone it is",
        "write `2026-03-29T02:00:00Z` for UTC, or `2026-03-29T02:00:00+02:00` with another offset",
    );
    check_refused(
        r#"{"schedule": "daily", "from": "tomorrow"}"#,
        "`tomorrow` is no instant",
        "write it as `2026-03-29T02:00:00Z` or `2026-03-29T02:00:00+01:00`",
    );
}

#[test]
fn zone_and_number_are_checked() {
    check_refused(
        r#"{"schedule": "daily", "timezone": "Europe/Berln"}"#,
        "unknown time zone `Europe/Berln`",
        "did you mean `Europe/Berlin`?",
    );
    check_refused(r#"{"schedule": "daily", "n": 1001}"#, "1001 times are too many", "ask for at most 1000");
}

#[test]
fn every_line_of_a_batch_has_an_answer_in_its_place() {
    let input = b"{\"schedule\": \"daily\", \"n\": 1}\nnonsense\n\n\xff\n{\"shedule\": \"x\"}\n{\"schedule\": \"off\"}";
    let mut output = Vec::new();
    let now = || surroundings(None).now;
    batch::answer_lines(input.as_slice(), &mut output, Some("UTC".to_owned()), now).unwrap();
    let output = String::from_utf8(output).unwrap();
    let answers: Vec<serde_json::Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let are_errors: Vec<bool> = answers.iter().map(|answer| answer.get("error").is_some()).collect();
    assert_eq!(are_errors, [false, true, true, true, true, false]);
}

#[test]
fn text_has_a_line_for_each_time() {
    let line = r#"{"schedule": "daily at 02:30", "timezone": "Europe/Berlin", "n": 2}"#;
    let text = text::readable(&explain(&request(line), &surroundings(None)).unwrap());
    let expected = "Schedule   daily at 02:30\n\
                    Meaning    every day at 02:30\n\
                    Time zone  Europe/Berlin\n\
                    \n\
                    Next 2 times after Sat 2026-03-28 13:00:30 +01:00\n  \
                    Sun 2026-03-29 03:00 +02:00  in 13 h 0 min\n  \
                    Mon 2026-03-30 02:30 +02:00  in 1 d 12 h\n";
    assert_eq!(text, expected);
}

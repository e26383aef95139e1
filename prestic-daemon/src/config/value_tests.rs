//! How values are written, and what they mean.

use super::*;

#[track_caller]
fn check(kind: Kind, text: &str, expected: Option<Value>) {
    assert!(parse(kind, text).ok() == expected, "{kind} {text:?}");
}

#[test]
fn bools_are_four_words_each_in_any_case() {
    for text in ["true", "On", "YES", "1"] {
        check(Kind::Bool, text, Some(Value::Bool(true)));
    }
    for text in ["false", "OFF", "No", "0"] {
        check(Kind::Bool, text, Some(Value::Bool(false)));
    }
    for text in ["", "2", "y", "enabled", "true # yes"] {
        check(Kind::Bool, text, None);
    }
}

#[test]
fn sizes_are_whole_kibibytes() {
    for (text, expected) in [
        ("512", 512),
        ("5M", 5120),
        ("1.5G", 1_572_864),
        ("5 MiB/s", 5120),
        ("2kb", 2),
        ("0", 0),
        ("0.2", 1),
        ("1T", 1_073_741_824),
    ] {
        check(Kind::Size, text, Some(Value::Size(expected)));
    }
    for text in ["", "M", "5X", "-1", "1.2.3", "5 M 3", "9999T", "100B", "inf", "1e3"] {
        check(Kind::Size, text, None);
    }
}

#[test]
fn durations_are_seconds_or_have_units() {
    for (text, expected) in
        [("300", 300), ("30s", 30), ("5m", 300), ("2h", 7200), ("1h30m", 5400), ("1 H 5 s", 3605), ("1d", 86_400)]
    {
        check(Kind::Duration, text, Some(Value::Duration(Some(Duration::from_secs(expected)))));
    }
    check(Kind::Duration, "", Some(Value::Duration(None)));
    for text in ["h", "5x", "-5", "1.5h", "1h30", "99999999999999999999", "99999999999d"] {
        check(Kind::Duration, text, None);
    }
}

#[test]
fn durations_are_shown_as_they_are_read() {
    for text in ["0s", "59s", "1m", "1h30m", "1d", "2d3h4m5s"] {
        assert_eq!(show_duration(parse_duration(text).expect("it is one")), text);
    }
}

#[test]
fn numbers_have_their_bounds() {
    check(Kind::Int, "2", Some(Value::Int(2)));
    check(Kind::Int, "2.5", None);
    check(Kind::Count, "0", None);
    check(Kind::Days, "0", Some(Value::Int(0)));
    check(Kind::Days, "-1", None);
}

#[test]
fn priorities_are_four_words() {
    check(Kind::CpuPriority, "Idle", Some(Value::CpuPriority(Some(CpuPriority::Idle))));
    check(Kind::IoPriority, "high", Some(Value::IoPriority(Some(IoPriority::High))));
    check(Kind::IoPriority, "", Some(Value::IoPriority(None)));
    check(Kind::CpuPriority, "slow", None);
}

#[test]
fn errors_say_what_is_wrong_in_one_line() {
    let error = parse(Kind::Pattern, "a(b").err().expect("the parenthesis is open");
    assert_eq!(error.message, "`a(b` is no regular expression: unclosed group");
    let error = parse(Kind::Bool, "may\nbe").err().expect("that is no bool");
    assert_eq!(error.message, "`may\\nbe` is not yes or no");
}

#[test]
fn a_list_with_an_open_quote_does_not_show_its_words() {
    let error = parse(Kind::Words, "--password 'hunter2").err().expect("the quote is open");
    assert_eq!(error.message, "a quote (') is opened and not closed");
}

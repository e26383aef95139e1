//! Who inherits what, and what cannot be inherited.

use super::super::read;
use std::path::Path;

/// Reads a text and returns a profile's settings as `key=value`, own ones first.
#[track_caller]
fn check(text: &str, profile: &str, expected: &[&str]) {
    let loaded = read(text, Path::new("config.ini"));
    let profile = loaded.config.profile(profile).unwrap_or_else(|| panic!("{:?}", loaded.report.errors));
    let settings = profile.settings().iter().filter(|setting| setting.key != "inherit");
    let found: Vec<_> = settings.map(|setting| format!("{}={}", setting.key, setting.value.plain_text())).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_errors(text: &str, expected: &[&str]) {
    let loaded = read(text, Path::new("config.ini"));
    let found: Vec<_> = loaded.report.errors.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_childs_own_value_wins_then_the_first_parents() {
    let text = "[one]\nverbose = 1\ncache-dir = 1\n[two]\nverbose = 2\ncache-dir = 2\nkey-hint = 2\n[child]\ninherit = one two\nverbose = 0\n";
    check(text, "child", &["verbose=0", "cache-dir=1", "key-hint=2"]);
}

#[test]
fn a_parent_brings_its_ancestors_before_the_next_parent() {
    let text = "[root]\nverbose = 1\n[one]\ninherit = root\n[two]\nverbose = 2\n[child]\ninherit = one two\n";
    check(text, "child", &["verbose=1"]);
}

#[test]
fn parents_may_stand_behind_their_children() {
    check("[c]\ninherit = b\n[b]\ninherit = a\n[a]\nverbose = 3\n", "c", &["verbose=3"]);
}

#[test]
fn two_names_of_one_option_override_each_other() {
    check("[a]\nrepository = /a\n[b]\ninherit = a\nflag.repo = /b\n", "b", &["flag.repo=/b"]);
    check("[a]\nenv.RESTIC_PASSWORD_FILE = /a\n[b]\ninherit = a\npassword-file = /b\n", "b", &["password-file=/b"]);
}

#[test]
fn defaults_are_a_childs_own() {
    check("[DEFAULT]\nverbose = 1\n[a]\nverbose = 2\n[b]\ninherit = a\n", "b", &["verbose=1"]);
}

#[test]
fn an_empty_value_takes_back_a_parents() {
    check("[a]\nschedule = daily at 01:00\n[b]\ninherit = a\nschedule =\n", "b", &["schedule="]);
}

#[test]
fn the_default_profile_is_always_there() {
    check("[a]\ninherit = default\nverbose = 1\n", "a", &["verbose=1"]);
    check("", "default", &[]);
    check("[a]\ninherit = default\n[default]\nverbose = 2\n", "a", &["verbose=2"]);
}

#[test]
fn diamonds_are_resolved_once() {
    let mut text = "[p0]\nverbose = 1\n".to_owned();
    for number in 1..64 {
        text += &format!(
            "[a{number}]\ninherit = p{0}\n[b{number}]\ninherit = p{0}\n[p{number}]\ninherit = a{number} b{number}\n",
            number - 1
        );
    }
    check(&text, "p63", &["verbose=1"]);
}

#[test]
fn unknown_parents_are_told_with_a_guess() {
    check_errors(
        "[my-repo]\n[home]\ninherit = my-rep\n[other]\n\ninherit = nowhere\n",
        &[
            "unknown parent `my-rep` in [home] at config.ini:3\n  hint: did you mean `my-repo`?",
            "unknown parent `nowhere` in [other] at config.ini:6\n  hint: add a section [nowhere], or take the name out",
        ],
    );
}

#[test]
fn circles_are_told_whole_and_once() {
    let hint = "\n  hint: take one of these names out of its `inherit`";
    check_errors(
        "[a]\ninherit = b\n[b]\ninherit = c\n[c]\ninherit = a\n[y]\ninherit = c\n[self]\ninherit = self\n",
        &[
            &format!("profiles inherit each other in a circle: `a -> b -> c -> a` in [a] at config.ini:2{hint}"),
            "`y` cannot be used, because `c` has errors in [y] at config.ini:8\n  hint: mend [c]",
            &format!("profiles inherit each other in a circle: `self -> self` in [self] at config.ini:10{hint}"),
        ],
    );
}

#[test]
fn what_builds_on_an_error_is_left_out() {
    let text = "[good]\nverbose = 1\n[bad]\nverbose = x\n[child]\ninherit = good bad\n[grandchild]\ninherit = child\n";
    let loaded = read(text, Path::new("config.ini"));
    assert_eq!(loaded.config.profiles().map(|profile| profile.name()).collect::<Vec<_>>(), ["good"]);
}

#[test]
fn a_chain_of_ten_thousand_is_no_problem() {
    let mut text = "[p0]\nverbose = 1\n".to_owned();
    for number in 1..10_000 {
        text += &format!("[p{number}]\ninherit = p{}\n", number + 1);
    }
    text += "[p10000]\ninherit = p0\n";
    check(&text, "p1", &["verbose=1"]);
}

#[test]
fn commas_between_parents_are_one_error() {
    check_errors(
        "[a]\n[b]\n[c]\n[d]\ninherit = a, b, c\n",
        &["unknown parent `a,` in [d] at config.ini:5\n  hint: separate the names by blanks only, without commas"],
    );
}

#[test]
fn a_comment_behind_the_parents_is_one_error() {
    check_errors(
        "[a]\n[d]\ninherit = a # the base of all\n",
        &[
            "unknown parent `#` in [d] at config.ini:3\n  hint: a comment stands on a line of its own: what follows a value belongs to it",
        ],
    );
}

#[test]
fn what_builds_on_a_section_with_errors_is_told() {
    check_errors(
        "[base]\nverbose = much\n[child]\ninherit = base\n[grandchild]\ninherit = child\n",
        &[
            "`verbose`: `much` is not a whole number in [base] at config.ini:2\n  hint: write digits only, as `2`",
            "`child` cannot be used, because `base` has errors in [child] at config.ini:4\n  hint: mend [base]",
            "`grandchild` cannot be used, because `child` has errors in [grandchild] at config.ini:6\n  hint: mend [child]",
        ],
    );
}

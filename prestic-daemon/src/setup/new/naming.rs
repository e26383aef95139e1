//! The name of a new profile: what the user says, or what the first of its folders is called.

use std::{env, path::Path};

use super::{NewError, section::forget_name, whole_path};

/// Sections that are no profiles.
const RESERVED: [&str; 2] = ["DEFAULT", "prestic"];

/// The name for what has none of its own, as `/`.
const FALLBACK: &str = "system";

/// A name stands in commands, in names of files and in notifications.
const LONGEST: usize = 64;

/// Returns the name of the profile: the one that is wanted, if it can be used, or one that is free.
pub(super) fn choose(wanted: Option<&str>, paths: &[String], taken: &[String]) -> Result<String, NewError> {
    let is_free = |name: &str| ![name, &forget_name(name)].iter().any(|name| taken.iter().any(|other| other == name));
    let Some(name) = wanted else {
        let first = paths.first().map(|path| whole_path(path)).unwrap_or_default();
        let name = named_after(&first, env::home_dir().as_deref());
        let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
        return Ok(std::iter::once(name.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or(name));
    };
    if !is_usable(name) {
        let message = format!(
            "`{name}` cannot be the name of a profile: it has up to {LONGEST} letters, digits, dots, dashes and underscores, \
             and begins with a letter or digit"
        );
        return Err(NewError::BadAnswer(message));
    }
    if !is_free(name) {
        let message = format!("there is a profile `{name}` or `{}` already: choose another `--name`", forget_name(name));
        return Err(NewError::BadAnswer(message));
    }
    Ok(name.to_owned())
}

fn is_usable(name: &str) -> bool {
    let is_good = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_good)
        && name.len() <= LONGEST
        && !RESERVED.contains(&name)
}

fn named_after(path: &Path, home: Option<&Path>) -> String {
    if Some(path) == home {
        return "home".to_owned();
    }
    let base = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let plain: String = base.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(LONGEST / 2).collect();
    if is_usable(&name) { name } else { FALLBACK.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_named_after(path: &str, expected: &str) {
        assert_eq!(named_after(Path::new(path), Some(Path::new("/home/me"))), expected);
    }

    #[test]
    fn profile_is_named_after_its_first_folder() {
        check_named_after("/home/me", "home");
        check_named_after("/home/me/My Photos (2026)", "my-photos-2026");
        check_named_after("/etc", "etc");
        check_named_after("/", "system");
        check_named_after("/prestic", "system");
        check_named_after("/写真", "system");
    }

    #[track_caller]
    fn check(wanted: Option<&str>, taken: &[&str], expected: Option<&str>) {
        let taken: Vec<String> = taken.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(choose(wanted, &["/etc".to_owned()], &taken).ok().as_deref(), expected);
    }

    #[test]
    fn name_is_free() {
        check(None, &[], Some("etc"));
        check(None, &["etc", "etc-2-forget"], Some("etc-3"));
        check(Some("nas"), &["etc"], Some("nas"));
        check(Some("nas"), &["nas"], None);
        check(Some("nas"), &["nas-forget"], None);
    }

    #[test]
    fn name_that_would_be_read_as_something_else_is_refused() {
        for name in ["", "DEFAULT", "prestic", "a]b", "a b", "-x", "a@b", "a\nb", &"x".repeat(65)] {
            check(Some(name), &[], None);
        }
    }
}

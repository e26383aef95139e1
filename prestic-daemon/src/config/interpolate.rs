//! Replaces `%(name)s` and `%%` in values, as Python's `configparser` does when a value is asked for.
//!
//! One difference: any other `%` stands for itself here, where Python refused to start. Which section's values a
//! name is looked up in is the caller's business.

use std::borrow::Cow;

use thiserror::Error;

use super::ini::fold_key;

/// Python's `configparser.MAX_INTERPOLATION_DEPTH`.
const MAX_DEPTH: usize = 10;

/// No honest value is as long; ten levels of ten references each would be.
const MAX_LENGTH: usize = 1024 * 1024;

/// Why a value cannot be made up.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum InterpolationError {
    /// A reference to nothing.
    #[error("`%({0})s` names a key that is neither here nor in [DEFAULT]")]
    UnknownName(String),
    /// References that go round, or nearly so.
    #[error("`%({0})s` refers to values that refer to others, more than {MAX_DEPTH} deep")]
    TooDeep(String),
    /// References that multiply.
    #[error("`%({0})s` makes the value longer than 1 MiB")]
    TooLong(String),
}

/// Returns the value with all its references replaced. `look_up` gets folded names, and gives raw values.
pub fn expand<'value, 'names>(
    raw: &'value str,
    look_up: &mut dyn FnMut(&str) -> Option<&'names str>,
) -> Result<Cow<'value, str>, InterpolationError> {
    if !raw.contains('%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut expanded = String::with_capacity(raw.len());
    expand_into(&mut expanded, raw, look_up, 1)?;
    Ok(Cow::Owned(expanded))
}

fn expand_into<'names>(
    expanded: &mut String,
    raw: &str,
    look_up: &mut dyn FnMut(&str) -> Option<&'names str>,
    depth: usize,
) -> Result<(), InterpolationError> {
    let mut rest = raw;
    while let Some(position) = rest.find('%') {
        expanded.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            expanded.push('%');
            rest = after;
        } else if let Some((name, after)) = reference(rest) {
            rest = after;
            let value = look_up(&fold_key(name)).ok_or_else(|| InterpolationError::UnknownName(name.to_owned()))?;
            if !value.contains('%') {
                expanded.push_str(value);
            } else if depth >= MAX_DEPTH {
                return Err(InterpolationError::TooDeep(name.to_owned()));
            } else {
                expand_into(expanded, value, look_up, depth + 1)?;
            }
            if expanded.len() > MAX_LENGTH {
                return Err(InterpolationError::TooLong(name.to_owned()));
            }
        } else {
            expanded.push('%');
        }
    }
    expanded.push_str(rest);
    Ok(())
}

/// Takes `(name)s` off the front of a text.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('(')?.split_once(')')?;
    Some((name, after.strip_prefix('s')?)).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, names: &[(&str, &str)], expected: Result<&str, InterpolationError>) {
        let mut look_up = |name: &str| names.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        assert_eq!(expand(raw, &mut look_up), expected.map(Cow::Borrowed));
    }

    #[test]
    fn doubled_percent_signs_are_one() {
        check("%%Y-%%m", &[], Ok("%Y-%m"));
        check("100%%%%", &[], Ok("100%%"));
    }

    #[test]
    fn other_percent_signs_stand_for_themselves() {
        check("50% of %TEMP% 100%", &[], Ok("50% of %TEMP% 100%"));
        check("%(unclosed", &[], Ok("%(unclosed"));
        check("%(name)d %()s", &[("name", "x")], Ok("%(name)d %()s"));
    }

    #[test]
    fn names_are_folded_and_replaced_recursively() {
        check("%(Base)s/x", &[("base", "%(root)s/b"), ("root", "/r")], Ok("/r/b/x"));
        check("%(a)s", &[("a", "100%%")], Ok("100%"));
        check("%(env.HOME)s", &[("env.HOME", "/h")], Ok("/h"));
    }

    #[test]
    fn a_missing_name_is_an_error() {
        check("a %(Nope)s", &[], Err(InterpolationError::UnknownName("Nope".to_owned())));
    }

    #[test]
    fn a_value_that_refers_to_itself_is_an_error() {
        check("%(a)s", &[("a", "%(a)s")], Err(InterpolationError::TooDeep("a".to_owned())));
    }

    #[test]
    fn references_that_multiply_are_stopped() {
        let long = "x".repeat(300_000);
        check("%(a)s%(a)s%(a)s%(a)s", &[("a", &long)], Err(InterpolationError::TooLong("a".to_owned())));
    }
}

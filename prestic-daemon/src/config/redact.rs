//! Takes secrets out of texts that people will see: repository URLs, command lines, values of variables.
//!
//! Where it is not clear whether something is a secret, it is one. What restic itself prints is not this module's.

use crate::secret::HIDDEN;

/// A value that is hidden entirely.
pub fn hidden() -> String {
    HIDDEN.to_owned()
}

/// Hides `user:password@`, percent-encoded too, and the values of parameters that sound secret.
pub fn url(text: &str) -> String {
    // A literal `@` decides before an encoded one: `%2F` in a password must not end the host.
    let text = hide_credentials(text, Reading::Literal);
    let text = hide_credentials(&text, Reading::Decoded);
    hide_parameters(&hide_sftp_credentials(text))
}

/// Tells whether a repository's URL may be seen by everybody who can list processes.
pub fn has_credentials(text: &str) -> bool {
    url(text) != text
}

/// Tells whether a variable's value is a secret, by its name.
pub fn is_secret_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let only_names_a_secret = name == "RESTIC_KEY_HINT" || name.ends_with("_FILE") || name.ends_with("_COMMAND");
    !only_names_a_secret
        && (["KEY", "SECRET", "TOKEN", "PASS"].iter().any(|part| name.contains(part)) || name.ends_with("_SAS"))
}

/// Returns a variable's value as it may be seen.
pub fn variable(name: &str, value: &str) -> String {
    if is_secret_variable(name) && !value.is_empty() { hidden() } else { url(value) }
}

/// Returns the value of a flag (its name without dashes) as it may be seen.
pub fn flag(name: &str, value: &str) -> String {
    if name == "o" || name == "option" {
        extended_option(value)
    } else if is_secret_flag(name) && !is_switch(value) {
        hidden()
    } else if is_command(name) {
        program_of(value)
    } else {
        url(value)
    }
}

/// Returns a command line as it may be seen.
pub fn command_line<Word: AsRef<str>>(line: &[Word]) -> Vec<String> {
    let mut shown = Vec::with_capacity(line.len());
    let mut flag_before: Option<&str> = None;
    for text in line.iter().map(AsRef::as_ref) {
        shown.push(match flag_before.take() {
            Some(name) if !text.starts_with('-') => flag(name, text),
            _ => word(text),
        });
        flag_before = match text.strip_prefix("--") {
            Some(name) => Some(name).filter(|name| *name == "option" || is_secret_flag(name)),
            None => text.strip_prefix('-').filter(|name| *name == "o"),
        };
    }
    shown
}

fn word(text: &str) -> String {
    if let Some((name, value)) = text.strip_prefix("--").and_then(|flag| flag.split_once('=')) {
        format!("--{name}={}", flag(name, value))
    } else if let Some(value) = text.strip_prefix("-o").filter(|_| !text.starts_with("--")) {
        format!("-o{}", extended_option(value))
    } else if let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_variable_name(name)) {
        format!("{name}={}", variable(name, value))
    } else {
        url(text)
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

/// Returns the value of `--option`, which is a `name=value` of its own.
fn extended_option(text: &str) -> String {
    match text.split_once('=') {
        Some((name, value)) if sounds_secret(name) && !value.is_empty() => format!("{name}={HIDDEN}"),
        Some((name, value)) if is_command(name) => format!("{name}={}", program_of(value)),
        _ => url(text),
    }
}

/// Whether an option of a backend, or a flag, is a command, or arguments of one: there is no telling which words are secret.
fn is_command(name: &str) -> bool {
    ["command", "args"].iter().any(|ending| name.ends_with(ending))
}

/// Returns a command as it may be seen: which program it is, and that there is more.
pub fn program_of(command: &str) -> String {
    match command.split_once(char::is_whitespace) {
        Some((program, _)) if !program.starts_with('-') => format!("{program} {HIDDEN}"),
        None if !command.starts_with('-') => command.to_owned(),
        _ => hidden(),
    }
}

fn is_secret_flag(name: &str) -> bool {
    let names_a_place = ["-file", "-command", "-hint"].iter().any(|ending| name.ends_with(ending));
    !names_a_place && sounds_secret(name)
}

fn is_switch(value: &str) -> bool {
    matches!(value, "" | "true" | "false")
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "secret", "token", "pass"].iter().any(|part| name.contains(part))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Literal,
    Decoded,
}

/// A character, perhaps written as `%41`, and where it stands in the text.
struct Unit {
    character: char,
    start: usize,
}

fn units(text: &str, reading: Reading) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    let mut position = 0;
    while let Some(character) = text[position..].chars().next() {
        let decoded = text.get(position + 1..position + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded.filter(|byte| reading == Reading::Decoded && character == '%' && byte.is_ascii()) {
            Some(byte) => {
                units.push(Unit { character: char::from(byte), start: position });
                position += 3;
            }
            None => {
                units.push(Unit { character, start: position });
                position += character.len_utf8();
            }
        }
    }
    units
}

/// Hides what stands between `://` and `@`, if there is a colon in it.
fn hide_credentials(text: &str, reading: Reading) -> String {
    let units = units(text, reading);
    let is = |index: usize, wanted: char| units.get(index).is_some_and(|unit| unit.character == wanted);
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    let mut index = 0;
    while index < units.len() {
        if !(is(index, ':') && is(index + 1, '/') && is(index + 2, '/')) {
            index += 1;
            continue;
        }
        let begin = index + 3;
        index = begin;
        let Some(at) = end_of_credentials(&units[begin..]).map(|length| begin + length) else { continue };
        shown.push_str(&text[copied..units[begin].start]);
        shown.push_str(HIDDEN);
        copied = units[at].start;
        index = at;
    }
    shown.push_str(&text[copied..]);
    shown
}

/// Returns where the `@` stands that ends the credentials at the front of an authority, if there are any.
fn end_of_credentials(rest: &[Unit]) -> Option<usize> {
    let word = rest.iter().position(|unit| unit.character.is_whitespace()).unwrap_or(rest.len());
    let authority = rest[..word].iter().position(|unit| "/?#".contains(unit.character)).unwrap_or(word);
    let last_at = |range: &[Unit]| range.iter().rposition(|unit| unit.character == '@');
    let has_colon = |range: &[Unit]| range.iter().any(|unit| unit.character == ':');
    if let Some(at) = last_at(&rest[..authority]) {
        return Some(at).filter(|at| has_colon(&rest[..*at]));
    }
    // A password with a slash in it: what follows the colon is then no port.
    let colon = rest[..authority].iter().rposition(|unit| unit.character == ':')?;
    let is_port = rest[colon + 1..authority].iter().all(|unit| unit.character.is_ascii_digit());
    let is_address = rest.first().is_some_and(|unit| unit.character == '[');
    if is_port || is_address { None } else { last_at(&rest[..word]) }
}

/// Hides the password in `sftp:user:password@host:/path`, which restic does not know but people write.
fn hide_sftp_credentials(text: String) -> String {
    let Some(begin) = text.find("sftp:").map(|start| start + "sftp:".len()) else { return text };
    let rest = &text[begin..];
    let host = &rest[..rest.find('/').unwrap_or(rest.len())];
    match host.rfind('@').filter(|at| host[..*at].contains(':')) {
        Some(at) => format!("{}{HIDDEN}{}", &text[..begin], &rest[at..]),
        None => text,
    }
}

/// Hides secrets in `?token=…&…` of URLs and in rclone's `:backend,pass=…:path`.
fn hide_parameters(text: &str) -> String {
    if !text.contains('=') || !(text.contains("://") || text.contains("rclone:")) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(separator) = rest.find(['?', '&', ',', ';']) {
        let (before, after) = rest.split_at(separator + 1);
        shown.push_str(before);
        rest = after;
        let name_length = rest.find(|letter: char| !letter.is_alphanumeric() && !"_-.".contains(letter)).unwrap_or(rest.len());
        let name = &rest[..name_length];
        let Some(value) = rest[name_length..].strip_prefix('=') else { continue };
        if !sounds_secret(name) && !name.eq_ignore_ascii_case("sig") {
            continue;
        }
        shown.push_str(name);
        shown.push('=');
        shown.push_str(HIDDEN);
        rest = &value[parameter_length(value)..];
    }
    shown.push_str(rest);
    shown
}

fn parameter_length(value: &str) -> usize {
    let quoted = value.chars().next().filter(|first| "\"'".contains(*first));
    match quoted.and_then(|quote| value[1..].find(quote)) {
        Some(length) => length + 2,
        None => value.find([',', ':', '&', ';', '#']).unwrap_or(value.len()),
    }
}

#[cfg(test)]
#[path = "redact_tests.rs"]
mod tests;

//! What is said to restic: which flags go before its command, and how others become words after it.

use super::{draft::Section, node::Node, paths::Places};

/// Flags of restic that all its commands have, without the dashes. They become `flag.NAME`.
const GLOBAL: [&str; 18] = [
    "cacert",
    "cleanup-cache",
    "compression",
    "http-user-agent",
    "insecure-no-password",
    "insecure-tls",
    "json",
    "key-hint",
    "no-cache",
    "no-extra-verify",
    "no-lock",
    "pack-size",
    "quiet",
    "retry-lock",
    "stuck-request-timeout",
    "tls-client-cert",
    "limit-download",
    "limit-upload",
];

/// Flags whose value is a file, which may be written with a `~`.
const OF_FILES: [&str; 9] = [
    "cacert",
    "cache-dir",
    "exclude-file",
    "files-from",
    "files-from-raw",
    "files-from-verbatim",
    "iexclude-file",
    "password-file",
    "tls-client-cert",
];

/// Parts of the names of variables that hold secrets.
const SECRET_PARTS: [&str; 5] = ["PASS", "SECRET", "KEY", "TOKEN", "CREDENTIAL"];

/// Whether restic has such a flag for all its commands.
pub fn is_global(name: &str) -> bool {
    GLOBAL.contains(&name) || matches!(name, "verbose" | "option" | "options" | "cache-dir")
}

/// Whether a flag's value names a file.
pub fn is_of_file(name: &str) -> bool {
    OF_FILES.contains(&name)
}

/// Whether a variable of this name is probably not for others to see.
pub fn is_secret_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // Those name a place, and not what is there.
    let is_reference = ["_FILE", "_COMMAND", "_ID", "KEY_HINT", "_CREDENTIALS"].iter().any(|end| name.ends_with(end));
    SECRET_PARTS.iter().any(|part| name.contains(part)) && !is_reference
}

/// Sets a flag that all commands have.
pub fn set_global(section: &mut Section, name: &str, node: &Node, places: &Places<'_>, place: &str) {
    let values: Vec<String> = node.texts().iter().map(|text| expanded(name, text, places)).collect();
    match (name, values.as_slice()) {
        ("option" | "options", _) => section.add_words("option", values),
        ("verbose", [value]) if value == "true" => section.set("verbose", "1"),
        ("verbose", [value]) if value == "false" => {}
        ("verbose" | "cache-dir" | "key-hint" | "limit-upload" | "limit-download", [value]) => section.set(name, value),
        // As for restic, a switch that is off is one that is not there.
        (_, [value]) if value == "false" => {}
        (_, [value]) => section.set(&format!("flag.{name}"), value),
        _ => section.note(place, format!("`--{name}` can be given once only: write the one that counts as `flag.{name}`")),
    }
}

/// Returns the words of a flag of one command.
pub fn words(name: &str, node: &Node, places: &Places<'_>) -> Vec<String> {
    let dashes = if name.chars().count() == 1 { "-" } else { "--" };
    match node {
        Node::Bool(false) | Node::Map(_) => Vec::new(),
        Node::Bool(true) | Node::Empty => vec![format!("{dashes}{name}")],
        node => node.texts().iter().map(|text| format!("{dashes}{name}={}", expanded(name, text, places))).collect(),
    }
}

fn expanded(name: &str, text: &str, places: &Places<'_>) -> String {
    if is_of_file(name) { places.file(text) } else { text.to_owned() }
}

/// Sets a variable of restic's environment.
pub fn set_variable(section: &mut Section, name: &str, value: &str, place: &str) {
    let key = match name {
        "RESTIC_REPOSITORY" => "repository".to_owned(),
        "RESTIC_PASSWORD" => "password".to_owned(),
        "RESTIC_PASSWORD_FILE" => "password-file".to_owned(),
        "RESTIC_PASSWORD_COMMAND" => "password-command".to_owned(),
        _ => format!("env.{name}"),
    };
    if is_secret_variable(name) { section.set_secret(&key, value, place) } else { section.set(&key, value) }
}

/// Sets the repository, whose address may have a password in it.
pub fn set_repository(section: &mut Section, repository: &str, place: &str) {
    let authority = repository.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    let credentials = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    if credentials.is_some_and(|credentials| credentials.contains(':')) {
        section.set_secret("repository", repository, place);
    } else {
        section.set("repository", repository);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_hold_secrets_are_told_from_others() {
        for name in ["AWS_SECRET_ACCESS_KEY", "B2_ACCOUNT_KEY", "RESTIC_PASSWORD", "OS_AUTH_TOKEN"] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in ["AWS_ACCESS_KEY_ID", "RESTIC_PASSWORD_FILE", "AWS_DEFAULT_REGION", "GOOGLE_APPLICATION_CREDENTIALS"] {
            assert!(!is_secret_variable(name), "{name}");
        }
    }

    #[test]
    fn password_in_an_address_is_a_secret() {
        let mut section = Section::new("a");
        set_repository(&mut section, "rest:https://host:8000/x@y:z", "a");
        assert!(!crate::import::tests::ini_of(section.clone()).contains("in the clear"));
        set_repository(&mut section, "rest:https://me:pass@host/x", "a");
        assert!(crate::import::tests::ini_of(section).contains("in the clear"));
    }
}

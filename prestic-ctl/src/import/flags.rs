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
const SECRET_PARTS: [&str; 6] = ["PASS", "SECRET", "KEY", "TOKEN", "CREDENTIAL", "_SAS"];

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

/// Returns the words of a flag of one command, whose name may have its dashes. One without a value would take the next word
/// for it, so it is none at all.
pub fn words(name: &str, node: &Node, places: &Places<'_>) -> Vec<String> {
    let name = name.trim_start_matches('-');
    let dashes = if name.chars().count() == 1 { "-" } else { "--" };
    match node {
        Node::Bool(false) | Node::Map(_) | Node::Empty => Vec::new(),
        Node::Bool(true) => vec![format!("{dashes}{name}")],
        node => node.texts().iter().map(|text| format!("{dashes}{name}={}", expanded(name, text, places))).collect(),
    }
}

fn expanded(name: &str, text: &str, places: &Places<'_>) -> String {
    if is_of_file(name) { places.file(text) } else { text.to_owned() }
}

/// Sets a variable of restic's environment.
pub fn set_variable(section: &mut Section, name: &str, value: &str, place: &str) {
    if value != value.trim() || value.contains(['\n', '\r']) {
        section.note(place, "blanks at its ends are left out, and line ends became blanks: an INI has no others");
    }
    let key = match name {
        "RESTIC_REPOSITORY" => return set_repository(section, value, place),
        "RESTIC_PASSWORD" => "password".to_owned(),
        "RESTIC_PASSWORD_FILE" => "password-file".to_owned(),
        "RESTIC_PASSWORD_COMMAND" => "password-command".to_owned(),
        _ => format!("env.{name}"),
    };
    if is_secret_variable(name) || has_password(value) {
        section.set_secret(&key, value, place);
    } else {
        section.set(&key, value);
    }
}

/// Sets the repository, whose address may have a password in it.
pub fn set_repository(section: &mut Section, repository: &str, place: &str) {
    if has_password(repository) {
        section.set_secret("repository", repository, place);
    } else {
        section.set("repository", repository);
    }
}

/// Whether an address has a password in it.
fn has_password(address: &str) -> bool {
    let authority = address.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    let credentials = authority.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    credentials.is_some_and(|credentials| credentials.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_hold_secrets_are_told_from_others() {
        for name in ["AWS_SECRET_ACCESS_KEY", "B2_ACCOUNT_KEY", "RESTIC_PASSWORD", "OS_AUTH_TOKEN", "AZURE_ACCOUNT_SAS"] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in ["AWS_ACCESS_KEY_ID", "RESTIC_PASSWORD_FILE", "AWS_DEFAULT_REGION", "GOOGLE_APPLICATION_CREDENTIALS"] {
            assert!(!is_secret_variable(name), "{name}");
        }
    }

    #[test]
    fn flag_without_a_value_takes_no_other_word_for_it() {
        let variable = |_: &str| None;
        let places = Places { folder: "/x".into(), user_home: None, host_name: None, variable: &variable };
        assert_eq!(words("tag", &Node::Empty, &places), [""; 0]);
        assert_eq!(words("--keep-daily", &Node::Number("7".to_owned()), &places), ["--keep-daily=7"]);
        assert_eq!(words("-x", &Node::Bool(true), &places), ["-x"]);
    }

    #[test]
    fn variable_that_an_ini_cannot_hold_as_it_is_says_so() {
        let mut section = Section::new("a");
        set_variable(&mut section, "HTTPS_PROXY", "http://me:pass@host", "env.HTTPS_PROXY");
        set_variable(&mut section, "B", "one\ntwo", "env.B");
        let ini = crate::import::tests::ini_of(section);
        assert!(
            ini.contains("# env.HTTPS_PROXY: a secret in the clear") && ini.contains("# env.B: blanks at its ends"),
            "{ini}"
        );
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

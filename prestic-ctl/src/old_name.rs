//! What the words mean that were written for Python's PRestic, when this program is called `prestic`.
//!
//! Its own options come first and in any order; the first word that is none begins restic's words, whatever they look like.
//! Words that it never had, as `prestic status`, are those of `prestic-ctl`.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use prestic_proto::restic;

use crate::cli::DEFAULT_PROFILE;

/// The name of the command, as Python's PRestic had it.
pub const NAME: &str = "prestic";
/// The same with a tray.
const TRAY_NAME: &str = "prestic-gui";

/// What `prestic --help` prints.
pub const HELP: &str = "\
prestic: the command of Python's PRestic, answered by prestic-ctl

Usage: prestic [-c FILE] [-p PROFILE] [RESTIC ARGS]...
       prestic --keyring get|set|del NAME
       prestic --service | --gui

  -c, --config FILE      another config.ini, or the folder that has one
  -p, --profile PROFILE  the profile to use [default: default]
      --service          run the daemon in this terminal
      --gui              show the tray, and start the daemon if none runs
      --keyring          read, write or remove a password in the keyring

Every other command is one of prestic-ctl: see `prestic-ctl --help`.
";

/// What the old words ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OldInvocation {
    /// restic in the foreground.
    Foreground {
        /// The configuration, where it is not the usual one.
        config: Option<OsString>,
        /// The profile.
        profile: OsString,
        /// restic's words.
        args: Vec<OsString>,
    },
    /// The daemon, in this process's place.
    Service {
        /// The configuration, where it is not the usual one.
        config: Option<OsString>,
    },
    /// The tray.
    Tray {
        /// The configuration, where it is not the usual one.
        config: Option<OsString>,
    },
    /// The keyring.
    Keyring(Vec<OsString>),
    /// Help.
    Help,
    /// What Python's PRestic never had: words for `prestic-ctl`.
    New(Vec<OsString>),
    /// An option without its value.
    MissingValue(&'static str),
}

/// Understands the command line; none if the program is not called by the old name.
pub fn parse(words: &[OsString]) -> Option<OldInvocation> {
    let program = Path::new(words.first()?).file_stem()?;
    if program == NAME {
        Some(understand(&words[1..], false))
    } else {
        (program == TRAY_NAME).then(|| understand(&words[1..], true))
    }
}

/// What stood before restic's words.
#[derive(Default)]
struct Given {
    config: Option<OsString>,
    profile: Option<OsString>,
    is_service: bool,
    is_tray: bool,
    is_keyring: bool,
}

fn understand(words: &[OsString], is_tray: bool) -> OldInvocation {
    let mut given = Given { is_tray, ..Given::default() };
    let mut rest = words;
    while let Some((word, others)) = rest.split_first() {
        match known(word) {
            Some(Known::Flag(set)) => set(&mut given),
            Some(Known::Help) => return OldInvocation::Help,
            Some(Known::Value(option, attached)) => {
                let (value, after) = match (attached, others.split_first()) {
                    (Some(value), _) => (value, others),
                    (None, Some((value, after))) => (value.clone(), after),
                    (None, None) => return OldInvocation::MissingValue(option),
                };
                *(if option == CONFIG { &mut given.config } else { &mut given.profile }) = Some(value);
                rest = after;
                continue;
            }
            None if word == "--" => {
                rest = others;
                break;
            }
            None => break,
        }
        rest = others;
    }
    let args = rest.to_vec();
    let is_plain = given.config.is_none() && given.profile.is_none();
    match given {
        Given { is_keyring: true, .. } => OldInvocation::Keyring(args),
        Given { is_tray: true, config, .. } => OldInvocation::Tray { config },
        Given { is_service: true, config, .. } => OldInvocation::Service { config },
        // With a profile or a file every word is restic's, as it was.
        _ if is_plain && args.first().is_some_and(|word| !is_restics(word)) => OldInvocation::New(args),
        Given { config, profile, .. } => {
            OldInvocation::Foreground { config, profile: profile.unwrap_or_else(|| DEFAULT_PROFILE.into()), args }
        }
    }
}

const CONFIG: &str = "--config";
const PROFILE: &str = "--profile";

/// An option of Python's PRestic.
enum Known {
    Flag(fn(&mut Given)),
    /// With its value, where that stands in the same word.
    Value(&'static str, Option<OsString>),
    Help,
}

/// Long names could be cut short, as `--prof`.
fn known(word: &OsStr) -> Option<Known> {
    let text = word.to_str()?;
    for (short, long) in [("-c", CONFIG), ("-p", PROFILE)] {
        if let Some(attached) = text.strip_prefix(short) {
            let attached = attached.strip_prefix('=').unwrap_or(attached);
            return Some(Known::Value(long, (!attached.is_empty()).then(|| attached.into())));
        }
    }
    let (name, attached) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(OsString::from(value))));
    let is = |long: &str| name.len() > 2 && long.starts_with(name);
    match name {
        "-h" => Some(Known::Help),
        _ if is(CONFIG) => Some(Known::Value(CONFIG, attached)),
        _ if is(PROFILE) => Some(Known::Value(PROFILE, attached)),
        _ if is("--service") => Some(Known::Flag(|given| given.is_service = true)),
        _ if is("--gui") => Some(Known::Flag(|given| given.is_tray = true)),
        _ if is("--keyring") => Some(Known::Flag(|given| given.is_keyring = true)),
        _ if is("--help") => Some(Known::Help),
        _ => None,
    }
}

/// restic's own words, and its flags: Python's PRestic handed both on.
fn is_restics(word: &OsStr) -> bool {
    restic::COMMANDS.iter().any(|command| word == *command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[track_caller]
    fn check(line: &str, expected: OldInvocation) {
        assert_eq!(parse(&words(line)), Some(expected), "{line}");
    }

    fn foreground(config: Option<&str>, profile: &str, args: &str) -> OldInvocation {
        OldInvocation::Foreground { config: config.map(Into::into), profile: profile.into(), args: words(args) }
    }

    #[test]
    fn other_names_are_not_the_old_one() {
        assert_eq!(parse(&words("/usr/bin/prestic-ctl -p home")), None);
        assert_eq!(parse(&[]), None);
    }

    #[test]
    fn every_word_after_the_first_of_restic_s_is_restic_s() {
        check("prestic", foreground(None, "default", ""));
        check("/usr/bin/prestic -p home", foreground(None, "home", ""));
        check("prestic -p home snapshots -p x --json", foreground(None, "home", "snapshots -p x --json"));
        check("prestic --profile=home -- ls", foreground(None, "home", "ls"));
        check("prestic -phome check", foreground(None, "home", "check"));
        check("prestic --prof home -c other.ini forget", foreground(Some("other.ini"), "home", "forget"));
        check("prestic check", foreground(None, "default", "check"));
        check("prestic -p home status", foreground(None, "home", "status"));
    }

    #[test]
    fn service_tray_and_keyring_have_their_flags() {
        check("prestic --service", OldInvocation::Service { config: None });
        check("prestic -c /srv/prestic --service", OldInvocation::Service { config: Some("/srv/prestic".into()) });
        check("prestic --gui", OldInvocation::Tray { config: None });
        check("prestic-gui", OldInvocation::Tray { config: None });
        check("prestic --keyring set nas", OldInvocation::Keyring(words("set nas")));
        check("prestic --help", OldInvocation::Help);
        check("prestic -p", OldInvocation::MissingValue(PROFILE));
    }

    #[test]
    fn what_it_never_had_goes_to_prestic_ctl() {
        check("prestic status --json", OldInvocation::New(words("status --json")));
        check("prestic run home", OldInvocation::New(words("run home")));
        check("prestic --json status", OldInvocation::New(words("--json status")));
    }
}

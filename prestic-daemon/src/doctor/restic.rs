//! The programs that make the backups: are they there, and what is known of their versions?

use std::{collections::BTreeMap, ffi::OsString, io, time::Duration};

use futures::future::join_all;
use prestic_proto::doctor::{Check, Finding};
use tokio::time::timeout;

use super::Subject;
use crate::{
    config::{redact, repository_access::RepositoryAccess},
    patience::with_patience,
    restic::{
        dangers::{self, Weight},
        version::ResticVersion,
    },
    runs::restic_versions::ResticVersions,
};

/// How long a program may take to tell its version.
const LIMIT: Duration = Duration::from_secs(10);

/// How many profiles are named where a program is missing.
const NAMED: usize = 3;

/// Who uses a program.
#[derive(Default)]
struct Use {
    environment: Vec<(OsString, OsString)>,
    profiles: Vec<String>,
}

/// Looks at each program that a profile uses, or at `restic` where there is no profile.
pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    let mut programs: BTreeMap<Vec<String>, Use> = BTreeMap::new();
    for profile in subject.with_repository() {
        let Ok(access) = RepositoryAccess::of(profile, &subject.home) else { continue };
        let program = programs.entry(access.executable).or_default();
        program.profiles.push(profile.name().to_owned());
        program.environment = access.environment;
    }
    if programs.is_empty() {
        let nobodys = Use { environment: std::env::vars_os().collect(), ..Use::default() };
        programs.insert(vec!["restic".to_owned()], nobodys);
    }
    let versions = ResticVersions::default();
    let limit = with_patience(LIMIT);
    let looks = programs.iter().map(async |(executable, Use { environment, profiles })| {
        let shown = redact::command_line(executable).join(" ");
        let silent = || Err(io::Error::other(format!("it did not tell its version within {} s", limit.as_secs())));
        let version = timeout(limit, versions.of(executable, environment)).await.unwrap_or_else(|_| silent());
        judge(&shown, version, profiles)
    });
    join_all(looks).await.concat()
}

fn judge(shown: &str, version: io::Result<ResticVersion>, profiles: &[String]) -> Vec<Finding> {
    let version = match version {
        Ok(version) => version,
        Err(error) => {
            let users = match profiles.len() {
                0 => String::new(),
                count if count > NAMED => format!(", which {} and {} more use", profiles[..NAMED].join(", "), count - NAMED),
                _ => format!(", which {} uses", profiles.join(", ")),
            };
            let message = format!("cannot run `{shown}`{users}: {error}");
            let hint = "install restic, or say where it is with `executable = …` in the configuration";
            return vec![Finding::error(Check::Restic, message, hint)];
        }
    };
    let mut known: Vec<_> = dangers::of_version(version).collect();
    known.sort_by_key(|danger| danger.weight == Weight::Note);
    let notes: Vec<_> = known.iter().filter(|danger| danger.weight == Weight::Note).map(|danger| danger.about).collect();
    let warnings = known.iter().filter(|danger| danger.weight == Weight::Warning);
    let found: Vec<_> = warnings
        .map(|danger| {
            let message = format!("`{shown}` is restic {version}: {}", danger.about);
            Finding::warning(Check::Restic, message, "install a newer restic")
        })
        .collect();
    if !found.is_empty() {
        return found;
    }
    let notes = notes.iter().map(|note| format!("; {note}")).collect::<String>();
    vec![Finding::ok(Check::Restic, format!("`{shown}` is restic {version}{notes}"))]
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    #[track_caller]
    fn check(version: io::Result<&str>, expected: Level, part: &str) {
        let findings = judge("restic", version.map(|text| text.parse().unwrap()), &["home".to_owned()]);
        assert!(findings.iter().any(|finding| finding.level == expected && finding.message.contains(part)), "{findings:?}");
    }

    #[test]
    fn program_that_is_missing_is_an_error() {
        check(Err(io::ErrorKind::NotFound.into()), Level::Error, "which home uses");
    }

    #[test]
    fn version_decides_what_is_said() {
        check(Ok("0.14.0"), Level::Warning, "leaves its lock behind");
        check(Ok("0.18.0"), Level::Ok, "restic 0.18.0; its `prune`");
        check(Ok("0.19.1"), Level::Ok, "`restic` is restic 0.19.1");
    }
}

//! The restics that the profiles use.

use std::collections::BTreeMap;

use prestic_proto::system::ResticProgram;

use super::Repositories;
use crate::{
    config::{redact, repository_access::RepositoryAccess},
    core::command::Command,
};

impl Repositories {
    /// Returns the restics that the profiles use, each with its version.
    pub async fn restics(&self) -> Vec<ResticProgram> {
        let profiles = self.core.ask(Command::FindProfiles).await.unwrap_or_default();
        let mut programs: BTreeMap<Vec<String>, (RepositoryAccess, Vec<String>)> = BTreeMap::new();
        for profile in profiles.iter().filter(|profile| profile.repository().is_some()) {
            let Ok(access) = RepositoryAccess::of(profile, &self.home) else { continue };
            let (_, names) = programs.entry(access.executable.clone()).or_insert_with(|| (access, Vec::new()));
            names.push(profile.name().to_owned());
        }
        let mut found = Vec::with_capacity(programs.len());
        for (executable, (access, profiles)) in programs {
            let version = self.versions.of(&executable, &access.environment).await;
            found.push(ResticProgram {
                executable: redact::command_line(&executable),
                version: version.as_ref().ok().map(ToString::to_string),
                trouble: version.err().map(|error| error.to_string()),
                profiles,
            });
        }
        found
    }
}

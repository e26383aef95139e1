//! Whether the names in a profile's snapshots are kept in an index, for searching.

use std::fmt;

use super::{keys::Key, profile::Profile, value::Value};

/// When a snapshot is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SnapshotIndex {
    /// After its backup.
    #[default]
    On,
    /// When somebody asks for it.
    OnDemand,
    /// Never: no names are kept outside of the repository.
    Off,
}

impl SnapshotIndex {
    const ALL: [Self; 3] = [Self::On, Self::OnDemand, Self::Off];

    /// Reads the word.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|index| text.eq_ignore_ascii_case(index.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::OnDemand => "on-demand",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for SnapshotIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Profile {
    /// Returns when its snapshots are indexed.
    pub fn snapshot_index(&self) -> SnapshotIndex {
        if let Some(Value::SnapshotIndex(index)) = self.value(Key::SnapshotIndex) { *index } else { SnapshotIndex::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[track_caller]
    fn check(line: &str, expected: SnapshotIndex) {
        let text = format!("[home]\nrepository = /r\npassword = x\n{line}\n");
        let loaded = config::read(&text, std::path::Path::new("config.ini"));
        assert_eq!(loaded.config.profile("home").unwrap().snapshot_index(), expected, "{line}");
    }

    #[test]
    fn index_is_made_unless_the_profile_says_otherwise() {
        check("", SnapshotIndex::On);
        check("snapshot-index = on", SnapshotIndex::On);
        check("snapshot-index = On-Demand", SnapshotIndex::OnDemand);
        check("snapshot-index = off", SnapshotIndex::Off);
    }

    #[test]
    fn other_words_are_refused() {
        assert_eq!(SnapshotIndex::parse("yes"), None);
    }
}

//! What is known of versions of restic: what is dangerous about them, and what is only worth to know. Pure.

/// What the user of a version should know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks {
    /// What endangers backups.
    pub dangers: Vec<&'static str>,
    /// What concerns only few, or harms nobody.
    pub notes: Vec<&'static str>,
}

/// Returns what the user of a version should know.
pub fn of_version(version: &str) -> Remarks {
    let Some(version) = parse(version) else { return Remarks::default() };
    let (mut dangers, mut notes) = (Vec::new(), Vec::new());
    if version == (0, 16, 0) || version == (0, 16, 3) {
        dangers.push("With `compression = max` it can write damaged data: use another version, and run `check --read-data`");
    }
    if version == (0, 17, 1) {
        dangers
            .push("It can write snapshots with files of an irregular kind: use a newer one, and see `restic repair snapshots`");
    }
    if ((0, 17, 0)..(0, 19, 0)).contains(&version) {
        notes.push(
            "Only for a repository that was begun with a restic before 0.10: `prune` and `repair index` of this version can lose \
             entries of its index. Use restic 0.19 for these two there (restic issue 21820)",
        );
    }
    if version < (0, 16, 0) {
        notes.push("It cannot list one folder of a snapshot alone: looking into snapshots is slow");
    }
    Remarks { dangers, notes }
}

fn parse(version: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = version.split(['.', '-', ' ']);
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?, next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, dangers: &[&str], notes: &[&str]) {
        let remarks = of_version(version);
        for (found, parts) in [(remarks.dangers, dangers), (remarks.notes, notes)] {
            assert_eq!(found.len(), parts.len(), "{version}: {found:?}");
            for (found, part) in found.iter().zip(parts) {
                assert!(found.contains(part), "{version}: {found}");
            }
        }
    }

    #[test]
    fn remarks_are_those_of_the_very_version() {
        check("0.14.0", &[], &["slow"]);
        check("0.16.0", &["compression = max"], &[]);
        check("0.16.4", &[], &[]);
        check("0.17.1", &["irregular"], &["21820"]);
        check("0.18.0-dev", &[], &["21820"]);
        check("0.19.1", &[], &[]);
        check("unknown", &[], &[]);
    }
}

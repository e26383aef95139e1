//! What is known to be dangerous, or to be missing, in some versions of restic.

use super::version::ResticVersion;

/// How much a danger matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It matters to few, who have to know of it.
    Note,
    /// Everybody who has this version should get another.
    Warning,
}

/// Something that some versions do wrong, or cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Danger {
    from: ResticVersion,
    /// The first version that is better.
    until: ResticVersion,
    /// How much it matters.
    pub weight: Weight,
    /// What it is.
    pub about: &'static str,
}

const fn danger(from: (u32, u32, u32), until: (u32, u32, u32), weight: Weight, about: &'static str) -> Danger {
    let (from, until) = (ResticVersion::new(from.0, from.1, from.2), ResticVersion::new(until.0, until.1, until.2));
    Danger { from, until, weight, about }
}

const DANGERS: [Danger; 6] = [
    danger((0, 0, 0), (0, 14, 0), Weight::Warning, "PRestic was never tried with it"),
    danger(
        (0, 14, 0),
        (0, 17, 0),
        Weight::Warning,
        "it leaves its lock behind when the system ends it, and cannot say by its exit code that a repository is locked or missing",
    ),
    danger((0, 16, 0), (0, 16, 1), Weight::Warning, "with `compression = max` it can damage what it saves"),
    danger((0, 16, 3), (0, 16, 4), Weight::Warning, "with `compression = max` it can damage what it saves"),
    danger(
        (0, 17, 1),
        (0, 17, 2),
        Weight::Warning,
        "it can save files as `irregular`, which cannot be restored: see `restic repair snapshots`",
    ),
    danger(
        (0, 17, 0),
        (0, 19, 0),
        Weight::Note,
        "its `prune` and `repair index` can harm repositories that restic before 0.10 has made",
    ),
];

/// Returns what is known of a version.
pub fn of_version(version: ResticVersion) -> impl Iterator<Item = &'static Danger> {
    DANGERS.iter().filter(move |danger| danger.from <= version && version < danger.until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, expected: &[&str]) {
        let found: Vec<_> = of_version(version.parse().unwrap()).map(|danger| danger.about).collect();
        assert_eq!(found.len(), expected.len(), "{version}: {found:?}");
        for (about, part) in found.iter().zip(expected) {
            assert!(about.contains(part), "{version}: {about}");
        }
    }

    #[test]
    fn each_version_has_its_own_dangers() {
        check("0.12.1", &["never tried"]);
        check("0.14.0", &["leaves its lock"]);
        check("0.16.0", &["leaves its lock", "compression"]);
        check("0.16.2", &["leaves its lock"]);
        check("0.16.3", &["leaves its lock", "compression"]);
        check("0.17.1", &["irregular", "before 0.10"]);
        check("0.18.0", &["before 0.10"]);
        check("0.19.1", &[]);
    }
}

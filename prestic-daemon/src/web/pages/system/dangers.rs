//! What is known to be dangerous about versions of restic. Pure.

/// Returns what the user of a version should know, worst first.
pub fn of_version(version: &str) -> Vec<&'static str> {
    let Some(version) = parse(version) else { return Vec::new() };
    let mut dangers = Vec::new();
    if version == (0, 16, 0) || version == (0, 16, 3) {
        dangers.push("with `compression = max` it can write damaged data: use another version, and run `check --read-data`");
    }
    if version == (0, 17, 1) {
        dangers
            .push("it can write snapshots with files of an irregular kind: use a newer one, and see `restic repair snapshots`");
    }
    if ((0, 17, 0)..(0, 19, 0)).contains(&version) {
        dangers.push("its index can miss data where it is split (restic issue 21820): 0.19 mends that");
    }
    if version < (0, 16, 0) {
        dangers.push("it cannot list one folder of a snapshot alone: looking into snapshots is slow");
    }
    dangers
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
    fn check(version: &str, parts: &[&str]) {
        let dangers = of_version(version);
        assert_eq!(dangers.len(), parts.len(), "{version}: {dangers:?}");
        for (danger, part) in dangers.iter().zip(parts) {
            assert!(danger.contains(part), "{version}: {danger}");
        }
    }

    #[test]
    fn dangers_are_those_of_the_very_version() {
        check("0.14.0", &["slow"]);
        check("0.16.0", &["compression = max"]);
        check("0.16.4", &[]);
        check("0.17.1", &["irregular", "21820"]);
        check("0.18.0-dev", &["21820"]);
        check("0.19.1", &[]);
        check("unknown", &[]);
    }
}

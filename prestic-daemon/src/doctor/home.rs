//! The home: can it be written, does nobody else look into it, and is there space on the disks that backups need?

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use prestic_proto::{
    doctor::{Check, Finding},
    home::Home,
    words::bytes,
};

use super::{Subject, existing_folder_of, shown, space, within};
use crate::{
    atomic_write,
    config::{Profile, permissions, repository_access::RepositoryAccess},
};

/// How long its disk may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// With less than this the next backup may not find the space for its log and the cache.
const LOW: u64 = 500 * 1024 * 1024;
/// With less than this nothing works.
const VERY_LOW: u64 = 20 * 1024 * 1024;

/// A file of this many bytes is written for trying: a disk can be full and take an empty one.
const TRIED_BYTES: usize = 4096;

/// What is known of the home.
#[derive(Debug, Default)]
struct Facts {
    root: PathBuf,
    /// Whether it exists.
    is_there: bool,
    /// Why nothing can be written into it.
    unwritable: Option<String>,
    /// Whether others can look into it.
    is_open: bool,
    /// Folders with the free bytes of their disks, each disk once.
    free: Vec<(PathBuf, u64)>,
}

/// Looks at the home.
pub(super) async fn look(subject: &Subject) -> Vec<Finding> {
    let root = subject.home.root().to_owned();
    let folders = [root.clone(), subject.home.logs_dir(), subject.home.cache_dir()].into_iter();
    let own = subject.with_repository().filter_map(|profile| cache_of_profile(profile, &subject.home));
    let folders: Vec<PathBuf> = folders.chain(cache_of_restic()).chain(own).collect();
    let place = shown(&root);
    match within(LIMIT, move || gather(root, &folders)).await {
        Some(facts) => judge(&facts),
        None => {
            let message = format!("{place} does not answer within {} s", LIMIT.as_secs());
            vec![Finding::error(Check::Home, message, "look after its disk, or the server that it is on")]
        }
    }
}

/// Returns the folder of restic's cache that a profile names.
fn cache_of_profile(profile: &Profile, home: &Home) -> Option<PathBuf> {
    let environment = RepositoryAccess::of(profile, home).ok()?.environment;
    let (_, folder) = environment.into_iter().find(|(name, _)| name == "RESTIC_CACHE_DIR")?;
    Some(PathBuf::from(folder)).filter(|folder| folder.is_absolute())
}

/// Returns the folder of restic's cache, where nothing says otherwise.
fn cache_of_restic() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        Some(set("LOCALAPPDATA")?.join("restic"))
    } else if cfg!(target_os = "macos") {
        Some(set("HOME")?.join("Library/Caches/restic"))
    } else {
        Some(set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?.join("restic"))
    }
}

fn gather(root: PathBuf, folders: &[PathBuf]) -> Facts {
    let mut facts = Facts { is_there: root.is_dir(), root, ..Facts::default() };
    if facts.is_there {
        facts.unwritable = try_to_write(&facts.root).err().map(|error| error.to_string());
        facts.is_open = permissions::is_open_to_others(&facts.root);
    }
    let mut seen = Vec::new();
    for folder in folders.iter().filter_map(|folder| existing_folder_of(folder)) {
        let Ok(space) = space::of(&folder) else { continue };
        if !seen.contains(&space.disk) {
            seen.push(space.disk);
            facts.free.push((folder, space.free));
        }
    }
    facts
}

fn try_to_write(folder: &Path) -> io::Result<()> {
    let file = folder.join(format!("doctor-{}.tmp", std::process::id()));
    let mut opened = atomic_write::owner_only(OpenOptions::new().write(true).create_new(true)).open(&file)?;
    let written = opened.write_all(&[0; TRIED_BYTES]).and_then(|()| opened.sync_all());
    drop(opened);
    fs::remove_file(&file)?;
    written
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let root = shown(&facts.root);
    if !facts.is_there {
        return vec![Finding::ok(Check::Home, format!("{root} is not there yet: it is made when it is needed"))];
    }
    let mut findings = Vec::new();
    if let Some(error) = &facts.unwritable {
        let message = format!("nothing can be written into {root}: {error}");
        findings.push(Finding::error(Check::Home, message, "give it back to your user, or make space on its disk"));
    }
    if facts.is_open {
        let hint = permissions::closing_command_of_folder(&facts.root);
        findings.push(Finding::warning(Check::Home, format!("other users can look into {root}"), hint));
    }
    for (folder, free) in &facts.free {
        let message = format!("only {} are free on the disk of {}", bytes(*free), shown(folder));
        let hint = "make space: logs, restic's cache and the state of the daemon need it";
        match *free {
            free if free < VERY_LOW => findings.push(Finding::error(Check::Home, message, hint)),
            free if free < LOW => findings.push(Finding::warning(Check::Home, message, hint)),
            _ => {}
        }
    }
    if findings.is_empty() {
        let free = facts.free.first().map(|(_, free)| format!(", {} free", bytes(*free))).unwrap_or_default();
        findings.push(Finding::ok(Check::Home, format!("{root}{free}")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    fn good() -> Facts {
        let root = PathBuf::from("/h");
        Facts { is_there: true, free: vec![(root.clone(), 1 << 40)], root, ..Facts::default() }
    }

    #[track_caller]
    fn check(facts: &Facts, expected: &[(Level, &str)]) {
        let findings = judge(facts);
        assert_eq!(findings.len(), expected.len(), "{findings:?}");
        for (finding, (level, part)) in findings.iter().zip(expected) {
            assert!(finding.level == *level && finding.message.contains(part), "{finding:?}");
        }
    }

    #[test]
    fn good_home_is_one_line() {
        check(&good(), &[(Level::Ok, "/h, 1.0 TiB free")]);
        check(&Facts { is_there: false, ..good() }, &[(Level::Ok, "not there yet")]);
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        let facts = Facts {
            unwritable: Some("denied".to_owned()),
            is_open: true,
            free: vec![("/h".into(), VERY_LOW - 1), ("/c".into(), LOW - 1)],
            ..good()
        };
        let expected = [
            (Level::Error, "nothing can be written into /h: denied"),
            (Level::Warning, "other users can look into /h"),
            (Level::Error, "are free on the disk of /h"),
            (Level::Warning, "are free on the disk of /c"),
        ];
        check(&facts, &expected);
    }

    #[cfg(unix)]
    #[test]
    fn cache_that_a_profile_names_is_looked_at() {
        let text = "[home]\nrepository = /r\ncache-dir = /big/cache\n";
        let loaded = crate::config::read(text, Path::new("config.ini"));
        let cache = cache_of_profile(loaded.config.profile("home").unwrap(), &Home::at("/h"));
        assert_eq!(cache, Some(PathBuf::from("/big/cache")));
    }

    #[test]
    fn trying_to_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        try_to_write(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(try_to_write(&folder.path().join("none")).is_err());
    }
}

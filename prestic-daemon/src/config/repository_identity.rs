//! Tells whether two profiles use the same repository, however each of them writes it.
//!
//! Owns the reading of restic's locations. What it cannot know, such as another name of the same server, makes two of one:
//! then restic's own locks decide. Passwords never get into an identity, and an identity shows nothing.

use std::{
    collections::HashMap,
    env, fmt, fs,
    path::{Component, Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    Config,
    command::{Arguments, ResticCommand},
    file_checks,
    profile::Profile,
};
use crate::{
    fingerprint::fingerprint,
    restic::access::{self, Access},
};

/// Stands for a repository: the same for all ways to write it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(String);

/// How long all looks at local repositories together may take: as long as those at other files.
const TIME_LIMIT: Duration = file_checks::TIME_LIMIT;
/// How long one of them may take. A disk that is away must not use up the time of all others.
const TIME_LIMIT_OF_ONE: Duration = Duration::from_millis(500);

/// Where the links in local paths lead, as far as that was looked at.
#[derive(Debug, Default)]
pub(super) struct RealPaths(OnceLock<HashMap<PathBuf, PathBuf>>);

impl RepositoryId {
    fn of(location: &Location, real: &RealPaths) -> Self {
        match location {
            Location::Local(path) => Self::of_text(&format!("local:{}", spelling(real.of(path)))),
            Location::Remote(id) => id.clone(),
        }
    }

    fn of_text(text: &str) -> Self {
        Self(format!("{:016x}", fingerprint(text.as_bytes())))
    }

    /// Returns the text for records and for comparing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepositoryId({})", self.0)
    }
}

impl RealPaths {
    fn of<'paths>(&'paths self, path: &'paths Path) -> &'paths Path {
        self.0.get().and_then(|paths| paths.get(path)).map_or(path, PathBuf::as_path)
    }

    /// Looks where the local repositories of a configuration really are. One whose disk does not answer stays as written.
    pub(super) fn look(&self, config: &Config) {
        let locations = config.tasks().flat_map(|task| task.own_locations());
        let mut paths: Vec<_> = locations.filter_map(|(location, _)| location.local_path()).map(Path::to_owned).collect();
        paths.sort();
        paths.dedup();
        let _ = self.0.set(real_paths(paths));
    }
}

fn real_paths(mut paths: Vec<PathBuf>) -> HashMap<PathBuf, PathBuf> {
    let end = Instant::now() + TIME_LIMIT;
    let mut found = HashMap::with_capacity(paths.len());
    while !paths.is_empty() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let seen = file_checks::look_at(paths.clone(), left.min(TIME_LIMIT_OF_ONE), real_path);
        let looked_at = paths.drain(..seen.len()).zip(seen).collect::<Vec<_>>();
        found.extend(looked_at);
        // The next one did not answer in time, unless there were so many that the time was over.
        if !paths.is_empty() {
            paths.remove(0);
        }
    }
    found
}

/// Resolves the links of a path, as far as it exists: a repository may be still to be made.
fn real_path(path: &Path) -> PathBuf {
    for above in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (fs::canonicalize(above), path.strip_prefix(above)) {
            return real.join(rest);
        }
    }
    path.to_owned()
}

/// Returns a whole path as all of its spellings have it.
fn spelling(path: &Path) -> String {
    let path = path.display().to_string();
    if cfg!(windows) { windows_spelling(&path) } else { path }
}

/// Windows tells no small letters from capital ones, and paths of disks that are there have another form than the others.
fn windows_spelling(path: &str) -> String {
    let plain = match (path.strip_prefix(r"\\?\UNC\"), path.strip_prefix(r"\\?\")) {
        (Some(share), _) => format!(r"\\{share}"),
        (None, Some(plain)) => plain.to_owned(),
        (None, None) => path.to_owned(),
    };
    plain.to_lowercase()
}

impl Profile {
    /// Returns the repositories that its own command uses, and how; none that it does not lock.
    pub fn repositories_used(&self) -> Vec<(RepositoryId, Access)> {
        self.used(self.own_locations())
    }

    /// Returns the repositories that a command of it uses, and how.
    pub fn repositories_used_with(&self, arguments: Arguments) -> Vec<(RepositoryId, Access)> {
        self.used(&self.locations(arguments))
    }

    /// Returns its repository, whether its command locks it or not, and also if it has no command.
    pub fn repository_id(&self) -> Option<RepositoryId> {
        let reading = || self.locations(Arguments::Instead(vec!["snapshots".to_owned()])).into_iter().next();
        let (location, _) = self.own_locations().first().cloned().or_else(reading)?;
        Some(RepositoryId::of(&location, self.real_paths()))
    }

    /// Returns the path of its repository, if that is a folder of this machine.
    pub fn local_repository(&self) -> Option<PathBuf> {
        let (location, _) = self.locations(Arguments::Instead(vec!["snapshots".to_owned()])).into_iter().next()?;
        location.local_path().map(Path::to_owned)
    }

    /// Whether its repository is on another machine.
    pub fn needs_network(&self) -> bool {
        self.repository().is_some_and(is_elsewhere)
    }

    fn used(&self, locations: &[(Location, Option<Access>)]) -> Vec<(RepositoryId, Access)> {
        let used = locations.iter();
        used.filter_map(|(location, access)| Some((RepositoryId::of(location, self.real_paths()), (*access)?))).collect()
    }

    /// Returns the repository of a command, and the one that a `copy` reads from.
    pub(super) fn locations(&self, arguments: Arguments) -> Vec<(Location, Option<Access>)> {
        let Ok(command) = self.restic_command(arguments) else { return Vec::new() };
        let words = [command.flags.as_slice(), &command.arguments].concat();
        let accesses = access::of_command(command.subcommand().unwrap_or_default(), &words);
        let account = command.variable("AZURE_ACCOUNT_NAME").unwrap_or_default();
        let read = |text: &str| Location::read(text, account, env::home_dir().as_deref());
        let own = last_flag(&words, "repo", Some("-r")).or_else(|| command.variable("RESTIC_REPOSITORY"));
        let source = last_flag(&words, "from-repo", None).or_else(|| command.variable("RESTIC_FROM_REPOSITORY"));
        let source = source.filter(|_| accesses.source.is_some());
        let own = own.map(|text| (read(text), accesses.repository));
        own.into_iter().chain(source.map(|text| (read(text), accesses.source))).collect()
    }
}

/// Whether a location is on another machine. Where rclone leads is not known.
fn is_elsewhere(repository: &str) -> bool {
    const SCHEMES: [&str; 7] = ["azure", "b2", "gs", "rest", "s3", "sftp", "swift"];
    let is_own = |rest: &str| ["localhost", "127.", "::1"].iter().any(|own| rest.contains(own));
    repository.split_once(':').is_some_and(|(scheme, rest)| SCHEMES.contains(&scheme) && !is_own(rest))
}

impl ResticCommand {
    /// Returns what a variable is set to for this command.
    fn variable(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(present, _)| present == name).map(|(_, value)| value.reveal())
    }
}

/// Returns the value of a flag; restic heeds the last one.
fn last_flag<'words>(words: &'words [String], name: &str, short: Option<&str>) -> Option<&'words str> {
    let long = format!("--{name}");
    let mut value = None;
    let mut words = words.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if *word == long || Some(word.as_str()) == short {
            value = words.next().map(String::as_str);
        } else if let Some(rest) = word.strip_prefix(&long).and_then(|rest| rest.strip_prefix('=')) {
            value = Some(rest);
        } else if let Some(rest) = short.filter(|_| !word.starts_with("--")).and_then(|short| word.strip_prefix(short)) {
            value = Some(rest.strip_prefix('=').unwrap_or(rest));
        }
    }
    value
}

/// A repository's location, in one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Location {
    /// A whole path without `.`, `..` and doubled slashes.
    Local(PathBuf),
    /// Anything else.
    Remote(RepositoryId),
}

impl Location {
    /// Reads a location as restic does. restic itself runs in the home folder.
    fn read(text: &str, azure_account: &str, home: Option<&Path>) -> Self {
        let Some((scheme, rest)) = text.split_once(':') else { return Self::local(text, home) };
        match scheme.to_ascii_lowercase().as_str() {
            "local" => Self::local(rest, home),
            "sftp" => Self::remote(format!("sftp:{}", sftp(rest))),
            "rest" => Self::remote(format!("rest:{}", url(rest))),
            "s3" => Self::remote(format!("s3:{}", s3(rest))),
            "rclone" => Self::remote(format!("rclone:{}", rclone(rest))),
            "azure" => Self::remote(format!("azure:{azure_account}:{}", bucket(rest))),
            scheme @ ("b2" | "gs" | "swift") => Self::remote(format!("{scheme}:{}", bucket(rest))),
            _ => Self::local(text, home),
        }
    }

    fn local(text: &str, home: Option<&Path>) -> Self {
        let path = home.unwrap_or(Path::new("")).join(text);
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    plain.pop();
                }
                part => plain.push(part),
            }
        }
        Self::Local(plain)
    }

    fn remote(text: String) -> Self {
        Self::Remote(RepositoryId::of_text(&text))
    }

    fn local_path(&self) -> Option<&Path> {
        if let Self::Local(path) = self { Some(path) } else { None }
    }
}

/// `user@host:path` or `//user@host:port/path`, of which the first slash is no part of the path.
fn sftp(rest: &str) -> String {
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
        None => {
            let (authority, path) = rest.split_once(':').unwrap_or((rest, ""));
            return format!("{}:{}", server(authority, false, "22"), clean(path));
        }
    };
    format!("{}:{}", server(authority, true, "22"), clean(path))
}

/// `https://user:password@host:port/path`.
fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return clean(text) };
    let scheme = scheme.to_ascii_lowercase();
    let port = if scheme == "http" { "80" } else { "443" };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    format!("{scheme}://{}{}", server(authority, true, port), clean(&format!("/{path}")))
}

/// `https://host/bucket/path`, `//host/bucket/path` or `host/bucket/path`.
fn s3(rest: &str) -> String {
    let (scheme, place) = match rest.split_once("://") {
        Some((scheme, place)) => (scheme.to_ascii_lowercase(), place),
        None => ("https".to_owned(), rest.trim_start_matches('/')),
    };
    let port = if scheme == "http" { "80" } else { "443" };
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let server = server(authority, true, port);
    // All names of Amazon's service lead to the same buckets.
    let is_amazon = server.starts_with("s3") && server.ends_with(".amazonaws.com");
    let server = if is_amazon { "s3.amazonaws.com" } else { &server };
    format!("{server}{}", clean(&format!("/{path}")))
}

/// `remote:path`, or `:backend,options:path`.
fn rclone(rest: &str) -> String {
    match rest.rsplit_once(':') {
        Some((remote, path)) => format!("{remote}:{}", clean(path)),
        None => rest.to_owned(),
    }
}

/// `bucket:/path`; the path is the same with and without its first slash.
fn bucket(rest: &str) -> String {
    let (name, path) = rest.split_once(':').unwrap_or((rest, ""));
    format!("{name}:{}", clean(path).trim_start_matches('/'))
}

/// Returns `user@host:port` in one spelling: the host in small letters, without the usual port and without a password.
fn server(authority: &str, has_port: bool, usual_port: &str) -> String {
    let (user, place) = authority.rsplit_once('@').map_or(("", authority), |(user, place)| (user, place));
    let user = if has_port { user.split_once(':').map_or(user, |(name, _)| name) } else { user };
    let place = place.to_ascii_lowercase();
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if has_port && port.chars().all(|digit| digit.is_ascii_digit()) => (host, port),
        _ => (place.as_str(), ""),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = if port.is_empty() { usual_port } else { port };
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    if port == usual_port { format!("{user}{host}") } else { format!("{user}{host}:{port}") }
}

/// Takes `.`, `..`, and doubled and last slashes out of a path on another machine.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
#[path = "repository_identity_tests.rs"]
mod tests;

//! The addresses of what is in repositories: made for links, and taken apart without losing a byte.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use prestic_proto::{
    content::ContentForm,
    file_path::FilePath,
    job::JobId,
    snapshot::{Snapshot, SnapshotId},
};

/// What needs no encoding anywhere in an address (RFC 3986, `unreserved`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The word that stands for the newest snapshot.
const LATEST: &str = "latest";

/// A place in a repository, as an address names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The profile.
    pub profile: String,
    /// The snapshot; none for the newest.
    pub snapshot: Option<SnapshotId>,
    /// The path in it; none where the address ends with the snapshot.
    pub path: Option<FilePath>,
}

/// Why an address names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPlace {
    /// The profile's name is not text.
    #[error("the profile's name is not UTF-8")]
    Profile,
    /// The snapshot's id is none.
    #[error("the id of a snapshot is 8 to 64 hexadecimal digits, or `latest`")]
    Snapshot,
    /// The path can be no path.
    #[error("no file in a snapshot can have this path")]
    Path,
}

impl Place {
    /// Takes the path of a request apart, as it came: `/profile/NAME/WORD/SNAPSHOT/PATH`. Each part is decoded exactly once.
    pub fn from_request_path(path: &str) -> Result<Self, BadPlace> {
        let mut parts = path.splitn(6, '/').skip(2);
        let profile = profile_name(parts.next().unwrap_or_default())?;
        let snapshot = match parts.nth(1).unwrap_or_default() {
            LATEST => None,
            id => Some(SnapshotId::new(id).ok_or(BadPlace::Snapshot)?),
        };
        let path = match parts.next() {
            None => None,
            Some(rest) => Some(FilePath::from_encoded(&format!("/{rest}")).ok_or(BadPlace::Path)?),
        };
        Ok(Self { profile, snapshot, path })
    }
}

/// Returns the profile of a request's path, as it came: `/profile/NAME/…`.
pub fn profile_of_request_path(path: &str) -> Result<String, BadPlace> {
    profile_name(path.split('/').nth(2).unwrap_or_default())
}

fn profile_name(encoded: &str) -> Result<String, BadPlace> {
    percent_decode_str(encoded).decode_utf8().map(String::from).map_err(|_| BadPlace::Profile)
}

/// Encodes a word for any place in an address.
pub fn encoded(word: &str) -> String {
    utf8_percent_encode(word, ENCODED).to_string()
}

/// Adds those parameters to an address that have a value.
pub fn with_parameters(mut address: String, parameters: &[(&str, Option<&str>)]) -> String {
    let set = parameters.iter().filter_map(|(name, value)| value.filter(|value| !value.is_empty()).map(|value| (name, value)));
    for (name, value) in set {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&encoded(value));
    }
    address
}

/// Returns the page of a profile.
pub fn profile(profile: &str) -> String {
    format!("/profile/{}", encoded(profile))
}

/// Returns the page of a profile's snapshots.
pub fn snapshots(profile: &str) -> String {
    format!("/profile/{}/snapshots", encoded(profile))
}

/// Returns the page of a file or folder.
pub fn file(profile: &str, snapshot: &SnapshotId, path: &FilePath) -> String {
    place(profile, "file", snapshot, path)
}

/// Returns the page where browsing a snapshot begins.
pub fn start(profile: &str, snapshot: &Snapshot) -> String {
    with_parameters(file(profile, &snapshot.id, &common_path(&snapshot.paths)), &[("start", Some("1"))])
}

/// Returns the page of what is different.
pub fn difference(profile: &str, to: &SnapshotId, path: &FilePath, from: Option<&SnapshotId>) -> String {
    with_parameters(place(profile, "diff", to, path), &[("against", from.map(SnapshotId::as_str))])
}

/// Returns the page of what is different where browsing a snapshot begins.
pub fn difference_from_start(profile: &str, to: &Snapshot, from: Option<&SnapshotId>) -> String {
    let path = place(profile, "diff", &to.id, &common_path(&to.paths));
    with_parameters(path, &[("against", from.map(SnapshotId::as_str)), ("start", Some("1"))])
}

/// Returns the address of a file's content, or of an archive of a folder.
pub fn download(profile: &str, snapshot: &SnapshotId, path: &FilePath, form: ContentForm) -> String {
    let form = match form {
        ContentForm::File | ContentForm::Beginning => "file",
        ContentForm::Tar => "tar",
        ContentForm::Zip => "zip",
    };
    with_parameters(place(profile, "download", snapshot, path), &[("as", Some(form))])
}

/// Returns the page of what is in a file.
pub fn preview(profile: &str, snapshot: &SnapshotId, path: &FilePath) -> String {
    place(profile, "preview", snapshot, path)
}

/// Returns the page of a file's versions.
pub fn versions(profile: &str, snapshot: &SnapshotId, path: &FilePath) -> String {
    place(profile, "versions", snapshot, path)
}

/// Returns the address of a picture's bytes.
pub fn picture(profile: &str, snapshot: &SnapshotId, path: &FilePath) -> String {
    place(profile, "picture", snapshot, path)
}

/// Returns the page of a search.
pub fn search(profile: &str, query: &str, job: Option<JobId>) -> String {
    let job = job.map(|job| job.to_string());
    with_parameters(format!("/profile/{}/search", encoded(profile)), &[("q", Some(query)), ("job", job.as_deref())])
}

/// Returns the page of a job.
pub fn job(profile: &str, job: JobId) -> String {
    format!("/profile/{}/jobs/{job}", encoded(profile))
}

fn place(profile: &str, word: &str, snapshot: &SnapshotId, path: &FilePath) -> String {
    format!("/profile/{}/{word}/{snapshot}{}", encoded(profile), path.encoded())
}

/// Returns the folder that all paths of a snapshot are in, or the one path itself.
fn common_path(paths: &[String]) -> FilePath {
    let paths: Vec<FilePath> = paths.iter().map(|path| in_snapshot(path)).collect();
    let Some((first, others)) = paths.split_first() else { return FilePath::root() };
    let mut common = first.clone();
    while !others.iter().all(|path| is_below(path, &common)) {
        match common.parent() {
            Some(parent) => common = parent,
            None => break,
        }
    }
    common
}

/// Returns where restic puts a path: `C:\Users` becomes `/C/Users`.
fn in_snapshot(path: &str) -> FilePath {
    let mut characters = path.chars();
    let is_windows = characters.next().is_some_and(|drive| drive.is_ascii_alphabetic()) && characters.next() == Some(':');
    let path = if is_windows { format!("/{}", path.replacen(':', "", 1).replace('\\', "/")) } else { path.to_owned() };
    FilePath::new(path).unwrap_or_else(FilePath::root)
}

fn is_below(path: &FilePath, folder: &FilePath) -> bool {
    folder.is_root()
        || path.as_bytes().strip_prefix(folder.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123abcd";

    fn at(profile: &str, snapshot: Option<&str>, path: Option<&[u8]>) -> Result<Place, BadPlace> {
        Ok(Place {
            profile: profile.to_owned(),
            snapshot: snapshot.map(|id| SnapshotId::new(id).unwrap()),
            path: path.map(|bytes| FilePath::new(bytes).unwrap()),
        })
    }

    #[track_caller]
    fn check(path: &str, expected: Result<Place, BadPlace>) {
        assert_eq!(Place::from_request_path(path), expected, "{path}");
    }

    #[test]
    fn an_address_is_taken_apart_and_decoded_once() {
        check("/profile/home/file/0123abcd/a/b", at("home", Some(ID), Some(b"/a/b")));
        check("/profile/my%20home/file/0123abcd/", at("my home", Some(ID), Some(b"/")));
        check("/profile/a%2Fb/diff/latest", at("a/b", None, None));
        check("/profile/home/file/0123abcd/%2527%FF%0A", at("home", Some(ID), Some(b"/%27\xff\n")));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for snapshot in ["latest;id", "--help", "..", "%2e%2e", "0123ABCD", "012", "0123abcd%00"] {
            check(&format!("/profile/home/file/{snapshot}/a"), Err(BadPlace::Snapshot));
        }
        for path in ["a/../b", "%2e%2e/b", "a%00b", "a//b", "a/%2e%2e%2fb"] {
            check(&format!("/profile/home/file/{ID}/{path}"), Err(BadPlace::Path));
        }
        check("/profile/%ff/file/0123abcd/a", Err(BadPlace::Profile));
    }

    #[test]
    fn every_link_leads_back_to_what_it_was_made_of() {
        let id = SnapshotId::new(ID).unwrap();
        for bytes in [&b"/"[..], b"/a b/c", b"/-rf", b"/100%/#?&;\"'<script>", b"/\xff\n", "/\u{202e}x".as_bytes(), b"/a\\b"] {
            let path = FilePath::new(bytes).unwrap();
            let link = file("my/home", &id, &path);
            assert!(!link.contains(['<', '"', '#', '?', '\n', ' ']), "{link}");
            let place = Place::from_request_path(&link).unwrap();
            assert_eq!((place.profile.as_str(), place.path), ("my/home", Some(path)));
        }
    }

    #[test]
    fn parameters_are_encoded_and_empty_ones_left_out() {
        let address = with_parameters("/x".to_owned(), &[("q", Some("a&b=c d")), ("job", None), ("view", Some(""))]);
        assert_eq!(address, "/x?q=a%26b%3Dc%20d");
        assert_eq!(with_parameters(address, &[("job", Some("7"))]), "/x?q=a%26b%3Dc%20d&job=7");
    }

    #[track_caller]
    fn check_common(paths: &[&str], expected: &str) {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(common_path(&paths).shown(), expected);
    }

    #[test]
    fn browsing_begins_where_the_paths_of_a_snapshot_meet() {
        check_common(&[], "/");
        check_common(&["/home/me"], "/home/me");
        check_common(&["/home/me/docs", "/home/me/pictures"], "/home/me");
        check_common(&["/home/me", "/home/mel"], "/home");
        check_common(&["/home", "/etc"], "/");
        check_common(&["C:\\Users\\me"], "/C/Users/me");
    }
}

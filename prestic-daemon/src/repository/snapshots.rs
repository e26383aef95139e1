//! The snapshots of a repository, as restic lists them: sorted once, filtered and paged for each question.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use prestic_proto::{
    error::ApiError,
    snapshot::{MAX_PAGE, Snapshot, SnapshotId, SnapshotPage, SnapshotQuery, SnapshotSummary, TreeId},
};
use serde::Deserialize;

use crate::clock::{self, Stopwatch};

/// The snapshots of one repository at one moment.
#[derive(Debug)]
pub struct SnapshotList {
    /// Newest first.
    snapshots: Vec<Snapshot>,
    hosts: Vec<String>,
    tags: Vec<String>,
    paths: Vec<String>,
    read_at: DateTime<Utc>,
    age: Stopwatch,
    weight: u64,
}

/// A snapshot as restic writes it.
#[derive(Deserialize)]
struct Listed {
    id: String,
    time: DateTime<Utc>,
    /// A snapshot without one holds nothing that could be read.
    tree: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    username: String,
    paths: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    program_version: Option<String>,
    summary: Option<Summary>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    files_new: u64,
    files_changed: u64,
    files_unmodified: u64,
    total_files_processed: u64,
    total_bytes_processed: u64,
    data_added: u64,
}

impl SnapshotList {
    /// Reads what `restic snapshots --json` has written. An old restic writes `null` for none.
    pub fn parse(json: &[u8]) -> serde_json::Result<Self> {
        let listed: Option<Vec<Listed>> = serde_json::from_slice(json)?;
        let mut snapshots: Vec<Snapshot> = listed.into_iter().flatten().filter_map(Listed::into_snapshot).collect();
        snapshots.sort_by(|one, other| other.time.cmp(&one.time).then_with(|| one.id.cmp(&other.id)));
        let mut list = Self {
            hosts: distinct(&snapshots, |snapshot| std::slice::from_ref(&snapshot.host)),
            tags: distinct(&snapshots, |snapshot| &snapshot.tags),
            paths: distinct(&snapshots, |snapshot| &snapshot.paths),
            weight: 0,
            snapshots,
            read_at: clock::now(),
            age: Stopwatch::start(),
        };
        list.weight = list.measure();
        Ok(list)
    }

    /// Returns how long ago restic was asked.
    pub fn age_ms(&self) -> u64 {
        self.age.elapsed_ms()
    }

    /// Returns the bytes that it takes in memory, roughly.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Returns all snapshots, newest first.
    pub fn all(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// Returns a page of those that pass the filters.
    pub fn page(&self, query: &SnapshotQuery) -> SnapshotPage {
        let passes = |snapshot: &&Snapshot| {
            query.host.as_ref().is_none_or(|host| snapshot.host == *host)
                && query.tag.as_ref().is_none_or(|tag| snapshot.tags.contains(tag))
                && query.path.as_ref().is_none_or(|path| snapshot.paths.contains(path))
        };
        let (offset, limit) = (query.offset as usize, query.limit.min(MAX_PAGE) as usize);
        SnapshotPage {
            snapshots: self.snapshots.iter().filter(passes).skip(offset).take(limit).cloned().collect(),
            total: count(self.snapshots.iter().filter(passes).count()),
            in_all: count(self.snapshots.len()),
            hosts: self.hosts.clone(),
            tags: self.tags.clone(),
            paths: self.paths.clone(),
            read_at: self.read_at,
        }
    }

    /// Finds a snapshot by its id, or by the beginning of that if it is the only one.
    pub fn find(&self, id: &SnapshotId) -> Result<&Snapshot, ApiError> {
        let mut found = self.snapshots.iter().filter(|snapshot| snapshot.id.as_str().starts_with(id.as_str()));
        match (found.next(), found.next()) {
            (Some(snapshot), None) => Ok(snapshot),
            _ => Err(ApiError::UnknownSnapshot(id.to_string())),
        }
    }

    /// Returns the snapshots of the same machine and paths, newest first, the one itself included.
    pub fn siblings<'list>(&'list self, snapshot: &'list Snapshot) -> impl Iterator<Item = &'list Snapshot> {
        let is_sibling = |other: &&Snapshot| other.host == snapshot.host && other.paths == snapshot.paths;
        self.snapshots.iter().filter(is_sibling)
    }

    /// Returns the snapshot before one of the same machine and paths.
    pub fn before<'list>(&'list self, snapshot: &'list Snapshot) -> Option<&'list Snapshot> {
        self.siblings(snapshot).skip_while(|other| other.id != snapshot.id).nth(1)
    }

    fn measure(&self) -> u64 {
        let texts = |texts: &[String]| texts.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
        let of_one = |snapshot: &Snapshot| {
            let parts = [snapshot.host.len(), snapshot.user.len(), texts(&snapshot.paths), texts(&snapshot.tags)];
            // The two ids have 64 digits, and so has the parent's.
            size_of::<Snapshot>() + parts.iter().sum::<usize>() + 3 * 64
        };
        (self.snapshots.iter().map(of_one).sum::<usize>() + texts(&self.hosts) + texts(&self.tags) + texts(&self.paths)) as u64
    }
}

impl Listed {
    fn into_snapshot(self) -> Option<Snapshot> {
        Some(Snapshot {
            id: SnapshotId::new(&self.id)?,
            time: self.time,
            tree: TreeId(self.tree?),
            parent: self.parent,
            host: self.hostname,
            user: self.username,
            // restic's own order depends on the command line.
            paths: sorted(self.paths.unwrap_or_default()),
            tags: self.tags.unwrap_or_default(),
            program_version: self.program_version.map(|text| text.trim_start_matches("restic ").to_owned()),
            summary: self.summary.map(|summary| SnapshotSummary {
                files_new: summary.files_new,
                files_changed: summary.files_changed,
                files_unmodified: summary.files_unmodified,
                files_processed: summary.total_files_processed,
                bytes_processed: summary.total_bytes_processed,
                bytes_added: summary.data_added,
            }),
        })
    }
}

fn sorted(mut paths: Vec<String>) -> Vec<String> {
    paths.sort();
    paths
}

fn distinct(snapshots: &[Snapshot], of: impl Fn(&Snapshot) -> &[String]) -> Vec<String> {
    let texts: BTreeSet<&String> = snapshots.iter().flat_map(of).collect();
    texts.into_iter().cloned().collect()
}

/// Returns a count as clients get it.
pub fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(snapshots: &[(&str, &str, &str, &str)]) -> SnapshotList {
        let entries: Vec<String> = snapshots
            .iter()
            .map(|(id, day, host, tag)| {
                format!(
                    r#"{{"id":"{id}","time":"2026-01-{day}T00:00:00+01:00","tree":"{}","paths":["/b","/a"],"hostname":"{host}",
                       "tags":["{tag}"],"username":"me","summary":{{"files_new":3,"data_added":4}}}}"#,
                    "0".repeat(64)
                )
            })
            .collect();
        SnapshotList::parse(format!("[{}]", entries.join(",")).as_bytes()).unwrap()
    }

    const THREE: [(&str, &str, &str, &str); 3] =
        [("aaaaaaaa11", "01", "one", "x"), ("aaaaaaaa22", "03", "two", "y"), ("bbbbbbbb33", "02", "one", "y")];

    fn ids(page: &SnapshotPage) -> Vec<&str> {
        page.snapshots.iter().map(|snapshot| snapshot.id.as_str()).collect()
    }

    #[test]
    fn newest_snapshot_is_first() {
        let page = list(&THREE).page(&SnapshotQuery { limit: 10, ..SnapshotQuery::default() });
        assert_eq!(ids(&page), ["aaaaaaaa22", "bbbbbbbb33", "aaaaaaaa11"]);
        assert_eq!((page.total, page.in_all), (3, 3));
        assert_eq!(
            (page.hosts, page.tags, page.paths),
            (vec!["one".into(), "two".into()], vec!["x".into(), "y".into()], vec!["/a".into(), "/b".into()])
        );
        assert_eq!(page.snapshots[0].summary.as_ref().unwrap().bytes_added, 4);
    }

    #[track_caller]
    fn check_page(query: SnapshotQuery, expected: &[&str], total: u32) {
        let page = list(&THREE).page(&query);
        assert_eq!((ids(&page).as_slice(), page.total, page.in_all), (expected, total, 3), "{query:?}");
    }

    #[test]
    fn filters_and_pages_narrow_the_list() {
        let all = SnapshotQuery { limit: 10, ..SnapshotQuery::default() };
        check_page(SnapshotQuery { host: Some("one".into()), ..all.clone() }, &["bbbbbbbb33", "aaaaaaaa11"], 2);
        check_page(SnapshotQuery { tag: Some("x".into()), ..all.clone() }, &["aaaaaaaa11"], 1);
        check_page(SnapshotQuery { path: Some("/none".into()), ..all.clone() }, &[], 0);
        check_page(SnapshotQuery { offset: 1, limit: 1, ..all }, &["bbbbbbbb33"], 3);
    }

    #[track_caller]
    fn check_id(text: &str, expected: Option<&str>) {
        let list = list(&THREE);
        let found = list.find(&SnapshotId::new(text).unwrap());
        assert_eq!(found.ok().map(|snapshot| snapshot.id.as_str()), expected, "{text}");
    }

    #[test]
    fn only_an_id_that_means_one_snapshot_is_known() {
        check_id("bbbbbbbb", Some("bbbbbbbb33"));
        check_id("aaaaaaaa2", Some("aaaaaaaa22"));
        check_id("aaaaaaaa", None);
        check_id("cccccccc", None);
    }

    #[test]
    fn snapshot_before_is_of_the_same_machine() {
        let list = list(&THREE);
        let of = |text: &str| list.find(&SnapshotId::new(text).unwrap()).unwrap();
        assert_eq!(list.before(of("bbbbbbbb")).map(|found| found.id.as_str()), Some("aaaaaaaa11"));
        assert_eq!(list.before(of("aaaaaaaa11")), None);
        assert_eq!(list.before(of("aaaaaaaa22")), None);
    }

    #[test]
    fn repository_without_snapshots_has_an_empty_list() {
        for json in ["[]", "null", "[]\n"] {
            assert!(SnapshotList::parse(json.as_bytes()).unwrap().all().is_empty());
        }
    }
}

//! The index of a snapshot of 1.1 million files: how long it takes to make and to search, and how much memory.
//!
//! The lines of `restic ls` come from a file: a repository of so many files would take longer to make than all else here.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

use prestic_proto::{
    job::{JobRequest, JobState},
    search::SearchQuery,
    snapshot::{SnapshotId, SnapshotQuery},
    system::CacheKind,
};
use prestic_tests::{home::TestHome, processes};
use serde::Deserialize;

use crate::table::{Row, Table, Target, time};

const FOLDERS: u64 = 10_000;
const FILES_IN_EACH: u64 = 110;
const MOST_BYTES_AN_ENTRY: f64 = 45.0;
const MOST_MEBIBYTES: f64 = 96.0;
const MOST_SEARCH_MS: f64 = 100.0;
/// How much longer than reading the lines alone the index may take, while restic itself would need 15 times as long.
const MOST_BUILD_MS: f64 = 10_000.0;
const PROFILE: &str = "home";
const TREE: &str = "aa00000000000000000000000000000000000000000000000000000000000001";
const SNAPSHOT: &str = "bb00000000000000000000000000000000000000000000000000000000000001";
/// What is looked for: nothing that is there, a part of many names, patterns, whole paths.
const QUERIES: [&str; 7] = ["nowhere", "report", "e", "img_00", "*9*7*3*.pdf", "sub050/report", "/src/d05?/*/*.rs"];

/// Prints the rows of the index.
pub fn measure(table: &Table) {
    let mut home = TestHome::new();
    let listing = home.path("listing");
    write_listing(&listing);
    let program = home.path("restic");
    write_program(&program, &listing);
    home.write_config(format!(
        "[{PROFILE}]\nexecutable = {}\nrepository = /nowhere\npassword = none\ncommand = backup\nargs = /src\n",
        program.display()
    ));
    let daemon = home.start_daemon();
    // The list of snapshots is read beforehand.
    ask(&home, "nowhere");
    let before = processes::resident_kib(daemon);

    let reference = time(|| read_plainly(&listing));
    let measured = time(|| make_index(&home));
    table.whole("index of 1.1 million files (reading the lines)", (reference, measured), MOST_BUILD_MS);
    let first = time(|| ask(&home, "nowhere"));
    let bytes = cache_bytes(&home, CacheKind::Indexes);
    let entry = bytes / as_f64(FOLDERS * (FILES_IN_EACH + 1));
    let reference = as_f64(fs::metadata(&listing).expect("it was written").len()) / as_f64(FOLDERS * FILES_IN_EACH);
    let target = Target::AtMost(MOST_BYTES_AN_ENTRY);
    table.row(&Row { what: "  bytes an entry (JSON)", unit: "bytes", reference, measured: entry, judged: entry, target });
    table.whole("  first search, which loads it (making it)", (measured, first), 1_000.0);
    for query in QUERIES {
        let took = (0..5).map(|_| time_search(&home, query)).min().unwrap_or_default();
        table.whole(&format!("  search for {query}"), (first, took), MOST_SEARCH_MS);
    }
    let resident = |kib: u64| as_f64(kib) / 1024.0;
    let [reference, measured] = [before, processes::resident_kib(daemon)].map(resident);
    let target = Target::AtMost(MOST_MEBIBYTES);
    table.row(&Row {
        what: "  the daemon, with it loaded (before)",
        unit: "MiB",
        reference,
        measured,
        judged: measured,
        target,
    });
}

/// Returns how long a search takes whose results are not remembered.
fn time_search(home: &TestHome, query: &str) -> Duration {
    // Two searches are remembered for their other pages.
    for other in ["nowhere 1", "nowhere 2"] {
        ask(home, other);
    }
    time(|| ask(home, query))
}

fn ask(home: &TestHome, query: &str) {
    let query = SearchQuery { query: query.to_owned(), snapshot: None, offset: 0, limit: 50 };
    home.with_client(async |client| {
        client.search(PROFILE, query).await.expect("the daemon answers").expect("it can be searched")
    });
}

fn make_index(home: &TestHome) {
    let request = JobRequest::Index { snapshot: SnapshotId::new(SNAPSHOT).expect("it is hexadecimal") };
    home.with_client(async |client| {
        let query = SnapshotQuery { limit: 1, ..SnapshotQuery::default() };
        client.snapshots(PROFILE, query).await.expect("the daemon answers").expect("there is one");
        let id = client.start_job(PROFILE, request).await.expect("the daemon answers").expect("the snapshot is there");
        let job = client.job(id, Duration::from_secs(60)).await.expect("the daemon answers").expect("it is known");
        assert_eq!(job.state, JobState::Done);
    });
}

fn cache_bytes(home: &TestHome, kind: CacheKind) -> f64 {
    let system = home.with_client(async |client| client.system().await.expect("the daemon answers"));
    as_f64(system.caches.iter().find(|cache| cache.cache == kind).map_or(0, |cache| cache.bytes))
}

/// What any program would have to do with the lines.
fn read_plainly(listing: &Path) {
    #[derive(Deserialize)]
    struct Plain {
        name: Option<String>,
        size: Option<u64>,
    }
    let lines = BufReader::new(File::open(listing).expect("it was written")).lines();
    let sum: u64 = lines
        .map(|line| serde_json::from_str::<Plain>(&line.expect("it is text")).expect("it is JSON"))
        .map(|plain| plain.size.unwrap_or(0) + plain.name.map_or(0, |name| name.len() as u64))
        .sum();
    assert!(sum > 0);
}

fn write_listing(path: &Path) {
    const WORDS: [&str; 12] =
        ["report", "invoice", "IMG", "photo", "main", "index", "test", "readme", "data", "config", "Über", "notes"];
    const ENDINGS: [&str; 8] = ["txt", "jpg", "rs", "json", "pdf", "c", "h", "md"];
    let mut file = BufWriter::new(File::create(path).expect("the folder is ours"));
    let mut write = |kind: &str, path: String, size: u64| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let size = if kind == "file" { format!("\"size\":{size},") } else { String::new() };
        let line = format!(
            "{{\"name\":\"{name}\",\"type\":\"{kind}\",\"path\":\"{path}\",\"uid\":1000,\"gid\":1000,{size}\"mode\":420,\
             \"permissions\":\"-rw-r--r--\",\"mtime\":\"2024-05-05T12:00:{:02}.123456789Z\",\
             \"atime\":\"2024-05-05T12:00:00.123456789Z\",\"ctime\":\"2024-05-05T12:00:00.123456789Z\",\"inode\":123456,\
             \"message_type\":\"node\",\"struct_type\":\"node\"}}",
            name.len()
        );
        writeln!(file, "{line}").expect("the disk has room for it");
    };
    write("dir", "/src".to_owned(), 0);
    let mut number: u64 = 1;
    for folder in 0..FOLDERS {
        let above = format!("/src/d{:03}", folder / 100);
        if folder % 100 == 0 {
            write("dir", above.clone(), 0);
        }
        let folder = format!("{above}/sub{:03}", folder % 100);
        write("dir", folder.clone(), 0);
        for place in 0..FILES_IN_EACH {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let random = number >> 33;
            let pick = |list: &[&'static str], random: u64| list[usize::try_from(random).unwrap_or(0) % list.len()];
            let name =
                format!("{}_{:06}.{}", pick(&WORDS, random), place * 9_000 + random % 9_000, pick(&ENDINGS, random / 64));
            write("file", format!("{folder}/{name}"), random % (1 << 20));
        }
    }
}

/// A restic with one snapshot, which lists the files.
fn write_program(path: &Path, listing: &Path) {
    let text = format!(
        "#!/bin/sh\ncase \" $* \" in\n*' version '*) echo 'restic 0.18.0 compiled with go1.24.1 on linux/amd64' ;;\n\
         *' snapshots '*) echo '[{{\"time\":\"2024-05-05T12:00:00Z\",\"tree\":\"{TREE}\",\"paths\":[\"/src\"],\"hostname\":\"h\",\
         \"username\":\"u\",\"id\":\"{SNAPSHOT}\",\"short_id\":\"{}\"}}]' ;;\n*' ls '*) exec cat '{}' ;;\n*) exit 1 ;;\nesac\n",
        &SNAPSHOT[..8],
        listing.display()
    );
    let mut file = File::create(path).expect("the folder is ours");
    file.write_all(text.as_bytes()).expect("the disk has room for it");
    file.set_permissions(fs::Permissions::from_mode(0o700)).expect("the file is ours");
}

#[expect(clippy::cast_precision_loss, reason = "all of these are far below 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

//! How fast large snapshots are looked into through the web interface, beside what restic itself takes.

use std::{
    cell::Cell,
    env,
    fs::{self, File},
    io::{self, Read, Write},
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::Duration,
};

use prestic_proto::{
    file_path::FilePath,
    job::{JobRequest, JobState},
    snapshot::SnapshotId,
};
use prestic_tests::{
    files::random_file,
    home::TestHome,
    processes,
    restic::{Repository, oldest_and_newest},
    web,
};

use crate::table::{Row, Table, Target, medians, time};

/// How many files the snapshots have; the variable asks for another number, such as the 1,000,000 that the targets are about.
const FILES: u32 = 200_000;
const FILES_VARIABLE: &str = "PRESTIC_BENCH_FILES";

/// How many files a folder has.
const IN_FOLDER: u32 = 500;

/// How large the file is that is downloaded.
const LARGE: u64 = 256 << 20;

/// How much of it is taken at once.
const CLIENT_BUFFER: usize = 256 << 10;

/// What a first page may take, of what restic takes to read the folder.
const FIRST_PAGE: f64 = 1.15;
const REVISIT_MS: f64 = 10.0;
const SEARCH_MS: f64 = 100.0;
const RESIDENT_MEBIBYTES: f64 = 96.0;
const DOWNLOAD: f64 = 0.9;

/// How long one wait for a job lasts.
const POLL: Duration = Duration::from_secs(10);

struct Site {
    home: TestHome,
    repository: Repository,
    address: SocketAddr,
    folder: FilePath,
    snapshots: Vec<String>,
}

/// Prints the rows of pages, a search, and a download.
pub fn measure(table: &Table) {
    let files = env::var(FILES_VARIABLE).ok().and_then(|number| number.parse().ok()).unwrap_or(FILES);
    let site = Site::make(files);
    site.measure_pages(table, files);
    site.measure_search(table, files);
    site.measure_download(table);
}

impl Site {
    fn make(files: u32) -> Self {
        let mut home = TestHome::new();
        let folder = home.path("files");
        let taken = time(|| make_files(&folder, files));
        let [_, restic] = oldest_and_newest();
        let repository = restic.init(home.path("repository"));
        let path = folder.to_str().expect("the test's folder is text");
        let first = time(|| drop(repository.succeed(&["backup", "--quiet", path])));
        repository.succeed(&["backup", "--quiet", "--tag", "again", path]);
        println!("{files} files: made in {taken:.0?}, backed up in {first:.0?}; restic {}", repository.restic.version);
        let id = |snapshot: serde_json::Value| snapshot["id"].as_str().expect("snapshots have ids").to_owned();
        let snapshots: Vec<String> = repository.snapshots().into_iter().map(id).collect();
        let profile = repository.profile();
        home.write_config(format!("[files]\n{profile}command = backup\nargs = /nowhere\nsnapshot-index = on-demand\n"));
        let address = home.start_daemon_with_web();
        let address = address.strip_prefix("http://").and_then(|address| address.parse().ok()).expect("it is an address");
        let folder = FilePath::new(path).expect("it is absolute");
        Self { home, repository, address, folder, snapshots }
    }

    fn page(&self, snapshot: &str, folder: u32) {
        let path = format!("/profile/files/file/{snapshot}{}/{}?wait=1", self.folder.encoded(), folder_name(folder));
        web::get(self.address, &path, &[]).expect_status(200);
    }

    fn bare(&self, folder: u32) {
        let place = format!("{}:{}/{}", self.snapshots[0], self.folder.shown(), folder_name(folder));
        self.repository.succeed(&["cat", "tree", &place, "--no-lock"]);
    }

    fn measure_pages(&self, table: &Table, files: u32) {
        let (asked, shown) = (Cell::new(0), Cell::new(0));
        let folders = files.div_ceil(IN_FOLDER);
        // Each folder is one that has not been seen.
        let next = |cell: &Cell<u32>| cell.replace((cell.get() + 1) % folders);
        let (reference, measured) = medians(|| self.bare(next(&asked)), || self.page(&self.snapshots[0], next(&shown)));
        let [reference, measured] = [reference, measured].map(|time| time.as_secs_f64() * 1_000.0);
        let (judged, target) = (measured / reference, Target::AtMost(FIRST_PAGE));
        let what = "first page of a folder, ratio (restic cat tree)";
        table.row(&Row { what, unit: "ms", reference, measured, judged, target });
        let again = medians(|| self.bare(0), || self.page(&self.snapshots[0], 0));
        table.whole("  again (restic cat tree)", again, REVISIT_MS);
        let other = medians(|| self.bare(0), || self.page(&self.snapshots[1], 0));
        table.whole("  in another snapshot with the same tree", other, REVISIT_MS);
    }

    fn measure_search(&self, table: &Table, files: u32) {
        let snapshot = SnapshotId::new(&self.snapshots[0]).expect("restic told it");
        let indexed = time(|| {
            let state = self.home.with_client(async |client| {
                let request = JobRequest::Index { snapshot: snapshot.clone() };
                let job = client.start_job("files", request).await.expect("the daemon answers").expect("it can be indexed");
                loop {
                    let job = client.job(job, POLL).await.expect("the daemon answers").expect("it is known");
                    if job.ended_at.is_some() {
                        return job.state;
                    }
                }
            });
            assert_eq!(state, JobState::Done);
        });
        println!("the index took {indexed:.1?}");
        let name = format!("file-{}", files - 1);
        let find = || drop(self.repository.succeed(&["find", "--json", "--no-lock", "-s", &self.snapshots[0], &name]));
        let reference = time(find);
        let address = format!("/profile/files/search?q={name}&wait=1");
        let search = || {
            let page = web::get(self.address, &address, &[]).expect_status(200);
            assert!(page.body.contains(&name), "{}", page.body);
        };
        let (_, measured) = medians(|| {}, search);
        table.whole("search in an indexed snapshot (restic find)", (reference, measured), SEARCH_MS);
        let resident = mebibytes(processes::resident_kib(self.home.daemon_pid()));
        let (what, target) = ("daemon with the index loaded (its target)", Target::AtMost(RESIDENT_MEBIBYTES));
        table.row(&Row { what, unit: "MiB", reference: RESIDENT_MEBIBYTES, measured: resident, judged: resident, target });
    }

    fn measure_download(&self, table: &Table) {
        let large = self.home.path("large");
        random_file(&large, LARGE, 1);
        let path = large.to_str().expect("the test's folder is text");
        self.repository.succeed(&["backup", "--quiet", path]);
        let target = self.home.path("target");
        let bare = || {
            let file = File::create(&target).expect("the folder is ours");
            let mut dump = self.repository.command(&["dump", "--no-lock", "latest", path]);
            assert!(dump.stdout(Stdio::from(file)).status().expect("restic is there").success());
        };
        // The list of snapshots is older than the new one.
        web::get(self.address, "/profile/files/snapshots?fresh=1&wait=1", &[]).expect_status(200);
        let encoded = FilePath::new(path).expect("it is absolute").encoded();
        let download = || {
            let mut stream = web::connect(self.address);
            let request = format!(
                "GET /profile/files/download/latest{encoded}?as=file HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.address
            );
            stream.write_all(request.as_bytes()).expect("the server reads");
            let mut file = File::create(&target).expect("the folder is ours");
            assert!(copy(&mut stream, &mut file).expect("the server sends all") >= LARGE);
        };
        let (reference, measured) = medians(bare, download);
        let [reference, measured] = [reference, measured].map(rate);
        let (judged, target) = (measured / reference, Target::AtLeast(DOWNLOAD));
        let what = "download of 256 MiB, ratio (restic dump > file)";
        table.row(&Row { what, unit: "MB/s", reference, measured, judged, target });
    }
}

/// Copies with a large buffer. With one of 8 or 16 KiB, as [`io::copy`] and curl have, whoever reads takes so much of two
/// processors that restic gets fewer: then even a socket that restic itself writes into comes to 0.87.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut buffer = vec![0; CLIENT_BUFFER];
    let mut copied = 0;
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return Ok(copied);
        }
        to.write_all(&buffer[..length])?;
        copied += length as u64;
    }
}

/// Makes empty files: what is looked at here are names.
fn make_files(folder: &Path, files: u32) {
    for file in 0..files {
        let below = folder.join(folder_name(file / IN_FOLDER));
        if file % IN_FOLDER == 0 {
            fs::create_dir_all(&below).expect("the folder is ours");
        }
        File::create(below.join(format!("file-{file}"))).expect("the folder is ours");
    }
}

fn folder_name(number: u32) -> String {
    format!("folder-{number}")
}

#[expect(clippy::cast_precision_loss, reason = "the file is far smaller than 2^52 bytes")]
fn rate(taken: Duration) -> f64 {
    LARGE as f64 / 1e6 / taken.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1_024.0
}

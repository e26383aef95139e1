//! The pages that look into repositories, over HTTP: nasty names and contents, downloads, and what must never be let through.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use prestic_proto::{file_path::FilePath, snapshot::SnapshotId};
use prestic_tests::{
    files::random_file,
    home::TestHome,
    nasty_repository::{CHANGED, NastyRepository, PNG},
    processes,
    restic::{Repository, Restic, oldest_and_newest},
};

/// How soon restic must have gone when a browser has.
const GONE_LIMIT: Duration = Duration::from_secs(2);

/// A daemon with its web interface, and one profile.
struct Site {
    home: TestHome,
    base: String,
}

/// What came of a request.
struct Fetched {
    status: u16,
    headers: Vec<(String, String)>,
    /// The body; none if it broke off.
    body: Option<Vec<u8>>,
}

impl Site {
    fn of(mut home: TestHome, repository: &Repository) -> Self {
        home.write_config(format!("[files]\n{}command = backup\nargs = /nowhere\n", repository.profile()));
        let base = home.start_daemon_with_web();
        Self { home, base }
    }

    fn address(&self) -> SocketAddr {
        self.base.strip_prefix("http://").and_then(|address| address.parse().ok()).expect("the harness returns an address")
    }

    #[track_caller]
    fn fetch(&self, path: &str) -> Fetched {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build()
            .into();
        let mut response = agent.get(format!("{}{path}", self.base)).call().expect("the server answers");
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
        let status = response.status().as_u16();
        Fetched { status, headers, body: response.body_mut().with_config().limit(1 << 30).read_to_vec().ok() }
    }

    /// Returns a page as text, once restic has answered.
    #[track_caller]
    fn page(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        let fetched = self.fetch(&format!("{path}{separator}wait=1"));
        let text = fetched.text();
        assert_eq!(fetched.status, 200, "{path}: {text}");
        text
    }
}

impl Fetched {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.body.as_deref().unwrap_or_default()).into_owned()
    }
}

fn place(word: &str, snapshot: &str, path: &FilePath) -> String {
    format!("/profile/files/{word}/{snapshot}{}", path.encoded())
}

fn nasty_site(restic: &Restic, crowd: usize) -> (Site, NastyRepository) {
    let home = TestHome::new();
    let nasty = NastyRepository::make(restic, &home.path(""), crowd);
    (Site::of(home, &nasty.repository), nasty)
}

/// Fails the test where a name, a host, a tag or a content has become markup.
#[track_caller]
fn check_harmless(page: &str) {
    // Our own icons are no attribute or element that a name could have made.
    let page = page.replace("<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\" focusable=\"false\">", "");
    for bad in ["<script>document", "<img src=x", "<svg", "\u{202e}", "onerror=document.title='owned'\"", OWNED_TITLE] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
}

const OWNED_TITLE: &str = "<title>owned";

#[test]
fn names_that_break_things_are_shown_escaped_and_downloaded_byte_for_byte() {
    for restic in oldest_and_newest() {
        let (site, nasty) = nasty_site(&restic, 0);
        let newest = nasty.snapshots.last().unwrap();
        let snapshots = site.page("/profile/files/snapshots");
        check_harmless(&snapshots);
        assert_eq!(snapshots.contains("made by restic before 0.17"), !restic.is_at_least("0.17.0"), "{snapshots}");
        let folder = site.page(&place("file", newest, &nasty.folder));
        check_harmless(&folder);
        for file in &nasty.files {
            let link = place("file", newest, &file.path).replace('&', "&amp;");
            assert!(folder.contains(&format!("href=\"{link}\"")), "{link}: {folder}");
            let page = site.page(&place("file", newest, &file.path));
            check_harmless(&page);
            check_download(&site, &place("download", newest, &file.path), &file.content);
        }
        check_download(&site, &place("download", newest, &nasty.deepest.path), &nasty.deepest.content);
        check_harmless(&site.page(&place("file", newest, &nasty.deepest.path)));
    }
}

#[track_caller]
fn check_download(site: &Site, path: &str, content: &[u8]) {
    let fetched = site.fetch(&format!("{path}?as=file"));
    assert_eq!(fetched.status, 200, "{path}: {}", fetched.text());
    assert!(fetched.body.as_deref() == Some(content), "{path} has other bytes: {}", fetched.text());
    assert_eq!(fetched.header("content-length"), content.len().to_string(), "{path}");
    assert_eq!(fetched.header("content-type"), "application/octet-stream", "{path}");
    check_sandboxed(&fetched);
}

#[track_caller]
fn check_sandboxed(fetched: &Fetched) {
    assert!(fetched.header("content-disposition").starts_with("attachment"), "{:?}", fetched.headers);
    assert!(fetched.header("content-security-policy").contains("sandbox"), "{:?}", fetched.headers);
    assert_eq!(fetched.header("x-content-type-options"), "nosniff");
    assert_eq!(fetched.header("cache-control"), "no-store");
    assert_eq!(fetched.header("x-header"), "", "a name has got into the headers");
}

#[test]
fn content_is_shown_as_text_and_only_pictures_as_pictures() {
    let [_, restic] = oldest_and_newest();
    let (site, nasty) = nasty_site(&restic, 0);
    let newest = nasty.snapshots.last().unwrap();
    let path = |name: &str| FilePath::new([nasty.folder.as_bytes(), b"/", name.as_bytes()].concat()).unwrap();
    for name in ["page.html", "drawing.svg", "not a picture.png", "binary"] {
        let preview = site.page(&place("preview", newest, &path(name)));
        check_harmless(&preview);
        assert!(!preview.contains("/picture/"), "{name}: {preview}");
        let refused = site.fetch(&place("picture", newest, &path(name)));
        assert_eq!(refused.status, 400, "{name}");
        check_harmless(&refused.text());
    }
    assert!(site.page(&place("preview", newest, &path("page.html"))).contains("&lt;!doctype html&gt;"));
    for name in ["picture.png", "picture with a wrong ending.html"] {
        assert!(site.page(&place("preview", newest, &path(name))).contains("/picture/"), "{name}");
        let picture = site.fetch(&place("picture", newest, &path(name)));
        assert!(picture.status == 200 && picture.body.as_deref().is_some_and(|body| body.starts_with(PNG)), "{name}");
        assert_eq!(picture.header("content-type"), "image/png", "{name}");
        check_sandboxed(&picture);
    }
    let large = site.page(&place("preview", newest, &path("large.txt")));
    assert!(large.contains("This is the beginning.") && large.len() < 2 << 20, "{} bytes", large.len());
}

#[test]
fn only_ids_of_known_snapshots_and_paths_that_files_can_have_reach_restic() {
    let [_, restic] = oldest_and_newest();
    let (site, nasty) = nasty_site(&restic, 0);
    let newest = nasty.snapshots.last().unwrap();
    for word in ["file", "download", "diff", "preview", "versions", "picture"] {
        for snapshot in ["latest;id", "latest%3Bid", "--help", "..", "%2e%2e", "0", "0123ABCD", "0123abcd%00", "0123abcd%20"] {
            let fetched = site.fetch(&format!("/profile/files/{word}/{snapshot}/x"));
            assert!(matches!(fetched.status, 400 | 404), "{word} {snapshot}: {}", fetched.status);
        }
        for path in ["..", "../x", "a/../b", "%2e%2e/x", "%2e%2e%2fx", "a%00b", "a//b", "./a"] {
            let fetched = site.fetch(&format!("/profile/files/{word}/{newest}/{path}"));
            assert!(matches!(fetched.status, 400 | 404), "{word} {path}: {}", fetched.status);
        }
        let unknown = site.fetch(&format!("/profile/files/{word}/{}/x?wait=1", "0123abcd".repeat(8)));
        assert_eq!(unknown.status, 404, "{word}: {}", unknown.text());
        let twice = site.fetch(&format!("/profile/files/{word}/{newest}/%252e%252e/x?wait=1"));
        let is_none_like_that = twice.status == 404 || (word == "versions" && twice.text().contains("not there"));
        assert!(is_none_like_that, "{word}: a name is decoded once: {} {}", twice.status, twice.text());
    }
    let long = format!("/profile/files/file/{newest}/{}", "x/".repeat(20_000));
    assert!(site.send_and_read_status(&long) >= 400);
}

impl Site {
    /// Sends what no client library would, and returns the status; 431 if the server hangs up.
    fn send_and_read_status(&self, path: &str) -> u16 {
        let mut stream = self.connect(path);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        let text = String::from_utf8_lossy(&answer).into_owned();
        text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(431)
    }

    fn connect(&self, path: &str) -> TcpStream {
        let address = self.address();
        let mut stream = TcpStream::connect(address).expect("the server listens");
        // A server that refuses early may not read all of it.
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok();
        stream
    }

    /// Returns the restics that the daemon has started.
    fn restics(&self) -> Vec<u32> {
        let daemon = self.home.daemon_pid();
        let is_restic = |pid: &u32| {
            processes::parent(*pid) == Some(daemon)
                && processes::program(*pid).is_some_and(|program| program.ends_with("restic"))
        };
        processes::all().into_iter().filter(is_restic).collect()
    }
}

#[test]
fn newest_snapshot_and_the_beginning_of_an_id_lead_to_the_whole_id() {
    let [_, restic] = oldest_and_newest();
    let (site, nasty) = nasty_site(&restic, 0);
    let newest = nasty.snapshots.last().unwrap();
    let latest = site.fetch(&place("file", "latest", &nasty.folder));
    assert_eq!((latest.status, latest.header("location")), (303, place("file", newest, &nasty.folder).as_str()));
    let folder = site.page(&place("file", &newest[..8], &nasty.folder));
    assert!(folder.contains(&place("file", newest, &nasty.folder)), "{folder}");
    let begin = site.fetch(&format!("/profile/files/file/{newest}"));
    assert!(begin.header("location").starts_with(&place("file", newest, &nasty.folder)), "{:?}", begin.headers);
    let other = site.fetch(&format!("{}?at={}", place("file", newest, &nasty.folder), nasty.snapshots[0]));
    assert_eq!(other.header("location"), place("file", &nasty.snapshots[0], &nasty.folder));
}

#[test]
fn changed_text_is_compared_line_by_line() {
    for restic in oldest_and_newest() {
        let (site, nasty) = nasty_site(&restic, 0);
        let newest = nasty.snapshots.last().unwrap();
        let path = FilePath::new([nasty.folder.as_bytes(), b"/", CHANGED.as_bytes()].concat()).unwrap();
        let folder = site.page(&place("diff", newest, &nasty.folder));
        assert!(folder.contains(CHANGED), "{folder}");
        check_harmless(&folder);
        for view in ["", "?view=side"] {
            let page = site.page(&format!("{}{view}", place("diff", newest, &path)));
            assert!(page.contains("<del>") && page.contains("&lt;b&gt;"), "{page}");
            assert!(page.contains(SnapshotId::new(&nasty.snapshots[0]).unwrap().short()), "{page}");
        }
        let versions = site.page(&place("versions", newest, &path));
        assert!(versions.contains("2 of 2 snapshots") && versions.contains("What changed"), "{versions}");
    }
}

#[test]
fn folder_is_downloaded_as_tar_and_as_zip() {
    for restic in oldest_and_newest() {
        let home = TestHome::new();
        let folder = home.path("data");
        fs::create_dir(&folder).unwrap();
        random_file(&folder.join("one"), 100_000, 1);
        let repository = restic.init(home.path("repository"));
        repository.succeed(&["backup", folder.to_str().unwrap()]);
        let site = Site::of(home, &repository);
        let path = FilePath::new(folder.to_str().unwrap()).unwrap();
        let tar = site.fetch(&format!("{}?as=tar", place("download", "latest", &path)));
        assert_eq!((tar.status, tar.header("content-length")), (200, ""));
        assert!(tar.header("content-disposition").contains("filename=\"data.tar\""), "{:?}", tar.headers);
        let mut lister = Command::new("tar").arg("-tf-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        lister.stdin.take().unwrap().write_all(&tar.body.unwrap()).unwrap();
        let listed = String::from_utf8(lister.wait_with_output().unwrap().stdout).unwrap();
        assert!(listed.lines().any(|line| line.ends_with("one")), "{listed}");
        let zip = site.fetch(&format!("{}?as=zip", place("download", "latest", &path)));
        assert!(zip.status == 200 && zip.body.is_some_and(|body| body.starts_with(b"PK")));
        check_heads(&site, &path);
    }
}

/// Asks for headers alone: they are those of the download.
#[track_caller]
fn check_heads(site: &Site, folder: &FilePath) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let head = |path: &FilePath, form: &str| {
        let address = format!("{}{}?as={form}", site.base, place("download", "latest", path));
        agent.head(address).call().expect("the server answers")
    };
    let file = head(&FilePath::new([folder.as_bytes(), b"/one"].concat()).unwrap(), "file");
    assert_eq!((file.status().as_u16(), file.headers()["content-length"].to_str().unwrap()), (200, "100000"));
    assert_eq!(head(folder, "tar").status().as_u16(), 200);
    assert_eq!(head(folder, "file").status().as_u16(), 400);
}

/// A site whose newest snapshot has one file larger than all buffers on the way to a browser.
fn site_of_large_file(restic: &Restic) -> (Site, Repository, FilePath) {
    let home = TestHome::new();
    let folder = home.path("data");
    fs::create_dir(&folder).unwrap();
    random_file(&folder.join("large"), 96 << 20, 1);
    let repository = restic.init(home.path("repository"));
    repository.succeed(&["backup", folder.to_str().unwrap()]);
    let path = FilePath::new(folder.join("large").to_str().unwrap()).unwrap();
    (Site::of(home, &repository), repository, path)
}

#[test]
fn damaged_repository_ends_a_download_with_an_error() {
    for restic in oldest_and_newest() {
        let (site, repository, path) = site_of_large_file(&restic);
        let packs =
            Command::new("find").arg(repository.path.join("data")).args(["-type", "f", "-size", "+1M"]).output().unwrap();
        let packs = String::from_utf8(packs.stdout).unwrap();
        let newest = packs.lines().max_by_key(|pack| fs::metadata(pack).unwrap().modified().unwrap()).unwrap();
        fs::remove_file(newest).unwrap();
        let fetched = site.fetch(&place("download", "latest", &path));
        assert!(fetched.status >= 500 || fetched.body.is_none(), "status {}, and a clean end", fetched.status);
    }
}

#[test]
fn browser_that_goes_away_leaves_no_restic_and_no_lock() {
    for restic in oldest_and_newest() {
        let (site, repository, path) = site_of_large_file(&restic);
        let mut stream = site.connect(&place("download", "latest", &path));
        let mut beginning = vec![0; 100_000];
        stream.read_exact(&mut beginning).unwrap();
        let restics = site.restics();
        assert!(!restics.is_empty(), "restic reads as long as somebody wants it");
        let left_at = Instant::now();
        drop(stream);
        for restic in restics {
            assert!(processes::wait_for_exit(restic, GONE_LIMIT), "restic goes on");
        }
        assert!(left_at.elapsed() < GONE_LIMIT, "{:?}", left_at.elapsed());
        assert_eq!(repository.locks(), Vec::<String>::new());
    }
}

#[test]
fn folder_of_a_hundred_thousand_files_is_paged() {
    let [_, restic] = oldest_and_newest();
    let (site, nasty) = nasty_site(&restic, 100_000);
    let newest = nasty.snapshots.last().unwrap();
    let crowd = place("file", newest, &nasty.crowd);
    let first = site.page(&crowd);
    assert!(first.contains("1–500 of 100,000") && first.contains(">file 2<"), "numbers are sorted as people count");
    assert!(first.len() < 2 << 20, "{} bytes", first.len());
    let last = site.page(&format!("{crowd}?offset=99500"));
    assert!(last.contains(">file 99999<"), "{last}");
    let filtered = site.page(&format!("{crowd}?filter=99999"));
    assert!(filtered.contains(">file 99999<") && !filtered.contains(">file 99998<"));
}

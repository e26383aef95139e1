//! A repository whose names and contents are those that break things: in pages, in addresses, in headers, on command lines.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
};

use prestic_proto::file_path::{FileName, FilePath};

use crate::restic::{Repository, Restic};

/// What the scripts in names and contents would make of a page's title, if one ever ran.
pub const OWNED: &str = "owned";

/// A host that is markup.
pub const HOST: &str = "<img src=x onerror=document.title='owned'>";

/// A tag that is markup.
pub const TAG: &str = "<script>document.title='owned'</script>";

/// The file that both snapshots have, with other text.
pub const CHANGED: &str = "notes.txt";

/// The longest path that a system call takes, with the zero at its end.
const LONGEST_PATH: usize = 4096;

/// A picture of one pixel.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

/// A file in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NastyFile {
    /// Where it is in the newest snapshot.
    pub path: FilePath,
    /// What it holds there.
    pub content: Vec<u8>,
}

/// The repository, and what it holds.
#[derive(Debug)]
pub struct NastyRepository {
    /// The repository.
    pub repository: Repository,
    /// The folder that was backed up.
    pub folder: FilePath,
    /// The files directly in it.
    pub files: Vec<NastyFile>,
    /// A file at the end of a path as long as paths can be.
    pub deepest: NastyFile,
    /// The folder of [`NastyRepository::make`]'s crowd.
    pub crowd: FilePath,
    /// The ids of the snapshots, oldest first.
    pub snapshots: Vec<String>,
}

impl NastyRepository {
    /// Makes it in a folder that is the test's, with so many files in one of its folders.
    #[track_caller]
    pub fn make(restic: &Restic, place: &Path, crowd: usize) -> Self {
        let folder = place.join("nasty files");
        fs::create_dir(&folder).expect("the place is ours");
        let files = contents();
        for (name, content) in &files {
            write_file(&folder.join(OsStr::from_bytes(name)), content);
        }
        symlink("/etc/passwd", folder.join("a link")).expect("the folder is ours");
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("a pipe"), rustix::fs::Mode::RWXU).expect("the folder is ours");
        let deepest = make_deepest(&folder);
        let crowd_folder = folder.join("crowd");
        fs::create_dir(&crowd_folder).expect("the folder is ours");
        for file in 0..crowd {
            write_file(&crowd_folder.join(format!("file {file}")), b"");
        }

        let repository = restic.init(place.join("nasty repository"));
        let backup = |text: &str| {
            write_file(&folder.join(CHANGED), text.as_bytes());
            let folder = folder.to_str().expect("the test's folder is text");
            repository.succeed(&["backup", "--host", HOST, "--tag", TAG, "--", folder]);
        };
        backup("the same\nan old line\n");
        backup(CHANGED_TEXT);
        let mut snapshots = repository.snapshots();
        snapshots.sort_by_key(|snapshot| snapshot["time"].as_str().map(str::to_owned));
        let snapshots = snapshots.iter().filter_map(|snapshot| snapshot["id"].as_str().map(str::to_owned)).collect();
        let in_folder = |name: &[u8], content: &[u8]| NastyFile {
            path: in_snapshot(&folder).join(&FileName::new(name).expect("the file is there")),
            content: content.to_owned(),
        };
        Self {
            files: files
                .iter()
                .map(|(name, content)| in_folder(name, content))
                .chain([in_folder(CHANGED.as_bytes(), CHANGED_TEXT.as_bytes())])
                .collect(),
            folder: in_snapshot(&folder),
            crowd: in_snapshot(&crowd_folder),
            deepest,
            repository,
            snapshots,
        }
    }
}

const CHANGED_TEXT: &str = "the same\na <b>new</b> line\n";

/// Returns names and contents. Each content is its own, so that no file can stand for another.
fn contents() -> Vec<(Vec<u8>, Vec<u8>)> {
    let names: [&[u8]; 22] = [
        b"<script>document.title='owned'<script>",
        b"\"><img src=x onerror=document.title='owned'>.txt",
        b"'onmouseover='document.title=1.txt",
        b"new\nline.txt",
        b"return\rX-Header: yes.txt",
        "right\u{202e}txt.exe".as_bytes(),
        b"100%.txt",
        b"%2e%2e%2f%00.txt",
        b"a#fragment?query=1&b=2;c.txt",
        b"double\"quote.txt",
        b"back\\slash\\x41.txt",
        b"-rf",
        b"--help",
        b"bad-\xff-\xc3.txt",
        b" leading and trailing ",
        b"$(id);`id`|id.txt",
        b"&amp;&lt;.txt",
        b"*?[a-z].txt",
        b"escape\x1b[31mred.txt",
        b"tab\there.txt",
        "gr\u{fc}n \u{1f600} \u{65e5}\u{672c}.txt".as_bytes(),
        b"...",
    ];
    let mut files: Vec<(Vec<u8>, Vec<u8>)> =
        names.iter().map(|name| (name.to_vec(), [&b"content of "[..], name, b"\n"].concat())).collect();
    files.push((vec![b'n'; 255], b"a long name\n".to_vec()));
    let script = "<script>document.title='owned'</script>";
    files.push((b"page.html".to_vec(), format!("<!doctype html><title>page</title>{script}").into_bytes()));
    files.push((
        b"drawing.svg".to_vec(),
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"document.title='owned'\">{script}</svg>").into_bytes(),
    ));
    files.push((b"not a picture.png".to_vec(), format!("<html>{script}").into_bytes()));
    files.push((b"picture.png".to_vec(), PNG.to_vec()));
    files.push((b"picture with a wrong ending.html".to_vec(), [PNG, script.as_bytes()].concat()));
    files.push((b"binary".to_vec(), (0..=255).cycle().take(70_000).collect()));
    files.push((b"empty".to_vec(), Vec::new()));
    files.push((b"large.txt".to_vec(), "a line of text, again and again\n".repeat(100_000).into_bytes()));
    files
}

/// Makes folders in folders for as long as the system takes the path, with a file in the last one.
fn make_deepest(folder: &Path) -> NastyFile {
    let mut path = folder.join("deep");
    while path.as_os_str().len() + 2 * 200 < LONGEST_PATH {
        path.push("d".repeat(200));
    }
    fs::create_dir_all(&path).expect("the folder is ours");
    path.push("f".repeat((LONGEST_PATH - 2 - path.as_os_str().len()).min(255)));
    write_file(&path, b"deep down\n");
    NastyFile { path: in_snapshot(&path), content: b"deep down\n".to_vec() }
}

#[expect(clippy::disallowed_methods, reason = "nobody reads the file before it is whole")]
fn write_file(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("the folder is the test's");
}

fn in_snapshot(path: &Path) -> FilePath {
    FilePath::new(path.as_os_str().as_bytes()).expect("the path is absolute")
}

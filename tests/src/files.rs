//! Files to back up, the same ones for the same seed, and the comparison of two trees.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
    process::Command,
};

/// Writes a file of bytes that do not compress, the same ones for the same seed.
pub fn random_file(path: &Path, bytes: u64, seed: u64) {
    let mut file = BufWriter::new(File::create(path).expect("tests write into folders of their own"));
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut left = bytes;
    while left > 0 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let word = state.to_le_bytes();
        let length = left.min(8);
        file.write_all(&word[..usize::try_from(length).expect("at most 8")]).expect("the disk has room for a test");
        left -= length;
    }
    file.flush().expect("the disk has room for a test");
}

/// Makes a tree with what a backup must bring back: depth, odd names, empty files, a link, and some size.
pub fn tree(folder: &Path) {
    let deep = folder.join("one/two/three");
    fs::create_dir_all(&deep).expect("tests write into folders of their own");
    fs::create_dir(folder.join("empty folder")).expect("it is not there yet");
    for (index, name) in ["plain.txt", "with space", "ünï-çødé", "[brackets]*", "-dash", "new\nline"].iter().enumerate() {
        let seed = u64::try_from(index).expect("it is small");
        random_file(&folder.join(name), 1_000 * (seed + 1), seed);
        random_file(&deep.join(name), 3_000, seed + 100);
    }
    random_file(&folder.join("empty"), 0, 0);
    random_file(&folder.join("big"), 3 * 1024 * 1024, 7);
    std::os::unix::fs::symlink("plain.txt", folder.join("link")).expect("it is not there yet");
}

/// Makes many small files, a hundred in a folder.
pub fn many_files(folder: &Path, count: usize) {
    for index in 0..count {
        let sub = folder.join(format!("{:04}", index / 100));
        if index % 100 == 0 {
            fs::create_dir_all(&sub).expect("tests write into folders of their own");
        }
        let seed = u64::try_from(index).expect("it is small");
        random_file(&sub.join(format!("file-{index}")), 200 + seed % 800, seed);
    }
}

/// Fails the test unless two trees are the same, byte by byte.
#[track_caller]
pub fn assert_same_tree(left: &Path, right: &Path) {
    let output = Command::new("diff").arg("-r").arg("--no-dereference").args([left, right]).output().expect("diff is there");
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

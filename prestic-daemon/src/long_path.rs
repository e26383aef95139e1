//! Paths that are longer than Windows takes from programs that have not asked for more.
//!
//! Rust's own library does this by itself. What we hand to the system or to another library goes through here.

use std::path::{Path, PathBuf};

/// A folder's path may have 248 letters, so that there is room for a short name in it; a file's has some more.
const LIMIT: usize = 248;

/// Returns a path as every part of this system can use it.
pub fn usable(path: &Path) -> PathBuf {
    let long = || verbatim(std::path::absolute(path).ok()?.to_str()?);
    if cfg!(windows) { long().map_or_else(|| path.to_owned(), PathBuf::from) } else { path.to_owned() }
}

/// Returns what Windows calls verbatim: the form of a whole path that has no limit. None for one that needs none.
fn verbatim(path: &str) -> Option<String> {
    if path.len() < LIMIT || path.starts_with(r"\\?\") || path.starts_with(r"\\.\") {
        return None;
    }
    Some(path.strip_prefix(r"\\").map_or_else(|| format!(r"\\?\{path}"), |share| format!(r"\\?\UNC\{share}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_path_gets_the_form_without_a_limit() {
        let deep = r"\folder".repeat(40);
        assert_eq!(verbatim(&format!("C:{deep}")), Some(format!(r"\\?\C:{deep}")));
        assert_eq!(verbatim(&format!(r"\\server\share{deep}")), Some(format!(r"\\?\UNC\server\share{deep}")));
    }

    #[test]
    fn other_paths_stay_as_they_are() {
        let deep = r"\folder".repeat(40);
        for path in [r"C:\folder", r"\\server\share", &format!(r"\\?\C:{deep}"), &format!(r"\\.\pipe{deep}")] {
            assert_eq!(verbatim(path), None, "{path}");
        }
        assert_eq!(usable(Path::new("folder")), Path::new("folder"));
    }
}

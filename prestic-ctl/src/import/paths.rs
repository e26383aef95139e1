//! Paths as others write them: with a `~`, with variables, or relative to their file. Ours are plain.

use std::path::{Component, Path, PathBuf};

/// Where the file lies, and what its paths may name.
pub struct Places<'a> {
    /// The folder of the file.
    pub folder: PathBuf,
    /// The user's home folder.
    pub user_home: Option<PathBuf>,
    /// The name of this machine, as restic has it.
    pub host_name: Option<String>,
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Places<'_> {
    /// Returns the path of a file or folder that may be relative to the file that names it.
    pub fn file(&self, text: &str) -> String {
        let text = self.expand(text);
        if text.is_empty() || Path::new(&text).is_absolute() { text } else { self.folder.join(text).display().to_string() }
    }

    /// Replaces a `~` at the beginning and the variables that are set.
    pub fn expand(&self, text: &str) -> String {
        let text = self.with_variables(text);
        let home = || self.user_home.as_ref().map(|home| home.display().to_string());
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '\\']) => home().map_or(text.clone(), |home| home + rest),
            _ => text,
        }
    }

    fn with_variables(&self, text: &str) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(position) = rest.find('$') {
            expanded.push_str(&rest[..position]);
            let after = &rest[position + 1..];
            let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (name, following) = braced.unwrap_or_else(|| {
                let end = after.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
                after.split_at(end.unwrap_or(after.len()))
            });
            match (self.variable)(name) {
                Some(value) if !name.is_empty() => {
                    expanded.push_str(&value);
                    rest = following;
                }
                _ => {
                    expanded.push('$');
                    rest = after;
                }
            }
        }
        expanded + rest
    }
}

/// Returns a folder as restic writes it into a snapshot, whose `--path` is compared letter by letter: without `.`, `..` and an
/// ending slash.
pub fn as_in_snapshots(path: &str) -> String {
    let mut clean = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if clean.has_root() => {
                clean.pop();
            }
            component => clean.push(component),
        }
    }
    clean.display().to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let variable = |name: &str| (name == "NAS").then(|| "/mnt/nas".to_owned());
        let places =
            Places { folder: "/etc/x".into(), user_home: Some("/home/me".into()), host_name: None, variable: &variable };
        assert_eq!(places.file(text), expected);
    }

    #[test]
    fn paths_become_plain() {
        check("~", "/home/me");
        check("~/music", "/home/me/music");
        check("~other/x", "/etc/x/~other/x");
        check("$NAS/a", "/mnt/nas/a");
        check("${NAS}b/c", "/mnt/nasb/c");
        check("/a/$UNSET/b", "/a/$UNSET/b");
        check("key.txt", "/etc/x/key.txt");
    }

    #[test]
    fn folders_are_spelled_as_in_snapshots() {
        for (path, expected) in
            [("/a/./b/", "/a/b"), ("/a/.", "/a"), ("/a/../b", "/b"), ("/..", "/"), ("/", "/"), ("/a/*.d", "/a/*.d")]
        {
            assert_eq!(as_in_snapshots(path), expected, "{path}");
        }
    }
}

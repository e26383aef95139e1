//! Reads the configuration and the files that it includes, and joins them into one document.
//!
//! `include` stands in `[prestic]`. Its paths are relative to the file that it stands in, and may have wildcards: their
//! files are read in the order of their names, after the file that includes them.

use std::{
    collections::HashSet,
    env, fs, io,
    path::{Path, PathBuf},
};

use glob::MatchOptions;

use super::{
    ini::{self, Document, Entry},
    interpolate, join,
    problems::{Problem, Problems},
    sections::{INCLUDE, SETTINGS_SECTION},
    watch_list::WatchList,
    words,
};
use crate::fingerprint::fingerprint;

/// How deep files may include each other. Nobody needs more than two or three, and each costs a look at the disk.
const MAX_DEPTH: usize = 16;

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The sections of all files; its file numbers are those of the problems' files. None if the first file cannot be read.
    pub document: Option<Document>,
    /// What to watch.
    pub watch: WatchList,
    /// Changes with every change of what was read.
    pub fingerprint: u64,
}

/// Reads the file and all that it includes. What is wrong is told; what can be read is read.
pub(super) fn read(file: &Path, problems: &mut Problems) -> Files {
    let mut reader =
        Reader { problems, documents: Vec::new(), seen: HashSet::new(), watch: WatchList::default(), content: Vec::new() };
    reader.read(file, None);
    let Reader { documents, watch, content, .. } = reader;
    let document = (!documents.is_empty()).then(|| join::join(documents));
    Files { document, watch, fingerprint: fingerprint(&content) }
}

struct Reader<'problems> {
    problems: &'problems mut Problems,
    documents: Vec<Document>,
    /// The files that have been read, by their real paths: one that two others include is read once.
    seen: HashSet<PathBuf>,
    watch: WatchList,
    /// Fingerprints of what was read, one after the other.
    content: Vec<u8>,
}

/// The line that includes a file.
struct Includer<'files> {
    /// The files that include each other up to here, the first one first.
    chain: &'files [PathBuf],
    line: usize,
}

impl Includer<'_> {
    fn problem(&self, message: String, hint: &str) -> Problem<'_> {
        Problem {
            file: self.chain.last().map(PathBuf::as_path),
            line: Some(self.line),
            section: Some(SETTINGS_SECTION),
            key: Some(INCLUDE),
            message,
            hint: Some(hint.to_owned()),
        }
    }

    fn chain_to(&self, file: &Path) -> String {
        let names: Vec<_> = self.chain.iter().map(|file| file.display().to_string()).collect();
        format!("{} -> {}", names.join(" -> "), file.display())
    }
}

impl Reader<'_> {
    fn read(&mut self, file: &Path, includer: Option<&Includer<'_>>) {
        self.watch.add_file(file);
        let real = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        if let Some(includer) = includer {
            let is_same = |other: &PathBuf| fs::canonicalize(other).is_ok_and(|other| other == real);
            if let Some(begin) = includer.chain.iter().position(is_same) {
                let circle = Includer { chain: &includer.chain[begin..], line: includer.line }.chain_to(file);
                let message = format!("files include each other in a circle: `{circle}`");
                self.problems.error(includer.problem(message, "take one of these files out of its `include`"));
                return;
            }
            if includer.chain.len() >= MAX_DEPTH {
                let message = format!("files include each other more than {MAX_DEPTH} deep: `{}`", includer.chain_to(file));
                self.problems.error(includer.problem(message, "include the files from one that is higher up"));
                return;
            }
        }
        if !self.seen.insert(real) {
            return;
        }
        let number = if includer.is_some() { self.problems.add_file(file.to_owned()) } else { 0 };
        let read = fs::read(file);
        self.remember(file, &read);
        let text = match read {
            Ok(bytes) => String::from_utf8(bytes),
            Err(error) => return self.problems.error(unreadable(file, &error, includer)),
        };
        let document = match text {
            Ok(text) => ini::parse(&text, number),
            Err(error) => return self.problems.error(not_utf_8(file, &error)),
        };
        let includes = includes(&document);
        self.documents.push(document);
        let chain = [includer.map(|includer| includer.chain).unwrap_or_default(), &[file.to_owned()]].concat();
        for (line, words) in includes {
            let includer = Includer { chain: &chain, line };
            for word in words {
                self.include(&word, &includer);
            }
        }
    }

    /// Reads what one word of an `include` names.
    fn include(&mut self, word: &str, includer: &Includer<'_>) {
        let folder = includer.chain.last().and_then(|file| file.parent()).unwrap_or(Path::new(""));
        let Some(path) = absolute(word, folder) else {
            let hint = "write the whole path";
            self.problems.error(includer.problem(format!("there is no home folder for `{word}`"), hint));
            return;
        };
        if !has_wildcard(word) {
            self.read(&path, Some(includer));
            return;
        }
        let fixed = fixed_folder(&path);
        self.watch.add_folder(&fixed);
        if !fixed.is_dir() {
            let message = format!("nothing is included: the folder `{}` does not exist", fixed.display());
            self.problems.warn(includer.problem(message, "create it, or correct the path"));
            return;
        }
        let found = match glob::glob_with(&path.to_string_lossy(), OPTIONS) {
            Ok(found) => found,
            Err(error) => {
                let message = format!("`{word}` is no pattern for names of files: {}", error.msg);
                self.problems.error(includer.problem(message, "write for example `conf.d/*.ini`"));
                return;
            }
        };
        let mut files = Vec::new();
        for file in found {
            match file {
                Ok(file) => files.push(file),
                Err(error) => {
                    let message = format!("`{}` cannot be looked at: {}", error.path().display(), error.error());
                    self.problems.error(includer.problem(message, "it must be a folder that you may read"));
                }
            }
        }
        files.sort();
        for file in files {
            if let Some(folder) = file.parent() {
                self.watch.add_folder(folder);
            }
            self.read(&file, Some(includer));
        }
    }

    fn remember(&mut self, file: &Path, read: &io::Result<Vec<u8>>) {
        let content = match read {
            Ok(bytes) => fingerprint(bytes),
            Err(error) => !fingerprint(error.kind().to_string().as_bytes()),
        };
        self.content.extend(file.as_os_str().as_encoded_bytes());
        self.content.extend(content.to_le_bytes());
    }
}

/// A name that begins with a dot is an editor's own file.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// Returns what a document includes, with the lines that say so. Words that cannot be understood are told of where all
/// values are read.
fn includes(document: &Document) -> Vec<(usize, Vec<String>)> {
    let settings = document.sections.iter().find(|section| section.name == SETTINGS_SECTION);
    let entries = settings.into_iter().flat_map(|section| &section.entries).filter(|entry| entry.key == INCLUDE);
    let look_up = |name: &str| {
        let entries = settings.into_iter().chain([&document.defaults]).flat_map(|section| &section.entries);
        entries.into_iter().find(|entry| entry.key == name).map(|entry| entry.value.as_str())
    };
    let words = |entry: &Entry| words::split(&interpolate::expand(&entry.value, &mut { look_up }).ok()?).ok();
    entries.filter_map(|entry| Some((entry.place.line, words(entry)?))).collect()
}

fn absolute(word: &str, folder: &Path) -> Option<PathBuf> {
    match word.strip_prefix('~') {
        Some("") => env::home_dir(),
        Some(rest) if rest.starts_with(['/', '\\']) => Some(env::home_dir()?.join(&rest[1..])),
        _ => Some(folder.join(word)),
    }
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Returns the folder in which the first part with a wildcard is looked for.
fn fixed_folder(pattern: &Path) -> PathBuf {
    pattern.components().take_while(|part| !has_wildcard(&part.as_os_str().to_string_lossy())).collect()
}

fn unreadable<'text>(file: &'text Path, error: &io::Error, includer: Option<&'text Includer<'_>>) -> Problem<'text> {
    let is_missing = error.kind() == io::ErrorKind::NotFound;
    match includer {
        Some(includer) if is_missing => {
            let message = format!("the file `{}` is to be included, but does not exist", file.display());
            includer.problem(message, "create it, or correct the path")
        }
        Some(_) => Problem {
            file: Some(file),
            message: format!("the file cannot be read: {error}"),
            hint: Some("it must be a file that you may read; for all files of a folder write `FOLDER/*.ini`".to_owned()),
            ..Problem::default()
        },
        None if is_missing => Problem {
            message: "there is no configuration".to_owned(),
            hint: Some(
                "create it with a section such as [my-backup] that sets `repository`, `password-file`, `command` and `args`"
                    .to_owned(),
            ),
            ..Problem::default()
        },
        None => Problem {
            message: format!("the configuration cannot be read: {error}"),
            hint: Some("it must be a file that you may read".to_owned()),
            ..Problem::default()
        },
    }
}

fn not_utf_8<'text>(file: &'text Path, error: &std::string::FromUtf8Error) -> Problem<'text> {
    let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let lines_before = valid.iter().filter(|byte| **byte == b'\n').count();
    Problem {
        file: Some(file),
        line: Some(lines_before + 1),
        message: "the file is not UTF-8".to_owned(),
        hint: Some("save it as UTF-8 in your editor".to_owned()),
        ..Problem::default()
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

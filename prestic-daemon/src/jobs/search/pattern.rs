//! What somebody looks for: a part of a name, or a pattern; with a `/` it is about whole paths.

use prestic_proto::error::ApiError;
use regex::bytes::{Regex, RegexBuilder};

use super::glob;
use crate::jobs::index::{Index, NAME_END, ROOT};

/// The longest text that can be looked for: longer than any name.
const MAX_QUERY: usize = 1024;

/// What is looked for, upper and lower case alike.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Matches in a text of names, each with [`NAME_END`] behind it.
    name: Regex,
    /// Is in every name that matches, and is found faster; none if that is `name` itself.
    part: Option<Regex>,
    /// Matches the folder's path, in which the topmost one is empty; none if any folder will do.
    folder: Option<Regex>,
}

impl Pattern {
    /// Understands a text.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let bad = |reason: String| ApiError::BadQuery { query: query.chars().take(100).collect(), reason };
        if query.is_empty() {
            return Err(bad("write a part of a name, or a pattern as `*.txt`".to_owned()));
        }
        if query.len() > MAX_QUERY {
            return Err(bad(format!("it is longer than {MAX_QUERY} bytes, and no name is")));
        }
        if query.contains('\0') {
            return Err(bad("no name has a zero byte".to_owned()));
        }
        let Expressions { name, part, folder } = Expressions::of(query).map_err(bad)?;
        let build = |text: String| {
            let built = RegexBuilder::new(&text).case_insensitive(true).multi_line(true).line_terminator(NAME_END).build();
            built.map_err(|error| bad(error.to_string()))
        };
        let part = part.filter(|part| !part.is_empty()).map(|part| build(regex::escape(&part))).transpose()?;
        Ok(Self { name: build(name)?, part, folder: folder.map(build).transpose()? })
    }

    /// Whether a path matches, given as its folder's path and its name.
    pub fn matches(&self, folder: &[u8], name: &[u8]) -> bool {
        self.name.is_match(name) && self.folder.as_ref().is_none_or(|regex| regex.is_match(folder))
    }

    /// Finds entries of an index in its order, until `found` wants no more.
    pub fn search(&self, index: &Index, mut found: impl FnMut(u32) -> bool) {
        let folders = self.folder.as_ref().map(|regex| matching_folders(regex, index));
        let is_in_place = |entry: u32| {
            let Some(folders) = &folders else { return true };
            index.folder_place(index.parent(entry)).is_some_and(|place| folders[place])
        };
        let names = index.all_names();
        // The topmost folder has no name that could be found.
        let (_, mut position) = index.entry_at(0);
        let (regex, is_whole) = self.part.as_ref().map_or((&self.name, true), |part| (part, false));
        while let Some(hit) = regex.find_at(names, position) {
            if hit.start() >= names.len() {
                return;
            }
            let (entry, next) = index.entry_at(hit.start());
            let is_match = is_whole || self.name.is_match(index.name(entry));
            if is_match && entry != ROOT && is_in_place(entry) && !found(entry) {
                return;
            }
            position = next;
        }
    }
}

/// A text that is looked for, as regular expressions.
struct Expressions {
    name: String,
    part: Option<String>,
    folder: Option<String>,
}

impl Expressions {
    fn of(query: &str) -> Result<Self, String> {
        let is_glob = glob::is_glob(query);
        let Some((head, tail)) = query.rsplit_once('/') else {
            return if is_glob {
                Self::of_glob(query)
            } else {
                Ok(Self { name: regex::escape(query), part: None, folder: None })
            };
        };
        if !is_glob {
            // A part of a path that ends in the name: its beginning ends the folder's path.
            let folder = (!head.is_empty()).then(|| format!("{}$", regex::escape(head)));
            return Ok(Self { name: format!("^{}", regex::escape(tail)), part: Some(tail.to_owned()), folder });
        }
        const ANY_BELOW: &str = "(?:/(?s-u:.)*)?";
        let start = if query.starts_with('/') { "^" } else { "(?:^|/)" };
        let (name, more) = match tail {
            "**" => (Self { name: "^".to_owned(), part: None, folder: None }, ANY_BELOW),
            tail => (Self::of_glob(tail)?, ""),
        };
        // Behind `**`, the folder may be any, or the one before it.
        let (head, more) = match head.strip_suffix("/**").or(Some("").filter(|_| head == "**")) {
            Some(head) => (head, ANY_BELOW),
            None => (head, more),
        };
        Ok(Self { folder: Some(format!("{start}{}{more}$", glob::translate(head)?.regex)), ..name })
    }

    fn of_glob(glob: &str) -> Result<Self, String> {
        let translated = glob::translate(glob)?;
        Ok(Self { name: format!("^{}$", translated.regex), part: Some(translated.literal), folder: None })
    }
}

fn matching_folders(regex: &Regex, index: &Index) -> Vec<bool> {
    let mut matching = Vec::with_capacity(index.folder_count());
    index.each_folder(|_, path| matching.push(regex.is_match(path)));
    matching
}

#[cfg(test)]
mod tests {
    use prestic_proto::snapshot::EntryKind;

    use super::*;
    use crate::jobs::index::tests::{Numbers, Tree, index_of, random_tree};

    fn found(query: &str, index: &Index) -> Vec<String> {
        let mut paths = Vec::new();
        Pattern::parse(query).unwrap().search(index, |entry| {
            paths.push(String::from_utf8(index.path(entry).unwrap().as_bytes().to_vec()).unwrap());
            true
        });
        paths
    }

    #[track_caller]
    fn check(query: &str, expected: &[&str]) {
        let tree: Tree = [
            ("home", EntryKind::Folder),
            ("home/me", EntryKind::Folder),
            ("home/me/Docs", EntryKind::Folder),
            ("home/me/Docs/Report.PDF", EntryKind::File),
            ("home/me/Docs/report 2.pdf", EntryKind::File),
            ("home/me/Docs/a[1].txt", EntryKind::File),
            ("home/me/ÜBER.txt", EntryKind::File),
            ("home/me/new\nline", EntryKind::File),
            ("docs", EntryKind::File),
        ]
        .into_iter()
        .map(|(path, kind)| (path.split('/').map(str::to_owned).collect(), (kind, 1, 1)))
        .collect();
        assert_eq!(found(query, &index_of(&tree)), expected, "{query}");
        for names in tree.keys() {
            let (name, folder) = names.split_last().unwrap();
            let folder = folder.iter().map(|name| format!("/{name}")).collect::<String>();
            let path = format!("{folder}/{name}");
            let matches = Pattern::parse(query).unwrap().matches(folder.as_bytes(), name.as_bytes());
            assert_eq!(matches, expected.contains(&path.as_str()), "{query}: {path}");
        }
    }

    const ALL: [&str; 9] = [
        "/docs",
        "/home",
        "/home/me",
        "/home/me/Docs",
        "/home/me/Docs/Report.PDF",
        "/home/me/Docs/a[1].txt",
        "/home/me/Docs/report 2.pdf",
        "/home/me/new\nline",
        "/home/me/ÜBER.txt",
    ];

    #[test]
    fn parts_of_names_are_found_whatever_their_case() {
        check("REPORT", &["/home/me/Docs/Report.PDF", "/home/me/Docs/report 2.pdf"]);
        check("docs", &["/docs", "/home/me/Docs"]);
        check("über", &["/home/me/ÜBER.txt"]);
        check("w\nl", &["/home/me/new\nline"]);
        check(".", &["/home/me/Docs/Report.PDF", "/home/me/Docs/a[1].txt", "/home/me/Docs/report 2.pdf", "/home/me/ÜBER.txt"]);
        check("nowhere", &[]);
    }

    #[test]
    fn patterns_match_whole_names() {
        check("*.pdf", &["/home/me/Docs/Report.PDF", "/home/me/Docs/report 2.pdf"]);
        check("report*", &["/home/me/Docs/Report.PDF", "/home/me/Docs/report 2.pdf"]);
        check("?ber.txt", &["/home/me/ÜBER.txt"]);
        check("*[[]1]*", &["/home/me/Docs/a[1].txt"]);
        check("*", &ALL);
        check("new*", &["/home/me/new\nline"]);
    }

    #[test]
    fn slash_makes_it_about_paths() {
        check("docs/rep", &["/home/me/Docs/Report.PDF", "/home/me/Docs/report 2.pdf"]);
        check("/docs", &["/docs", "/home/me/Docs"]);
        check("me/", &["/home/me", "/home/me/Docs", "/home/me/new\nline", "/home/me/ÜBER.txt"]);
        check("/home/*", &["/home/me"]);
        check("me/*/*.pdf", &["/home/me/Docs/Report.PDF", "/home/me/Docs/report 2.pdf"]);
        check("/*", &["/docs", "/home"]);
        check("/home/**/*.txt", &["/home/me/Docs/a[1].txt", "/home/me/ÜBER.txt"]);
        check("**/me", &["/home/me"]);
        check("home/me/docs/**", &["/home/me/Docs/Report.PDF", "/home/me/Docs/a[1].txt", "/home/me/Docs/report 2.pdf"]);
    }

    #[test]
    fn parts_are_found_in_random_trees_as_one_by_one() {
        let mut numbers = Numbers::seeded(5);
        for seed in 0..10 {
            let tree = random_tree(seed, 400);
            let index = index_of(&tree);
            for _ in 0..20 {
                let place = usize::try_from(numbers.below(tree.len() as u64)).unwrap();
                let name: Vec<char> = tree.keys().nth(place).unwrap().last().unwrap().to_uppercase().chars().collect();
                let from = usize::try_from(numbers.below(name.len() as u64)).unwrap();
                let part: String = name[from..].iter().collect();
                if part.contains(['*', '?', '[']) {
                    continue;
                }
                let expected: Vec<String> = tree
                    .keys()
                    .filter(|names| names.last().unwrap().to_uppercase().contains(&part))
                    .map(|names| format!("/{}", names.join("/")))
                    .collect();
                assert_eq!(found(&part, &index), expected, "{part}");
            }
        }
    }

    #[test]
    fn nothing_more_is_looked_for_than_is_wanted() {
        let index = index_of(&random_tree(1, 100));
        let mut seen = 0;
        Pattern::parse("*").unwrap().search(&index, |_| {
            seen += 1;
            seen < 10
        });
        assert_eq!(seen, 10);
    }

    #[test]
    fn what_cannot_be_looked_for_is_refused() {
        for query in ["", "[img", "a\0", &"x".repeat(MAX_QUERY + 1)] {
            assert!(matches!(Pattern::parse(query), Err(ApiError::BadQuery { .. })), "{query}");
        }
        Pattern::parse(&"ü*".repeat(MAX_QUERY / 3)).unwrap();
    }
}

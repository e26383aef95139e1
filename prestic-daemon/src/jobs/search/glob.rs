//! Patterns with `*`, `?` and `[`, written as regular expressions.

/// Whether a text is a pattern, and not a part of a name.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// A pattern in other words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Translated {
    /// A regular expression without anchors.
    pub regex: String,
    /// The longest part that stands for itself: whatever matches has it.
    pub literal: String,
}

/// Writes a pattern as a regular expression; `*` and `?` stop at a `/`, `**` does not. The error says what is wrong with it.
pub fn translate(glob: &str) -> Result<Translated, String> {
    let mut translated = Translated::default();
    // The part that stands for itself and ends here.
    let mut run = String::new();
    let mut rest = glob;
    while let Some(character) = rest.chars().next() {
        let regex = &mut translated.regex;
        rest = &rest[character.len_utf8()..];
        let literal = match character {
            '*' => {
                let after = rest.trim_start_matches('*');
                match after.strip_prefix('/').filter(|_| after.len() < rest.len()) {
                    // With its slash, `**` can also stand for no folder at all.
                    Some(after) => {
                        regex.push_str("(?:(?s-u:.)*/)?");
                        rest = after;
                    }
                    None if after.len() < rest.len() => {
                        regex.push_str("(?s-u:.)*");
                        rest = after;
                    }
                    None => regex.push_str(r"(?-u:[^/\x00])*"),
                }
                None
            }
            '?' => {
                regex.push_str(r"[^/\x00]");
                None
            }
            '[' => {
                let (class, after) = class(rest)?;
                regex.push_str(&class);
                rest = after;
                None
            }
            '\\' => {
                let escaped = rest.chars().next();
                rest = escaped.map_or(rest, |escaped| &rest[escaped.len_utf8()..]);
                Some(escaped.ok_or("nothing follows the `\\` at its end: write `\\\\` for the character itself")?)
            }
            other => Some(other),
        };
        match literal {
            Some(literal) => {
                regex.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
                run.push(literal);
            }
            None => run.clear(),
        }
        if run.len() > translated.literal.len() {
            translated.literal.clone_from(&run);
        }
    }
    Ok(translated)
}

/// Writes what follows a `[` as a class, and returns what follows its `]`.
fn class(text: &str) -> Result<(String, &str), String> {
    let (is_negated, text) = match text.strip_prefix(['!', '^']) {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut class = if is_negated { r"[^/\x00".to_owned() } else { "[".to_owned() };
    let mut is_first = true;
    let mut rest = text;
    loop {
        let from = rest.chars().next().ok_or("a `[` has no `]`: write `[[]` for the character itself")?;
        rest = &rest[from.len_utf8()..];
        if from == ']' && !is_first {
            class.push(']');
            return Ok((class, rest));
        }
        is_first = false;
        push_escaped(&mut class, from);
        let range = rest.strip_prefix('-').and_then(|after| Some((after, after.chars().next().filter(|to| *to != ']')?)));
        if let Some((after, to)) = range {
            if to < from {
                return Err(format!("`{from}-{to}` goes backwards: write `{to}-{from}`"));
            }
            class.push('-');
            push_escaped(&mut class, to);
            rest = &after[to.len_utf8()..];
        }
    }
}

fn push_escaped(class: &mut String, character: char) {
    if character.is_ascii_punctuation() {
        class.push('\\');
    }
    class.push(character);
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[track_caller]
    fn check(glob: &str, yes: &[&str], no: &[&str]) {
        let regex =
            Regex::new(&format!("^{}$", translate(glob).unwrap().regex.replace("(?s-u:.)", "(?s:.)").replace("(?-u:", "(?:")))
                .unwrap();
        for name in yes {
            assert!(regex.is_match(name), "{glob} is to match {name}");
        }
        for name in no {
            assert!(!regex.is_match(name), "{glob} is not to match {name}");
        }
    }

    #[test]
    fn wildcards_stand_for_what_they_do_in_a_shell() {
        check("*.txt", &["a.txt", ".txt"], &["a.txt.gz", "a/b.txt", "atxt"]);
        check("?.c", &["a.c", "ü.c"], &[".c", "ab.c", "/.c"]);
        check("[a-c]x", &["ax", "cx"], &["dx", "x", "-x"]);
        check("[!a-c]", &["d", "ü"], &["a", "/"]);
        check("[]x]", &["]", "x"], &["[", ""]);
        check("[a-]", &["a", "-"], &["b"]);
        check("[[]1]", &["[1]"], &["1"]);
        check(r"\*", &["*"], &["a", r"\a"]);
        check("a.b", &["a.b"], &["aXb"]);
    }

    #[test]
    fn two_stars_pass_folders() {
        check("/a/**/b", &["/a/b", "/a/x/b", "/a/x/y/b"], &["/a/xb", "/b"]);
        check("/a/**", &["/a/x", "/a/x/y"], &["/b/a"]);
    }

    #[test]
    fn longest_part_that_stands_for_itself_is_known() {
        for (glob, literal) in [("*.txt", ".txt"), ("ab*cde[fghi]j", "cde"), ("*", ""), (r"a\*b?c", "a*b"), ("[abc]", "")] {
            assert_eq!(translate(glob).unwrap().literal, literal, "{glob}");
        }
    }

    #[track_caller]
    fn check_refused(glob: &str, expected: &str) {
        let reason = translate(glob).unwrap_err();
        assert!(reason.contains(expected), "{reason}");
    }

    #[test]
    fn malformed_patterns_are_refused_with_the_reason() {
        check_refused("[img", "has no `]`");
        check_refused("[", "has no `]`");
        check_refused("[]", "has no `]`");
        check_refused("[z-a]", "backwards");
        check_refused("a\\", "at its end");
    }
}

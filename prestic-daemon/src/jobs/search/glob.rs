//! Patterns with `*`, `?` and `[`, written as regular expressions.

/// Whether a text is a pattern, and not a part of a name.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// Writes a pattern as a regular expression without anchors; `*` and `?` stop at a `/`, `**` does not.
/// The error says what is wrong with it.
pub fn to_regex(glob: &str) -> Result<String, String> {
    let mut regex = String::new();
    let mut rest = glob;
    while let Some(character) = rest.chars().next() {
        // With its slash, `**` can also stand for no folder at all.
        if let Some(after) = rest.strip_prefix("**/") {
            regex.push_str("(?:(?s-u:.)*/)?");
            rest = after;
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match character {
            '*' if rest.starts_with('*') => {
                rest = rest.trim_start_matches('*');
                regex.push_str("(?s-u:.)*");
            }
            '*' => regex.push_str(r"(?-u:[^/\x00])*"),
            '?' => regex.push_str(r"[^/\x00]"),
            '[' => {
                let (class, after) = class(rest)?;
                regex.push_str(&class);
                rest = after;
            }
            '\\' => {
                let escaped =
                    rest.chars().next().ok_or("nothing follows the `\\` at its end: write `\\\\` for the character itself")?;
                regex.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
                rest = &rest[escaped.len_utf8()..];
            }
            other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(regex)
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
        let regex = Regex::new(&format!("^{}$", to_regex(glob).unwrap().replace("(?s-u:.)", "(?s:.)").replace("(?-u:", "(?:")))
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

    #[track_caller]
    fn check_refused(glob: &str, expected: &str) {
        let reason = to_regex(glob).unwrap_err();
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

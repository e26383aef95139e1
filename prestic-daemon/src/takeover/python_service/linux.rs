//! Linux tells the words with which a process was started.

use std::{fs, path::Path};

/// Whether a process is Python's PRestic: its number may be another's by now.
pub(super) fn is_python_prestic(pid: u32) -> bool {
    let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    is_its_command_line(&words)
}

fn is_its_command_line(words: &[impl AsRef<str>]) -> bool {
    let name = |word: &str| Path::new(word).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_python = words.first().is_some_and(|program| name(program.as_ref()).starts_with("python"));
    let names_prestic = words.iter().skip(1).any(|word| {
        let word = name(word.as_ref());
        matches!(word.as_str(), "prestic" | "prestic-gui" | "prestic.py" | "prestic.prestic") || word.starts_with("prestic.py")
    });
    is_python && names_prestic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: bool) {
        assert_eq!(is_its_command_line(&line.split(' ').collect::<Vec<_>>()), expected, "{line}");
    }

    #[test]
    fn python_with_prestic_is_told_from_others() {
        check("/usr/bin/python3 /home/me/.local/bin/prestic --gui", true);
        check("python3 -m prestic.prestic --service", true);
        check("/usr/bin/python3.11 /opt/prestic/prestic.py --service", true);
        check("/usr/bin/prestic-daemon", false);
        check("/usr/bin/python3 /usr/bin/other", false);
        check("vim prestic.py", false);
        check("", false);
    }
}

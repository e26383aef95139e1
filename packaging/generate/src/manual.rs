//! The man pages.

use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, bold, italic, roman};

use crate::{
    GenerateError,
    options::{self, Section},
    programs, write,
};

/// The name of the page about the configuration.
const CONFIG_PAGE: &str = "prestic-config.5";

/// A configuration that the page about it shows.
const EXAMPLE: &str = "\
[nas]
repository = /mnt/nas/backups
password-file = /home/me/.prestic/nas-password

[home]
inherit = nas
schedule = daily at 12:30
command = backup
args = /home/me --exclude-caches
";

/// How far the codes are indented in the table of exit codes.
const CODE_INDENT: usize = 2;

const HOME: (&str, &str) = ("PRESTIC_HOME", "the folder with the configuration and everything else, instead of ~/.prestic");
const HOME_ENVIRONMENT: &[(&str, &str)] = &[HOME];
const CLIENT_ENVIRONMENT: &[(&str, &str)] =
    &[HOME, ("NO_COLOR", "if it is set, no colors are used unless --color asks for them")];
const DAEMON_ENVIRONMENT: &[(&str, &str)] = &[
    HOME,
    ("PRESTIC_WEB_LISTEN", "where the web interface listens, whatever the configuration says"),
    ("PRESTIC_CLOCK", "the same as --clock"),
];

/// What each page says of where it comes from.
const SOURCE: &str = concat!("PRestic ", env!("CARGO_PKG_VERSION"));

/// Writes all of them.
pub fn write_into(folder: &Path) -> Result<(), GenerateError> {
    for (name, text) in pages() {
        write(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Returns every page with the name of its file.
pub fn pages() -> Vec<(String, String)> {
    let of_programs = programs::programs().into_iter().flat_map(|program| {
        let name = program.get_name().to_owned();
        programs::with_commands(&program).into_iter().map(move |command| of_command(&name, command))
    });
    of_programs.chain([(CONFIG_PAGE.to_owned(), of_configuration())]).collect()
}

fn of_command(program: &str, command: Command) -> (String, String) {
    let is_program = command.get_name() == program;
    let exit_codes = command.get_after_help().map(|table| exit_codes(&table.to_string())).unwrap_or_default();
    let manual = Man::new(command.after_help(None::<&str>)).manual("PRestic").source(SOURCE);
    let file = manual.get_filename();
    let mut text = Vec::new();
    manual.render(&mut text).expect("memory takes all that is written");
    let mut text = String::from_utf8(text).expect("what it is made of is text");
    let mut roff = Roff::new();
    add_list(&mut roff, "EXIT STATUS", &exit_codes);
    if is_program {
        add_list(&mut roff, "ENVIRONMENT", environment(program));
    }
    add_related(&mut roff, program, &file);
    text.push_str(&roff.to_roff());
    (file, with_a_place_for_the_date(&text))
}

/// Adds a section with what stands for something, and what that is; none if there is nothing.
fn add_list<T: AsRef<str>>(roff: &mut Roff, heading: &str, list: &[(T, T)]) {
    if !list.is_empty() {
        roff.control("SH", [heading]);
    }
    for (name, what) in list {
        roff.control("TP", []);
        roff.text([bold(name.as_ref())]);
        roff.text([roman(what.as_ref())]);
    }
}

/// Reads the table of exit codes that a program's help shows: a code and its meaning, which may go on in further lines.
fn exit_codes(table: &str) -> Vec<(String, String)> {
    let mut codes: Vec<(String, String)> = Vec::new();
    for line in table.lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        match (line.trim_start().split_once(' '), codes.last_mut()) {
            (_, Some((_, meaning))) if indent > CODE_INDENT => meaning.push_str(&format!("; {}", line.trim())),
            (Some((code, meaning)), _) => codes.push((code.to_owned(), meaning.trim().to_owned())),
            (None, _) => {}
        }
    }
    codes
}

/// Returns the variables that a program looks at.
fn environment(program: &str) -> &'static [(&'static str, &'static str)] {
    match program {
        "prestic-daemon" => DAEMON_ENVIRONMENT,
        "prestic-ctl" => CLIENT_ENVIRONMENT,
        _ => HOME_ENVIRONMENT,
    }
}

/// A page has no date, so that it changes only with what it says, and the library writes nothing for an empty word.
fn with_a_place_for_the_date(text: &str) -> String {
    text.replacen(&format!("  \"{SOURCE}\""), &format!(" \"\" \"{SOURCE}\""), 1)
}

/// Leads from each page to those that explain the rest.
fn add_related(roff: &mut Roff, program: &str, file: &str) {
    let mut related = vec!["prestic-config(5)".to_owned()];
    for name in ["prestic-ctl", "prestic-daemon", "prestic-tray"] {
        if file != format!("{name}.1") {
            related.push(format!("{name}(1)"));
        }
    }
    related.sort_by_key(|page| !page.starts_with(program));
    related.push("restic(1)".to_owned());
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(related.join(", "))]);
}

fn of_configuration() -> String {
    let mut roff = Roff::new();
    roff.control("TH", ["prestic-config", "5", "", SOURCE, "PRestic"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman("prestic-config - what PRestic runs, where and when")]);
    roff.control("SH", ["DESCRIPTION"]);
    for (index, paragraph) in options::DESCRIPTION.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(*paragraph)]);
    }
    for section in Section::ALL {
        roff.control("SH", [section.heading().to_uppercase().as_str()]);
        roff.text([roman(section.introduction())]);
        for row in section.rows() {
            roff.control("TP", []);
            roff.text([bold(row.name), roman(" = "), italic(row.kind.to_string())]);
            let default = row.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
            roff.text([roman(format!("{}{default}", row.about))]);
        }
    }
    add_list(&mut roff, "VALUES", options::KINDS);
    add_list(&mut roff, "SCHEDULES", options::SCHEDULES);
    roff.control("SH", ["EXAMPLE"]);
    roff.control("EX", []);
    for line in EXAMPLE.lines() {
        roff.text([roman(line)]);
    }
    roff.control("EE", []);
    add_list(&mut roff, "FILES", options::FILES);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman("prestic-ctl(1), prestic-daemon(1), restic(1)")]);
    with_a_place_for_the_date(&roff.to_roff())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, io::Write, process::Command};

    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let names: BTreeSet<_> = pages().into_iter().map(|(name, _)| name).collect();
        for expected in ["prestic-ctl.1", "prestic-ctl-run.1", "prestic-ctl-keyring-get.1", "prestic-daemon-check.1"] {
            assert!(names.contains(expected), "{names:?}");
        }
        assert!(names.contains("prestic-tray.1") && names.contains("prestic-config.5"), "{names:?}");
        assert!(!names.contains("prestic-daemon-supervise.1"), "nobody is meant to start it");
    }

    #[test]
    fn page_of_the_configuration_has_every_option() {
        let text = of_configuration();
        for row in prestic_daemon::config::options_table() {
            let name = row.name.replace('-', r"\-");
            assert!(text.contains(&format!(r"\fB{name}\fR")), "{} is missing", row.name);
        }
    }

    #[test]
    fn example_of_the_configuration_is_valid() {
        let loaded = prestic_daemon::config::read(EXAMPLE, Path::new("config.ini"));
        assert_eq!(loaded.report.errors, []);
        assert_eq!(loaded.report.tasks, 1);
    }

    #[test]
    fn exit_codes_are_read_from_the_table_of_the_help() {
        let codes = exit_codes("Exit codes:\n  0     done\n  1-12  one\n        `keyring`: two\n  128+N killed");
        let expected = [("0", "done"), ("1-12", "one; `keyring`: two"), ("128+N", "killed")];
        assert_eq!(codes, expected.map(|(code, meaning)| (code.to_owned(), meaning.to_owned())));
    }

    #[test]
    fn mandoc_finds_no_mistake() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in pages() {
            let path = folder.path().join(&name);
            std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
            let checked = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).arg(&path).output();
            let checked = checked.expect("`make test` installs mandoc");
            let said = String::from_utf8_lossy(&checked.stdout);
            // There is no date on purpose, and the library breaks lines before it leaves one empty, which does no harm.
            let is_harmless = |line: &&str| line.contains("missing date") || line.contains("skipping paragraph macro: br");
            let complaints: Vec<_> = said.lines().filter(|line| !is_harmless(line)).collect();
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
    }
}

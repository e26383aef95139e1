//! The files of a service. They are those of `packaging/`, with the paths of the programs that are really there.

use std::{env, ffi::OsString, path::Path};

use crate::service::{Programs, quote};

const SYSTEMD_UNIT: &str = include_str!("../../../packaging/systemd/prestic-daemon.service");
const AUTOSTART_ENTRY: &str = include_str!("../../../packaging/autostart/prestic-tray.desktop");
const LAUNCHD_DAEMON: &str = include_str!("../../../packaging/launchd/prestic-daemon.plist");
const LAUNCHD_TRAY: &str = include_str!("../../../packaging/launchd/prestic-tray.plist");
const TASK_DAEMON: &str = include_str!("../../../packaging/windows/prestic-daemon.xml");
const TASK_TRAY: &str = include_str!("../../../packaging/windows/prestic-tray.xml");

/// What every file of ours says of itself.
pub const MARK: &str = "prestic-ctl service install";

/// Where systemd looks for programs by itself, and launchd with ours.
const SYSTEMD_FOLDERS: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const LAUNCHD_FOLDERS: &[&str] =
    &["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];

/// Returns the unit of systemd.
pub fn systemd_unit(programs: &Programs) -> String {
    let mut environment = String::new();
    if let Some(path) = search_path(programs, SYSTEMD_FOLDERS) {
        let mut assignment = OsString::from("PATH=");
        assignment.push(path);
        environment.push_str(&format!("Environment={}\n", quote::systemd(&assignment)));
    }
    if let Some(home) = &programs.other_home {
        let mut assignment = OsString::from("PRESTIC_HOME=");
        assignment.push(home);
        environment.push_str(&format!("Environment={}\n", quote::systemd(&assignment)));
    }
    let start = format!("{environment}ExecStart={}", quote::systemd(programs.daemon.as_os_str()));
    let reload = format!("ExecReload={} --no-start reload", quote::systemd(programs.ctl.as_os_str()));
    let unit = put(SYSTEMD_UNIT, "ExecStart=/usr/bin/prestic-daemon", &start);
    let unit = put(&unit, "ExecReload=/usr/bin/prestic-ctl --no-start reload", &reload);
    format!("# Written by `{MARK}`, which replaces it; `prestic-ctl service uninstall` removes it.\n{unit}")
}

/// Returns the entry that starts the tray with a desktop session.
pub fn autostart_entry(tray: &Path, other_home: Option<&Path>) -> String {
    let mut exec = quote::desktop_entry(&tray.to_string_lossy());
    if let Some(home) = other_home {
        let home = quote::desktop_entry(&format!("PRESTIC_HOME={}", home.display()));
        exec = format!("env {home} {exec}");
    }
    let entry = put(AUTOSTART_ENTRY, "Exec=/usr/bin/prestic-tray", &format!("Exec={exec}"));
    format!("# Written by `{MARK}`.\n{entry}")
}

/// Returns the agent of launchd that is the daemon.
pub fn launchd_daemon(programs: &Programs) -> String {
    launchd(LAUNCHD_DAEMON, "/usr/local/bin/prestic-daemon", &programs.daemon, programs)
}

/// Returns the agent of launchd that is the tray.
pub fn launchd_tray(programs: &Programs, tray: &Path) -> String {
    launchd(LAUNCHD_TRAY, "/usr/local/bin/prestic-tray", tray, programs)
}

fn launchd(template: &str, usual: &str, program: &Path, programs: &Programs) -> String {
    let string = |text: &str| format!("<string>{}</string>", quote::xml(text));
    let mut agent = put(template, &string(usual), &string(&program.to_string_lossy()));
    let usual_path = string(&LAUNCHD_FOLDERS.join(":"));
    if let Some(path) = search_path(programs, LAUNCHD_FOLDERS) {
        agent = put(&agent, &usual_path, &string(&path.to_string_lossy()));
    }
    if let Some(home) = &programs.other_home {
        let home = format!("<dict>\n\t\t<key>PRESTIC_HOME</key>\n\t\t{}\n", string(&home.to_string_lossy()));
        agent = put(&agent, "<dict>\n\t\t<!-- ", &format!("{home}\t\t<!-- "));
    }
    agent
}

/// Returns the task of the Task Scheduler that is the daemon.
pub fn task_daemon(user: &str, programs: &Programs) -> Vec<u8> {
    let usual = "C:\\Program Files\\PRestic\\prestic-daemon.exe";
    task(&put(TASK_DAEMON, usual, &quote::xml(&programs.daemon.to_string_lossy())), user)
}

/// Returns the task of the Task Scheduler that is the tray.
pub fn task_tray(user: &str, tray: &Path) -> Vec<u8> {
    let usual = "C:\\Program Files\\PRestic\\prestic-tray.exe";
    task(&put(TASK_TRAY, usual, &quote::xml(&tray.to_string_lossy())), user)
}

/// The Task Scheduler takes nothing but UTF-16.
fn task(text: &str, user: &str) -> Vec<u8> {
    let text = text.replace("<UserId>USER</UserId>", &format!("<UserId>{}</UserId>", quote::xml(user)));
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Replaces what stands once in a file.
fn put(template: &str, from: &str, to: &str) -> String {
    debug_assert_eq!(template.matches(from).count(), 1, "{from}");
    template.replace(from, to)
}

/// Returns where to look for programs, if the shell finds restic where the service manager does not look.
fn search_path(programs: &Programs, usual: &[&str]) -> Option<OsString> {
    let folder = programs.restic_folder.as_deref()?;
    if usual.iter().any(|usual| Path::new(usual) == folder) {
        return None;
    }
    // Folders of Unix, whatever system makes this file. One with a colon in it cannot be named in such a list.
    let is_nameable = !folder.as_os_str().as_encoded_bytes().contains(&b':');
    is_nameable.then(|| {
        let mut path = folder.as_os_str().to_owned();
        path.push(":");
        path.push(usual.join(":"));
        path
    })
}

/// Returns the home that a unit of ours serves, as it is written there; nothing for the usual one.
pub fn home_of_unit(unit: &str) -> Option<&str> {
    let line = unit.lines().find_map(|line| line.strip_prefix("Environment=\"PRESTIC_HOME="))?;
    Some(line.strip_suffix('"').unwrap_or(line))
}

/// Returns the home that an agent of ours serves, as it is written there; nothing for the usual one.
pub fn home_of_agent(agent: &str) -> Option<&str> {
    let (_, rest) = agent.split_once("<key>PRESTIC_HOME</key>")?;
    let (_, rest) = rest.split_once("<string>")?;
    rest.split_once("</string>").map(|(home, _)| home)
}

/// Returns the user's name for the Task Scheduler.
pub fn task_user() -> String {
    let name = |variable| env::var(variable).unwrap_or_default();
    format!("{}\\{}", name("USERDOMAIN"), name("USERNAME"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::service::step::text;

    fn programs(folder: &str) -> Programs {
        Programs {
            daemon: PathBuf::from(format!("{folder}/prestic-daemon")),
            ctl: PathBuf::from(format!("{folder}/prestic-ctl")),
            tray: None,
            other_home: None,
            restic_folder: None,
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }

    #[test]
    fn unit_names_the_programs_that_are_there() {
        let unit = systemd_unit(&programs("/a b/50%"));
        check(&unit, "\nExecStart=\"/a b/50%%/prestic-daemon\"\n");
        check(&unit, "\nExecReload=\"/a b/50%%/prestic-ctl\" --no-start reload\n");
        check(&unit, MARK);
        assert!(!unit.contains("\nEnvironment="), "{unit}");
    }

    #[test]
    fn restic_that_only_the_shell_finds_is_found_by_the_service_too() {
        let with = |folder: &str| Programs { restic_folder: Some(PathBuf::from(folder)), ..programs("/p") };
        check(&systemd_unit(&with("/home/me/.local/bin")), "\nEnvironment=\"PATH=/home/me/.local/bin:/usr/local/sbin:");
        assert!(!systemd_unit(&with("/usr/local/bin")).contains("PATH="));
        check(&launchd_daemon(&with("/Users/me/go/bin")), "<string>/Users/me/go/bin:/usr/bin:");
        check(&launchd_daemon(&with("/opt/homebrew/bin")), "<string>/usr/bin:/bin:");
        // Such a folder cannot be named on the path.
        assert!(!systemd_unit(&with("/home/a:b")).contains("PATH="));
    }

    #[test]
    fn another_home_is_named_everywhere() {
        let other = Programs { other_home: Some(PathBuf::from("/h 1")), ..programs("/p") };
        let unit = systemd_unit(&other);
        check(&unit, "\nEnvironment=\"PRESTIC_HOME=/h 1\"\nExecStart=");
        assert_eq!(home_of_unit(&unit), Some("/h 1"));
        assert_eq!(home_of_unit(&systemd_unit(&programs("/p"))), None);
        check(&launchd_daemon(&other), "<key>PRESTIC_HOME</key>\n\t\t<string>/h 1</string>\n\t\t<!-- ");
        check(&launchd_tray(&other, Path::new("/p/tray")), "<key>PRESTIC_HOME</key>");
        assert_eq!(home_of_agent(&launchd_daemon(&other)), Some("/h 1"));
        assert_eq!(home_of_agent(&launchd_daemon(&programs("/p"))), None);
        let entry = autostart_entry(Path::new("/p/prestic-tray"), other.other_home.as_deref());
        check(&entry, "\nExec=env \"PRESTIC_HOME=/h 1\" \"/p/prestic-tray\"\n");
    }

    #[test]
    fn agents_of_launchd_take_any_path() {
        check(&launchd_daemon(&programs("/a&b")), "<string>/a&amp;b/prestic-daemon</string>\n");
        check(&launchd_tray(&programs("/p"), Path::new("/a<b")), "<string>/a&lt;b</string>\n");
    }

    #[test]
    fn tasks_name_program_and_user_and_are_utf_16() {
        let content = task_daemon("PC\\me & you", &programs("C:\\Ä"));
        assert_eq!(content[..4], [0xff, 0xfe, b'<', 0]);
        let text = text(&content);
        assert_eq!(text.matches("<UserId>PC\\me &amp; you</UserId>").count(), 2);
        check(&text, "<Arguments>--headless \"C:\\Ä/prestic-daemon\" --detached</Arguments>");
    }
}

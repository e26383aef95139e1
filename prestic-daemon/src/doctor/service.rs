//! Whether the daemon starts by itself: at the start of the machine, or when its user logs in.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use prestic_proto::doctor::{Check, Finding};

use super::shown;

/// What a service, an agent or an entry for the start of a desktop is called: the tray starts the daemon as well. Others have
/// similar names, as the service of Python's PRestic.
const NAMES: [&str; 2] = ["prestic-daemon", "prestic-tray"];

/// What is known of it.
#[derive(Debug, Default)]
struct Facts {
    /// The unit of systemd that the running daemon belongs to.
    unit: Option<String>,
    /// What will start it.
    starter: Option<Starter>,
    /// Whether the daemon is the first process, as in a container.
    is_first_process: bool,
    /// Whether this is a desktop.
    has_screen: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Starter {
    /// The system, at its start.
    System(PathBuf),
    /// The user's login.
    Login(PathBuf),
    /// The user's first login, or the start of the system if the user lingers.
    UserUnit { file: PathBuf, lingers: bool },
}

/// Looks at what starts the daemon. `pid` is that of the one that runs.
pub(super) fn look(pid: Option<u32>, has_schedule: bool) -> Vec<Finding> {
    // The tasks of Windows are no files that everybody may read.
    if !has_schedule || cfg!(windows) {
        return Vec::new();
    }
    let has_screen = cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    let cgroup = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/cgroup")).ok());
    let unit = cgroup.as_deref().and_then(unit_of).map(str::to_owned);
    vec![judge(&Facts { unit, starter: starter(), is_first_process: pid == Some(1), has_screen })]
}

/// Finds the unit that a process belongs to in what the kernel tells of it, if it is one of ours.
fn unit_of(cgroup: &str) -> Option<&str> {
    let units = cgroup.lines().filter_map(|line| line.rsplit('/').find(|part| part.ends_with(".service")));
    units.into_iter().find(|unit| is_ours(unit))
}

fn starter() -> Option<Starter> {
    let home = env::home_dir()?;
    let config = env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let config = config.unwrap_or_else(|| home.join(".config"));
    let system = ["/etc/systemd/system/multi-user.target.wants", "/Library/LaunchDaemons"];
    if let Some(file) = system.iter().find_map(|folder| entry_in(Path::new(folder))) {
        return Some(Starter::System(file));
    }
    let units = [config.join("systemd/user/default.target.wants"), "/etc/systemd/user/default.target.wants".into()];
    if let Some(file) = units.iter().find_map(|folder| entry_in(folder)) {
        let user = env::var_os("USER").or_else(|| env::var_os("LOGNAME"));
        let lingers = user.is_some_and(|user| Path::new("/var/lib/systemd/linger").join(user).exists());
        return Some(Starter::UserUnit { file, lingers });
    }
    let of_login = [config.join("autostart"), "/etc/xdg/autostart".into(), home.join("Library/LaunchAgents")];
    of_login.iter().find_map(|folder| entry_in(folder)).map(Starter::Login)
}

/// Finds what is called like us in a folder.
fn entry_in(folder: &Path) -> Option<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    names.into_iter().find(|path| path.file_name().is_some_and(|name| is_ours(&name.to_string_lossy())))
}

fn is_ours(name: &str) -> bool {
    NAMES.iter().any(|own| name.contains(own))
}

fn judge(facts: &Facts) -> Finding {
    let now = facts.unit.as_ref().map(|unit| format!("; it runs as {unit} now")).unwrap_or_default();
    match &facts.starter {
        _ if facts.is_first_process => Finding::ok(Check::Service, "the daemon is the first process of this container"),
        Some(Starter::System(file)) => {
            Finding::ok(Check::Service, format!("the system starts the daemon: {}{now}", shown(file)))
        }
        // A package brings such an entry along, and on a server nobody ever reads it.
        Some(Starter::Login(file)) if !facts.has_screen => Finding::warning(
            Check::Service,
            format!("only the login to a desktop starts the daemon: {}", shown(file)),
            "`prestic-ctl service install` starts it without a desktop",
        ),
        Some(Starter::Login(file)) => {
            Finding::ok(Check::Service, format!("your login starts the daemon: {}{now}", shown(file)))
        }
        Some(Starter::UserUnit { file, lingers: true }) => {
            Finding::ok(Check::Service, format!("the system starts the daemon for you: {}{now}", shown(file)))
        }
        Some(Starter::UserUnit { file, lingers: false }) if facts.has_screen => {
            Finding::ok(Check::Service, format!("your login starts the daemon: {}{now}", shown(file)))
        }
        Some(Starter::UserUnit { file, .. }) => Finding::warning(
            Check::Service,
            format!("the daemon runs only while you are logged in: {}", shown(file)),
            "`loginctl enable-linger` lets it run without",
        ),
        None => Finding::warning(
            Check::Service,
            "nothing starts the daemon when the machine starts, or when you log in",
            "`prestic-ctl service install` sees to it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    #[track_caller]
    fn check(starter: Option<Starter>, has_screen: bool, expected: Level, part: &str) {
        let finding = judge(&Facts { starter, has_screen, ..Facts::default() });
        assert!(finding.level == expected && finding.message.contains(part), "{finding:?}");
    }

    #[test]
    fn daemon_that_nothing_starts_is_told() {
        check(None, true, Level::Warning, "nothing starts the daemon");
        check(Some(Starter::System("/etc/x".into())), false, Level::Ok, "/etc/x");
        check(Some(Starter::Login("/etc/x".into())), true, Level::Ok, "your login");
        let finding = judge(&Facts { is_first_process: true, ..Facts::default() });
        assert_eq!(finding.level, Level::Ok);
    }

    #[test]
    fn entry_of_a_desktop_starts_nothing_on_a_server() {
        check(Some(Starter::Login("/etc/x".into())), false, Level::Warning, "only the login to a desktop");
    }

    #[test]
    fn service_of_another_program_is_not_ours() {
        for (name, expected) in [("prestic-daemon.service", true), ("org.prestic-tray.plist", true), ("prestic.service", false)]
        {
            assert_eq!(is_ours(name), expected, "{name}");
        }
    }

    #[test]
    fn server_needs_a_user_that_lingers() {
        let unit = |lingers| Some(Starter::UserUnit { file: "/u".into(), lingers });
        check(unit(false), false, Level::Warning, "only while you are logged in");
        check(unit(false), true, Level::Ok, "your login starts");
        check(unit(true), false, Level::Ok, "starts the daemon for you");
    }

    #[test]
    fn unit_is_found_among_the_groups_of_a_process() {
        let own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/prestic-daemon.service\n";
        assert_eq!(unit_of(own), Some("prestic-daemon.service"));
        assert_eq!(unit_of("0::/user.slice/user-1000.slice/user@1000.service/app.slice/foot.scope\n"), None);
    }
}

//! The files of `packaging/` and those that `service install` makes of them, read by the programs that they are for.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use prestic_tests::{home::TestHome, programs};

fn packaging(file: &str) -> PathBuf {
    programs::checkout().join("packaging").join(file)
}

/// Runs a Python program with arguments, and returns what it prints.
#[track_caller]
fn python(script: &str, args: &[&Path]) -> String {
    let output = Command::new("python3").args(["-c", script]).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn agents_of_launchd_are_property_lists() {
    let script = "import plistlib, sys\nfor f in sys.argv[1:]:\n    p = plistlib.load(open(f, 'rb'))\n    \
                  print(p['Label'], p['ProgramArguments'][0], p['RunAtLoad'], p.get('ExitTimeOut'))";
    let [daemon, tray] = ["launchd/prestic-daemon.plist", "launchd/prestic-tray.plist"].map(packaging);
    assert_eq!(
        python(script, &[&daemon, &tray]),
        "io.github.anmcarrow.prestic-daemon /usr/local/bin/prestic-daemon True 150\n\
         io.github.anmcarrow.prestic-tray /usr/local/bin/prestic-tray True None\n"
    );
}

#[test]
fn tasks_of_windows_are_xml_for_one_user_and_without_a_limit() {
    let script = "import sys, xml.etree.ElementTree as e\nn = '{http://schemas.microsoft.com/windows/2004/02/mit/task}'\n\
                  for f in sys.argv[1:]:\n    t = e.parse(f).getroot()\n    \
                  print(t.tag == n + 'Task', [u.text for u in t.iter(n + 'UserId')], t.find(f'.//{n}ExecutionTimeLimit').text)";
    let [daemon, tray] = ["windows/prestic-daemon.xml", "windows/prestic-tray.xml"].map(packaging);
    assert_eq!(python(script, &[&daemon, &tray]), "True ['USER', 'USER'] PT0S\n".repeat(2));
}

/// Makes programs of our names in a folder, and returns `prestic-ctl`.
fn install_programs(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    for program in [programs::daemon(), programs::ctl(), programs::tray()] {
        fs::copy(&program, folder.join(program.file_name().unwrap())).unwrap();
    }
    folder.join("prestic-ctl")
}

#[test]
fn without_a_user_manager_installation_is_refused_and_says_what_to_do() {
    let home = TestHome::new();
    let refusal = home.ctl(&["service", "install"]).expect_code(69);
    assert!(refusal.stderr.starts_with("error: there is no service manager for you here: "), "{}", refusal.stderr);
    assert!(refusal.stderr.contains("\nhint: "), "{}", refusal.stderr);
    assert_eq!(refusal.stdout, "");
    assert!(!home.path(".config").exists());
    home.ctl(&["service", "uninstall"]).expect_code(69);
}

#[test]
fn status_needs_neither_a_service_nor_a_daemon() {
    let home = TestHome::new();
    let status = home.ctl(&["service", "status"]).expect_code(69);
    assert!(status.stdout.contains("daemon   none answers"), "{}", status.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&home.ctl(&["service", "status", "--json"]).expect_code(69).stdout).unwrap();
    assert_eq!((&json["installed"], &json["daemon"], &json["is_enabled"]), (&().into(), &().into(), &false.into()));
}

#[test]
fn log_of_a_daemon_without_a_service_comes_from_its_file() {
    let home = TestHome::new();
    home.write_config("[one]\nrepository = /nowhere\n");
    home.ctl(&["status"]).expect_code(0);
    let logs = home.ctl(&["service", "logs", "-n", "5"]).expect_code(0);
    assert!(logs.stdout.contains("prestic-daemon") && logs.stdout.contains("listens on"), "{}", logs.stdout);
}

#[test]
fn units_with_any_path_are_understood_by_systemd() {
    let home = TestHome::new();
    let folder = home.path("a b/50% $HOME/ü");
    let ctl = install_programs(&folder);
    // A stand-in for the manager: it is asked for the unit before the files are shown.
    let tools = home.path("tools");
    fs::create_dir(&tools).unwrap();
    fs::copy("/bin/true", tools.join("systemctl")).unwrap();
    fs::set_permissions(tools.join("systemctl"), fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = home.command(ctl);
    command.args(["service", "install", "--json", "--dry-run"]).env("PATH", format!("{}:/usr/bin:/bin", tools.display()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let steps = String::from_utf8(output.stdout).unwrap();
    let steps = steps.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>();
    let written = |end: &str| {
        let step = steps.iter().find(|step| step["path"].as_str().is_some_and(|path| path.ends_with(end))).unwrap();
        step["content"].as_str().unwrap().to_owned()
    };
    let unit = home.path("prestic-daemon.service");
    write(&unit, &written("prestic-daemon.service"));
    let mut verify = home.command("systemd-analyze");
    verify.args(["--user", "--man=no", "verify"]).arg(&unit).env("XDG_RUNTIME_DIR", home.path(""));
    let verified = verify.output().unwrap();
    // It says so where a program is not there.
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    assert_eq!(String::from_utf8_lossy(&verified.stderr), "");
    assert!(written("prestic-tray.desktop").contains("/50%% \\\\$HOME/ü/prestic-tray\"\n"));
    assert!(!home.path(".config").exists(), "a rehearsal writes nothing");
}

fn write(path: &Path, text: &str) {
    use std::io::Write;
    fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

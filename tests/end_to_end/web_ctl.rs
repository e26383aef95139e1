//! `prestic-ctl web`: how a browser gets to the web interface.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use prestic_tests::{home::TestHome, processes};
use serde_json::Value;

const TASK: &str = "[prestic]\nweb-auth = token\n[home]\nrepository = /nowhere\ncommand = check\n";

fn begin() -> (TestHome, String) {
    let mut home = TestHome::new();
    home.write_config(TASK);
    let base = home.start_daemon_with_web();
    (home, base)
}

/// Puts a program into a folder of its own that is called as the one that opens a browser.
#[expect(clippy::disallowed_methods, reason = "no one else reads the file yet")]
pub fn opener(home: &TestHome, script: &str) -> PathBuf {
    let folder = home.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("xdg-open");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    folder
}

fn open_with(home: &TestHome, folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = home.ctl_command(args).env("PATH", path).env("DISPLAY", ":0").output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn browser_is_led_in_by_a_file_that_only_its_user_can_read() {
    let (home, base) = begin();
    // The working folder of the tests' programs is the test's own.
    let folder = opener(&home, "printf '%s\\n' \"$@\" > opened; cp \"$1\" page; stat -c %a \"$1\" > mode");
    let (code, stdout, stderr) = open_with(&home, &folder, &["web"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), format!("{base}/\n").as_str(), ""));
    let opened = fs::read_to_string(home.path("opened")).unwrap();
    assert_eq!(opened.trim(), home.home().web_redirect_file().display().to_string());
    assert_eq!(fs::read_to_string(home.path("mode")).unwrap(), "600\n");
    let page = fs::read_to_string(home.path("page")).unwrap();
    assert!(page.contains(&format!("url={base}/login?code=")), "{page}");
}

#[test]
fn code_is_in_no_argument_and_no_log() {
    let (home, _base) = begin();
    // It goes on as a browser does, so that its arguments can be looked at.
    let folder = opener(&home, "exec sleep 30");
    let (code, stdout, _) = open_with(&home, &folder, &["web"]);
    assert_eq!(code, Some(0));
    let page = fs::read_to_string(home.home().web_redirect_file()).unwrap();
    let secret = page.split("code=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    for pid in processes::all() {
        assert!(!processes::command_line(pid).join(" ").contains(&secret), "process {pid} shows the code");
    }
    assert!(!stdout.contains(&secret) && !home.daemon_errors().contains(&secret));
    for (path, text) in home.files() {
        assert!(path == home.home().web_redirect_file() || !text.contains(&secret), "{}", path.display());
    }
}

#[test]
fn who_has_no_browser_gets_an_address_to_copy() {
    let (home, base) = begin();
    let printed = home.ctl(&["web", "--print"]).stdout_of_success();
    assert!(printed.starts_with(&format!("{base}/login?code=")), "{printed}");
    // Without a desktop nothing is opened.
    let fallen_back = home.ctl(&["web"]).expect_code(0);
    assert!(fallen_back.stdout.starts_with(&format!("{base}/login?code=")), "{fallen_back:?}");
    assert!(fallen_back.stderr.contains("there is no desktop"), "{fallen_back:?}");
    let folder = opener(&home, "exit 3");
    let (code, stdout, stderr) = open_with(&home, &folder, &["web"]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with(&format!("{base}/login?code=")) && stderr.contains("`xdg-open` failed"), "{stdout}{stderr}");
}

#[test]
fn programs_get_it_as_json() {
    let (home, base) = begin();
    let printed: Value = serde_json::from_str(&home.ctl(&["web", "--print", "--json"]).stdout_of_success()).unwrap();
    assert_eq!(printed["url"], format!("{base}/"));
    assert_eq!(printed["opened"], false);
    assert!(printed["login_url"].as_str().unwrap().starts_with(&format!("{base}/login?code=")), "{printed}");
}

#[test]
fn web_interface_that_is_off_is_told_with_the_option() {
    let mut home = TestHome::new();
    home.write_config(TASK);
    home.start_daemon();
    let refused = home.ctl(&["web"]).expect_code(65);
    assert!(refused.stderr.contains("`web-listen` is off") && refused.stderr.contains("hint: "), "{refused:?}");
}

#[test]
fn status_says_where_it_is() {
    let (home, base) = begin();
    let shown = home.ctl(&["status"]).stdout_of_success();
    assert!(shown.contains(&format!("web interface: {base}/")), "{shown}");
    let status: Value = serde_json::from_str(&home.ctl(&["status", "--json"]).stdout_of_success()).unwrap();
    assert_eq!(status["web"]["web"], "listening");
    assert_eq!(format!("http://{}", status["web"]["address"].as_str().unwrap()), base);
}

//! What the web interface lets nobody do: each line of the table of attacks is a test here, but for those on names and contents of
//! files.

use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    process::Command,
};

use prestic_proto::{run::RunId, system::WebState};
use prestic_tests::{
    home::{Ended, TestHome},
    web::{HttpAnswer, connect, csrf_token, get, read_answer, send, send_raw},
};

pub(super) const TASK: &str = "[home]\nrepository = /nowhere\ncommand = check\npassword-command = true\n";
/// Nobody's, on every system.
const OTHER_USER: u32 = 65534;

pub(super) fn begin(settings: &str) -> (TestHome, SocketAddr) {
    let mut home = TestHome::new();
    home.write_config(format!("[prestic]\n{settings}\n{TASK}"));
    let base = home.start_daemon_with_web();
    let address = base.strip_prefix("http://").expect("it is an address").parse().expect("it is an address");
    (home, address)
}

#[track_caller]
fn check_status(address: SocketAddr, line: &str, headers: &[(&str, &str)], expected: u16) -> HttpAnswer {
    let answer = send(address, line, headers, "");
    assert_eq!(answer.status, expected, "{line} {headers:?}\n{}\n{}", answer.head, answer.body);
    answer
}

#[test]
fn rebinding_a_foreign_name_gets_no_answer_of_any_kind() {
    let (_home, address) = begin("");
    let evil = format!("evil.test:{}", address.port());
    for path in ["/", "/healthz", "/assets/style.css", "/api/v1/status", "/api/v1/events", "/nothing", "/login"] {
        // After rebinding the browser takes both for one origin, so that only the name tells.
        let refused =
            check_status(address, &format!("GET {path}"), &[("Host", &evil), ("Origin", &format!("http://{evil}"))], 403);
        assert!(refused.body.contains("web-allowed-hosts") && refused.body.contains(&evil), "{}", refused.body);
    }
    check_status(address, "GET /healthz", &[("Host", &address.to_string())], 200);
    check_status(address, "GET /healthz", &[("Host", &format!("localhost:{}", address.port()))], 200);
    check_status(address, "GET /healthz", &[("Host", "127.0.0.1")], 403);
}

#[test]
fn missing_or_second_host_and_an_address_that_says_otherwise_are_refused() {
    let (_home, address) = begin("");
    let host = address.to_string();
    check_status(address, "GET /healthz", &[], 400);
    check_status(address, "GET /healthz", &[("Host", &host), ("Host", &host)], 400);
    check_status(address, "GET /healthz", &[("Host", &host), ("Host", "evil.test")], 400);
    check_status(address, "GET http://evil.test/healthz", &[("Host", &host)], 403);
    check_status(address, &format!("GET http://{host}/healthz"), &[("Host", "evil.test")], 403);
    check_status(address, &format!("GET http://{host}/healthz"), &[("Host", &host)], 200);
}

#[test]
fn configured_names_are_names_too() {
    let (_home, address) = begin("web-allowed-hosts = backup.example");
    check_status(address, "GET /healthz", &[("Host", "backup.example")], 200);
    check_status(address, "GET /healthz", &[("Host", "other.example")], 403);
}

#[test]
fn ipv6_has_the_same_rules() {
    let mut home = TestHome::new();
    home.write_config(TASK);
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("this machine has no IPv6: nothing was tested");
        return;
    }
    let mut command = home.daemon_command(&[]);
    command.env("PRESTIC_WEB_LISTEN", "[::1]:0");
    home.start_daemon_with(command);
    let address = home.wait_for_web();
    check_status(address, "GET /healthz", &[("Host", &address.to_string())], 200);
    check_status(address, "GET /healthz", &[("Host", "[::2]:1")], 403);
}

/// Sends an order that a page of somebody else would like to give, and tells whether it was refused before anything else.
pub(super) fn order(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let host = address.to_string();
    let headers: Vec<_> = [("Host", host.as_str())].into_iter().chain(headers.iter().copied()).collect();
    send(address, &format!("POST {path}"), &headers, body).status
}

#[test]
fn forged_requests_change_nothing() {
    let (home, address) = begin("");
    let own = format!("http://{address}");
    let token = csrf_token(&get(address, "/nothing", &[]));
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let with_token = format!("csrf={token}");
    let other_port = format!("http://127.0.0.1:{}", address.port() ^ 1);
    // An address that takes no orders answers 404 to whoever has got so far.
    assert_eq!(order(address, "/nothing", &[("Origin", &own), form], &with_token), 404);
    assert_eq!(order(address, "/nothing", &[("Origin", &own), ("X-PRestic-CSRF", &token)], ""), 404);
    for origin in [other_port.as_str(), "http://evil.test", "null", "https://127.0.0.1"] {
        assert_eq!(order(address, "/nothing", &[("Origin", origin), form], &with_token), 403, "{origin}");
    }
    assert_eq!(order(address, "/nothing", &[form], &with_token), 403, "no origin");
    assert_eq!(order(address, "/nothing", &[("Origin", &own), form], "csrf=wrong"), 403);
    assert_eq!(order(address, "/nothing", &[("Origin", &own), form], "task=home"), 403);
    for site in ["same-site", "cross-site", "none"] {
        let headers = [("Origin", own.as_str()), ("Sec-Fetch-Site", site), form];
        assert_eq!(order(address, "/nothing", &headers, &with_token), 403, "{site}");
    }
    let text = ("Content-Type", "text/plain");
    assert_eq!(order(address, "/nothing", &[("Origin", &own), text, ("X-PRestic-CSRF", &token)], "{}"), 415);
    assert_eq!(home.history("home").len(), 0);
    assert_eq!(home.status().runs.len(), 0);
}

#[test]
fn links_that_look_like_orders_change_nothing() {
    let (home, address) = begin("");
    for path in ["/run", "/api/v1/run?task=home", "/tasks/home/run", "/login?code=1"] {
        let answer = get(address, path, &[]);
        assert_ne!(answer.status, 500, "{path}");
    }
    assert_eq!(home.status().runs.iter().map(|run| run.id).collect::<Vec<RunId>>(), []);
}

#[test]
fn embedding_loading_and_timing_by_other_sites_is_refused() {
    let (_home, address) = begin("");
    for site in ["cross-site", "same-site"] {
        for (mode, destination) in [("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty"), ("no-cors", "script")] {
            let headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination)];
            for path in ["/", "/healthz", "/api/v1/status", "/api/v1/events", "/assets/app.js", "/profile/home/snapshots"] {
                get(address, path, &headers).expect_status(403);
            }
        }
        let link = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
        // Cheap pages may be linked to; what would start restic may not.
        assert_ne!(get(address, "/", &link).status, 403);
        get(address, "/profile/home/snapshots", &link).expect_status(403);
        get(address, "/api/v1/status", &link).expect_status(403);
    }
    let own = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Dest", "empty")];
    get(address, "/healthz", &own).expect_status(200);
}

#[test]
fn framing_sniffing_and_foreign_scripts_are_forbidden_by_every_answer() {
    let (_home, address) = begin("");
    let answers = [
        get(address, "/healthz", &[]),
        get(address, "/assets/style.css", &[]),
        get(address, "/nothing", &[]),
        send(address, "GET /", &[("Host", "evil.test")], ""),
        send(address, "DELETE /", &[("Host", &address.to_string())], ""),
    ];
    for answer in answers {
        let policy = answer.header("content-security-policy").expect("every answer has one").to_owned();
        for rule in
            ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
        {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.head);
        }
        assert!(answer.header("access-control-allow-origin").is_none(), "{}", answer.head);
        assert!(answer.header("cache-control").is_some(), "{}", answer.head);
    }
}

#[test]
fn page_has_nothing_inline_and_is_not_kept() {
    let (_home, address) = begin("");
    let page = get(address, "/nothing", &[]).expect_status(404);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    for inline in ["<style", " style=", " onclick=", " onload=", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline}: {}", page.body);
    }
    assert!(page.body.matches("<script").count() == page.body.matches("<script type=\"module\" src=\"/assets/").count());
}

#[test]
fn only_methods_that_are_known_are_answered() {
    let (_home, address) = begin("");
    let host = address.to_string();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        check_status(address, &format!("{method} /healthz"), &[("Host", &host)], 405);
    }
    let head = check_status(address, "HEAD /healthz", &[("Host", &host)], 200);
    assert_eq!(head.body, "");
    let token = csrf_token(&get(address, "/nothing", &[]));
    let headers = [("Origin", format!("http://{host}")), ("X-PRestic-CSRF", token)];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(order(address, "/healthz", &headers, ""), 405);
}

/// Runs a program as somebody else, where this process may. Says so loudly where it may not.
fn as_other_user(command: &mut Command) -> Option<Ended> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("THIS TEST NEEDS ROOT to become another user: nothing was tested");
        return None;
    }
    let output = command.uid(OTHER_USER).gid(OTHER_USER).output().expect("the program is there");
    Some(Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

fn ask_by_bash(address: SocketAddr, path: &str) -> Command {
    let port = address.port();
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nConnection: close\\r\\n\\r\\n' >&3; \
         cat <&3"
    );
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir("/");
    command
}

#[test]
fn other_users_of_the_machine_get_nothing() {
    let (_home, address) = begin("web-auth = same-user");
    let own = ask_by_bash(address, "/healthz").output().expect("there is bash");
    assert!(String::from_utf8_lossy(&own.stdout).starts_with("HTTP/1.1 200"), "{own:?}");
    for path in ["/healthz", "/", "/assets/style.css", "/api/v1/status"] {
        let Some(other) = as_other_user(&mut ask_by_bash(address, path)) else { return };
        assert!(other.stdout.starts_with("HTTP/1.1 403"), "{path}: {other:?}");
        assert!(other.stdout.contains("Another user") || other.stdout.contains("other-user"), "{path}: {other:?}");
    }
}

#[test]
fn other_users_cannot_take_all_places() {
    let (_home, address) = begin("web-auth = same-user");
    let port = address.port();
    let script = format!("for i in $(seq 300); do exec {{fd}}<>/dev/tcp/127.0.0.1/{port}; done; echo all; sleep 60");
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir("/");
    let Some(mut crowd) = spawn_as_other_user(&mut command) else { return };
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(crowd.stdout.take().expect("it is piped")), &mut line).unwrap();
    assert_eq!(line, "all\n");
    get(address, "/healthz", &[]).expect_status(200);
    crowd.kill().expect("it is our child");
    crowd.wait().expect("it is our child");
}

fn spawn_as_other_user(command: &mut Command) -> Option<std::process::Child> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("THIS TEST NEEDS ROOT to become another user: nothing was tested");
        return None;
    }
    Some(command.uid(OTHER_USER).gid(OTHER_USER).stdout(std::process::Stdio::piped()).spawn().expect("the program is there"))
}

#[test]
fn port_that_is_taken_is_told_and_backups_go_on() {
    let mut home = TestHome::new();
    home.write_config(TASK);
    let squatter = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = squatter.local_addr().expect("it is bound").to_string();
    let mut command = home.daemon_command(&[]);
    command.env("PRESTIC_WEB_LISTEN", &taken);
    home.start_daemon_with(command);
    let status = home.status();
    let WebState::Unavailable { address, reason } = &status.web else { panic!("{:?}", status.web) };
    assert_eq!(address, &taken);
    assert!(reason.contains("another program listens there"), "{reason}");
    let shown = home.ctl(&["status"]).stdout_of_success();
    assert!(shown.contains(&format!("no web interface at {taken}")), "{shown}");
    // Nobody is led to the other program.
    let refused = home.ctl(&["web", "--print"]).expect_code(65);
    assert!(refused.stderr.contains(&format!("it cannot listen on {taken}")) && refused.stdout.is_empty(), "{refused:?}");
    assert!(home.daemon_errors().contains(&taken), "{}", home.daemon_errors());
    let run = home.run("home");
    home.wait_finished(run);
}

#[test]
fn exposed_address_is_refused_however_it_is_asked_for() {
    let mut home = TestHome::new();
    home.write_config(format!("[prestic]\nweb-listen = 0.0.0.0:0\n{TASK}"));
    let checked = home.daemon(&["check"]).expect_code(1);
    assert!(checked.stdout.contains("web-auth = token") || checked.stderr.contains("web-auth = token"), "{checked:?}");
    home.write_config(TASK);
    let mut command = home.daemon_command(&[]);
    command.env("PRESTIC_WEB_LISTEN", "0.0.0.0:0");
    home.start_daemon_with(command);
    let status = home.status();
    let WebState::Unavailable { reason, .. } = &status.web else { panic!("{:?}", status.web) };
    assert!(reason.contains("could read every backup"), "{reason}");
}

#[test]
fn what_is_too_long_is_not_read() {
    let (_home, address) = begin("");
    let host = address.to_string();
    let long = "a".repeat(20_000);
    check_status(address, "GET /healthz", &[("Host", &host), ("X-Long", &long)], 431);
    check_status(address, &format!("GET /{long}"), &[("Host", &host)], 431);
    let path = "a".repeat(13_000);
    check_status(address, &format!("GET /{path}"), &[("Host", &host)], 404);
    let own = format!("http://{host}");
    let headers = [("Origin", own.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(order(address, "/login", &headers, &"a".repeat(70_000)), 413);
    // A length that is never kept is waited for, but nobody else is.
    let mut liar = connect(address);
    let lie = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: {own}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    );
    liar.write_all(lie.as_bytes()).expect("it is read");
    get(address, "/healthz", &[]).expect_status(200);
    drop(liar);
}

#[test]
fn nonsense_is_refused_and_harms_nobody() {
    let (_home, address) = begin("");
    for nonsense in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = send_raw(address, nonsense.as_bytes());
        assert!([0, 400, 403, 505].contains(&answer.status), "{nonsense:?}: {}", answer.head);
    }
    let smuggled = format!(
        "POST /login HTTP/1.1\r\nHost: {address}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"
    );
    assert_ne!(send_raw(address, smuggled.as_bytes()).status, 200);
    get(address, "/healthz", &[]).expect_status(200);
}

#[test]
fn many_who_say_nothing_keep_nobody_out() {
    let (_home, address) = begin("");
    // Fewer than there are places: with all of them taken the next one waits until the first is put out, after 10 s.
    let mut silent: Vec<_> = (0..200).map(|_| connect(address)).collect();
    get(address, "/healthz", &[]).expect_status(200);
    // And whoever was slow is served once he speaks.
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    silent[0].write_all(request.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut silent[0]).status, 200);
}

#[test]
fn web_interface_ends_with_the_daemon_and_moves_with_its_settings() {
    let mut home = TestHome::new();
    home.write_config(format!("[prestic]\nweb-listen = 127.0.0.1:0\n{TASK}"));
    let mut command = home.daemon_command(&[]);
    command.env_remove("PRESTIC_WEB_LISTEN");
    home.start_daemon_with(command);
    let first = home.wait_for_web();
    get(first, "/healthz", &[]).expect_status(200);
    home.write_config(format!("[prestic]\nweb-listen = off\n{TASK}"));
    home.ctl(&["reload"]).expect_code(0);
    home.wait_for_web_state(|state| *state == WebState::Off);
    assert!(std::net::TcpStream::connect(first).is_err(), "it still listens");
    home.write_config(format!("[prestic]\nweb-listen = 127.0.0.1:0\nweb-auth = token\n{TASK}"));
    home.ctl(&["reload"]).expect_code(0);
    let second = home.wait_for_web();
    get(second, "/healthz", &[]).expect_status(401);
    let held = connect(second);
    home.signal_daemon(rustix::process::Signal::TERM);
    assert!(home.wait_for_daemon().success());
    drop(held);
}

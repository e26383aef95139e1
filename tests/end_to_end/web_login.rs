//! How a browser comes in where the web interface asks for a code.

use std::net::SocketAddr;

use prestic_proto::system::WebCode;
use prestic_tests::{
    home::TestHome,
    web::{HttpAnswer, csrf_token, get, send},
};

use crate::web_security::{TASK, begin, order};

fn web_code(home: &TestHome) -> WebCode {
    home.with_client(async |client| client.web_code().await.expect("the daemon answers").expect("it listens"))
}

fn log_in(address: SocketAddr, code: &str) -> HttpAnswer {
    let (host, own) = (address.to_string(), format!("http://{address}"));
    let headers = [("Host", host.as_str()), ("Origin", &own), ("Content-Type", "application/x-www-form-urlencoded")];
    send(address, "POST /login", &headers, &format!("code={code}"))
}

#[test]
fn code_can_lead_to_the_page_of_a_run_and_nowhere_else() {
    let (home, address) = begin("web-auth = token");
    let code = web_code(&home).code;
    let page = get(address, &format!("/login?code={code}&run=7"), &[]).expect_status(200);
    assert!(page.body.contains(r#"name="run" value="7""#), "{}", page.body);
    let elsewhere = log_in(address, &format!("{code}&run=//example.org"));
    assert_eq!((elsewhere.status, elsewhere.header("location")), (400, None), "{}", elsewhere.body);
    let entered = log_in(address, &format!("{code}&run=7")).expect_status(303);
    assert_eq!(entered.header("location"), Some("/runs/7"));
}

#[test]
fn without_a_session_there_is_only_the_way_in() {
    let (_home, address) = begin("web-auth = token");
    for path in ["/", "/healthz", "/api/v1/status", "/api/v1/events", "/nothing"] {
        let refused = get(address, path, &[]).expect_status(401);
        assert!(refused.body.contains("prestic-ctl web"), "{}", refused.body);
        assert!(!refused.body.contains("csrf"), "{}", refused.body);
    }
    get(address, "/assets/style.css", &[]).expect_status(200);
    get(address, "/login", &[]).expect_status(200);
    let forged = format!("prestic_{}_1=0000", address.port());
    get(address, "/healthz", &[("Cookie", &forged)]).expect_status(401);
}

#[test]
fn code_lets_one_browser_in_once_and_never_by_a_link_alone() {
    let (home, address) = begin("web-auth = token");
    let code = web_code(&home).code;
    // Following the link changes nothing, however often.
    for _ in 0..3 {
        let page = get(address, &format!("/login?code={code}"), &[]).expect_status(200);
        assert!(page.header("set-cookie").is_none(), "{}", page.head);
        assert!(page.body.contains(&code), "{}", page.body);
    }
    let entered = log_in(address, &code).expect_status(303);
    assert_eq!(entered.header("location"), Some("/"));
    let cookie = entered.header("set-cookie").expect("he is let in").to_owned();
    assert!(cookie.starts_with(&format!("prestic_{}_", address.port())), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().expect("it has a beginning").to_owned();
    get(address, "/healthz", &[("Cookie", &cookie)]).expect_status(200);
    get(address, "/healthz", &[]).expect_status(401);

    log_in(address, &code).expect_status(401);
    log_in(address, "").expect_status(401);
    // Tokens are of one session.
    let token = csrf_token(&get(address, "/nothing", &[("Cookie", &cookie)]));
    let own = format!("http://{address}");
    let headers = [("Origin", own.as_str()), ("X-PRestic-CSRF", &token)];
    assert_eq!(order(address, "/nothing", &headers, ""), 401);
    assert_eq!(order(address, "/nothing", &[headers[0], headers[1], ("Cookie", &cookie)], ""), 404);
}

#[test]
fn login_of_another_origin_is_refused() {
    let (home, address) = begin("web-auth = token");
    let code = web_code(&home).code;
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let body = format!("code={code}");
    for origin in ["null", "http://evil.test"] {
        assert_eq!(order(address, "/login", &[("Origin", origin), form], &body), 403);
    }
    log_in(address, &code).expect_status(303);
}

#[test]
fn exposed_address_on_purpose_still_wants_a_token() {
    let mut home = TestHome::new();
    let confirmed = "web-auth = token\nweb-open-to-network = everybody-on-this-network-may-try-to-get-in";
    home.write_config(format!("[prestic]\n{confirmed}\n{TASK}"));
    let mut command = home.daemon_command(&[]);
    command.env("PRESTIC_WEB_LISTEN", "0.0.0.0:0");
    home.start_daemon_with(command);
    let address = SocketAddr::from(([127, 0, 0, 1], home.wait_for_web().port()));
    get(address, "/healthz", &[]).expect_status(401);
    let code = web_code(&home);
    assert_eq!(code.url, format!("http://{address}/"));
    log_in(address, &code.code).expect_status(303);
}

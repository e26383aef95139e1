//! The web interface.

use std::net::SocketAddr;

use prestic_double::FakeScript;
use prestic_proto::{
    event::{EventKind, Watched},
    system::WebState,
};
use ureq::Agent;

use crate::home::{POLL, TestHome};

/// Waits until the web interface listens, and returns where.
#[track_caller]
fn wait_for_web(home: &TestHome) -> SocketAddr {
    home.with_client(async |client| {
        let status = client.status().await.unwrap();
        let (mut state, mut cursor) = (status.web, status.cursor);
        loop {
            if let WebState::Listening { address } = state {
                return address;
            }
            let Watched::Events { events, next, .. } = client.watch(cursor, POLL).await.unwrap() else {
                panic!("more has happened than is remembered")
            };
            cursor = next;
            let mut changes = events.into_iter().filter_map(|event| match event.kind {
                EventKind::Web { state } => Some(state),
                _ => None,
            });
            state = changes.next_back().unwrap_or(state);
        }
    })
}

#[test]
fn web_interface_lets_in_whoever_has_a_code() {
    let mut home = TestHome::new();
    let profile = FakeScript::default().profile();
    home.write_config(&format!("[prestic]\nweb-auth = token\n\n[idle]\n{profile}repository = C:\\r\ncommand = backup\n"));
    let mut command = home.daemon_command(&[]);
    command.env("PRESTIC_WEB_LISTEN", "127.0.0.1:0");
    home.start_daemon_with(command);
    let own = format!("http://{}", wait_for_web(&home));
    let code = home.with_client(async |client| client.web_code().await.unwrap().expect("it listens"));
    let agent: Agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    assert_eq!(agent.get(&own).call().unwrap().status(), 401);
    let form = agent.post(format!("{own}/login")).header("Origin", &own);
    let entered = form.content_type("application/x-www-form-urlencoded").send(format!("code={}", code.code)).unwrap();
    assert_eq!(entered.status(), 303);
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let mut page = agent.get(&own).header("Cookie", cookie).call().unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.body_mut().read_to_string().unwrap().contains("idle"));
}

//! Talks to the web interface byte by byte, as a browser, a program or an enemy would.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use prestic_proto::{
    event::{EventKind, Watched},
    system::WebState,
};

use crate::{LIMIT, home::TestHome};

/// How long one long poll lasts.
const POLL: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// Its status; 0 if the connection was closed without an answer.
    pub status: u16,
    /// Its head, with the status line.
    pub head: String,
    /// What follows.
    pub body: String,
}

impl HttpAnswer {
    /// Returns the value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Fails the test unless it has a status.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }
}

/// Connects to a web interface.
#[track_caller]
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the web interface listens");
    stream.set_read_timeout(Some(LIMIT)).expect("it is a time");
    stream
}

/// Sends bytes, and reads until the connection ends.
#[track_caller]
pub fn send_raw(address: SocketAddr, request: &[u8]) -> HttpAnswer {
    let mut stream = connect(address);
    // Who is refused early sees the connection end while he still writes.
    let _ = stream.write_all(request);
    read_answer(&mut stream)
}

/// Reads an answer up to the end of the connection.
pub fn read_answer(stream: &mut TcpStream) -> HttpAnswer {
    let mut bytes = Vec::new();
    // What came before a connection broke is the answer.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    HttpAnswer { status, head: head.to_owned(), body: body.to_owned() }
}

/// Sends a request with exactly these headers; `Connection: close` comes along, and the length of a body.
#[track_caller]
pub fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> HttpAnswer {
    let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    send_raw(address, format!("{request}\r\n{body}").as_bytes())
}

/// Asks for something as a program does that knows the right name.
#[track_caller]
pub fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> HttpAnswer {
    let host = address.to_string();
    let headers: Vec<_> = [("Host", host.as_str())].into_iter().chain(headers.iter().copied()).collect();
    send(address, &format!("GET {path}"), &headers, "")
}

/// Returns the token that a page gives to its own scripts.
#[track_caller]
pub fn csrf_token(page: &HttpAnswer) -> String {
    let start = "<meta name=\"csrf-token\" content=\"";
    let rest = page.body.split(start).nth(1).expect("the page has a token");
    rest.split('"').next().expect("it is quoted").to_owned()
}

impl TestHome {
    /// Waits until the web interface is as wanted.
    #[track_caller]
    pub fn wait_for_web_state(&self, is_wanted: impl Fn(&WebState) -> bool) -> WebState {
        self.with_client(async |client| {
            loop {
                let status = client.status().await.expect("the daemon answers");
                if is_wanted(&status.web) {
                    return status.web;
                }
                let mut cursor = status.cursor;
                while let Watched::Events { events, next, .. } = client.watch(cursor, POLL).await.expect("the daemon answers") {
                    cursor = next;
                    for event in events {
                        if let EventKind::Web { state } = event.kind
                            && is_wanted(&state)
                        {
                            return state;
                        }
                    }
                }
            }
        })
    }
}

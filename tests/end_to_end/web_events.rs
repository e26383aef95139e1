//! The stream of events, as a browser reads it: from a real daemon, over a real connection.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use prestic_tests::{
    LIMIT,
    fake::{FakeScript, Gate, Step},
    home::TestHome,
    web_client::WebClient,
};
use serde_json::{Value, json};

/// One message of the stream.
#[derive(Debug)]
struct Message {
    id: Option<String>,
    name: String,
    data: Value,
}

/// A stream that is being read. It is closed when it is dropped.
struct Stream {
    lines: BufReader<TcpStream>,
    status: String,
    waiting: VecDeque<Message>,
}

impl Stream {
    /// Connects, and reads how the answer begins.
    #[track_caller]
    fn open(base: &str, query: &str, headers: &str) -> Self {
        let host = base.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(host).unwrap();
        connection.set_read_timeout(Some(LIMIT)).unwrap();
        write!(connection, "GET /api/v1/events{query} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").unwrap();
        let mut stream = Self { lines: BufReader::new(connection), status: String::new(), waiting: VecDeque::new() };
        stream.status = stream.line().unwrap();
        while stream.line().is_some_and(|line| !line.is_empty()) {}
        stream
    }

    /// Returns the next line without its end; none at the end of the stream.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// Returns the next message; none at the end of the stream.
    fn next(&mut self) -> Option<Message> {
        if let Some(message) = self.waiting.pop_front() {
            return Some(message);
        }
        let (mut id, mut name) = (None, String::new());
        loop {
            let line = self.line()?;
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("event: ") {
                text.clone_into(&mut name);
            } else if let Some(text) = line.strip_prefix("data: ") {
                return Some(Message { id, name, data: serde_json::from_str(text).unwrap() });
            }
        }
    }

    /// Waits for a message with this name that is as wanted.
    #[track_caller]
    fn wait_for(&mut self, name: &str, is_wanted: impl Fn(&Value) -> bool) -> Message {
        loop {
            let message = self.next().unwrap_or_else(|| panic!("the stream ended before `{name}`"));
            if message.name == name && is_wanted(&message.data) {
                return message;
            }
        }
    }
}

/// A home with a task that waits at a gate, half-way.
fn home_with_task() -> (TestHome, Gate, String) {
    let mut home = TestHome::new();
    let gate = Gate::new(home.path("gate"));
    let line = r#"{"message_type":"status","percent_done":0.5,"total_files":2,"files_done":1}"#;
    let script = FakeScript::of([Step::Out(format!("{line}\n")), gate.wait()]);
    home.write_config(format!("[work]\n{}repository = /nowhere\ncommand = backup\nargs = /nowhere\n", script.profile()));
    let base = home.start_daemon_with_web();
    (home, gate, base)
}

#[test]
fn stream_tells_a_run_from_its_start_to_its_end() {
    let (home, gate, base) = home_with_task();
    let mut stream = Stream::open(&base, "", "");
    assert_eq!(stream.status, "HTTP/1.1 200 OK");
    let cursor = home.status().cursor;
    let connected = stream.wait_for("connected", |_| true);
    assert_eq!(connected.id.unwrap(), format!("{}-{}", cursor.instance, cursor.seq));
    let run = home.run("work");
    let of_run = |data: &Value| data["run"] == json!(run);
    stream.wait_for("run", |data| of_run(data) && data["state"] == "starting");
    let progress = stream.wait_for("progress", of_run);
    assert_eq!((progress.id, progress.data["fraction"].clone()), (None, json!(0.5)));
    gate.open();
    let end = stream.wait_for("run", |data| of_run(data) && data["state"] == "finished");
    assert_eq!((&end.data["task"], &end.data["outcome"]), (&json!("work"), &json!("succeeded")));
}

#[test]
fn stream_that_broke_off_goes_on_where_it_was() {
    let (home, _gate, base) = home_with_task();
    let mut stream = Stream::open(&base, "", "");
    stream.wait_for("connected", |_| true);
    home.ctl(&["pause", "work"]).expect_code(0);
    let paused = stream.wait_for("paused", |_| true).id.unwrap();
    drop(stream);
    home.ctl(&["resume", "work"]).expect_code(0);
    home.ctl(&["pause", "work"]).expect_code(0);
    for (query, header) in [("", format!("Last-Event-ID: {paused}\r\n")), (&*format!("?since={paused}"), String::new())] {
        let mut stream = Stream::open(&base, query, &header);
        let names: Vec<String> = [stream.next(), stream.next()].map(|message| message.unwrap().name).into();
        assert_eq!(names, ["resumed", "paused"]);
    }
}

#[test]
fn cursor_of_the_daemon_before_is_told_to_begin_anew() {
    let (mut home, _gate, base) = home_with_task();
    let mut stream = Stream::open(&base, "", "");
    let cursor = stream.wait_for("connected", |_| true).id.unwrap();
    home.kill_daemon();
    assert!(stream.next().is_none());
    let base = home.start_daemon_with_web();
    let mut stream = Stream::open(&base, "", &format!("Last-Event-ID: {cursor}\r\n"));
    assert_eq!(stream.next().unwrap().name, "resync");
}

#[test]
fn streams_end_when_the_daemon_shuts_down() {
    let (mut home, _gate, base) = home_with_task();
    let mut stream = Stream::open(&base, "", "");
    stream.wait_for("connected", |_| true);
    home.ctl(&["shutdown"]).expect_code(0);
    while stream.next().is_some() {}
    assert!(home.wait_for_daemon().success());
}

#[test]
fn three_hundred_listeners_do_not_keep_pages_from_anybody() {
    let (_home, _gate, base) = home_with_task();
    let mut streams: Vec<Stream> = Vec::new();
    let mut refused = 0;
    for _ in 0..300 {
        let stream = Stream::open(&base, "", "Connection: close\r\n");
        if stream.status.contains("503") {
            refused += 1;
        } else {
            streams.push(stream);
        }
    }
    assert_eq!((streams.len(), refused), (64, 236));
    WebClient::new(&base).get("/api/v1/status").expect_status(200);
    let stream = streams.last_mut().unwrap();
    stream.wait_for("connected", |_| true);
}

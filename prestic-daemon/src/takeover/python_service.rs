//! Whether Python's PRestic still runs: two schedulers would back up twice.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde::Serialize;

#[cfg(target_os = "linux")]
#[path = "python_service/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "python_service/other.rs"]
mod platform;

/// How long its web interface may take to answer. It is on this machine, and answers one after the other.
const PATIENCE: Duration = Duration::from_secs(1);

/// So much of an answer has its headers.
const HEADER_BYTES: u64 = 4096;

/// What still runs of Python's PRestic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PythonService {
    /// The process that `status.ini` names, where that is still alive.
    pub pid: Option<u32>,
    /// The port at which its web interface answers.
    pub port: Option<u16>,
}

impl PythonService {
    /// Looks for it. `noted_pid` is the process that `status.ini` names, unless that is a daemon of ours.
    pub fn look(noted_pid: Option<u32>, address: SocketAddr) -> Option<Self> {
        let pid = noted_pid.filter(|pid| platform::is_python_prestic(*pid));
        let port = answers_as_python(address).unwrap_or(false).then_some(address.port());
        (pid.is_some() || port.is_some()).then_some(Self { pid, port })
    }
}

/// Whether whoever listens there says that it is Python's simple web server.
fn answers_as_python(address: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("HEAD / HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    // What came before the connection broke down counts.
    let _ = stream.take(HEADER_BYTES).read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().any(|line| line.starts_with("Server: BaseHTTP/") && line.contains("Python/")))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[track_caller]
    fn check(answer: &'static str, expected: bool) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                // What is not read when a connection is closed breaks it.
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.push(byte[0]);
                }
                stream.write_all(answer.as_bytes()).unwrap();
            });
            assert_eq!(answers_as_python(address).unwrap(), expected, "{answer}");
        });
    }

    #[test]
    fn python_s_server_says_what_it_is() {
        check("HTTP/1.0 501 Unsupported method\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\n\r\n", true);
        check("HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", false);
        check("", false);
    }

    #[test]
    fn nobody_at_the_port_and_no_process_is_no_service() {
        assert_eq!(PythonService::look(None, silent_address()), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn process_that_is_no_python_is_no_service() {
        assert_eq!(PythonService::look(Some(std::process::id()), silent_address()), None);
    }

    /// Nobody listens there any more.
    fn silent_address() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }
}

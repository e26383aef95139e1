//! Finds out whether a host takes connections.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{net::TcpStream, time::timeout};

use crate::conditions::questions::Questions;

/// How long a name may take to be found, and after that a host to answer: enough for two lost packets, which are sent again
/// after one second and after three.
const LIMIT: Duration = Duration::from_secs(5);

type Found = Result<Vec<SocketAddr>, String>;

/// Connects to hosts, with one thread at a time for each name that is looked up.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    lookups: Questions<(String, u16), Found>,
}

impl Hosts {
    /// Connects to a `host:port` at all its addresses at once, and hangs up. Returns why none took the connection.
    pub(super) async fn connect(&self, host: &str) -> Result<(), String> {
        let target = parse(host)?;
        let addresses = self
            .lookups
            .ask(target, LIMIT, |(name, port)| look_up(name, *port))
            .await
            .unwrap_or_else(|| Err(format!("its address was not found within {} s", LIMIT.as_secs())))?;
        connect_to_any(&addresses, LIMIT).await
    }
}

fn look_up(name: &str, port: u16) -> Found {
    match (name, port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => {
            let error = error.to_string();
            let reason = error.strip_prefix("failed to lookup address information: ").unwrap_or(&error);
            Err(format!("its address cannot be found: {reason}"))
        }
    }
}

async fn connect_to_any(addresses: &[SocketAddr], limit: Duration) -> Result<(), String> {
    let mut attempts: FuturesUnordered<_> =
        addresses.iter().map(|address| timeout(limit, TcpStream::connect(address))).collect();
    let mut reasons = Vec::new();
    while let Some(attempt) = attempts.next().await {
        match attempt {
            Ok(Ok(_connection)) => return Ok(()),
            Ok(Err(error)) => reasons.push(error),
            Err(_) => reasons.push(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(most_telling(&reasons).map_or_else(|| "it has no address".to_owned(), words))
}

/// Chooses among the reasons of a host's addresses: that one of them refused tells more than that another has no route.
fn most_telling(reasons: &[io::Error]) -> Option<&io::Error> {
    reasons.iter().max_by_key(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => 3,
        io::ErrorKind::TimedOut => 2,
        io::ErrorKind::HostUnreachable => 1,
        _ => 0,
    })
}

/// Returns the error's kind, which has no number of the system's in it, where it has one that says something.
fn words(error: &io::Error) -> String {
    let kind = error.kind().to_string();
    if matches!(kind.as_str(), "uncategorized error" | "other error") { error.to_string() } else { kind }
}

/// Takes `host:port` apart. A host can be a name, an IPv4 address, or an IPv6 address in brackets.
fn parse(host: &str) -> Result<(String, u16), String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or("its address lacks the closing bracket")?;
            (address, rest.strip_prefix(':'))
        }
        None => match host.rsplit_once(':') {
            Some((address, _)) if address.contains(':') => {
                return Err("write an IPv6 address in brackets, as in `[::1]:22`".to_owned());
            }
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    if name.is_empty() {
        return Err("it has no name, as in `nas:22`".to_owned());
    }
    let port = port.filter(|port| !port.is_empty()).ok_or_else(|| format!("it has no port, as in `{name}:22`"))?;
    match port.parse() {
        Ok(port) if port != 0 => Ok((name.to_owned(), port)),
        _ => Err(format!("`{port}` is no port: that is a number from 1 to 65535")),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::conditions::tests::say_not_tested;

    #[track_caller]
    fn check(host: &str, expected: Result<(&str, u16), &str>) {
        assert_eq!(parse(host), expected.map(|(name, port)| (name.to_owned(), port)).map_err(str::to_owned));
    }

    #[test]
    fn host_and_port_are_taken_apart() {
        check("nas:22", Ok(("nas", 22)));
        check("192.0.2.1:65535", Ok(("192.0.2.1", 65535)));
        check("[::1]:22", Ok(("::1", 22)));
        check("[fe80::1%eth0]:22", Ok(("fe80::1%eth0", 22)));
    }

    #[test]
    fn missing_port_is_told() {
        check("nas", Err("it has no port, as in `nas:22`"));
        check("nas:", Err("it has no port, as in `nas:22`"));
        check("[::1]", Err("it has no port, as in `::1:22`"));
        check("[::1]22", Err("it has no port, as in `::1:22`"));
    }

    #[test]
    fn impossible_port_is_told() {
        check("nas:0", Err("`0` is no port: that is a number from 1 to 65535"));
        check("nas:65536", Err("`65536` is no port: that is a number from 1 to 65535"));
        check("nas:ssh", Err("`ssh` is no port: that is a number from 1 to 65535"));
    }

    #[test]
    fn impossible_host_is_told() {
        check("", Err("it has no name, as in `nas:22`"));
        check(":22", Err("it has no name, as in `nas:22`"));
        check("::1:22", Err("write an IPv6 address in brackets, as in `[::1]:22`"));
        check("[::1:22", Err("its address lacks the closing bracket"));
    }

    #[test]
    fn refusal_tells_more_than_a_missing_route() {
        use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
        let most_telling_of = |kinds: &[io::ErrorKind]| {
            let reasons: Vec<io::Error> = kinds.iter().copied().map(Into::into).collect();
            most_telling(&reasons).map(io::Error::kind)
        };
        assert_eq!(most_telling_of(&[NetworkUnreachable, ConnectionRefused, TimedOut]), Some(ConnectionRefused));
        assert_eq!(most_telling_of(&[HostUnreachable, TimedOut, NetworkUnreachable]), Some(TimedOut));
        assert_eq!(most_telling_of(&[NetworkUnreachable]), Some(NetworkUnreachable));
        assert_eq!(most_telling_of(&[]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn reason_is_told_without_a_number_if_it_can_be() {
        const EHOSTDOWN: i32 = 112;
        assert_eq!(words(&io::ErrorKind::TimedOut.into()), "timed out");
        assert_eq!(words(&io::Error::from_raw_os_error(EHOSTDOWN)), "Host is down (os error 112)");
    }

    fn closed_port() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[tokio::test]
    async fn host_that_listens_is_reached_by_number_and_by_name() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(Hosts::default().connect(&format!("127.0.0.1:{port}")).await, Ok(()));
        assert_eq!(Hosts::default().connect(&format!("localhost:{port}")).await, Ok(()));
    }

    #[tokio::test]
    async fn host_is_reached_by_its_ipv6_address() {
        match TcpListener::bind("[::1]:0") {
            Ok(listener) => {
                let port = listener.local_addr().unwrap().port();
                assert_eq!(Hosts::default().connect(&format!("[::1]:{port}")).await, Ok(()));
            }
            Err(error) => say_not_tested("a host with an IPv6 address", &error),
        }
    }

    #[tokio::test]
    async fn closed_port_refuses() {
        let address = closed_port();
        assert_eq!(Hosts::default().connect(&address.to_string()).await, Err("connection refused".to_owned()));
    }

    #[tokio::test]
    async fn one_address_that_listens_is_enough() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [closed_port(), listener.local_addr().unwrap()];
        assert_eq!(connect_to_any(&addresses, LIMIT).await, Ok(()));
        assert_eq!(connect_to_any(&addresses[..1], LIMIT).await, Err("connection refused".to_owned()));
        assert_eq!(connect_to_any(&[], LIMIT).await, Err("it has no address".to_owned()));
    }

    #[tokio::test]
    async fn name_that_nobody_can_have_is_not_found() {
        // Longer than a label may be, so that no server is asked.
        let reason = Hosts::default().connect(&format!("{}:22", "n".repeat(64))).await.unwrap_err();
        assert!(reason.starts_with("its address cannot be found: "), "{reason}");
        assert!(!reason.contains("lookup"), "{reason}");
    }
}

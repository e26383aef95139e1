//! Whom a request is for. A site that lets its own name lead to this machine gets no further than here.

use std::net::SocketAddr;

use axum::http::{HeaderMap, Uri, header::HOST};

use crate::web::guard::refusal::Refusal;

/// The port that an address without one means.
const HTTP_PORT: u16 = 80;

/// The names by which a server is known.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Where this connection has ended up.
    pub local: SocketAddr,
    /// The names of the configuration: with a port, or for every port.
    pub allowed: &'a [String],
}

/// Returns the name that a request is for, if it is one of ours.
pub fn check<'a>(headers: &'a HeaderMap, uri: &Uri, names: Names<'_>) -> Result<&'a str, Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().ok_or(Refusal::NoHost)?;
    if hosts.next().is_some() {
        return Err(Refusal::SeveralHosts);
    }
    let foreign = || Refusal::ForeignHost(String::from_utf8_lossy(host.as_bytes()).into_owned());
    let host = host.to_str().map_err(|_| foreign())?;
    if !names.have(host) {
        return Err(foreign());
    }
    match uri.authority() {
        // Whoever reads the one must not be told something else by the other.
        Some(authority) if !authority.as_str().eq_ignore_ascii_case(host) => Err(Refusal::ForeignHost(authority.to_string())),
        _ => Ok(host),
    }
}

impl Names<'_> {
    fn have(&self, host: &str) -> bool {
        self.is_own(host) || self.is_configured(host)
    }

    /// Whether it names this machine itself, with the port.
    fn is_own(&self, host: &str) -> bool {
        let (name, port) = split(host);
        let local = match self.local.ip().to_canonical() {
            std::net::IpAddr::V4(address) => address.to_string(),
            std::net::IpAddr::V6(address) => format!("[{address}]"),
        };
        let is_name = ["127.0.0.1", "localhost", "[::1]", &local].iter().any(|own| name.eq_ignore_ascii_case(own));
        is_name && port.map_or(Some(HTTP_PORT), |port| port.parse().ok()) == Some(self.local.port())
    }

    /// Whether the configuration names it.
    pub fn is_configured(&self, host: &str) -> bool {
        let name = split(host).0;
        self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(name))
    }
}

/// Parts a name from its port.
fn split(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_on(local: &str, hosts: &[&str], uri: &str, expected: Result<(), &str>) {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, host.parse().unwrap());
        }
        let allowed = ["backup.example".to_owned(), "other.example:8443".to_owned()];
        let names = Names { local: local.parse().unwrap(), allowed: &allowed };
        let found = super::check(&headers, &uri.parse().unwrap(), names).map(drop);
        let found = found.map_err(|refusal| refusal.explain().1.kind);
        assert_eq!(found, expected, "{hosts:?} {uri}");
    }

    #[track_caller]
    fn check(host: &str, expected: Result<(), &str>) {
        check_on("127.0.0.1:8711", &[host], "/", expected);
    }

    #[test]
    fn own_names_with_the_own_port_are_let_in() {
        for host in ["127.0.0.1:8711", "localhost:8711", "LocalHost:8711", "[::1]:8711"] {
            check(host, Ok(()));
        }
        check_on("[::1]:8711", &["[::1]:8711"], "/", Ok(()));
        check_on("[::ffff:127.0.0.2]:8711", &["127.0.0.2:8711"], "/", Ok(()));
        check_on("192.168.1.5:8711", &["192.168.1.5:8711"], "/", Ok(()));
        check_on("127.0.0.1:80", &["localhost"], "/", Ok(()));
    }

    #[test]
    fn names_of_others_are_refused() {
        for host in [
            "evil.test:8711",
            "evil.test",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:08712",
            "127.0.0.2:8711",
            "localhost.:8711",
            "localhost.evil.test:8711",
            "user@127.0.0.1:8711",
            "127.0.0.1:8711, evil.test",
            "[::1]",
            "::1",
            "0.0.0.0:8711",
            "",
            ":8711",
        ] {
            check(host, Err("foreign-host"));
        }
    }

    #[test]
    fn configured_names_are_let_in_at_their_port_or_at_all() {
        check("backup.example", Ok(()));
        check("Backup.Example:443", Ok(()));
        check("other.example:8443", Ok(()));
        check("other.example", Err("foreign-host"));
        check("sub.backup.example", Err("foreign-host"));
    }

    #[test]
    fn exactly_one_host_is_needed() {
        check_on("127.0.0.1:8711", &[], "/", Err("no-host"));
        check_on("127.0.0.1:8711", &["127.0.0.1:8711", "127.0.0.1:8711"], "/", Err("several-hosts"));
    }

    #[test]
    fn absolute_address_must_name_the_same() {
        let host = &["127.0.0.1:8711"];
        check_on("127.0.0.1:8711", host, "http://127.0.0.1:8711/", Ok(()));
        check_on("127.0.0.1:8711", host, "http://evil.test/", Err("foreign-host"));
        check_on("127.0.0.1:8711", host, "http://localhost:8711/", Err("foreign-host"));
        check_on("127.0.0.1:8711", &["evil.test"], "http://127.0.0.1:8711/", Err("foreign-host"));
    }
}

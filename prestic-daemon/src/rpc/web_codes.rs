//! The codes that open the web interface: each once, for a minute.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Mutex,
    time::Duration,
};

use prestic_proto::system::WebCode;
use subtle::ConstantTimeEq;

use crate::clock;

/// How long a code can be used.
const LIFE: Duration = Duration::from_secs(60);
/// How many codes there may be at once; the oldest makes way.
const MAX_CODES: usize = 16;

/// The codes that were made and not used yet.
#[derive(Default)]
pub struct WebCodes(Mutex<Vec<WebCode>>);

impl std::fmt::Debug for WebCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebCodes").finish_non_exhaustive()
    }
}

impl WebCodes {
    /// Makes a code for the web interface at an address.
    pub fn make(&self, address: SocketAddr) -> WebCode {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has random numbers, or nothing is safe");
        let code = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let made = WebCode { url: format!("http://{}/", reachable(address)), code, expires_at: clock::now() + LIFE };
        let mut codes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        codes.push(made.clone());
        let surplus = codes.len().saturating_sub(MAX_CODES);
        codes.drain(..surplus);
        made
    }

    /// Uses a code up. Tells whether it was one, and still good.
    pub fn redeem(&self, code: &str) -> bool {
        let now = clock::now();
        let mut codes = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        codes.retain(|known| known.expires_at > now);
        let found = codes.iter().position(|known| known.code.as_bytes().ct_eq(code.as_bytes()).into());
        found.map(|index| codes.remove(index)).is_some()
    }
}

/// Who listens everywhere is to be found on this machine, too.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_opens_once() {
        let codes = WebCodes::default();
        let made = codes.make("127.0.0.1:8711".parse().unwrap());
        assert_eq!((made.url.as_str(), made.code.len()), ("http://127.0.0.1:8711/", 64));
        assert!(!codes.redeem(""));
        assert!(codes.redeem(&made.code));
        assert!(!codes.redeem(&made.code));
    }

    #[test]
    fn address_leads_somewhere() {
        let codes = WebCodes::default();
        assert_eq!(codes.make("0.0.0.0:8711".parse().unwrap()).url, "http://127.0.0.1:8711/");
        assert_eq!(codes.make("[::]:8711".parse().unwrap()).url, "http://[::1]:8711/");
    }

    #[test]
    fn oldest_of_too_many_makes_way() {
        let codes = WebCodes::default();
        let made: Vec<WebCode> = (0..=MAX_CODES).map(|_| codes.make("127.0.0.1:1".parse().unwrap())).collect();
        assert!(!codes.redeem(&made[0].code));
        assert!(codes.redeem(&made[1].code));
    }
}

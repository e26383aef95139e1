//! What the configuration says about the web interface.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
};

/// Where the web interface listens if nothing is said.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8711);

/// What somebody has to write who wants others to reach the web interface.
pub const CONFIRMATION: &str = "everybody-on-this-network-may-try-to-get-in";

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listen {
    /// Nowhere.
    Off,
    /// There. Port 0 lets the system choose.
    At(SocketAddr),
}

/// How a visitor shows that he may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// His process belongs to the daemon's user, as the system tells.
    SameUser,
    /// He has a code of `prestic-ctl web`.
    Token,
    /// Everybody on this machine may.
    Off,
}

/// What the configuration says about the web interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSettings {
    /// Where to listen.
    pub listen: Listen,
    /// Who may come in.
    pub auth: Auth,
    /// The names, with or without a port, by which it is known beside those of the machine itself.
    pub allowed_hosts: Vec<String>,
    /// Whether somebody has written down that he knows what an address means that others can reach.
    pub is_open_to_network: bool,
}

/// Why settings would give the backups away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Danger {
    /// Everybody on the network could come in.
    #[error("whoever can reach {0} could read every backup: `web-auth` is not `token`")]
    NoToken(SocketAddr),
    /// Everybody on the network could try to.
    #[error("others can reach {0}, and nothing that is sent there is encrypted")]
    Unconfirmed(SocketAddr),
    /// The system is not asked whose a connection is.
    #[error("this system cannot tell whose a connection is")]
    NoSameUser,
}

impl Danger {
    /// Returns what to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoToken(_) => "set `web-auth = token`, or listen on 127.0.0.1".to_owned(),
            Self::Unconfirmed(_) => {
                format!("listen on 127.0.0.1, behind a program that speaks TLS; or set `web-open-to-network = {CONFIRMATION}`")
            }
            Self::NoSameUser => "set `web-auth = token`".to_owned(),
        }
    }
}

impl Listen {
    /// Reads an address with a port, or `off`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("off") { Some(Self::Off) } else { text.parse().ok().map(Self::At) }
    }
}

impl Auth {
    /// Reads the word for it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "same-user" => Some(Self::SameUser),
            "token" => Some(Self::Token),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameUser => "same-user",
            Self::Token => "token",
            Self::Off => "off",
        })
    }
}

impl WebSettings {
    /// Tells why these settings would give the backups away.
    pub fn danger(&self) -> Option<Danger> {
        let Listen::At(address) = self.listen else { return None };
        if address.ip().to_canonical().is_loopback() {
            let is_impossible = self.auth == Auth::SameUser && cfg!(not(target_os = "linux"));
            return is_impossible.then_some(Danger::NoSameUser);
        }
        match self.auth {
            Auth::SameUser | Auth::Off => Some(Danger::NoToken(address)),
            Auth::Token if !self.is_open_to_network => Some(Danger::Unconfirmed(address)),
            Auth::Token => None,
        }
    }
}

impl Default for WebSettings {
    fn default() -> Self {
        let auth = if cfg!(target_os = "linux") { Auth::SameUser } else { Auth::Token };
        Self { listen: Listen::At(DEFAULT_ADDRESS), auth, allowed_hosts: Vec::new(), is_open_to_network: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listen: &str, auth: Auth, is_open_to_network: bool, is_dangerous: bool) {
        let settings =
            WebSettings { listen: Listen::parse(listen).unwrap(), auth, is_open_to_network, ..WebSettings::default() };
        assert_eq!(settings.danger().is_some(), is_dangerous, "{settings:?}");
    }

    #[test]
    fn others_may_only_be_let_try_on_purpose_and_with_a_token() {
        for address in ["0.0.0.0:8711", "[::]:8711", "192.168.1.5:8711", "[::ffff:192.168.1.5]:1"] {
            check(address, Auth::Token, true, false);
            check(address, Auth::Token, false, true);
            check(address, Auth::Off, true, true);
            check(address, Auth::SameUser, true, true);
        }
    }

    #[test]
    fn this_machine_alone_needs_no_purpose() {
        for address in ["127.0.0.1:8711", "127.9.9.9:0", "[::1]:8711", "off"] {
            check(address, Auth::Off, false, false);
            check(address, Auth::Token, false, false);
            check(address, Auth::SameUser, false, cfg!(not(target_os = "linux")) && address != "off");
        }
    }

    #[test]
    fn names_are_no_addresses() {
        for text in ["localhost:8711", "127.0.0.1", ":8711", "8711", "", "127.0.0.1:99999"] {
            assert_eq!(Listen::parse(text), None, "{text}");
        }
        assert_eq!(Listen::parse("[::1]:0"), Some(Listen::At("[::1]:0".parse().unwrap())));
    }
}

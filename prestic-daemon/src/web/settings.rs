//! What the configuration says about the web interface.

use std::net::{Ipv4Addr, SocketAddr};

/// Where the web interface listens if nothing is said.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8711);

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
}

impl Default for WebSettings {
    fn default() -> Self {
        let auth = if cfg!(target_os = "linux") { Auth::SameUser } else { Auth::Token };
        Self { listen: Listen::At(DEFAULT_ADDRESS), auth, allowed_hosts: Vec::new() }
    }
}

//! What every request must pass before anything else is done for it.
//!
//! First whom it is for, then who sends it, then whose page makes him: each a decision of its own, in this order, because the
//! later ones rely on the earlier. Nothing gets to a page by another way.

pub mod headers;
pub mod host;
pub mod peer;
pub mod refusal;
pub mod site;
pub mod token;

use std::net::SocketAddr;

use axum::{
    extract::Request,
    http::{Method, header::COOKIE},
};
use host::Names;
use refusal::Refusal;
use tokio::{net::TcpStream, time::Instant};

use crate::web::{Auth, Web, login, sessions::Session};

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// Where the connection has ended up.
    local: SocketAddr,
    /// Whether the process may be one of the user's own.
    is_welcome: bool,
}

impl Visitor {
    /// Looks who has connected: once, because the other end of a connection does not change.
    pub async fn look(stream: &TcpStream, auth: Auth) -> std::io::Result<Self> {
        let local = stream.local_addr()?;
        let is_welcome = auth != Auth::SameUser || peer::is_own_user(local, stream.peer_addr()?).await;
        Ok(Self { local, is_welcome })
    }

    /// Whether the process may be one of the user's own.
    pub fn is_welcome(self) -> bool {
        self.is_welcome
    }
}

/// Lets a request in with its session, or says why not.
pub async fn admit(web: &Web, visitor: Visitor, mut request: Request) -> Result<Request, Refusal> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let names = Names { local: visitor.local, allowed: &web.settings().allowed_hosts };
    let host = host::check(request.headers(), request.uri(), names)?.to_owned();
    if !visitor.is_welcome {
        return Err(Refusal::OtherUser);
    }
    site::check_site(request.headers(), &method, &path)?;
    if ![Method::GET, Method::HEAD, Method::POST].contains(&method) {
        return Err(Refusal::Method);
    }
    site::check_origin(request.headers(), &method, &host, names)?;
    let session = find_session(web, &request);
    if session.is_none() && !is_for_everybody(&path) {
        return Err(Refusal::NoSession);
    }
    if !site::is_safe(&method) {
        // Who comes with a code has no session yet: the code is something that only he has seen.
        let witness = if path == login::PATH { None } else { session.as_ref() };
        request = token::check(request, witness).await?;
    }
    if let Some(session) = session {
        request.extensions_mut().insert(session);
    }
    Ok(request)
}

fn find_session(web: &Web, request: &Request) -> Option<Session> {
    if web.settings().auth != Auth::Token {
        return Some(web.common_session());
    }
    let cookies = request.headers().get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    web.sessions().find(cookies, Instant::now())
}

/// What says nothing of anybody's backups, and what one has to see to come in.
fn is_for_everybody(path: &str) -> bool {
    path == login::PATH || path.starts_with("/assets/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_in_is_for_everybody() {
        for (path, expected) in [
            ("/login", true),
            ("/assets/style.css", true),
            ("/", false),
            ("/login/x", false),
            ("/assets", false),
            ("/healthz", false),
        ] {
            assert_eq!(is_for_everybody(path), expected, "{path}");
        }
    }
}

//! Who has come in: in memory only, so that the end of the server is the end of every session.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::web::Web;

/// How long a session lives that nobody uses.
const IDLE_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// How many sessions there may be; the one that was not used for the longest time makes way.
const MAX_SESSIONS: usize = 64;

/// A visitor who may come in. Whatever changes something must show his token.
#[derive(Clone)]
pub struct Session {
    token: Arc<str>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// Makes a session with a token of its own.
    pub fn new() -> Self {
        Self { token: random_text().into() }
    }

    /// Returns the token that forms and scripts send back.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether a text is the token.
    pub fn has_token(&self, text: &str) -> bool {
        self.token.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The guard has put it into the request; without it nobody gets to a page.
impl FromRequestParts<Web> for Session {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, StatusCode> {
        parts.extensions.get().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

struct Entry {
    session: Session,
    used_at: Instant,
}

/// The sessions of one server.
pub struct Sessions {
    cookie: String,
    /// Of those who need no session: they are the user himself.
    common: Session,
    entries: Mutex<HashMap<String, Entry>>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

impl Sessions {
    /// Makes the sessions of a server: cookies go to all ports of a host, so that their name tells which one is meant.
    pub fn new(port: u16, instance: u64) -> Self {
        Self { cookie: format!("prestic_{port}_{instance}"), common: Session::new(), entries: Mutex::default() }
    }

    /// Returns what stands for everybody who comes without a session.
    pub fn common(&self) -> Session {
        self.common.clone()
    }

    /// Begins a session. Returns the value of `Set-Cookie`.
    pub fn begin(&self, now: Instant) -> String {
        let id = random_text();
        let cookie = format!("{}={id}; Path=/; HttpOnly; SameSite=Strict", self.cookie);
        let mut entries = self.entries();
        entries.retain(|_, entry| now.duration_since(entry.used_at) < IDLE_LIFE);
        if entries.len() >= MAX_SESSIONS {
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.used_at).map(|(id, _)| id.clone());
            oldest.and_then(|id| entries.remove(&id));
        }
        entries.insert(id, Entry { session: Session::new(), used_at: now });
        cookie
    }

    /// Returns the session that one of these `Cookie` headers names, if it is alive, and keeps it so.
    pub fn find<'a>(&self, cookies: impl Iterator<Item = &'a str>, now: Instant) -> Option<Session> {
        let pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ids = pairs.filter(|(name, _)| *name == self.cookie).map(|(_, id)| id);
        let mut entries = self.entries();
        // The id has 256 random bits: whoever could learn it by the time that the map takes has been turned away before.
        let id = ids.find(|id| entries.contains_key(*id))?;
        let entry = entries.get_mut(id)?;
        if now.duration_since(entry.used_at) >= IDLE_LIFE {
            entries.remove(id);
            return None;
        }
        entry.used_at = now;
        Some(entry.session.clone())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random_text() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has random numbers, or nothing is safe");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_back(cookie: &str) -> &str {
        cookie.split(';').next().unwrap()
    }

    #[test]
    fn session_is_found_by_its_cookie_among_others() {
        let (sessions, now) = (Sessions::new(8711, 7), Instant::now());
        let cookie = sessions.begin(now);
        assert!(cookie.starts_with("prestic_8711_7=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
        let among_others = format!("a=b; prestic_8711_7=forged; {}; c", sent_back(&cookie));
        assert!(sessions.find([among_others.as_str()].into_iter(), now).is_some());
        assert!(sessions.find(["prestic_8711_7=", "x"].into_iter(), now).is_none());
        let other_name = sent_back(&cookie).replace("_7=", "_8=");
        assert!(sessions.find([other_name.as_str()].into_iter(), now).is_none());
    }

    #[test]
    fn session_that_nobody_uses_dies() {
        let (sessions, now) = (Sessions::new(1, 1), Instant::now());
        let cookie = sessions.begin(now);
        let find = |at| sessions.find([sent_back(&cookie)].into_iter(), at).is_some();
        let almost = IDLE_LIFE - Duration::from_secs(1);
        assert!(find(now + almost));
        assert!(find(now + almost + almost), "it was used meanwhile");
        assert!(!find(now + almost + almost + IDLE_LIFE));
    }

    #[test]
    fn least_used_of_too_many_makes_way() {
        let (sessions, now) = (Sessions::new(1, 1), Instant::now());
        let second = Duration::from_secs(1);
        let cookies: Vec<String> = (0..MAX_SESSIONS as u32).map(|index| sessions.begin(now + second * index)).collect();
        let later = now + second * 1000;
        let find = |cookie: &String| sessions.find([sent_back(cookie)].into_iter(), later).is_some();
        assert!(find(&cookies[0]));
        sessions.begin(later);
        assert!(find(&cookies[0]), "it was used since");
        assert!(!find(&cookies[1]));
    }

    #[test]
    fn token_is_of_one_session_only() {
        let sessions = Sessions::new(1, 1);
        let (mine, other) = (Session::new(), sessions.common());
        assert!(mine.has_token(mine.token()));
        assert!(!mine.has_token(other.token()));
        assert!(!mine.has_token(""));
    }
}

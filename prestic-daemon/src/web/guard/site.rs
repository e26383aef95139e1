//! Whose page makes a browser send a request: ours, nobody's, or somebody else's.
//!
//! Other ports of this machine are somebody else, although cookies and `SameSite` take them for us.

use axum::http::{
    HeaderMap, Method,
    header::{HeaderName, ORIGIN},
};

use crate::web::guard::{host::Names, refusal::Refusal};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Checks what the browser says of the page that the request comes from. Programs and old browsers say nothing.
pub fn check_site(headers: &HeaderMap, method: &Method, path: &str) -> Result<(), Refusal> {
    let is = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes());
    if headers.get_all(SITE).iter().count() > 1 {
        return Err(Refusal::ForeignSite);
    }
    let changes_nothing = is_safe(method);
    if !headers.contains_key(SITE) || is(&SITE, "same-origin") || (is(&SITE, "none") && changes_nothing) {
        return Ok(());
    }
    let is_link = changes_nothing && is(&MODE, "navigate") && is(&DESTINATION, "document") && is_cheap_page(path);
    if is_link { Ok(()) } else { Err(Refusal::ForeignSite) }
}

/// Checks where a request says that it comes from: what changes something has to say so.
pub fn check_origin(headers: &HeaderMap, method: &Method, host: &str, names: Names<'_>) -> Result<(), Refusal> {
    let mut origins = headers.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) if is_safe(method) => Ok(()),
        (Some(origin), None) if is_own(origin.as_bytes(), host, names) => Ok(()),
        _ => Err(Refusal::ForeignOrigin),
    }
}

/// Whether a method changes nothing.
pub fn is_safe(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

/// We speak no TLS ourselves, but what stands before a configured name may.
fn is_own(origin: &[u8], host: &str, names: Names<'_>) -> bool {
    let Some((scheme, origin_host)) = std::str::from_utf8(origin).ok().and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    origin_host.eq_ignore_ascii_case(host) && (scheme == "http" || (scheme == "https" && names.is_configured(host)))
}

/// Whether a page asks no repository: others may link to such a page, but must not be able to keep restic busy.
fn is_cheap_page(path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
    matches!(
        (segments.next(), segments.next(), segments.next(), segments.next()),
        (Some("" | "calendar" | "system" | "login"), None, None, None)
            | (Some("profile" | "runs"), Some(_), None, None)
            | (Some("profile"), Some(_), Some("runs"), None)
    )
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[track_caller]
    fn check_site(site: &'static str, method: Method, mode: &'static str, destination: &'static str, path: &str, is_in: bool) {
        let headers = headers(&[("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)]);
        assert_eq!(super::check_site(&headers, &method, path).is_ok(), is_in, "{site} {method} {mode} {destination} {path}");
    }

    #[test]
    fn own_pages_and_the_address_bar_may_ask_for_everything() {
        for path in ["/", "/api/v1/status", "/api/v1/events", "/profile/a/snapshots", "/assets/app.js"] {
            check_site("same-origin", Method::GET, "cors", "empty", path, true);
            check_site("none", Method::GET, "navigate", "document", path, true);
        }
        check_site("same-origin", Method::POST, "cors", "empty", "/", true);
        check_site("none", Method::POST, "navigate", "document", "/", false);
    }

    #[test]
    fn other_sites_and_other_ports_may_only_link_to_cheap_pages() {
        for site in ["cross-site", "same-site", "nonsense"] {
            for path in ["/", "/calendar", "/profile/a", "/profile/a/runs", "/runs/7", "/login"] {
                check_site(site, Method::GET, "navigate", "document", path, true);
                check_site(site, Method::POST, "navigate", "document", path, false);
                check_site(site, Method::GET, "navigate", "iframe", path, false);
                check_site(site, Method::GET, "no-cors", "image", path, false);
                check_site(site, Method::GET, "cors", "empty", path, false);
            }
            for path in
                ["/api/v1/status", "/profile/a/snapshots", "/profile/a/file/ab/x", "/assets/app.js", "/runs/7/log", "//"]
            {
                check_site(site, Method::GET, "navigate", "document", path, false);
            }
        }
    }

    #[test]
    fn who_says_nothing_of_it_is_let_by() {
        assert!(super::check_site(&HeaderMap::new(), &Method::GET, "/api/v1/status").is_ok());
    }

    #[test]
    fn who_says_two_things_is_refused() {
        let mut both = HeaderMap::new();
        both.append(SITE, "same-origin".parse().unwrap());
        both.append(SITE, "cross-site".parse().unwrap());
        assert!(super::check_site(&both, &Method::GET, "/").is_err());
    }

    #[track_caller]
    fn check_origin(origins: &[&str], method: Method, host: &str, is_in: bool) {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(ORIGIN, origin.parse().unwrap());
        }
        let allowed = ["backup.example".to_owned()];
        let names = Names { local: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8711), allowed: &allowed };
        assert_eq!(super::check_origin(&headers, &method, host, names).is_ok(), is_in, "{origins:?} {method}");
    }

    #[test]
    fn what_changes_something_must_come_from_the_own_origin() {
        let own = "127.0.0.1:8711";
        check_origin(&["http://127.0.0.1:8711"], Method::POST, own, true);
        check_origin(&[], Method::POST, own, false);
        for foreign in [
            "null",
            "http://127.0.0.1:8712",
            "http://127.0.0.1",
            "https://127.0.0.1:8711",
            "http://localhost:8711",
            "http://evil.test",
            "",
        ] {
            check_origin(&[foreign], Method::POST, own, false);
            check_origin(&[foreign], Method::GET, own, false);
        }
        check_origin(&["http://127.0.0.1:8711", "http://127.0.0.1:8711"], Method::POST, own, false);
        check_origin(&[], Method::GET, own, true);
    }

    #[test]
    fn configured_names_may_have_tls_before_them() {
        check_origin(&["https://backup.example"], Method::POST, "backup.example", true);
        check_origin(&["http://backup.example"], Method::POST, "backup.example", true);
        check_origin(&["https://backup.example"], Method::POST, "127.0.0.1:8711", false);
    }
}

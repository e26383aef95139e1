//! Why a request was not let in.

use axum::http::StatusCode;

use crate::web::failure::Explanation;

/// Why a request was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It does not say whom it is for.
    NoHost,
    /// It says so more than once.
    SeveralHosts,
    /// It is for somebody else: this is how a page of another name would reach us.
    ForeignHost(String),
    /// Another user's process sends it, or nobody knows whose.
    OtherUser,
    /// A page of somebody else makes the browser send it.
    ForeignSite,
    /// Nothing here can be asked for like that.
    Method,
    /// It would change something, and does not come from one of our own pages.
    ForeignOrigin,
    /// It would change something, and does not show the session's token.
    NoToken,
    /// It brings something that is no form and no JSON.
    ContentType,
    /// It brings too much.
    TooLarge,
    /// What it brings does not come.
    TooSlow,
    /// It is nobody's who has come in.
    NoSession,
}

impl Refusal {
    /// Returns how it is told.
    pub fn explain(&self) -> (StatusCode, Explanation) {
        let (status, kind, title, message, hint) = match self {
            Self::NoHost => (StatusCode::BAD_REQUEST, "no-host", "Not understood", "the request has no `Host`".into(), ""),
            Self::SeveralHosts => {
                (StatusCode::BAD_REQUEST, "several-hosts", "Not understood", "the request has more than one `Host`".into(), "")
            }
            Self::ForeignHost(host) => (
                StatusCode::FORBIDDEN,
                "foreign-host",
                "Not this name",
                format!("the request is for `{}`, and that is no name of this web interface", host.escape_default()),
                "if it is one, add it to `web-allowed-hosts` in the section [prestic] of config.ini",
            ),
            Self::OtherUser => (
                StatusCode::FORBIDDEN,
                "other-user",
                "Another user",
                "your program does not belong to the user whose backups these are".into(),
                "open it as that user, or set `web-auth = token` in the section [prestic] of config.ini and run `prestic-ctl web`",
            ),
            Self::ForeignSite => (
                StatusCode::FORBIDDEN,
                "foreign-site",
                "Not from there",
                "another site has led your browser here".into(),
                "if you want to see it, load this page again from the address bar",
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Not this way",
                "only GET, HEAD and POST are known here".into(),
                "",
            ),
            Self::ForeignOrigin => (
                StatusCode::FORBIDDEN,
                "foreign-origin",
                "Not from there",
                "what changes something must come from a page of this web interface, and its `Origin` says that it does not"
                    .into(),
                "go to the page itself, and try again there",
            ),
            Self::NoToken => (
                StatusCode::FORBIDDEN,
                "no-token",
                "Out of date",
                "the page that you came from is from before the daemon’s last start, or no page of this web interface".into(),
                "load it again, and try again there",
            ),
            Self::ContentType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content-type",
                "Not understood",
                "only forms and JSON are read here".into(),
                "send `application/x-www-form-urlencoded` or `application/json`",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "Too much",
                "the request is longer than anything that is read here".into(),
                "",
            ),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "too-slow", "Too slow", "the request did not come in time".into(), "try again")
            }
            Self::NoSession => (
                StatusCode::UNAUTHORIZED,
                "no-session",
                "Who are you?",
                "your browser has not come in yet, or was away for too long".into(),
                "run `prestic-ctl web` in a terminal of this machine: it opens this page and lets your browser in",
            ),
        };
        (status, Explanation::new(kind, title, message, hint))
    }
}

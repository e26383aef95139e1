//! What requests bring along: a name in their path, and a document in their body.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use prestic_proto::run::RunId;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Answered, Parameters, Refusal, answer};
use crate::web::{Web, sessions::Session};

/// The one variable part of a request's path.
pub struct Segment<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Segment<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let refuse = || Refusal::new(StatusCode::NOT_FOUND, "not-found", "nothing has such an address");
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| refuse())?;
        text.parse().map(Self).map_err(|_| refuse())
    }
}

/// The document of a request that changes something. That it shows the right token is the guard's business.
pub struct Order<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Order<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Refusal> {
        Parameters::of(request.uri())?.finish()?;
        if !is_json(request.headers()) {
            let message = "the body must be JSON, and say so: `Content-Type: application/json`";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", message));
        }
        let body = Bytes::from_request(request, web)
            .await
            .map_err(|error| Refusal::new(error.status(), "bad-body", error.body_text()))?;
        read(&body).map(Self)
    }
}

/// No form of another site can send such a type without asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"))
}

/// No body is an empty document.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "bad-body", error.to_string()))
}

/// Tells the token that a request must show which changes something. Pages of other origins cannot read it.
pub async fn session(session: Session, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(json!({ "csrf": session.token() }))
}

/// An order that needs no more words.
#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The number of a run, as it stands in a path.
pub type RunSegment = Segment<RunId>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_has_a_type_that_no_form_has() {
        let is_json = |kind: &str| is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]));
        assert!(is_json("application/json; charset=utf-8"));
        assert!(!is_json("text/plain"));
        assert!(!is_json("application/x-www-form-urlencoded"));
    }

    #[test]
    fn body_may_be_missing_but_not_say_more_than_is_known() {
        assert_eq!(read::<Nothing>(b"").unwrap(), Nothing {});
        assert!(read::<Nothing>(br#"{"force": true}"#).is_err());
        assert!(read::<Nothing>(b"[]1").is_err());
    }
}

//! Whether who would change something has seen a page of this session, and brings what can be read.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode;

use crate::web::{
    forms::{TOKEN_FIELD, TOKEN_HEADER},
    guard::refusal::Refusal,
    sessions::Session,
};

/// The longest thing that is read. Forms have a few words.
pub const MAX_BODY: usize = 64 * 1024;
/// How long that may take to come.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// What a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Nothing,
    Form,
    Json,
}

/// Reads what a request brings, and looks for the session's token in it, if there has to be one.
pub async fn check(request: Request, session: Option<&Session>) -> Result<Request, Refusal> {
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_LIMIT, Limited::new(body, MAX_BODY).collect()).await.map_err(|_| Refusal::TooSlow)?;
    let body = match read {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
        Err(_) => return Err(Refusal::TooSlow),
    };
    let content = content(&parts.headers, &body)?;
    if let Some(session) = session
        && !shows_token(&parts.headers, content, &body, session)
    {
        return Err(Refusal::NoToken);
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn content(headers: &HeaderMap, body: &Bytes) -> Result<Content, Refusal> {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let (kind, second) = (kinds.next(), kinds.next());
    let kind = kind.map(|kind| kind.to_str().unwrap_or("?"));
    let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        None if body.is_empty() => Ok(Content::Nothing),
        Some("application/x-www-form-urlencoded") if second.is_none() => Ok(Content::Form),
        Some("application/json") if second.is_none() => Ok(Content::Json),
        _ => Err(Refusal::ContentType),
    }
}

/// A script sends it as a header, a form as a field.
fn shows_token(headers: &HeaderMap, content: Content, body: &[u8], session: &Session) -> bool {
    let mut sent = headers.get_all(TOKEN_HEADER).iter();
    match (sent.next(), sent.next()) {
        (Some(token), None) => token.to_str().is_ok_and(|token| session.has_token(token)),
        (None, _) => content == Content::Form && field(body).is_some_and(|token| session.has_token(&token)),
        (Some(_), Some(_)) => false,
    }
}

/// Returns the token's field, if there is exactly one.
fn field(body: &[u8]) -> Option<String> {
    let name = TOKEN_FIELD.as_bytes();
    let mut found = body.split(|byte| *byte == b'&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="));
    let token = found.next()?;
    if found.next().is_some() {
        return None;
    }
    percent_decode(token).decode_utf8().ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn refusal(headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>, session: Option<&Session>) -> Result<(), Refusal> {
        let mut request = Request::new(Body::from(body.into()));
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(check(request, session)).map(drop)
    }

    #[test]
    fn token_is_a_field_of_a_form_or_a_header() {
        let session = Session::new();
        let token = session.token();
        let check = |headers: &[(&'static str, &str)], body: String, expected| {
            assert_eq!(refusal(headers, body.clone(), Some(&session)), expected, "{headers:?} {body}");
        };
        let form = ("content-type", FORM);
        check(&[form], format!("task=home&csrf={token}"), Ok(()));
        check(&[("x-prestic-csrf", token)], String::new(), Ok(()));
        check(&[("x-prestic-csrf", token), ("content-type", "application/json; charset=utf-8")], "{}".to_owned(), Ok(()));
        check(&[form], "task=home".to_owned(), Err(Refusal::NoToken));
        check(&[form], "csrf=".to_owned(), Err(Refusal::NoToken));
        check(&[form], format!("csrf={token}0"), Err(Refusal::NoToken));
        check(&[form], format!("csrf={token}&csrf={token}"), Err(Refusal::NoToken));
        check(&[form], format!("xcsrf={token}"), Err(Refusal::NoToken));
        check(&[form, ("x-prestic-csrf", "wrong")], format!("csrf={token}"), Err(Refusal::NoToken));
        check(&[("content-type", "application/json")], format!("{{\"csrf\":\"{token}\"}}"), Err(Refusal::NoToken));
        check(&[], String::new(), Err(Refusal::NoToken));
    }

    #[test]
    fn only_forms_and_json_are_read() {
        for kind in ["text/plain", "multipart/form-data; boundary=x", "application/jsonp", ""] {
            assert_eq!(refusal(&[("content-type", kind)], "csrf=a", None), Err(Refusal::ContentType), "{kind}");
        }
        assert_eq!(refusal(&[], "csrf=a", None), Err(Refusal::ContentType));
        assert_eq!(refusal(&[("content-type", FORM), ("content-type", "text/plain")], "", None), Err(Refusal::ContentType));
    }

    #[test]
    fn more_than_a_form_is_not_read() {
        let form = [("content-type", FORM)];
        assert_eq!(refusal(&form, vec![b'a'; MAX_BODY], None), Ok(()));
        assert_eq!(refusal(&form, vec![b'a'; MAX_BODY + 1], None), Err(Refusal::TooLarge));
    }
}

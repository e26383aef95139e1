//! What a page sends back.
//!
//! The guard has looked at the method, at who sends it and at the token before: here it is only read.

use axum::{
    Form, Json,
    extract::{FromRequest, Request},
    http::header::CONTENT_TYPE,
};
use maud::{Markup, html};
use serde::de::DeserializeOwned;

use crate::web::{Web, failure::Failure, sessions::Session};

/// The name of the field in which a form sends its token.
pub const TOKEN_FIELD: &str = "csrf";
/// The header in which a script sends it.
pub const TOKEN_HEADER: &str = "x-prestic-csrf";

/// Returns the field that every form needs which changes something.
pub fn csrf_input(session: &Session) -> Markup {
    html! { input type="hidden" name=(TOKEN_FIELD) value=(session.token()); }
}

/// What a form or a script wants done, once it is known that the user wants it.
#[derive(Debug)]
pub struct Action<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Action<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        if is_json(&request) {
            let read = Json::from_request(request, web).await;
            return read.map(|Json(content)| Self(content)).map_err(|error| Failure::BadRequest(error.body_text()));
        }
        let read = Form::from_request(request, web).await;
        read.map(|Form(content)| Self(content)).map_err(|error| Failure::BadRequest(error.body_text()))
    }
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

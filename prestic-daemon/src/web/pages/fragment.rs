//! A piece of a page that the script fetches by itself, to put it where the old one was.

use axum::response::{Html, IntoResponse, Response};
use maud::Markup;

/// Answers with one element and nothing around it.
pub fn respond(content: Markup) -> Response {
    Html(content.into_string()).into_response()
}

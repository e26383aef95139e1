//! Why there is no answer: what pages have for it, and the few things that only programs do wrong.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use prestic_proto::error::{ApiError, CallError};

use crate::web::failure::{Explanation, Failure};

/// What an answer under `/api` is.
pub type Answered = Result<Response, Refusal>;

/// Why there is no answer. It is written as `{"error": {"code": …, "message": …, "quote": …, "hint": …}}`.
#[derive(Debug)]
pub enum Refusal {
    /// The daemon's reason.
    Failure(Failure),
    /// One of the interface's own.
    Own(StatusCode, Explanation),
}

impl Refusal {
    /// Makes a refusal without a hint.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Own(status, Explanation::new(code, "Not understood", message, ""))
    }

    /// Refuses a parameter for its value.
    pub fn bad_parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        let message = format!("parameter `{name}`: {reason}");
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", message).with_hint("`/api` tells what fits")
    }

    /// Adds what to do about it.
    pub fn with_hint(self, hint: &str) -> Self {
        match self {
            Self::Own(status, explanation) => Self::Own(status, Explanation { hint: Some(hint.to_owned()), ..explanation }),
            failure => failure,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Failure(failure) => failure.into_response(),
            Self::Own(status, explanation) => {
                let mut response = status.into_response();
                response.extensions_mut().insert(explanation);
                response
            }
        }
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Failure(error.into())
    }
}

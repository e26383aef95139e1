//! What every request must pass before anything else is done for it.

use axum::{extract::Request, response::Response};

use crate::web::Web;

/// Lets a request in, or says why not.
pub async fn admit(web: &Web, mut request: Request) -> Result<Request, Response> {
    request.extensions_mut().insert(web.common_session());
    Ok(request)
}

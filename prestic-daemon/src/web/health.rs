//! How PRestic is, for programs that watch it.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::web::Web;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/healthz", get(tell))
}

async fn tell(State(web): State<Web>) -> Response {
    match web.client.status().await {
        Ok(_) => Json(json!({ "status": "ok" })).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unreachable" }))).into_response(),
    }
}

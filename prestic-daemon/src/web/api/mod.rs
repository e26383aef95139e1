//! The same as the pages, as JSON.

use axum::Router;

use crate::web::Web;

/// Returns the routes under `/api/v1`.
pub fn routes() -> Router<Web> {
    Router::new()
}

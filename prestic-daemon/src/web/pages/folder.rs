//! The routes of the folder page.

use axum::Router;

use crate::web::Web;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
}

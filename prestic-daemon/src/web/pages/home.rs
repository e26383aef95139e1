//! The routes of the home page.

use axum::Router;

use crate::web::Web;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
}

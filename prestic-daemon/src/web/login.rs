//! The way in with a code of `prestic-ctl web`.

use axum::Router;

use crate::web::Web;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
}

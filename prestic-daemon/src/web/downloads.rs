//! Files and folders of snapshots, to keep.

use axum::Router;

use crate::web::Web;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
}

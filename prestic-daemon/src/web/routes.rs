//! Which address leads where.

use axum::{Router, middleware};

use crate::web::{Web, api, assets, downloads, events, failure, health, login, pages};

/// Returns everything that can be asked for.
pub fn router(web: Web) -> Router {
    Router::new()
        .merge(pages::routes())
        .merge(api::routes())
        .merge(events::routes())
        .merge(downloads::routes())
        .merge(assets::routes())
        .merge(health::routes())
        .merge(login::routes())
        .fallback(failure::no_such_page)
        .method_not_allowed_fallback(failure::no_such_method)
        .layer(middleware::from_fn_with_state(web.clone(), failure::show))
        .with_state(web)
}

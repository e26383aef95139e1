//! The pages, one file each.

use axum::Router;

use crate::web::Web;

pub mod calendar;
pub mod difference;
pub mod file;
pub mod folder;
pub mod home;
pub mod profile;
pub mod run;
pub mod runs;
pub mod search;
pub mod snapshots;
pub mod system;

/// Returns the routes of all pages.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(home::routes())
        .merge(calendar::routes())
        .merge(profile::routes())
        .merge(runs::routes())
        .merge(run::routes())
        .merge(system::routes())
        .merge(snapshots::routes())
        .merge(folder::routes())
        .merge(file::routes())
        .merge(difference::routes())
        .merge(search::routes())
}

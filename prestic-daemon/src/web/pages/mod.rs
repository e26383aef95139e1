//! The pages, one file each.

use axum::Router;

use crate::web::Web;

mod actions;
mod attention;
pub mod calendar;
mod chart;
mod days_strip;
pub mod difference;
pub mod file;
mod first_start;
pub mod folder;
pub mod fragment;
mod hero;
pub mod home;
pub mod icons;
pub mod instants;
pub mod profile;
mod progress;
pub mod run;
mod run_table;
pub mod runs;
#[cfg(test)]
mod samples;
pub mod search;
mod shell;
pub mod snapshots;
mod standing;
pub mod system;
mod task_row;

/// Returns the routes of all pages.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(home::routes())
        .merge(actions::routes())
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

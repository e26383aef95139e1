//! Serves the API on the local socket. Handlers wait; the core acts.

mod api;
mod listener;
mod log_chunk;
mod past_runs;
mod web_codes;

pub use api::Server;
pub use listener::Listener;

//! Serves the API on the local socket. Handlers wait; the core acts.

mod api;
mod listener;
mod log_chunk;

pub use listener::Listener;

//! The web interface: a client of the API, over a transport in memory.
//!
//! Uses nothing of the daemon but `prestic_proto`.

pub mod browsing;
pub mod downloads;

//! Serves the API.

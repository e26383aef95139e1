//! `status.ini`.

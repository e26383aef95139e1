//! One daemon a home.

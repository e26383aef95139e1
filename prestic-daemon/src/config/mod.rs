//! Reads `config.ini` and resolves its profiles.

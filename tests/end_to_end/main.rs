//! End-to-end tests: the real programs, with real restic wherever it can show what matters.

#![expect(clippy::unwrap_used, reason = "everything here is a test, helpers too")]

mod harness;
mod jobs;
mod keyring;
mod keyring_runs;
mod round_trip;

mod chains;
mod clock;
mod conditions;
mod crash;
mod crowd;
mod groups;
mod history;
mod init;
mod limits;
mod locks;
mod pauses;
mod queue;
mod reloads;
mod repository;
mod repository_content;
mod repository_troubles;
mod retries;
mod schedule;
mod skipped;
mod soak;
mod stop;
mod upgrade;

mod book;
mod completions;
mod ctl;
mod daemon;
mod doctor;
mod export;
mod first_process;
mod import;
mod macos_files;
mod new;
mod notification_troubles;
mod notifications;
mod old_name;
mod output;
mod readme;
mod reload;
mod secrets;
mod service_files;
mod service_notify;
mod service_systemd;
mod takeover;
mod tray;
mod tray_screen;
mod web_api;
mod web_ctl;
mod web_events;
mod web_files;
mod web_login;
mod web_pages;
mod web_security;

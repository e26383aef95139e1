//! The daemon: owns the schedule, `status.ini` and every scheduled restic.
//!
//! The path of a run: [`core`] decides that a task is due, [`runs`] writes its record and starts its supervisor,
//! [`supervise`] (a process of its own) runs restic and keeps the log, and what it reports comes back to [`core`],
//! which tells the clients through [`rpc`].

pub mod cli;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod foreground;
pub mod options;
pub mod serve;
pub mod setup;
pub mod takeover;

pub mod conditions;
pub mod config;
pub mod config_watch;
pub mod schedule;

pub mod core;
pub mod rpc;
pub mod runs;

pub mod history;
pub mod jobs;
pub mod keyring;
pub mod notify;
pub mod repository;
pub mod service_manager;
pub mod web;
pub mod web_service;

pub mod records;
pub mod restic;
pub mod supervise;

pub mod log_files;
pub mod long_path;
pub mod status_ini;

pub mod atomic_write;
pub mod clock;
pub mod file_lock;
pub mod first_process;
pub mod instance;
pub mod patience;
pub mod process;
pub mod program;
pub mod secret;
pub mod signals;
pub mod succession;

pub use prestic_proto::fingerprint;

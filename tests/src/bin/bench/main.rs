//! Measures what PRestic costs, each figure beside its reference in the same run.
//!
//! Nothing here fails: the table says which target was missed, and a person judges it, since a busy machine misses any.
//! `bench NAME...` measures only these of: commands, memory, drain, config,
//! lateness, idle, crowd, index, history, browse, tray.

mod alarm;
mod browse;
mod commands;
mod config;
mod crowd;
mod drain;
mod history;
mod index;
mod memory;
mod table;
mod tray;

use std::env;

use table::Table;

/// A part of the bench, by the name that chooses it.
type Part = (&'static str, fn(&Table));

const PARTS: [Part; 11] = [
    ("commands", commands::measure),
    ("memory", memory::measure),
    ("drain", drain::measure),
    ("config", config::measure),
    ("lateness", alarm::measure_lateness),
    ("idle", alarm::measure_idle),
    ("crowd", crowd::measure),
    ("index", index::measure),
    ("history", history::measure),
    ("browse", browse::measure),
    ("tray", tray::measure),
];

fn main() {
    let chosen: Vec<String> = env::args().skip(1).collect();
    let table = Table::begin();
    for (name, measure) in PARTS {
        if chosen.is_empty() || chosen.iter().any(|wanted| wanted == name) {
            measure(&table);
        }
    }
}

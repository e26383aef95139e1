//! The errors of the configuration. Pure.

use prestic_proto::{profile::ConfigProblem, status::ConfigState, words};

use super::{Item, submenu, text, texts};

/// More errors than these are not shown one by one: `prestic-ctl check` has them all.
const SHOWN: usize = 10;

/// Returns the menu of the errors, if there are any.
pub fn menu(config: &ConfigState) -> Option<Item> {
    if config.errors.is_empty() {
        return None;
    }
    let shown = config.errors.iter().take(SHOWN).map(short).enumerate();
    let mut items: Vec<Item> = shown.flat_map(|(index, error)| texts(&format!("error/{index}"), &error)).collect();
    if config.errors.len() > SHOWN {
        items.push(text("error/more", &format!("and {} more: see `prestic-ctl check`", config.errors.len() - SHOWN)));
    }
    let number = words::counted_usize(config.errors.len(), "error");
    Some(submenu("errors", &format!("The configuration has {number}"), items))
}

/// Returns an error in one line: where, and what.
pub fn short(error: &ConfigProblem) -> String {
    let file = error.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let line = error.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{file}{line}: {}", error.message)
}

//! What `status` says of a configuration with errors: what goes on, and what does not run until they are mended.
//!
//! Pure: a status in, words out.

use prestic_proto::status::Status;

use crate::{text::printable, words};

/// Sections whose errors are no task's own: every section builds on the one, and the daemon's settings are the other.
const GENERAL_SECTIONS: [&str; 2] = ["DEFAULT", "prestic"];

/// Returns the sections with errors that are not among the tasks: nothing runs from them.
pub(super) fn stuck_sections(status: &Status) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for section in status.config.errors.iter().filter_map(|problem| problem.section.as_ref()) {
        let is_live = status.tasks.iter().any(|task| task.name == *section);
        if !is_live && !GENERAL_SECTIONS.contains(&section.as_str()) && !sections.contains(section) {
            sections.push(section.clone());
        }
    }
    sections
}

/// Returns what is wrong and what follows from it; no line if nothing is.
pub(super) fn complaint(status: &Status) -> Vec<String> {
    let config = &status.config;
    if config.errors.is_empty() {
        return Vec::new();
    }
    let number = words::counted_usize(config.errors.len(), "error");
    let mended = if config.errors.len() == 1 { "until it is mended" } else { "until they are mended" };
    let stuck = stuck_sections(status);
    let names = stuck.iter().map(|name| format!("[{}]", printable(name))).collect::<Vec<_>>().join(", ");
    let do_not_run = format!("{names} {} not run", if stuck.len() == 1 { "does" } else { "do" });
    let is_general = config
        .errors
        .iter()
        .any(|problem| problem.section.as_ref().is_none_or(|section| GENERAL_SECTIONS.contains(&section.as_str())));
    let effect = match config.loaded_at {
        Some(at) if stuck.is_empty() => format!("what was read at {} stays live {mended}", words::local_time(at)),
        Some(at) => format!("what was read at {} stays live {mended}, and {do_not_run}", words::local_time(at)),
        None if status.tasks.is_empty() => format!("nothing runs {mended}"),
        None if is_general || stuck.is_empty() => format!("only the tasks that are listed with a state run {mended}"),
        None => format!("{do_not_run} {mended}"),
    };
    let mut lines = vec![format!("{number} in {}: {effect}", config.path.display())];
    lines.extend(config.errors.iter().map(|problem| format!("  {problem}").replace('\n', "\n  ")));
    lines
}

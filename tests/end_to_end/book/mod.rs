//! What the book shows works: every page is tried in order, in a home of its own, with the real programs and real restic.

mod messages;
mod output;
mod page;

use std::fs;

use prestic_tests::{markdown, programs};

/// The pages with something to try. A page that has some and is missing here fails a test.
macro_rules! pages {
    ($($name:ident: $page:literal,)*) => {
        const TRIED: &[&str] = &[$($page),*];
        $(#[test]
        fn $name() {
            page::try_out($page);
        })*
    };
}

pages! {
    command_line: "command-line.md",
    configuration: "configuration.md",
    conditions_and_limits: "conditions.md",
    getting_started: "getting-started.md",
    from_other_tools: "other-tools.md",
    from_python: "from-python.md",
    keeping: "keeping.md",
    notifications: "notifications.md",
    passwords: "passwords.md",
    repositories: "repositories.md",
    schedules: "schedules.md",
    security: "security.md",
    service: "service.md",
    system_wide: "system-wide.md",
    troubleshooting: "troubleshooting.md",
    web_interface: "web.md",
    worst_day: "recovery.md",
}

#[test]
fn every_page_with_something_to_try_is_tried() {
    let folder = programs::checkout().join("docs/src");
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if !name.ends_with(".md") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        let has_something = markdown::blocks(&text).iter().any(page::is_tried);
        assert_eq!(has_something, TRIED.contains(&name.as_str()), "{name}");
    }
}

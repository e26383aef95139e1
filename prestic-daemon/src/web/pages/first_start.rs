//! What a home without tasks shows: how to begin, or what its profiles lack to be tasks. Pure.

use maud::{Markup, html};
use prestic_proto::{profile::ProfileSummary, status::Status};

use super::instants;

/// A configuration to begin with.
const SAMPLE: &str = "\
[my-repository]
repository = /media/me/backup-disk/restic
password-command = secret-tool lookup restic my-repository

[home]
inherit = my-repository
description = My home folder
schedule = daily at 12:30
command = backup
args =
    /home/me
    --exclude-caches
";

/// Shows how to begin.
pub fn show(status: &Status, profiles: &[ProfileSummary]) -> Markup {
    html! {
        @if profiles.is_empty() {
            h1 { "Welcome to PRestic" }
            p { "There is nothing to back up yet: " code { (status.config.path.display()) } " has no profile." }
            section.box aria-labelledby="begin" {
                h2 #begin { "How to begin" }
                p { "In a terminal " code { "prestic-ctl new" } " asks what it takes, and does all that follows." }
                ol {
                    li { "Write what to back up, and where to, into " code { (status.config.path.display()) } ", as here:"
                        pre.code #sample data-copy { (SAMPLE) }
                    }
                    li { "Make the repository, once: " code { "prestic-ctl init my-repository" } }
                    li { "That is all. The file is read again whenever it changes, and this page shows your tasks." }
                }
            }
        } @else {
            h1 { "No tasks yet" }
            p { "There are " (prestic_proto::words::counted_usize(profiles.len(), "profile")) ", but none is a task: that takes a " code { "command" } " and a " code { "repository" } "." }
            table.list.cards {
                thead { tr { th scope="col" { "Profile" } th scope="col" { "What it lacks" } } }
                tbody {
                    @for profile in profiles {
                        tr {
                            th.name scope="row" { a href=(instants::profile_address(&profile.name)) { (profile.name) } }
                            td data-label="Lacks" {
                                @if profile.repository.is_none() { code { "repository" } " " }
                                @if profile.command.is_none() { code { "command" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::samples::status;

    #[test]
    fn empty_home_is_told_its_file_and_what_to_write_into_it() {
        let shown = show(&status(Vec::new()), &[]).into_string();
        assert!(
            shown.contains("/home/me/.config/prestic/config.ini") && shown.contains("schedule = daily at 12:30"),
            "{shown}"
        );
    }

    #[test]
    fn profiles_that_are_no_tasks_are_told_what_they_lack() {
        let profile = ProfileSummary {
            name: "<base>".to_owned(),
            description: String::new(),
            repository: Some("/r".to_owned()),
            command: None,
            is_task: false,
            inherits: Vec::new(),
        };
        let shown = show(&status(Vec::new()), &[profile]).into_string();
        assert!(shown.contains("&lt;base&gt;") && shown.contains("<code>command</code></td>"), "{shown}");
    }
}

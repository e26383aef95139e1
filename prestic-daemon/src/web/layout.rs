//! What all pages have in common.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::web::{Web, assets, sessions::Session};

/// Where in the interface a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab<'a> {
    /// The tasks at a glance.
    Home,
    /// What is to come.
    Calendar,
    /// The daemon itself.
    System,
    /// Something of the profile with this name.
    Profile(&'a str, ProfileTab),
    /// None of them.
    #[default]
    Elsewhere,
}

/// Which part of a profile a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileTab {
    /// The profile itself.
    Overview,
    /// Its runs.
    Runs,
    /// Its snapshots, and what is in them.
    Snapshots,
    /// The search for names.
    Search,
}

/// What the page's title and icon tell from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// Nothing is to be done.
    #[default]
    Fine,
    /// A run is under way.
    Running,
    /// Something is wrong.
    Attention,
    /// The daemon does not answer.
    Unreachable,
}

impl Mood {
    fn icon(self) -> &'static str {
        match self {
            Self::Fine => "icon-fine.svg",
            Self::Running => "icon-running.svg",
            Self::Attention => "icon-attention.svg",
            Self::Unreachable => "icon-unreachable.svg",
        }
    }

    /// Returns what stands before the title.
    fn mark(self) -> &'static str {
        match self {
            Self::Fine => "",
            Self::Running => "● ",
            Self::Attention => "✕ ",
            Self::Unreachable => "? ",
        }
    }
}

/// A page, but for its content.
#[derive(Debug, Clone, Copy, Default)]
pub struct Page<'a> {
    /// Its title, without the program's name.
    pub title: &'a str,
    /// Where it is.
    pub active: Tab<'a>,
    /// What is to be seen of it from afar.
    pub mood: Mood,
}

/// Writes a page for somebody who has come in.
pub fn page(web: &Web, session: &Session, page: Page<'_>, content: Markup) -> Response {
    let zone = web.zone();
    let moment = web.moment();
    let offset = moment.offset();
    let head = html! {
        meta name="csrf-token" content=(session.token());
        script type="module" src=(assets::address("app.js")) {}
    };
    let header = html! {
        header.site-header {
            a.brand href="/" { "PRestic" }
            nav aria-label="Main" {
                ul {
                    (nav_item("/", "Home", page.active == Tab::Home))
                    (nav_item("/calendar", "Calendar", page.active == Tab::Calendar))
                    (nav_item("/system", "System", page.active == Tab::System))
                }
            }
        }
        @if let Tab::Profile(name, part) = page.active { (profile_nav(name, part)) }
    };
    let footer = html! {
        footer.site-footer {
            p {
                "Times are those of the daemon’s machine: "
                span #daemon-zone data-zone=[zone.as_deref()] data-offset=(offset) {
                    (zone.as_deref().unwrap_or("local time")) @if offset != "+00:00" { " (UTC" (offset) ")" }
                }
                ". "
                span #other-zone hidden { "Your browser’s zone is another one." }
            }
            p { "PRestic " (web.client.hello().version) }
        }
    };
    let content = html! { (header) main #content tabindex="-1" { (content) } (footer) };
    Html(document(page, web.client.hello().instance, head, content).into_string()).into_response()
}

/// Writes a page for somebody who has not come in: it has no links and no token.
pub fn bare_page(page: Page<'_>, content: Markup) -> Response {
    Html(document(page, 0, html! {}, html! { main #content tabindex="-1" { (content) } }).into_string()).into_response()
}

fn document(page: Page<'_>, instance: u64, head: Markup, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.mood.mark()) (page.title) " · PRestic" }
                link #favicon rel="icon" type="image/svg+xml" href=(assets::address(page.mood.icon()));
                link rel="stylesheet" href=(assets::address("style.css"));
                (head)
            }
            body data-instance=(instance) {
                a.skip-link href="#content" { "Skip to content" }
                (body)
            }
        }
    }
}

fn nav_item(address: &str, text: &str, is_active: bool) -> Markup {
    html! { li { a href=(address) aria-current=[is_active.then_some("page")] { (text) } } }
}

fn profile_nav(name: &str, active: ProfileTab) -> Markup {
    let base = format!("/profile/{}", segment(name));
    let parts = [
        (ProfileTab::Overview, "", "Overview"),
        (ProfileTab::Runs, "/runs", "Runs"),
        (ProfileTab::Snapshots, "/snapshots", "Snapshots"),
        (ProfileTab::Search, "/search", "Search"),
    ];
    html! {
        nav.profile-nav aria-label={ "Profile " (name) } {
            strong { (name) }
            ul {
                @for (part, tail, text) in parts {
                    (nav_item(&format!("{base}{tail}"), text, part == active))
                }
            }
        }
    }
}

/// Returns a name as one segment of an address.
pub fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_a_page() {
        let name = "a\"><script>/../b";
        let shown = profile_nav(name, ProfileTab::Runs).into_string();
        assert!(!shown.contains("<script") && !shown.contains("\">a\""), "{shown}");
        assert!(shown.contains("/profile/a%22%3E%3Cscript%3E%2F%2E%2E%2Fb/runs"), "{shown}");
    }

    #[test]
    fn title_and_icon_carry_the_mood() {
        let page = Page { title: "Home", mood: Mood::Attention, ..Page::default() };
        let shown = document(page, 1, html! {}, html! {}).into_string();
        assert!(shown.contains("<title>✕ Home · PRestic</title>"), "{shown}");
        assert!(shown.contains("icon-attention.svg"), "{shown}");
    }

    #[test]
    fn place_in_the_interface_is_marked() {
        assert!(nav_item("/", "Home", true).into_string().contains("aria-current=\"page\""));
        assert!(!nav_item("/", "Home", false).into_string().contains("aria-current"));
    }
}

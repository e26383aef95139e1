//! The signs that stand before words: small drawings in the color of the text.

use maud::{Markup, html};

/// What a sign means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// It went well.
    Tick,
    /// It failed.
    Cross,
    /// Look at it.
    Warning,
    /// It is late, or was missed.
    Clock,
    /// It is under way.
    Turning,
    /// It waits.
    Hourglass,
    /// It is paused.
    Pause,
    /// Nothing is known.
    Dash,
    /// Something is locked.
    Lock,
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A device, a pipe or the like.
    Special,
}

/// Draws a sign. It says nothing to screen readers: the word beside it does.
pub fn icon(icon: Icon) -> Markup {
    let path = match icon {
        Icon::Tick => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.9 5.2-4.5 5a.9.9 0 0 1-1.3 0L4 9l1.2-1.2 1.5 1.5 3.9-4.3Z",
        Icon::Cross => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.2 9-1.2 1.2-2-2-2 2L4.8 10l2-2-2-2L6 4.800l2 2 2-2L11.2 6l-2 2Z",
        Icon::Warning => "M8 1.2 15.4 14H.6ZM7.2 6v4h1.600V6Zm0 5v1.500h1.600V11Z",
        Icon::Clock => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-.8 3h1.600v3.700l2.4 2.4-1.1 1.1-2.9-2.900Z",
        Icon::Turning => {
            "M8 1a7 7 0 0 1 6.3 4l-1.8.9A5 5 0 0 0 4.3 4.600L6 6.300H1V1.300l1.9 1.900A7 7 0 0 1 8 1Zm0 14a7 7 0 0 1-6.3-4l1.8-.9a5 5 0 \
             0 0 8.2 1.300L10 9.700h5v5l-1.9-1.900A7 7 0 0 1 8 15Z"
        }
        Icon::Hourglass => "M3 1h10v2h-1v2.500L9.5 8l2.5 2.500V13h1v2H3v-2h1v-2.500L6.5 8 4 5.500V3H3Zm3 2v1.700l2 2 2-2V3Z",
        Icon::Pause => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM5.3 5h1.900v6H5.300Zm3.5 0h1.900v6H8.800Z",
        Icon::Dash => "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1ZM4.5 7.100h7v1.800h-7Z",
        Icon::Folder => "M1 3h5l1.500 1.500H15V13.500H1ZM2.500 6v6h11V6Z",
        Icon::File => "M3 1h6l4 4v10H3Zm1.500 1.500v11h7V6H8V2.500Z",
        Icon::Link => "M2 2h5v1.500H3.500v9h9V9H14v5H2Zm7 0h5v5h-1.500V4.600L7.600 9.500 6.500 8.400l4.900-4.900H9Z",
        Icon::Special => {
            "M8 1l2 3.500 4 .5-2 3.500 2 3.500-4 .5L8 16l-2-3.500-4-.5 2-3.500L2 5l4-.5Zm0 5a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5Z"
        }
        Icon::Lock => {
            "M8 1a3.7 3.7 0 0 0-3.7 3.700V7H3v8h10V7h-1.300V4.700A3.7 3.7 0 0 0 8 1Zm-1.9 6V4.700a1.9 1.9 0 0 1 3.8 0V7Z"
        }
    };
    let class = if icon == Icon::Turning { "icon turns" } else { "icon" };
    html! { svg class=(class) viewBox="0 0 16 16" aria-hidden="true" focusable="false" { path fill-rule="evenodd" d=(path) {} } }
}

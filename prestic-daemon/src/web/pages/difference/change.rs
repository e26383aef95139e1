//! What has happened to something, in words and numbers.

use maud::{Markup, html};
use prestic_proto::{
    difference::{Change, ChangeKind},
    snapshot::{Entry, EntryKind},
    words as plain,
};

use crate::web::words;

/// Returns how large something is, as far as that is known.
pub fn size(entry: Option<&Entry>) -> Markup {
    html! {
        @match entry {
            Some(entry) if entry.kind == EntryKind::File => (words::bytes(entry.size)),
            Some(Entry { totals: Some(totals), .. }) => (words::bytes(totals.bytes)),
            _ => "–",
        }
    }
}

/// Returns by how much something has grown or shrunk.
pub fn growth(change: &Change) -> String {
    let bytes = |entry: Option<&Entry>| match entry {
        None => Some(0),
        Some(entry) if entry.kind == EntryKind::Folder => entry.totals.map(|totals| totals.bytes),
        Some(entry) => Some(entry.size),
    };
    match (bytes(change.before.as_ref()), bytes(change.after.as_ref())) {
        (Some(before), Some(after)) if after > before => format!("+{}", plain::bytes(after - before)),
        (Some(before), Some(after)) if before > after => format!("−{}", plain::bytes(before - after)),
        (Some(_), Some(_)) => "0 B".to_owned(),
        _ => "–".to_owned(),
    }
}

/// Returns the class that gives a change its sign and color.
pub fn change_class(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Modified | ChangeKind::Metadata | ChangeKind::Type => "changed",
        ChangeKind::Suspicious => "suspicious",
    }
}

/// Returns what happened, in a word or two.
pub fn change_word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "+ new",
        ChangeKind::Removed => "− gone",
        ChangeKind::Modified => "changed",
        ChangeKind::Metadata => "times, owner or mode",
        ChangeKind::Type => "something else now",
        ChangeKind::Suspicious => "? suspicious: may have rotted",
    }
}

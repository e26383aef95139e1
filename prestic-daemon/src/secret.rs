//! Text that must not be seen: no `Serialize`, no `Display`, and `Debug` tells nothing.

use std::fmt;

use zeroize::Zeroizing;

/// What stands in the place of a secret.
pub const HIDDEN: &str = "[hidden]";

/// A password, a key, or anything that gives one away. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text out of sight.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text, for the environment of the one child that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

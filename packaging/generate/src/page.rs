//! The pages of the book that are made of definitions.

use std::path::Path;

use crate::{GenerateError, command_line, options, write};

/// Where they lie in the checkout.
pub const REFERENCE: &str = "docs/src/reference";

/// Tells whoever opens the file what it is.
const NOTE: &str = "<!-- Made by `make docs` of the programs' own definitions: a change here would be lost. -->\n\n";

/// Returns every page with the name of its file.
pub fn pages() -> [(&'static str, String); 2] {
    [("options.md", options::page()), ("command-line.md", command_line::page())]
        .map(|(name, text)| (name, NOTE.to_owned() + &text))
}

/// Writes all of them.
pub fn write_into(folder: &Path) -> Result<(), GenerateError> {
    for (name, text) in pages() {
        write(&folder.join(name), text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_in_the_checkout_are_up_to_date() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        for (name, text) in pages() {
            let written = std::fs::read_to_string(checkout.join(REFERENCE).join(name)).unwrap_or_default();
            assert!(written == text, "{REFERENCE}/{name} is out of date: run `make docs`");
        }
    }
}

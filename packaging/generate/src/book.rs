//! The book as a website.

use std::path::Path;

use mdbook_driver::MDBook;

use crate::GenerateError;

/// Where the book lies in the checkout.
pub const SOURCE: &str = "docs";

/// Makes a website of the book.
pub fn write_into(source: &Path, folder: &Path) -> Result<(), GenerateError> {
    let failed = |reason: String| GenerateError::Book { folder: source.to_owned(), reason };
    // A folder that is relative is meant from here, and the renderer would take it from the book.
    let folder = std::path::absolute(folder).map_err(|source| GenerateError::Write { path: folder.to_owned(), source })?;
    let mut book = MDBook::load(source).map_err(|error| failed(format!("{error:#}")))?;
    book.config.build.build_dir = folder;
    book.build().map_err(|error| failed(format!("{error:#}")))
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;

//! A developer's tool, never installed: writes man pages, completions, the reference and the book.
//!
//! All of it is made of what the programs themselves read, the definitions of their command lines and the table of options, so
//! that none of it can say something else than they do.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use thiserror::Error;

pub mod book;
pub mod command_line;
pub mod completions;
pub mod manual;
pub mod options;
pub mod page;
pub mod programs;

#[cfg(test)]
mod shown_commands;

/// Write what is made of PRestic's own definitions
#[derive(Debug, Parser)]
#[command(name = "prestic-generate")]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write the man pages: one for each program and command, and prestic-config(5)
    Man {
        /// The folder to write them into
        folder: PathBuf,
    },
    /// Write the completions of each shell
    Completions {
        /// The folder to write them into, one folder a shell
        folder: PathBuf,
    },
    /// Write the pages of the book that are made of definitions
    Reference {
        /// The folder to write them into
        #[arg(default_value = page::REFERENCE)]
        folder: PathBuf,
    },
    /// Make a website of the book
    Book {
        /// The folder to write it into
        folder: PathBuf,
        /// The folder with the book
        #[arg(long, default_value = book::SOURCE)]
        source: PathBuf,
    },
}

/// Why something could not be written.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// A file or folder cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The book has a mistake.
    #[error("cannot make the book in {}: {reason}", .folder.display())]
    Book {
        /// Where it is.
        folder: PathBuf,
        /// What the renderer says.
        reason: String,
    },
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let done = match Options::parse().what {
        What::Man { folder } => manual::write_into(&folder),
        What::Completions { folder } => completions::write_into(&folder),
        What::Reference { folder } => page::write_into(&folder),
        What::Book { folder, source } => book::write_into(&source, &folder),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let reason = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            eprintln!("error: {error}{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a file, and the folders that it lies in.
fn write(path: &Path, content: &[u8]) -> Result<(), GenerateError> {
    let failed = |source| GenerateError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = fs::File::create(path).map_err(failed)?;
    io::Write::write_all(&mut file, content).map_err(failed)
}

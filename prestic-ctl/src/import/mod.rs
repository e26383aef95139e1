//! Reads what other programs are configured with, and writes an INI that does the same.
//!
//! Each format has a file: a pure function from what was read to a [`Draft`]. What has no equal becomes a comment that names its
//! place. Nothing of our own configuration is read here.

pub mod autorestic;
pub mod backrest;
pub mod crestic;
pub mod resticprofile;

pub mod draft;
pub mod flags;
pub mod node;
pub mod options;
pub mod paths;

#[cfg(test)]
pub(crate) mod tests;

use thiserror::Error;

pub use options::ImportSource;

use self::{
    draft::{Draft, Section},
    node::{Format, Node, SyntaxError},
    paths::Places,
};

/// What is said of whatever another program runs beside restic.
pub const NO_HOOKS: &str = "PRestic runs nothing but restic: name a script in `executable` that does it where its words ask for that \
                            command, and ends with `exec restic \"$@\"`; desktop notifications tell of failures";

/// A program whose configuration can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// resticprofile.
    Resticprofile,
    /// autorestic.
    Autorestic,
    /// crestic.
    Crestic,
    /// Backrest.
    Backrest,
}

/// Why a text cannot be imported.
#[derive(Debug, Error)]
pub enum ConvertError {
    /// It is not of its format.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is no INI.
    #[error("no INI: {0}")]
    Ini(String),
    /// Its characters are of another encoding.
    #[error("it is no UTF-8")]
    NotUtf8,
    /// Its name does not say what it is.
    #[error("its name does not say what it is")]
    UnknownFormat,
    /// A profile uses a mixin that is not there.
    #[error("there is no mixin `{name}`, which `{place}` uses")]
    UnknownMixin {
        /// The mixin.
        name: String,
        /// Who uses it.
        place: String,
    },
    /// A profile inherits from one that is not there.
    #[error("there is no profile `{name}`, which `{place}` inherits from")]
    UnknownParent {
        /// The profile.
        name: String,
        /// Who inherits from it.
        place: String,
    },
    /// It is of its format, but nothing of it is that program's.
    #[error("it is no configuration of {program}: {reason}")]
    NotIts {
        /// The program.
        program: Origin,
        /// What is missing.
        reason: &'static str,
    },
}

impl ConvertError {
    /// Returns what to do about it.
    pub fn hint(&self, origin: Origin) -> Option<&'static str> {
        match (self, origin) {
            (Self::NotUtf8, _) => Some("save it as UTF-8: its paths would be guessed else"),
            (Self::UnknownMixin { .. } | Self::UnknownParent { .. }, _) => {
                Some("other files are not read: write what is missing into this one, or remove its name")
            }
            (Self::UnknownFormat, _) => Some("it must end in .toml, .conf, .yaml, .yml, .json or .hcl"),
            (Self::Syntax(_), Origin::Resticprofile) => {
                Some("templates (`{{ … }}`) outside of texts are not evaluated: write down what they make, or remove them")
            }
            _ => None,
        }
    }
}

impl Origin {
    /// Returns the name of the program, which is also that of the command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resticprofile => "resticprofile",
            Self::Autorestic => "autorestic",
            Self::Crestic => "crestic",
            Self::Backrest => "backrest",
        }
    }

    /// Makes an INI of a text, whose file has this name.
    pub fn convert(self, file_name: &str, text: &str, places: &Places<'_>) -> Result<Draft, ConvertError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Resticprofile => {
                let format = Format::of_name(file_name).ok_or(ConvertError::UnknownFormat)?;
                resticprofile::convert(&format.read(text)?, places)
            }
            Self::Autorestic => autorestic::convert(&Format::Yaml.read(text)?, places),
            Self::Crestic => crestic::convert(text, places),
            Self::Backrest => backrest::convert(&Format::Json.read(text)?, places),
        }
    }

    fn refuses(self, reason: &'static str) -> ConvertError {
        ConvertError::NotIts { program: self, reason }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Sets where the password comes from that the source leaves to somebody else.
fn set_missing_password(section: &mut Section, place: &str) {
    let name = section.name().to_owned();
    section.set("password-keyring", &name);
    section.note(place, format!("the password is not in this file: write it once with `prestic-ctl keyring set '{name}'`"));
}

/// Returns the words of `--keep-…` and the like.
fn flag_words(node: &Node, places: &Places<'_>, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
    node.entries()
        .iter()
        .filter(|(name, _)| is_wanted(name))
        .flat_map(|(name, node)| flags::words(name, node, places))
        .collect()
}

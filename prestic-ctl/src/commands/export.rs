//! `prestic-ctl export`: a matter of the daemon's program, which alone knows our configuration.

use crate::{daemon_program::become_daemon_program, error::CtlError, exit::Exit, export::ExportOptions};

/// Prints the script.
pub fn export(options: ExportOptions) -> Result<Exit, CtlError> {
    let words = std::iter::once("export".into()).chain(options.with_secrets.then(|| "--with-secrets".into()));
    Ok(become_daemon_program(words.chain(["--".into(), options.profile]))?)
}

//! `prestic-ctl init`: a matter of the daemon's program, which alone reads the configuration.

use std::ffi::OsString;

use clap::Args;

use crate::cli::DEFAULT_PROFILE;

/// Whose repository to make.
#[derive(Debug, Args)]
pub struct InitOptions {
    /// The profile; for a group, each of its repositories
    #[arg(default_value = DEFAULT_PROFILE)]
    pub profile: OsString,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Returns the words for the daemon's program.
pub fn words(options: InitOptions, json: Option<OsString>) -> Vec<OsString> {
    let yes = options.yes.then(|| "--yes".into());
    std::iter::once("init".into()).chain(json).chain(yes).chain(["--".into(), options.profile]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_comes_last_and_is_no_option() {
        let options = |yes| InitOptions { profile: "--odd".into(), yes };
        assert_eq!(words(options(false), None), ["init", "--", "--odd"]);
        assert_eq!(words(options(true), Some("--json".into())), ["init", "--json", "--yes", "--", "--odd"]);
    }
}

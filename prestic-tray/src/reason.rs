//! Why something did not work, in one sentence.

use std::{error::Error, process::ExitStatus};

/// Returns what went wrong, and why.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Says that a daemon was started and did not stay. It has told its reason on standard error, where nobody may have looked.
pub fn early_end(status: ExitStatus) -> String {
    format!("it was started, and ended at once ({status}): run `prestic-daemon` in a terminal to see why")
}

#[cfg(test)]
mod tests {
    use std::io;

    use prestic_proto::error::ConnectError;

    use super::*;

    #[test]
    fn cause_follows_what_it_has_caused() {
        let error = ConnectError::Io { socket: "/run/socket".into(), source: io::ErrorKind::PermissionDenied.into() };
        assert_eq!(with_causes(&error), "cannot connect to the daemon at /run/socket: permission denied");
    }
}

//! The seal: a comment at the beginning of the file that promises another at its end, with a checksum of all before it.
//!
//! Python drops comments when it writes the file, and the seal with them; so a file without a seal is taken as it is.

use crate::fingerprint::fingerprint;

const PROMISE: &str = "# Written by PRestic. To edit it, stop the daemon, and remove this line and the last one.\n";

const CHECKSUM_LABEL: &str = "# checksum ";

/// Puts the seal around a text.
pub(super) fn seal(text: &str) -> String {
    let sealed = format!("{PROMISE}{text}\n");
    let checksum = fingerprint(sealed.as_bytes());
    format!("{sealed}{CHECKSUM_LABEL}{checksum:016x}\n")
}

/// Whether the text has a seal, or the beginning of one, that does not fit what is in it.
pub(super) fn is_broken(text: &str) -> bool {
    if !text.starts_with(PROMISE) {
        return PROMISE.starts_with(text);
    }
    let is_whole = text.trim_end_matches('\n').rsplit_once(CHECKSUM_LABEL).is_some_and(|(sealed, checksum)| {
        sealed.ends_with('\n') && checksum == format!("{:016x}", fingerprint(sealed.as_bytes()))
    });
    !is_whole
}

//! What `status` says of the web interface.

use prestic_proto::system::WebState;

use crate::output::Paint;

/// Returns a line about it; none if it is not wanted.
pub(super) fn words(web: &WebState) -> Option<(Paint, String)> {
    match web {
        WebState::Off => None,
        WebState::Listening { address } => {
            Some((Paint::Faint, format!("web interface: http://{address}/, which `prestic-ctl web` opens")))
        }
        WebState::Unavailable { address, reason } => {
            Some((Paint::Warning, format!("no web interface at {address}: {reason}; backups go on")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(web: &WebState, expected: Option<&str>) {
        assert_eq!(words(web).map(|(_, words)| words).as_deref(), expected);
    }

    #[test]
    fn place_or_trouble_is_told() {
        check(&WebState::Off, None);
        let address = "127.0.0.1:8711".parse().unwrap();
        check(&WebState::Listening { address }, Some("web interface: http://127.0.0.1:8711/, which `prestic-ctl web` opens"));
        let taken = WebState::Unavailable { address: "127.0.0.1:8711".to_owned(), reason: "taken".to_owned() };
        check(&taken, Some("no web interface at 127.0.0.1:8711: taken; backups go on"));
    }
}

//! The web interface: does it listen, or could it?

use std::{io, net::TcpListener};

use prestic_proto::{
    doctor::{Check, Finding},
    status::Status,
    system::WebState,
};

use super::Subject;
use crate::{web::Listen, web_service};

/// Looks at the web interface: asks the daemon, or tries its port where none runs.
pub(super) fn look(subject: &Subject, status: Option<&Status>, has_config: bool) -> Vec<Finding> {
    if let Some(status) = status {
        return judge(&status.web);
    }
    if !has_config {
        return Vec::new();
    }
    match web_service::wanted(subject.config().settings.web.clone()) {
        Ok(settings) => match settings.listen {
            Listen::Off => judge(&WebState::Off),
            Listen::At(address) => judge_port(&address.to_string(), TcpListener::bind(address).map(|_| ())),
        },
        Err(state) => judge(&state),
    }
}

fn judge(state: &WebState) -> Vec<Finding> {
    vec![match state {
        WebState::Off => Finding::ok(Check::Web, "the web interface is off"),
        WebState::Listening { address } => Finding::ok(Check::Web, format!("http://{address}/")),
        WebState::Unavailable { address, reason } => Finding::warning(
            Check::Web,
            format!("there is no web interface at {address}: {reason}"),
            "set `web-listen` in [prestic] to another address, or to `off`; backups go on",
        ),
    }]
}

fn judge_port(address: &str, bound: io::Result<()>) -> Vec<Finding> {
    match bound {
        Ok(()) => vec![Finding::ok(Check::Web, format!("{address} is free for the daemon"))],
        Err(error) => {
            let reason = match error.kind() {
                io::ErrorKind::AddrInUse => "another program listens there".to_owned(),
                _ => error.to_string(),
            };
            judge(&WebState::Unavailable { address: address.to_owned(), reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    #[test]
    fn port_that_is_taken_is_no_more_than_a_warning() {
        let taken = judge_port("127.0.0.1:8711", Err(io::ErrorKind::AddrInUse.into()));
        assert!(taken[0].level == Level::Warning && taken[0].message.contains("another program listens there"), "{taken:?}");
        assert_eq!(judge_port("127.0.0.1:8711", Ok(()))[0].level, Level::Ok);
        assert_eq!(judge(&WebState::Off)[0].level, Level::Ok);
    }
}

//! The settings of the web interface, which are right or wrong together.

use prestic_proto::profile::Origin;

use super::{
    keys::Key,
    problems::{Problem, Problems},
    value::Value,
};
use crate::web::settings::{Danger, Listen, WebSettings};

/// What the file says about the web interface, while it is being read.
#[derive(Debug, Default)]
pub struct WebSection {
    settings: WebSettings,
    listen_origin: Option<Origin>,
    auth_origin: Option<Origin>,
    is_broken: bool,
}

impl WebSection {
    /// Whether an option is one of the web interface.
    pub fn has(key: Key) -> bool {
        matches!(key, Key::WebListen | Key::WebAuth | Key::WebAllowedHosts | Key::WebOpenToNetwork)
    }

    /// Takes the value of an option; none if it could not be understood, which has been told of.
    pub fn take(&mut self, key: Key, value: Option<Value>, origin: Origin) {
        match (key, value) {
            (Key::WebListen, Some(Value::Listen(listen))) => {
                self.settings.listen = listen;
                self.listen_origin = Some(origin);
            }
            (Key::WebAuth, Some(Value::WebAuth(auth))) => {
                self.settings.auth = auth;
                self.auth_origin = Some(origin);
            }
            (Key::WebAllowedHosts, Some(Value::Words(hosts))) => self.settings.allowed_hosts = hosts,
            (Key::WebOpenToNetwork, Some(Value::Text(text))) => self.settings.is_open_to_network = !text.is_empty(),
            _ => self.is_broken = true,
        }
    }

    /// Returns the settings. Where they are wrong there is no web interface, as long as nothing better was live before.
    pub fn finish(mut self, problems: &mut Problems) -> WebSettings {
        if let Some(danger) = self.settings.danger() {
            let (origin, key) = match danger {
                Danger::NoSameUser => (&self.auth_origin, Key::WebAuth),
                Danger::NoToken(_) | Danger::Unconfirmed(_) => (&self.listen_origin, Key::WebListen),
            };
            if let Some(origin) = origin {
                problems.error(Problem::at(origin, key.name(), danger.to_string(), danger.hint()));
            }
            self.is_broken = true;
        }
        if self.is_broken {
            self.settings.listen = Listen::Off;
        }
        self.settings
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        config::{self, Loaded},
        web::Auth,
    };

    fn load(options: &str) -> Loaded {
        let text = format!("[prestic]\n{options}\n[a]\nrepository = /r\npassword = x\ncommand = check\n");
        config::read(&text, Path::new("config.ini"))
    }

    #[track_caller]
    fn check_error(options: &str, key: &str, message: &str, hint: &str) {
        let loaded = load(options);
        let [error] = loaded.report.errors.as_slice() else { panic!("{:?}", loaded.report.errors) };
        assert_eq!((error.key.as_deref(), error.message.contains(message)), (Some(key), true), "{error:?}");
        assert!(error.hint.as_ref().is_some_and(|found| found.contains(hint)), "{error:?}");
        assert_eq!(loaded.config.settings.web.listen, Listen::Off);
    }

    #[test]
    fn everything_can_be_set() {
        let loaded = load("web-listen = [::1]:0\nweb-auth = token\nweb-allowed-hosts = one.example two.example:8443");
        assert!(loaded.report.errors.is_empty(), "{:?}", loaded.report.errors);
        let expected = WebSettings {
            listen: Listen::At("[::1]:0".parse().unwrap()),
            auth: Auth::Token,
            allowed_hosts: vec!["one.example".to_owned(), "two.example:8443".to_owned()],
            is_open_to_network: false,
        };
        assert_eq!(loaded.config.settings.web, expected);
        assert_eq!(load("web-listen = off").config.settings.web.listen, Listen::Off);
        assert_eq!(load("").config.settings.web, WebSettings::default());
    }

    #[test]
    fn exposed_address_needs_a_token_and_a_confirmation() {
        let address = "web-listen = 0.0.0.0:8711\n";
        check_error(&format!("{address}web-auth = off"), "web-listen", "could read every backup", "web-auth = token");
        check_error(&format!("{address}web-auth = same-user"), "web-listen", "could read every backup", "web-auth = token");
        let confirmation = "web-open-to-network = everybody-on-this-network-may-try-to-get-in";
        check_error(&format!("{address}web-auth = token"), "web-listen", "others can reach", confirmation);
        check_error(&format!("{address}{confirmation}\nweb-auth = off"), "web-listen", "could read every backup", "token");
        let loaded = load(&format!("{address}{confirmation}\nweb-auth = token"));
        assert!(loaded.report.errors.is_empty(), "{:?}", loaded.report.errors);
    }

    #[test]
    fn mistakes_are_told_and_keep_the_web_interface_closed() {
        check_error("web-listen = localhost:8711", "web-listen", "is not an address with a port", "127.0.0.1:8711");
        check_error("web-auth = password", "web-auth", "is not `same-user`, `token` or `off`", "same-user");
        check_error("web-open-to-network = yes", "web-open-to-network", "is not what has to be written down", "everybody-on");
    }
}

//! The session's bus: who shows trays there, the appearance that the settings portal tells, and notifications.

use std::{collections::HashMap, env, time::Duration};

use futures::StreamExt;
use zbus::{
    Connection, MatchRule, MessageStream,
    fdo::{DBusProxy, NameOwnerChanged},
    message::Type,
    names::BusName,
    zvariant::{OwnedValue, Value},
};

use super::DesktopEvent;
use crate::icon::Panel;

/// Who tells icons and panels of each other.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// Who knows what the user wants everything to look like.
const PORTAL: &str = "org.freedesktop.portal.Desktop";
const PORTAL_PATH: &str = "/org/freedesktop/portal/desktop";
const SETTINGS: &str = "org.freedesktop.portal.Settings";
const APPEARANCE: &str = "org.freedesktop.appearance";
const COLOR_SCHEME: &str = "color-scheme";
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// How long somebody on the bus may take to answer.
const LIMIT: Duration = Duration::from_secs(3);
/// How long a notification stays, in milliseconds; this means that the desktop decides.
const AS_ALWAYS: i32 = -1;
/// A new notification.
const REPLACES_NONE: u32 = 0;

/// A connection to the session's bus.
pub struct Session {
    connection: Connection,
    owners: MessageStream,
    settings: MessageStream,
}

/// Shows notifications.
#[derive(Debug, Clone)]
pub struct Notifier(Connection);

impl Session {
    /// Connects to the bus.
    pub async fn connect() -> zbus::Result<Self> {
        let connection = Connection::session().await?;
        let owners = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender("org.freedesktop.DBus")?
            .member("NameOwnerChanged")?
            .arg(0, WATCHER)?
            .build();
        let settings = MatchRule::builder()
            .msg_type(Type::Signal)
            .interface(SETTINGS)?
            .member("SettingChanged")?
            .arg(0, APPEARANCE)?
            .arg(1, COLOR_SCHEME)?
            .build();
        Ok(Self {
            owners: MessageStream::for_match_rule(owners, &connection, None).await?,
            settings: MessageStream::for_match_rule(settings, &connection, None).await?,
            connection,
        })
    }

    /// Waits for the next thing that happens.
    pub async fn next(&mut self) -> DesktopEvent {
        loop {
            let event = tokio::select! {
                message = self.owners.next() => match message {
                    Some(Ok(message)) => NameOwnerChanged::from_message(message).and_then(|signal| {
                        Some(DesktopEvent::Tray { is_there: signal.args().ok()?.new_owner().is_some() })
                    }),
                    Some(Err(_)) | None => return DesktopEvent::Ended,
                },
                message = self.settings.next() => match message {
                    Some(Ok(message)) => {
                        let changed = message.body().deserialize::<(String, String, OwnedValue)>();
                        changed.ok().map(|(_, _, value)| DesktopEvent::Panel(panel(&desktop(), color_scheme(&value))))
                    }
                    Some(Err(_)) | None => return DesktopEvent::Ended,
                },
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// Tells whether something shows trays.
    pub async fn has_tray(&self) -> bool {
        self.is_owned(WATCHER).await
    }

    /// Tells what the panel looks like, as far as that can be known.
    pub async fn panel(&self) -> Panel {
        // Nobody is started for the sake of a color.
        let scheme = if self.is_owned(PORTAL).await { self.read_color_scheme().await } else { None };
        panel(&desktop(), scheme)
    }

    /// Returns what shows notifications.
    pub fn notifier(&self) -> Notifier {
        Notifier(self.connection.clone())
    }

    async fn is_owned(&self, name: &'static str) -> bool {
        let Ok(name) = BusName::from_static_str(name) else { return false };
        let ask = async { DBusProxy::new(&self.connection).await?.name_has_owner(name).await };
        matches!(tokio::time::timeout(LIMIT, ask).await, Ok(Ok(true)))
    }

    async fn read_color_scheme(&self) -> Option<u32> {
        let question = &(APPEARANCE, COLOR_SCHEME);
        let call = self.connection.call_method(Some(PORTAL), PORTAL_PATH, Some(SETTINGS), "Read", question);
        let answer = tokio::time::timeout(LIMIT, call).await.ok()?.ok()?;
        let value = answer.body().deserialize::<OwnedValue>().ok()?;
        color_scheme(&value)
    }
}

impl Notifier {
    /// Shows a notification. Nothing hears of one that cannot be shown: it says nothing that the menu does not say.
    pub async fn show(&self, summary: &str, body: &str) {
        // What shows it may take the text for markup.
        let body = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let hints: HashMap<&str, Value<'_>> = HashMap::from([("desktop-entry", Value::from("prestic-tray"))]);
        let actions: Vec<&str> = Vec::new();
        let words = (crate::NAME, REPLACES_NONE, "", summary, body, actions, hints, AS_ALWAYS);
        let path = "/org/freedesktop/Notifications";
        let call = self.connection().call_method(Some(NOTIFICATIONS), path, Some(NOTIFICATIONS), "Notify", &words);
        let _ = tokio::time::timeout(LIMIT, call).await;
    }

    fn connection(&self) -> &Connection {
        &self.0
    }
}

fn desktop() -> String {
    env::var("XDG_CURRENT_DESKTOP").unwrap_or_default()
}

/// Decides what the panel looks like: 1 says that somebody likes it dark, 2 that he likes it light.
fn panel(desktop: &str, color_scheme: Option<u32>) -> Panel {
    // GNOME's bar is dark whatever the windows are.
    if color_scheme == Some(2) && !desktop.split(':').any(|name| name == "GNOME") { Panel::Light } else { Panel::Dark }
}

/// The portal wraps its answers once or twice.
fn color_scheme(value: &Value<'_>) -> Option<u32> {
    match value {
        Value::U32(scheme) => Some(*scheme),
        Value::Value(inner) => color_scheme(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panel_is_dark_unless_the_desktop_is_known_to_be_light() {
        let check = |desktop, scheme, expected| assert_eq!(panel(desktop, scheme), expected, "{desktop} {scheme:?}");
        check("XFCE", None, Panel::Dark);
        check("KDE", Some(0), Panel::Dark);
        check("KDE", Some(1), Panel::Dark);
        check("KDE", Some(2), Panel::Light);
        check("ubuntu:GNOME", Some(2), Panel::Dark);
    }

    #[test]
    fn answer_of_the_portal_is_unwrapped() {
        let twice = Value::Value(Box::new(Value::Value(Box::new(Value::U32(2)))));
        assert_eq!(color_scheme(&twice), Some(2));
        assert_eq!(color_scheme(&Value::from("dark")), None);
    }
}

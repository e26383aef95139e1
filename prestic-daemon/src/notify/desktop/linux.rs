//! Shows notifications over the session bus, as the Desktop Notifications Specification has it.
//!
//! One connection and one subscription serve all that is shown, and go when nothing is.

use std::{env, path::PathBuf, pin::Pin, time::Duration};

use futures::{Stream, StreamExt, stream};
use prestic_proto::notification::NotificationServer;
use tokio::time::Instant;
use zbus::{
    Connection, MatchRule, Message, MessageStream,
    fdo::DBusProxy,
    message::Type,
    names::{BusName, OwnedUniqueName},
};

use super::{ANSWER_LIMIT, Heard, NotShown, PROGRAM};
use crate::notify::notice::{Answer, Choice, Notice, Subject, Urgency};

/// The server's name on the bus, and that of its interface.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
/// Its object.
const OBJECT: &str = "/org/freedesktop/Notifications";
/// What is answered to after this time is nobody's question any more.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 3600);
/// So many notifications are remembered; then the oldest is forgotten.
const MAX_SHOWN: usize = 64;
/// For so long a server is waited for that was not there: at a login the daemon may be up before the desktop is.
const AWAITED_FOR: Duration = Duration::from_secs(10 * 60);
/// The action of a click beside the buttons.
const DEFAULT_ACTION: &str = "default";
/// The server's own idea of how long a notification stays.
const USUAL_TIME: i32 = -1;

/// The desktop of the session that the daemon was started in.
#[derive(Debug, Default)]
pub struct Desktop {
    session: Option<Session>,
    shown: Vec<Shown>,
    /// Tells when there is somebody to show what could not be shown.
    awaited: Option<Awaited>,
}

type Signals = Pin<Box<dyn Stream<Item = Message> + Send + Sync>>;

/// A connection to a bus on which nobody shows notifications yet.
struct Awaited {
    arrivals: Signals,
    until: Instant,
}

/// A connection to whoever shows notifications now.
struct Session {
    connection: Connection,
    /// Its own name on the bus: another server has another one, and knows nothing of what this one has shown.
    owner: OwnedUniqueName,
    server: NotificationServer,
    has_markup: bool,
    signals: Signals,
}

/// A notification that the server shows, as far as is known.
#[derive(Debug)]
struct Shown {
    subject: Subject,
    id: u32,
    choices: Vec<Choice>,
    at: Instant,
}

impl Desktop {
    /// Shows a notification, in the place of what was shown of the same.
    pub async fn show(&mut self, notice: &Notice) -> Result<NotificationServer, NotShown> {
        self.awaited = None;
        let was_open = self.session.is_some();
        let mut shown = self.try_show(notice).await;
        if shown.is_err() {
            self.leave();
            // The server, or the whole session, may have been replaced since the last one.
            if was_open {
                shown = self.try_show(notice).await;
            }
        }
        if shown.is_err() {
            self.leave();
        }
        if shown == Err(NotShown::NoServer) {
            self.awaited = tokio::time::timeout(ANSWER_LIMIT, Awaited::begin()).await.ok().and_then(Result::ok);
        }
        shown
    }

    async fn try_show(&mut self, notice: &Notice) -> Result<NotificationServer, NotShown> {
        let session = match &self.session {
            Some(session) => session,
            None => self.session.insert(Session::open().await?),
        };
        let known = self.shown.iter().find(|shown| shown.subject == notice.subject).map_or(0, |shown| shown.id);
        let (id, server) = (session.notify(notice, known).await?, session.server.clone());
        for replaced in &notice.replaces {
            self.close(replaced).await;
        }
        self.shown.retain(|shown| shown.id != id && shown.subject != notice.subject);
        let choices = notice.choices.clone();
        self.shown.push(Shown { subject: notice.subject.clone(), id, choices, at: Instant::now() });
        let surplus = self.shown.len().saturating_sub(MAX_SHOWN);
        self.shown.drain(..surplus);
        Ok(server)
    }

    /// Takes back what is shown of something.
    pub async fn close(&mut self, subject: &Subject) {
        let Some(index) = self.shown.iter().position(|shown| shown.subject == *subject) else { return };
        let id = self.shown.remove(index).id;
        if let Some(session) = &self.session {
            // What cannot be closed is gone already.
            let _ = session.call("CloseNotification", &id).await;
        }
    }

    /// Waits for something to happen to what is shown; for ever while nothing is.
    pub async fn hear(&mut self) -> Heard {
        if let Some(awaited) = &mut self.awaited {
            let has_come = awaited.has_come().await;
            self.awaited = None;
            return if has_come { Heard::Ready } else { Heard::Nothing };
        }
        let Some(newest) = self.shown.last() else {
            // The last one was closed by us.
            self.session = None;
            return std::future::pending().await;
        };
        let Some(session) = &mut self.session else { return std::future::pending().await };
        let message = tokio::select! {
            message = session.signals.next() => message,
            () = tokio::time::sleep_until(newest.at + REMEMBERED_FOR) => None,
        };
        let heard = message.and_then(|message| self.take(&message));
        if heard.is_none() {
            self.leave();
        }
        heard.unwrap_or(Heard::Nothing)
    }

    /// Takes in a signal; none if the server has gone.
    fn take(&mut self, message: &Message) -> Option<Heard> {
        let header = message.header();
        let body = message.body();
        match header.member()?.as_str() {
            // Its name has another owner, or none.
            "NameOwnerChanged" => None,
            "ActionInvoked" => {
                let chosen = body.deserialize().ok().and_then(|(id, key): (u32, String)| {
                    let shown = self.shown.iter().find(|shown| shown.id == id)?;
                    chosen(&shown.choices, &key)
                });
                Some(chosen.map_or(Heard::Nothing, Heard::Chosen))
            }
            "NotificationClosed" => {
                if let Ok((id, _reason)) = body.deserialize::<(u32, u32)>() {
                    self.shown.retain(|shown| shown.id != id);
                }
                Some(Heard::Nothing)
            }
            // As `ActivationToken`, which some send before the action that somebody has chosen.
            _ => Some(Heard::Nothing),
        }
    }

    /// Forgets all that is shown, and whoever shows it.
    fn leave(&mut self) {
        self.session = None;
        self.shown.clear();
    }
}

impl Awaited {
    async fn begin() -> Result<Self, NotShown> {
        let arrivals = changes_of_server(&connect().await?).await.map_err(no_bus)?;
        Ok(Self { arrivals, until: Instant::now() + AWAITED_FOR })
    }

    /// Waits until somebody has taken the server's name; false if that takes too long.
    async fn has_come(&mut self) -> bool {
        tokio::time::timeout_at(self.until, self.arrivals.next()).await.is_ok_and(|message| message.is_some())
    }
}

impl Session {
    /// Connects to the bus and gets to know the server, which the bus starts if it can.
    async fn open() -> Result<Self, NotShown> {
        let connection = connect().await?;
        let reply = call(&connection, "GetServerInformation", &()).await?;
        let (name, _vendor, version, _specification): (String, String, String, String) = read(&reply)?;
        let capabilities: Vec<String> = read(&call(&connection, "GetCapabilities", &()).await?)?;
        let has = |capability: &str| capabilities.iter().any(|known| known == capability);
        let subscribing = tokio::time::timeout(ANSWER_LIMIT, subscribe(&connection));
        let (owner, signals) = subscribing.await.map_err(|_| NotShown::Silent)?.map_err(no_bus)?;
        let server = NotificationServer {
            name,
            version: Some(version).filter(|version| !version.is_empty()),
            has_actions: has("actions"),
        };
        Ok(Self { connection, owner, server, has_markup: has("body-markup"), signals })
    }

    async fn notify(&self, notice: &Notice, replaced: u32) -> Result<u32, NotShown> {
        let (icon, urgency) = match notice.urgency {
            Urgency::Low => ("dialog-information", 0u8),
            Urgency::Normal => ("dialog-warning", 1),
            Urgency::Critical => ("dialog-error", 2),
        };
        let body = if self.has_markup { escaped(&notice.body) } else { notice.body.clone() };
        let actions = if self.server.has_actions { actions(&notice.choices) } else { Vec::new() };
        let hints = std::collections::HashMap::from([("urgency", zbus::zvariant::Value::from(urgency))]);
        let arguments = (PROGRAM, replaced, icon, notice.summary.as_str(), body, actions, hints, USUAL_TIME);
        read(&self.call("Notify", &arguments).await?)
    }

    /// Calls the server that this session is with, and never one that has come after it.
    async fn call<B>(&self, method: &str, body: &B) -> Result<Message, NotShown>
    where
        B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        call_at(&self.connection, self.owner.as_str(), method, body).await
    }
}

impl std::fmt::Debug for Awaited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Awaited").field("until", &self.until).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("server", &self.server).finish_non_exhaustive()
    }
}

async fn connect() -> Result<Connection, NotShown> {
    let address = bus_address().ok_or(NotShown::NoDesktop)?;
    let builder = zbus::connection::Builder::address(address.as_str()).map_err(no_bus)?;
    let connecting = tokio::time::timeout(ANSWER_LIMIT, builder.build());
    connecting.await.map_err(|_| NotShown::NoBus("it does not answer".to_owned()))?.map_err(no_bus)
}

fn no_bus(error: zbus::Error) -> NotShown {
    NotShown::NoBus(error.to_string())
}

/// Returns the session's bus; none if the daemon was started in no session.
fn bus_address() -> Option<String> {
    let is_set = |value: &String| !value.is_empty();
    env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(is_set).or_else(|| {
        let socket = PathBuf::from(env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty())?).join("bus");
        socket.exists().then(|| format!("unix:path={}", socket.display()))
    })
}

/// Listens to the server and to what becomes of it.
async fn subscribe(connection: &Connection) -> zbus::Result<(OwnedUniqueName, Signals)> {
    let gone = changes_of_server(connection).await?;
    let bus = DBusProxy::new(connection).await?;
    let owner = bus.get_name_owner(BusName::try_from(NOTIFICATIONS)?).await?;
    // Only the server itself is believed: every program of the session can send such signals.
    let rule = MatchRule::builder().msg_type(Type::Signal).sender(owner.as_str())?.interface(NOTIFICATIONS)?.build().to_owned();
    let told = MessageStream::for_match_rule(rule, connection, None).await?;
    let told = told.filter_map(|message| std::future::ready(message.ok()));
    Ok((owner, Box::pin(stream::select(gone, told))))
}

/// Listens to whether the server's name gets another owner.
async fn changes_of_server(connection: &Connection) -> zbus::Result<Signals> {
    let rule = MatchRule::builder()
        .msg_type(Type::Signal)
        .sender("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .arg(0, NOTIFICATIONS)?
        .build();
    let changes = MessageStream::for_match_rule(rule, connection, None).await?;
    Ok(Box::pin(changes.filter_map(|message| std::future::ready(message.ok()))))
}

async fn call<B>(connection: &Connection, method: &str, body: &B) -> Result<Message, NotShown>
where
    B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
{
    call_at(connection, NOTIFICATIONS, method, body).await
}

async fn call_at<B>(connection: &Connection, whom: &str, method: &str, body: &B) -> Result<Message, NotShown>
where
    B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
{
    let calling = connection.call_method(Some(whom), OBJECT, Some(NOTIFICATIONS), method, body);
    match tokio::time::timeout(ANSWER_LIMIT, calling).await {
        Ok(reply) => reply.map_err(|error| not_shown(&error)),
        Err(_) => Err(NotShown::Silent),
    }
}

fn not_shown(error: &zbus::Error) -> NotShown {
    match error {
        zbus::Error::MethodError(name, words, _) => match name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner" => NotShown::NoServer,
            name if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => NotShown::NoServer,
            "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.TimedOut" => NotShown::Silent,
            name => NotShown::Refused(words.clone().unwrap_or_else(|| name.to_owned())),
        },
        error => NotShown::NoBus(error.to_string()),
    }
}

fn read<T>(reply: &Message) -> Result<T, NotShown>
where
    T: serde::de::DeserializeOwned + zbus::zvariant::Type,
{
    reply.body().deserialize().map_err(|error| NotShown::Refused(format!("its answer makes no sense: {error}")))
}

/// Returns keys and labels in turn. The first choice is what a click beside the buttons means.
fn actions(choices: &[Choice]) -> Vec<String> {
    let default = choices.first().map(|choice| [DEFAULT_ACTION.to_owned(), choice.label.to_owned()]);
    let buttons = choices.iter().map(|choice| [key(&choice.answer).to_owned(), choice.label.to_owned()]);
    default.into_iter().chain(buttons).flatten().collect()
}

fn key(answer: &Answer) -> &'static str {
    match answer {
        Answer::OpenLog { .. } => "log",
        Answer::Run { .. } => "run",
        Answer::OpenWeb => "open",
    }
}

/// Finds the answer that a key stands for.
fn chosen(choices: &[Choice], wanted: &str) -> Option<Answer> {
    let mut answers = choices.iter().map(|choice| &choice.answer);
    let found = if wanted == DEFAULT_ACTION { answers.next() } else { answers.find(|answer| key(answer) == wanted) };
    found.cloned()
}

/// Writes a text so that a server that reads markup shows it as it is.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_a_button_and_the_first_one_the_rest() {
        let run = Answer::Run { task: "home".to_owned() };
        let choices = [Choice { label: "Open", answer: Answer::OpenWeb }, Choice { label: "Retry", answer: run.clone() }];
        assert_eq!(actions(&choices), ["default", "Open", "open", "Open", "run", "Retry"]);
        assert!(actions(&[]).is_empty());
        for (key, expected) in [("default", &Answer::OpenWeb), ("open", &Answer::OpenWeb), ("run", &run)] {
            assert_eq!(chosen(&choices, key).as_ref(), Some(expected), "{key}");
        }
        for key in ["log", "", "-1"] {
            assert_eq!(chosen(&choices, key), None, "{key}");
        }
        assert_eq!(chosen(&[], "default"), None);
    }

    fn signal<B: serde::Serialize + zbus::zvariant::DynamicType>(member: &str, body: &B) -> Message {
        Message::signal(OBJECT, NOTIFICATIONS, member).unwrap().build(body).unwrap()
    }

    #[test]
    fn signals_are_understood_and_unknown_ones_change_nothing() {
        let choices = vec![Choice { label: "Open", answer: Answer::OpenWeb }];
        let shown = |id| Shown { subject: Subject::Web, id, choices: choices.clone(), at: Instant::now() };
        let mut desktop = Desktop { shown: vec![shown(7), shown(8)], ..Desktop::default() };
        let chosen = Some(Heard::Chosen(Answer::OpenWeb));
        for (message, expected, left) in [
            (signal("ActivationToken", &(7u32, "token")), Some(Heard::Nothing), 2),
            (signal("ActionInvoked", &(7u32, "default")), chosen, 2),
            (signal("ActionInvoked", &(9u32, "default")), Some(Heard::Nothing), 2),
            (signal("ActionInvoked", &"nonsense"), Some(Heard::Nothing), 2),
            (signal("NotificationClosed", &(9u32, 1u32)), Some(Heard::Nothing), 2),
            (signal("NotificationClosed", &(7u32, 1u32)), Some(Heard::Nothing), 1),
            (signal("NameOwnerChanged", &(NOTIFICATIONS, ":1.1", "")), None, 1),
        ] {
            assert_eq!((desktop.take(&message), desktop.shown.len()), (expected, left), "{message:?}");
        }
    }

    #[test]
    fn markup_in_a_text_is_shown_and_not_obeyed() {
        assert_eq!(escaped("a < b && c > d"), "a &lt; b &amp;&amp; c &gt; d");
    }
}

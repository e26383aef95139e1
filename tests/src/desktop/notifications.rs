//! Desktop notifications as a real server gets them: dunst shows them, and the bus tells what it was asked to show.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    process::Stdio,
    sync::mpsc::{Receiver, sync_channel},
    time::Duration,
};

use futures::StreamExt;
use tokio::runtime::{Builder, Runtime};
use zbus::{Connection, Message, MessageStream, fdo::DBusProxy, message::Type, zvariant::OwnedValue};

use super::Desktop;
use crate::LIMIT;

/// The name of whoever shows notifications.
const NOTIFICATIONS: &str = "org.freedesktop.Notifications";

/// dunst as nobody would have it: what it shows stays, and its menu is answered by a script.
const DUNST_CONFIG: &str = "[global]\nhistory_length = 100\nnotification_limit = 0\nmarkup = full\nwidth = 420\nheight = 400\n\
                            dmenu = MENU\nformat = \"<b>%s</b>\\n%b\"\nshow_indicators = yes\nicon_position = left\n\
                            enable_recursive_icon_lookup = true\nicon_theme = \"Adwaita, hicolor\"\n\
                            [urgency_low]\ntimeout = 0\n[urgency_normal]\ntimeout = 0\n[urgency_critical]\ntimeout = 0\n";

/// A notification that a server was asked to show, and has.
#[derive(Debug, Clone)]
pub struct ShownNotice {
    /// The number that the server gave it.
    pub id: u32,
    /// The number of the one whose place it takes; 0 for none.
    pub replaces: u32,
    /// The program that it comes from.
    pub program: String,
    /// Its first line.
    pub summary: String,
    /// The rest, as it was sent.
    pub body: String,
    /// Keys and labels of its actions, in turn.
    pub actions: Vec<String>,
    /// Its urgency, from 0 to 2.
    pub urgency: u8,
}

/// All that is said to the notification server of a session, from when this was made.
pub struct Notices {
    receiver: Receiver<ShownNotice>,
    _runtime: Runtime,
}

impl Notices {
    /// Waits for the next notification.
    #[track_caller]
    pub fn next(&self) -> ShownNotice {
        self.receiver.recv_timeout(LIMIT).expect("a notification is shown")
    }

    /// Waits for the next notification, and fails the test unless it begins so.
    #[track_caller]
    pub fn expect(&self, summary: &str) -> ShownNotice {
        let notice = self.next();
        assert_eq!(notice.summary, summary, "{notice:?}");
        notice
    }

    /// Returns those that have come up to one that begins so, and it.
    #[track_caller]
    pub fn up_to(&self, summary: &str) -> Vec<ShownNotice> {
        let mut notices = vec![self.next()];
        while notices.last().is_some_and(|notice| notice.summary != summary) {
            notices.push(self.next());
        }
        notices
    }
}

impl Desktop {
    /// Starts dunst on the session's screen, and waits until it shows what it is told. Its menu chooses what has this label.
    #[track_caller]
    pub fn start_dunst(&mut self, choice: &str) -> u32 {
        if !self.has_screen() {
            self.start_screen();
        }
        let (menu, config) = (self.path("menu"), self.path("dunstrc"));
        // dunst lists `#LABEL (SUMMARY) [ID,KEY]`.
        write!(File::create(&menu).expect("the folder is ours"), "#!/bin/sh\nexec grep -m 1 '^#{choice} '\n")
            .expect("it is ours");
        fs::set_permissions(&menu, fs::Permissions::from_mode(0o700)).expect("the file is ours");
        let text = DUNST_CONFIG.replace("MENU", &menu.display().to_string());
        write!(File::create(&config).expect("the folder is ours"), "{text}").expect("the file is ours");
        let mut command = self.command("dunst");
        command.arg("-config").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        let pid = self.run(command);
        self.wait_for_owner(NOTIFICATIONS);
        pid
    }

    /// Opens dunst's menu of actions, of which its script chooses one.
    #[track_caller]
    pub fn choose_action(&self) {
        self.ask(async |connection| {
            connection
                .call_method(
                    Some(NOTIFICATIONS),
                    "/org/freedesktop/Notifications",
                    Some("org.dunstproject.cmd0"),
                    "ContextMenuCall",
                    &(),
                )
                .await
                .expect("dunst has a menu");
        });
    }

    /// Closes what dunst shows, and returns summary and body of all, the latest first, as it keeps them.
    #[track_caller]
    pub fn close_all_notifications(&self) -> Vec<(String, String)> {
        self.ask(async |connection| {
            let call = async |method: &str| {
                let object = "/org/freedesktop/Notifications";
                connection
                    .call_method(Some(NOTIFICATIONS), object, Some("org.dunstproject.cmd0"), method, &())
                    .await
                    .expect("dunst answers")
            };
            call("NotificationCloseAll").await;
            let reply = call("NotificationListHistory").await;
            let kept: Vec<HashMap<String, OwnedValue>> = reply.body().deserialize().expect("it is dunst's history");
            let text = |entry: &HashMap<String, OwnedValue>, key: &str| {
                entry.get(key).and_then(|value| String::try_from(value.clone()).ok()).unwrap_or_default()
            };
            kept.iter().map(|entry| (text(entry, "summary"), text(entry, "body"))).collect()
        })
    }

    /// Returns how many notifications dunst shows.
    #[track_caller]
    pub fn displayed_notifications(&self) -> u32 {
        self.ask(async |connection| {
            let property = ("org.dunstproject.cmd0", "displayedLength");
            let object = "/org/freedesktop/Notifications";
            let reply = connection
                .call_method(Some(NOTIFICATIONS), object, Some("org.freedesktop.DBus.Properties"), "Get", &property)
                .await
                .expect("dunst answers");
            let value: OwnedValue = reply.body().deserialize().expect("it is a property");
            u32::try_from(value).expect("it is a number")
        })
    }

    /// Listens to what the notification server is asked to show.
    #[track_caller]
    pub fn watch_notifications(&self) -> Notices {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime needs little");
        let (sender, receiver) = sync_channel(1024);
        let address = self.address().to_owned();
        let stream = runtime.block_on(async {
            let connection = connect(&address).await;
            let rules = ["interface='org.freedesktop.Notifications',member='Notify'", "type='method_return'"];
            connection
                .call_method(
                    Some("org.freedesktop.DBus"),
                    "/org/freedesktop/DBus",
                    Some("org.freedesktop.DBus.Monitoring"),
                    "BecomeMonitor",
                    &(rules.to_vec(), 0u32),
                )
                .await
                .expect("the bus lets its user listen");
            MessageStream::from(connection)
        });
        runtime.spawn(async move {
            let mut asked: HashMap<(String, u32), ShownNotice> = HashMap::new();
            let mut stream = stream;
            while let Some(Ok(message)) = stream.next().await {
                if let Some((key, notice)) = call_of(&message) {
                    asked.insert(key, notice);
                } else if let Some((key, id)) = reply_of(&message)
                    && let Some(notice) = asked.remove(&key)
                    && sender.send(ShownNotice { id, ..notice }).is_err()
                {
                    return;
                }
            }
        });
        Notices { receiver, _runtime: runtime }
    }

    /// Waits until somebody has a name on the bus.
    #[track_caller]
    pub fn wait_for_owner(&self, name: &str) {
        self.ask(async |connection| {
            let bus = DBusProxy::new(&connection).await.expect("the bus answers");
            let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).await.expect("the bus answers");
            if bus.name_has_owner(name.try_into().expect("it is a name")).await.expect("the bus answers") {
                return;
            }
            while let Some(change) = changes.next().await {
                if change.args().expect("it has arguments").new_owner().is_some() {
                    return;
                }
            }
            panic!("the bus has gone");
        });
    }

    /// Returns how many connections a process has to the bus.
    #[track_caller]
    pub fn connections_of(&self, pid: u32) -> usize {
        self.ask(async |connection| {
            let bus = DBusProxy::new(&connection).await.expect("the bus answers");
            let mut count = 0;
            for name in bus.list_names().await.expect("the bus answers") {
                // Who has just gone has no process any more.
                let owner = bus.get_connection_unix_process_id(name.inner().clone()).await.ok();
                count += usize::from(name.as_str().starts_with(':') && owner == Some(pid));
            }
            count
        })
    }

    /// Waits until a process has no connection to the bus any more.
    #[track_caller]
    pub fn wait_until_left(&self, pid: u32) {
        self.ask(async |connection| {
            let bus = DBusProxy::new(&connection).await.expect("the bus answers");
            let mut changes = bus.receive_name_owner_changed().await.expect("the bus answers");
            let is_there = async || {
                for name in bus.list_names().await.expect("the bus answers") {
                    if name.as_str().starts_with(':')
                        && bus.get_connection_unix_process_id(name.inner().clone()).await.ok() == Some(pid)
                    {
                        return true;
                    }
                }
                false
            };
            while is_there().await {
                changes.next().await.expect("the bus is there");
            }
        });
    }

    /// Takes the name of the notification server, and never answers: a server that hangs.
    #[track_caller]
    pub fn start_silent_server(&self) -> SilentServer {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime needs little");
        let connection = runtime.block_on(async {
            let connection = connect(self.address()).await;
            connection.request_name(NOTIFICATIONS).await.expect("nobody has it");
            connection
        });
        SilentServer { _connection: connection, _runtime: runtime }
    }

    /// Asks something over the bus.
    #[track_caller]
    fn ask<T>(&self, act: impl AsyncFnOnce(Connection) -> T) -> T {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime needs little");
        let work = async { act(connect(self.address()).await).await };
        runtime.block_on(async { tokio::time::timeout(LIMIT, work).await }).expect("the bus answers")
    }
}

/// A notification server that hangs, for as long as this is kept.
pub struct SilentServer {
    _connection: Connection,
    _runtime: Runtime,
}

async fn connect(address: &str) -> Connection {
    let builder = zbus::connection::Builder::address(address).expect("it is an address");
    let connecting = tokio::time::timeout(Duration::from_secs(30), builder.build());
    connecting.await.expect("the bus answers").expect("the bus is ours")
}

/// Returns who asks for a notification, with which number, and for which.
fn call_of(message: &Message) -> Option<((String, u32), ShownNotice)> {
    type Arguments = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);
    let header = message.header();
    if message.message_type() != Type::MethodCall || header.member()?.as_str() != "Notify" {
        return None;
    }
    let (program, replaces, _icon, summary, body, actions, hints, _time): Arguments = message.body().deserialize().ok()?;
    let urgency = hints.get("urgency").and_then(|value| u8::try_from(value.clone()).ok()).unwrap_or(1);
    let key = (header.sender()?.to_string(), message.primary_header().serial_num().get());
    Some((key, ShownNotice { id: 0, replaces, program, summary, body, actions, urgency }))
}

/// Returns whom an answer is for, to which number, and the number in it.
fn reply_of(message: &Message) -> Option<((String, u32), u32)> {
    let header = message.header();
    let key = (header.destination()?.to_string(), header.reply_serial()?.get());
    Some((key, message.body().deserialize().ok()?))
}

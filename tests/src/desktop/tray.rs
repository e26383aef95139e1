//! The icon in a session's tray, as a real panel gets it: who is registered, the picture, the menu, and clicks on that.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, File},
    io::{BufReader, Write as _},
    process::Stdio,
};

use futures::{FutureExt, StreamExt};
use serde::Serialize;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use zbus::{
    Connection, Message, MessageStream,
    fdo::DBusProxy,
    zvariant::{DynamicType, OwnedValue, Value},
};

use super::Desktop;
use crate::{LIMIT, programs};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
/// Who tells icons and panels of each other.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const WATCHER_PATH: &str = "/StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const ITEM_PATH: &str = "/StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
const MENU_PATH: &str = "/MenuBar";

/// A panel at the top of the screen, with the tray at its left end.
const PANEL_CONFIG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"><property name="square-icons" type="bool" value="true"/></property>
  </property>
</channel>
"#;

/// An entry of a menu.
#[derive(Debug, Clone)]
pub struct MenuEntry {
    /// Its number, until entries come or go.
    pub id: i32,
    /// What it says; empty for a separator.
    pub label: String,
    /// Whether it can be chosen.
    pub is_enabled: bool,
    /// The menu that it opens.
    pub entries: Vec<MenuEntry>,
}

/// An icon that is registered with whoever shows trays.
pub struct TrayItem {
    runtime: Runtime,
    remote: Remote,
    signals: MessageStream,
}

/// What a session's programs want to have shown.
pub struct HeardNotifications {
    runtime: Runtime,
    messages: MessageStream,
}

/// A revision, and the menu in it: its number, properties and entries.
type Layout = (u32, (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>));

/// Its other side.
struct Remote {
    connection: Connection,
    service: String,
}

impl Desktop {
    /// Starts Xfce's panel, with a screen if there is none yet, waits until it shows trays, and returns its process id.
    #[track_caller]
    pub fn start_panel(&mut self) -> u32 {
        if self.display.is_none() {
            self.start_screen();
        }
        if !self.path("home/.config/xfce4").exists() {
            self.start_settings();
        }
        let mut command = self.command("xfce4-panel");
        // It complains of everything else that a session of Xfce has.
        command.arg("--disable-wm-check").stdout(Stdio::null()).stderr(Stdio::null());
        let pid = self.run(command);
        self.wait_for_name(WATCHER, true);
        pid
    }

    /// Ends the panel as a crash would, and waits until nothing shows trays.
    #[track_caller]
    pub fn kill_panel(&mut self, pid: u32) {
        self.kill(pid);
        self.wait_for_name(WATCHER, false);
    }

    /// Starts what keeps the panel's settings.
    #[track_caller]
    fn start_settings(&mut self) {
        let folder = self.path("home/.config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&folder).expect("the folder is ours");
        let mut config = File::create(folder.join("xfce4-panel.xml")).expect("the folder is ours");
        config.write_all(PANEL_CONFIG.as_bytes()).expect("the file is ours");
        // Where the program is differs between machines, but the bus has to know it.
        let service = fs::read_to_string("/usr/share/dbus-1/services/org.xfce.Xfconf.service");
        let service = service.unwrap_or_else(|error| panic!("`make test` installs xfconf: {error}"));
        let program = service.lines().find_map(|line| line.strip_prefix("Exec=")).expect("a service has a program");
        let mut command = self.command(program);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.run(command);
        self.wait_for_name("org.xfce.Xfconf", true);
    }

    /// Waits until the icon of a process is registered with the panel.
    #[track_caller]
    pub fn wait_for_tray(&self, pid: u32) -> TrayItem {
        let runtime = runtime();
        let prefix = format!("{ITEM}-{pid}-");
        let (remote, signals) = runtime.block_on(async {
            let mut registrations = listen(self.address(), WATCHER).await;
            let mut remote = Remote { connection: connect(self.address()).await, service: WATCHER.to_owned() };
            let find = async {
                loop {
                    let items: Vec<String> = remote.get(WATCHER_PATH, WATCHER, "RegisteredStatusNotifierItems").await;
                    if let Some(item) = items.into_iter().find(|item| item.starts_with(&prefix)) {
                        return item;
                    }
                    registrations.next().await.expect("the bus is there").expect("the bus is there");
                }
            };
            let item = timeout(LIMIT, find).await.expect("the icon is registered in time");
            // Some write the path of the object behind the name.
            remote.service = item.split('/').next().unwrap_or(&item).to_owned();
            let signals = listen(self.address(), &remote.service).await;
            (remote, signals)
        });
        TrayItem { runtime, remote, signals }
    }

    /// Listens to the notifications that are asked for from now on, whether something shows them or not.
    #[track_caller]
    pub fn listen_for_notifications(&self) -> HeardNotifications {
        let runtime = runtime();
        let messages = runtime.block_on(async {
            let bus = Remote { connection: connect(self.address()).await, service: BUS.to_owned() };
            let rules = vec!["interface='org.freedesktop.Notifications',member='Notify'"];
            bus.call(BUS_PATH, "org.freedesktop.DBus.Monitoring", "BecomeMonitor", &(rules, 0u32)).await;
            MessageStream::from(bus.connection)
        });
        HeardNotifications { runtime, messages }
    }

    /// Waits until somebody, or nobody, has a name on the bus.
    #[track_caller]
    fn wait_for_name(&self, name: &'static str, is_owned: bool) {
        let wait = async {
            let connection = connect(self.address()).await;
            let bus = DBusProxy::new(&connection).await.expect("the bus answers");
            let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).await.expect("the bus answers");
            while bus.name_has_owner(name.try_into().expect("it is a name")).await.expect("the bus answers") != is_owned {
                changes.next().await.expect("the bus is there");
            }
        };
        runtime().block_on(async { timeout(LIMIT, wait).await }).unwrap_or_else(|_| panic!("`{name}` does not come or go"));
    }
}

impl HeardNotifications {
    /// Waits for the next one, and returns its first line and the rest.
    #[track_caller]
    pub fn hear(&mut self) -> (String, String) {
        type Arguments = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);
        let next = async {
            loop {
                let message = self.messages.next().await.expect("the bus is there").expect("the bus is there");
                if let Ok((_program, _replaces, _icon, summary, body, ..)) = message.body().deserialize::<Arguments>() {
                    return (summary, body);
                }
            }
        };
        self.runtime.block_on(async { timeout(LIMIT, next).await }).expect("a notification is asked for")
    }
}

impl TrayItem {
    /// Returns the menu.
    #[track_caller]
    pub fn menu(&self) -> Vec<MenuEntry> {
        self.runtime.block_on(self.remote.menu())
    }

    /// Waits until the menu is as wanted.
    #[track_caller]
    pub fn wait_for_menu(&mut self, is_wanted: impl Fn(&[MenuEntry]) -> bool) -> Vec<MenuEntry> {
        let found = self.wait(async |remote| Some(remote.menu().await).filter(|menu| is_wanted(menu)));
        found.unwrap_or_else(|| panic!("the menu does not become as wanted:\n{}", drawn(&self.menu())))
    }

    /// Waits until the menu's first line is this.
    #[track_caller]
    pub fn wait_for_sentence(&mut self, sentence: &str) {
        self.wait_for_menu(|menu| menu.first().is_some_and(|entry| entry.label == sentence));
    }

    /// Waits until there is an entry at the end of a path of labels, of which the beginnings are enough, and returns it.
    #[track_caller]
    pub fn wait_for_entry(&mut self, path: &[&str]) -> MenuEntry {
        let menu = self.wait_for_menu(|menu| find(menu, path).is_some());
        find(&menu, path).expect("it was waited for").clone()
    }

    /// Chooses the entry at the end of a path of labels, of which the beginnings are enough, as soon as it can be chosen.
    #[track_caller]
    pub fn choose(&mut self, path: &[&str]) {
        let menu = self.wait_for_menu(|menu| find(menu, path).is_some_and(|entry| entry.is_enabled));
        let entry = find(&menu, path).expect("it was waited for");
        let click = (entry.id, "clicked", Value::from(0), 0u32);
        self.runtime.block_on(self.remote.tell(MENU_PATH, MENU, "Event", &click));
    }

    /// Presses the icon itself with the left button.
    #[track_caller]
    pub fn press(&self) {
        self.runtime.block_on(self.remote.tell(ITEM_PATH, ITEM, "Activate", &(0, 0)));
    }

    /// Waits until the icon is one of the pictures of `assets/tray`: `dark/busy`.
    #[track_caller]
    pub fn wait_for_picture(&mut self, picture: &str) {
        let wanted = pixels_of(picture);
        let found = self.wait(async |remote| (remote.pixels().await == wanted).then_some(()));
        found.unwrap_or_else(|| panic!("the icon does not become `{picture}`"));
    }

    /// Returns what the icon says when the mouse rests on it.
    #[track_caller]
    pub fn tooltip(&self) -> String {
        type Tooltip = (String, Vec<(i32, i32, Vec<u8>)>, String, String);
        let (_, _, title, text): Tooltip = self.runtime.block_on(self.remote.get(ITEM_PATH, ITEM, "ToolTip"));
        format!("{title}\n{text}").trim().to_owned()
    }

    /// Looks, and looks again after each signal of the icon, until there is an answer.
    fn wait<T>(&mut self, look: impl AsyncFn(&Remote) -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                // What is older than the look tells nothing more.
                while self.signals.next().now_or_never().is_some() {}
                if let Some(found) = look(&self.remote).await {
                    return found;
                }
                self.signals.next().await.expect("the bus is there").expect("the bus is there");
            }
        };
        self.runtime.block_on(async { timeout(LIMIT, search).await }).ok()
    }
}

impl Remote {
    async fn menu(&self) -> Vec<MenuEntry> {
        let everything: (i32, i32, Vec<&str>) = (0, -1, Vec::new());
        let answer = self.call(MENU_PATH, MENU, "GetLayout", &everything).await;
        let (_revision, (_id, _properties, entries)): Layout = answer.body().deserialize().expect("it is a menu");
        entries.iter().map(|value| entry(value).expect("it is an entry")).collect()
    }

    /// Returns the pixels of the icon: alpha, red, green and blue each.
    async fn pixels(&self) -> Vec<u8> {
        let pictures: Vec<(i32, i32, Vec<u8>)> = self.get(ITEM_PATH, ITEM, "IconPixmap").await;
        pictures.into_iter().next().map(|(_, _, pixels)| pixels).unwrap_or_default()
    }

    async fn get<T: TryFrom<OwnedValue>>(&self, path: &str, interface: &str, property: &str) -> T {
        let answer = self.call(path, "org.freedesktop.DBus.Properties", "Get", &(interface, property)).await;
        let value: OwnedValue = answer.body().deserialize().expect("it is a property");
        value.try_into().ok().expect("the property is of the type that the specification says")
    }

    async fn call(&self, path: &str, interface: &str, method: &str, arguments: &(impl Serialize + DynamicType)) -> Message {
        self.try_call(path, interface, method, arguments).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls what may end the program before it has answered.
    async fn tell(&self, path: &str, interface: &str, method: &str, arguments: &(impl Serialize + DynamicType)) {
        match self.try_call(path, interface, method, arguments).await {
            Err(zbus::Error::MethodError(name, ..)) if name.as_str() == "org.freedesktop.DBus.Error.NoReply" => {}
            answer => drop(answer.unwrap_or_else(|error| panic!("{method}: {error}"))),
        }
    }

    async fn try_call(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        arguments: &(impl Serialize + DynamicType),
    ) -> zbus::Result<Message> {
        let call = self.connection.call_method(Some(self.service.as_str()), path, Some(interface), method, arguments);
        timeout(LIMIT, call).await.expect("the call is answered in time")
    }
}

/// Returns the entry at the end of a path of labels, of which the beginnings are enough.
fn find<'a>(entries: &'a [MenuEntry], path: &[&str]) -> Option<&'a MenuEntry> {
    let (first, rest) = path.split_first()?;
    let mut fitting = entries.iter().filter(|entry| entry.label.starts_with(first));
    if rest.is_empty() { fitting.next() } else { fitting.find_map(|entry| find(&entry.entries, rest)) }
}

/// Reads an entry: its number, its properties, and the entries of its menu.
fn entry(value: &Value<'_>) -> Option<MenuEntry> {
    let structure = match value {
        Value::Value(inner) => return entry(inner),
        Value::Structure(structure) => structure,
        _ => return None,
    };
    let [Value::I32(id), Value::Dict(properties), Value::Array(entries)] = structure.fields() else { return None };
    let text = |key: &str| properties.get::<_, String>(&key).ok().flatten();
    Some(MenuEntry {
        id: *id,
        // A single one would mark a shortcut.
        label: text("label").unwrap_or_default().replace("__", "_"),
        is_enabled: properties.get::<_, bool>(&"enabled").ok().flatten() != Some(false),
        entries: entries.iter().map(entry).collect::<Option<_>>()?,
    })
}

/// Returns a menu as lines, deeper ones indented.
fn drawn(entries: &[MenuEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let mark = if entry.is_enabled { ">" } else { " " };
        writeln!(text, "{mark} {}", entry.label).expect("a string takes any text");
        for line in drawn(&entry.entries).lines() {
            writeln!(text, "    {line}").expect("a string takes any text");
        }
    }
    text
}

/// Returns the pixels of a picture of `assets/tray`, alpha first, as the bus has them.
fn pixels_of(picture: &str) -> Vec<u8> {
    let file = programs::checkout().join("assets/tray").join(picture).with_extension("png");
    let file = File::open(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut decoder = png::Decoder::new(BufReader::new(file));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("it is a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it is small")];
    let frame = reader.next_frame(&mut pixels).expect("it is a whole picture");
    pixels.truncate(frame.buffer_size());
    for pixel in pixels.as_chunks_mut::<4>().0 {
        pixel.rotate_right(1);
    }
    pixels
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime needs a few descriptors only")
}

async fn connect(address: &str) -> Connection {
    let connecting = zbus::connection::Builder::address(address).expect("it is an address").build();
    timeout(LIMIT, connecting).await.expect("the bus answers in time").expect("the bus is ours")
}

/// Listens to all signals of somebody, over a connection of their own: those that nobody has read yet hold up what follows.
async fn listen(address: &str, service: &str) -> MessageStream {
    let bus = Remote { connection: connect(address).await, service: BUS.to_owned() };
    bus.call(BUS_PATH, BUS, "AddMatch", &(format!("type='signal',sender='{service}'"),)).await;
    MessageStream::from(bus.connection)
}

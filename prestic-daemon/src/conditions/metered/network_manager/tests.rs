//! NetworkManager on a bus of the tests' own.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use zbus::fdo::DBusProxy;

use super::*;

/// How long anything may take here before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A bus on which everybody may do everything.
pub(crate) struct Bus {
    daemon: Child,
    pub(crate) address: String,
    _folder: TempDir,
}

impl Bus {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("bus.conf");
        let listen = folder.path().join("bus");
        write!(
            File::create(&config).unwrap(),
            r#"<busconfig><listen>unix:path={}</listen><auth>EXTERNAL</auth><policy context="default">
               <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#,
            listen.display()
        )
        .unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address=1", "--config-file"])
            .arg(&config)
            .stdout(Stdio::piped())
            // It complains when it may not raise its limit on open files.
            .stderr(Stdio::null())
            .spawn()
            .expect("`dbus-daemon` is installed by `make test`");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(!address.is_empty(), "`dbus-daemon` does not start");
        Self { daemon, address: address.trim_end().to_owned(), _folder: folder }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

struct Manager {
    metered: u32,
}

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
impl Manager {
    #[zbus(property)]
    fn metered(&self) -> u32 {
        self.metered
    }

    #[zbus(property)]
    fn set_metered(&mut self, metered: u32) {
        self.metered = metered;
    }

    #[zbus(property)]
    fn startup(&self) -> bool {
        false
    }
}

/// Puts a NetworkManager on a bus. It is there for as long as the connection lives.
pub(crate) async fn manage(bus: &Bus, metered: u32) -> Connection {
    Builder::address(bus.address.as_str())
        .unwrap()
        .name(NETWORK_MANAGER)
        .unwrap()
        .serve_at(OBJECT, Manager { metered })
        .unwrap()
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn network_is_metered_when_networkmanager_says_or_guesses_so() {
    let bus = Bus::start();
    let manager = manage(&bus, 0).await;
    let object = manager.object_server().interface::<_, Manager>(OBJECT).await.unwrap();
    for (metered, expected) in [(0, false), (1, true), (2, false), (3, true), (4, false), (5, false)] {
        object.get_mut().await.metered = metered;
        assert_eq!(is_metered(Some(&bus.address)).await.unwrap(), expected, "{metered}");
    }
}

#[tokio::test]
async fn bus_without_networkmanager_knows_nothing() {
    let bus = Bus::start();
    let error = is_metered(Some(&bus.address)).await.unwrap_err().to_string();
    assert!(error.contains("org.freedesktop.NetworkManager"), "{error}");
}

#[tokio::test]
async fn machine_without_a_bus_knows_nothing() {
    let folder = TempDir::new().unwrap();
    let address = format!("unix:path={}", folder.path().join("none").display());
    is_metered(Some(&address)).await.unwrap_err();
}

#[tokio::test]
async fn connection_is_not_kept() {
    let bus = Bus::start();
    let manager = manage(&bus, 1).await;
    let witness = DBusProxy::new(&manager).await.unwrap();
    let mut owners = witness.receive_name_owner_changed().await.unwrap();
    let before = witness.list_names().await.unwrap();
    assert!(is_metered(Some(&bus.address)).await.unwrap());
    let gone = async {
        while let Some(change) = owners.next().await {
            let change = change.args().unwrap();
            if change.new_owner.is_none() && change.name.starts_with(':') {
                return;
            }
        }
        panic!("the bus has ended");
    };
    timeout(PATIENCE, gone).await.expect("the connection is kept");
    assert_eq!(witness.list_names().await.unwrap(), before);
}

/// Tells of a change again and again until it was heard: nothing tells when the listener has begun to listen.
pub(crate) async fn tell_until_heard(manager: &Connection, metered: u32) {
    let object = manager.object_server().interface::<_, Manager>(OBJECT).await.unwrap();
    loop {
        object.get_mut().await.metered = metered;
        object.get().await.metered_changed(object.signal_emitter()).await.unwrap();
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn change_of_the_property_is_heard() {
    let bus = Bus::start();
    let manager = manage(&bus, 1).await;
    let heard = async {
        tokio::select! {
            result = wait_for_change(Some(&bus.address)) => result.unwrap(),
            () = tell_until_heard(&manager, 2) => {}
        }
    };
    timeout(PATIENCE, heard).await.expect("the change is not heard");
    assert!(!is_metered(Some(&bus.address)).await.unwrap());
}

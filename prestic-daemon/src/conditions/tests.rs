//! All conditions together, on a machine that the tests make up.

use std::{
    fs::{self, File},
    io::Write,
};

use tempfile::TempDir;

use super::*;

/// Says loudly what this machine could not test. A test that succeeds is not heard by `eprintln`.
pub(super) fn say_not_tested(what: &str, error: &io::Error) {
    writeln!(io::stderr(), "\nNOT TESTED on this machine: {what}: {error}\n").unwrap();
}

/// A machine that runs on battery, without a bus, and with one disk that is not mounted.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: TempDir::new().unwrap() };
        machine.write("power/BAT0/type", "Battery");
        machine.write("power/BAT0/status", "Discharging");
        machine.write("power/BAT0/capacity", "17");
        machine.write("mnt/full/file", "");
        fs::create_dir_all(machine.path("mnt/empty")).unwrap();
        machine.write("mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw");
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(path)
    }

    fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        writeln!(File::create(self.path(path)).unwrap(), "{content}").unwrap();
    }

    fn probe(&self) -> Probe {
        let places = Places {
            power_supply: self.path("power"),
            fstab: self.path("fstab"),
            units: self.path("units"),
            mountinfo: self.path("mountinfo"),
            system_bus: Some(format!("unix:path={}", self.path("no bus").display())),
        };
        Probe { places: Arc::new(places), ..Probe::default() }
    }

    async fn path_is_unmet(&self, path: &str) -> Option<bool> {
        let conditions = Conditions { require_paths: vec![self.path(path)], ..Conditions::default() };
        match &self.probe().unmet(&conditions).await[..] {
            [] => None,
            [Unmet::PathMissing { path: named, not_mounted }] if *named == self.path(path) => Some(*not_mounted),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_is_asked_when_nothing_is_wanted() {
    assert!(Conditions::default().is_empty());
    assert!(!Conditions { not_metered: true, ..Conditions::default() }.is_empty());
    assert_eq!(Machine::new().probe().unmet(&Conditions::default()).await, []);
}

#[tokio::test]
async fn task_of_its_own_can_ask_and_wait() {
    let probe = Machine::new().probe();
    let conditions = Conditions { require_hosts: vec!["nas".to_owned()], ..Conditions::default() };
    let asking = tokio::spawn(async move {
        let unmet = probe.unmet(&conditions).await;
        let is_over_at_once = timeout(Duration::ZERO, probe.changed(&conditions)).await.is_ok();
        (unmet.len(), is_over_at_once)
    });
    assert_eq!(asking.await.unwrap(), (1, false));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn all_that_do_not_hold_are_told_in_the_order_of_the_options() {
    let machine = Machine::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (open, missing) = (listener.local_addr().unwrap().to_string(), machine.path("none"));
    let conditions = Conditions {
        only_on_ac: true,
        min_battery: Some(30),
        not_metered: true,
        require_paths: vec![machine.path("mnt/full"), missing.clone(), machine.path("mnt/empty")],
        require_hosts: vec![open, "nas".to_owned()],
        route: false,
    };
    assert_eq!(
        machine.probe().unmet(&conditions).await,
        [
            Unmet::OnBattery,
            Unmet::BatteryLow { percent: 17, wanted: 30 },
            Unmet::PathMissing { path: missing, not_mounted: false },
            Unmet::PathMissing { path: machine.path("mnt/empty"), not_mounted: true },
            Unmet::HostUnreachable { host: "nas".to_owned(), reason: "it has no port, as in `nas:22`".to_owned() },
        ]
    );
}

#[tokio::test]
async fn path_counts_when_there_is_something() {
    let machine = Machine::new();
    assert_eq!(machine.path_is_unmet("mnt/full").await, None);
    assert_eq!(machine.path_is_unmet("mnt/full/file").await, None);
    assert_eq!(machine.path_is_unmet("mnt/none").await, Some(false));
    assert_eq!(machine.path_is_unmet("mnt/full/file/none").await, Some(false));
}

#[cfg(unix)]
#[tokio::test]
async fn empty_folder_counts_only_when_something_is_mounted_there() {
    let machine = Machine::new();
    assert_eq!(machine.path_is_unmet("mnt/empty").await, Some(true));
    machine.write("mountinfo", &format!("30 22 254:0 / {} rw - ext4 /dev/vda rw", machine.path("mnt/empty").display()));
    assert_eq!(machine.path_is_unmet("mnt/empty").await, None);
}

#[tokio::test]
async fn full_folder_of_fstab_counts_only_when_its_disk_is_mounted() {
    let machine = Machine::new();
    machine.write("fstab", &format!("UUID=1 {} ext4 noauto 0 0", machine.path("mnt/full").display()));
    assert_eq!(machine.path_is_unmet("mnt/full").await, Some(true));
    machine.write("mountinfo", &format!("30 22 8:1 / {} rw - ext4 /dev/sdb1 rw", machine.path("mnt/full").display()));
    assert_eq!(machine.path_is_unmet("mnt/full").await, None);
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_link_stands_for_what_it_points_to() {
    let machine = Machine::new();
    std::os::unix::fs::symlink(machine.path("mnt/empty"), machine.path("link")).unwrap();
    std::os::unix::fs::symlink(machine.path("gone"), machine.path("broken")).unwrap();
    assert_eq!(machine.path_is_unmet("link").await, Some(true));
    assert_eq!(machine.path_is_unmet("broken").await, Some(false));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_cannot_be_found_out_of_power_and_network_holds_nothing_back() {
    let machine = Machine::new();
    fs::remove_dir_all(machine.path("power")).unwrap();
    machine.write("power", "a file where a folder belongs");
    let probe = machine.probe();
    let conditions = Conditions { only_on_ac: true, min_battery: Some(99), not_metered: true, ..Conditions::default() };
    assert_eq!(probe.unmet(&conditions).await, []);
    assert_eq!(probe.said.lock().unwrap().len(), 2);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn bus_that_never_answers_holds_nothing_back() {
    let machine = Machine::new();
    let _deaf = std::os::unix::net::UnixListener::bind(machine.path("no bus")).unwrap();
    let conditions = Conditions { not_metered: true, ..Conditions::default() };
    assert_eq!(machine.probe().unmet(&conditions).await, []);
}

#[tokio::test]
async fn path_that_cannot_be_looked_at_is_missing_and_said_once() {
    let machine = Machine::new();
    let probe = machine.probe();
    // No system knows such a name.
    let path = machine.path("a\0b");
    let conditions = Conditions { require_paths: vec![path.clone()], ..Conditions::default() };
    for _ in 0..2 {
        assert_eq!(probe.unmet(&conditions).await, [Unmet::PathMissing { path: path.clone(), not_mounted: false }]);
    }
    assert_eq!(probe.said.lock().unwrap().len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn metered_network_is_told_and_its_end_is_noticed() {
    use metered::tests::{Bus, PATIENCE, manage, tell_until_heard};

    let bus = Bus::start();
    let manager = manage(&bus, 3).await;
    let places = Places { system_bus: Some(bus.address.clone()), ..Places::default() };
    let probe = Probe { places: Arc::new(places), ..Probe::default() };
    let conditions = Conditions { not_metered: true, ..Conditions::default() };
    assert_eq!(probe.unmet(&conditions).await, [Unmet::Metered]);
    let noticed = async {
        tokio::select! {
            () = probe.changed(&conditions) => {}
            () = tell_until_heard(&manager, 4) => {}
        }
    };
    timeout(PATIENCE, noticed).await.expect("the change is not noticed");
    assert_eq!(probe.unmet(&conditions).await, []);
}

//! Power supplies as Linux tells of them, in folders of the tests' own.

use std::io::Write;

use tempfile::TempDir;

use super::*;

/// A supply's folder: its name, and its files with what is in them.
type Folder<'a> = (&'a str, &'a [(&'a str, &'a str)]);

const MAINS_OFF: Folder<'_> = ("AC", &[("type", "Mains"), ("online", "0")]);
const MAINS_ON: Folder<'_> = ("AC", &[("type", "Mains"), ("online", "1")]);
const PORT_OFF: Folder<'_> = ("ucsi-source-psy-USBC000:001", &[("type", "USB"), ("online", "0")]);
const PORT_ON: Folder<'_> = ("ucsi-source-psy-USBC000:002", &[("type", "USB"), ("online", "1")]);
const DISCHARGING: Folder<'_> = ("BAT0", &[("type", "Battery"), ("status", "Discharging"), ("capacity", "60")]);
const CHARGING: Folder<'_> = ("BAT0", &[("type", "Battery"), ("status", "Charging"), ("capacity", "60")]);
const KEPT: Folder<'_> = ("BAT0", &[("type", "Battery"), ("status", "Not charging"), ("capacity", "60")]);
const UNKNOWN: Folder<'_> = ("BAT0", &[("type", "Battery"), ("status", "Unknown"), ("capacity", "60")]);
const MOUSE: Folder<'_> =
    ("hidpp_battery_0", &[("type", "Battery"), ("scope", "Device"), ("status", "Discharging"), ("capacity", "5")]);

#[track_caller]
fn check(folders: &[Folder<'_>], expected: (bool, Option<u8>)) {
    let root = TempDir::new().unwrap();
    for (name, files) in folders {
        fs::create_dir(root.path().join(name)).unwrap();
        for (file, content) in *files {
            let mut file = fs::File::create(root.path().join(name).join(file)).unwrap();
            writeln!(file, "{content}").unwrap();
        }
    }
    let power = read(root.path()).unwrap();
    assert_eq!((power.is_on_battery, power.percent), expected);
}

#[test]
fn machine_without_supplies_runs_on_mains() {
    check(&[], (false, None));
    let root = TempDir::new().unwrap();
    assert_eq!(read(&root.path().join("none")).unwrap(), Power { is_on_battery: false, percent: None });
}

#[test]
fn laptop_is_on_battery_without_its_charger() {
    check(&[MAINS_OFF, DISCHARGING], (true, Some(60)));
    check(&[MAINS_OFF, PORT_OFF, DISCHARGING], (true, Some(60)));
    check(&[DISCHARGING], (true, Some(60)));
}

#[test]
fn laptop_is_on_mains_with_its_charger() {
    check(&[MAINS_ON, CHARGING], (false, Some(60)));
    check(&[MAINS_ON, KEPT], (false, Some(60)));
    check(&[MAINS_ON, UNKNOWN], (false, Some(60)));
}

#[test]
fn wall_socket_outweighs_a_discharging_battery() {
    check(&[MAINS_ON, DISCHARGING], (false, Some(60)));
}

#[test]
fn port_that_feeds_a_telephone_is_no_charger() {
    check(&[PORT_ON, DISCHARGING], (true, Some(60)));
    check(&[MAINS_OFF, PORT_ON, DISCHARGING], (true, Some(60)));
}

#[test]
fn port_that_feeds_the_machine_is_mains() {
    check(&[PORT_OFF, PORT_ON, CHARGING], (false, Some(60)));
    check(&[MAINS_OFF, PORT_ON, UNKNOWN], (false, Some(60)));
    check(&[PORT_ON], (false, None));
}

#[test]
fn charger_that_the_kernel_does_not_see_is_known_by_the_battery() {
    check(&[MAINS_OFF, CHARGING], (false, Some(60)));
    check(&[MAINS_OFF, KEPT], (false, Some(60)));
}

#[test]
fn battery_that_tells_nothing_counts_by_the_other_supplies() {
    check(&[MAINS_OFF, UNKNOWN], (true, Some(60)));
    check(&[UNKNOWN], (false, Some(60)));
}

#[test]
fn mouse_and_missing_battery_do_not_count() {
    check(&[MOUSE], (false, None));
    check(&[MAINS_ON, MOUSE, CHARGING], (false, Some(60)));
    check(&[MAINS_OFF, ("BAT1", &[("type", "Battery"), ("present", "0"), ("status", "Discharging")])], (false, None));
}

#[test]
fn machine_behind_a_ups_is_on_battery_when_that_discharges() {
    check(&[("ups", &[("type", "UPS"), ("status", "Discharging"), ("capacity", "80")])], (true, Some(80)));
}

#[test]
fn one_discharging_battery_of_two_is_enough() {
    check(
        &[MAINS_OFF, KEPT, ("BAT1", &[("type", "Battery"), ("status", "Discharging"), ("capacity", "20")])],
        (true, Some(40)),
    );
}

#[test]
fn batteries_are_weighed_by_what_they_hold() {
    let small = |unit| [("type", "Battery"), ("status", "Discharging"), ("capacity", "100"), (unit, "20000000")];
    let large = |unit| [("type", "Battery"), ("status", "Discharging"), ("capacity", "20"), (unit, "60000000")];
    check(&[("BAT0", &small("energy_full")), ("BAT1", &large("energy_full"))], (true, Some(40)));
    check(&[("BAT0", &small("charge_full")), ("BAT1", &large("charge_full"))], (true, Some(40)));
    check(&[("BAT0", &small("energy_full")), ("BAT1", &large("charge_full"))], (true, Some(60)));
    check(&[("BAT0", &[("type", "Battery"), ("capacity", "30"), ("energy_full", "0")])], (false, Some(30)));
}

#[test]
fn battery_without_percent_is_worked_out() {
    let energy = [("type", "Battery"), ("status", "Discharging"), ("energy_now", "12345"), ("energy_full", "50000")];
    check(&[("BAT0", &energy)], (true, Some(24)));
    let charge = [("type", "Battery"), ("status", "Discharging"), ("charge_now", "51000"), ("charge_full", "50000")];
    check(&[("BAT0", &charge)], (true, Some(100)));
    check(&[("BAT0", &[("type", "Battery"), ("status", "Discharging")])], (true, None));
}

#[test]
fn garbage_in_the_files_is_no_percent() {
    check(&[("BAT0", &[("type", "Battery"), ("status", "Discharging"), ("capacity", "many")])], (true, None));
    check(&[("BAT0", &[("type", "Battery"), ("status", "Discharging"), ("capacity", "255")])], (true, Some(100)));
    check(&[("odd", &[("type", "Hamster wheel"), ("online", "1")])], (false, None));
}

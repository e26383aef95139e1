//! Reads the power supplies from `/sys/class/power_supply`, one folder each.

use std::{fs, io, path::Path, str::FromStr};

use crate::conditions::power::Power;

/// A supply that can feed the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Supply {
    /// A wall socket.
    Mains { is_online: bool },
    /// A port that can also feed others: `is_online` does not tell which way the current flows.
    Usb { is_online: bool },
    /// A battery inside of the machine, or a UPS beside it.
    Battery(Battery),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Battery {
    flow: Flow,
    percent: Option<u8>,
    energy_when_full: Option<u64>,
    charge_when_full: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Discharging,
    /// Charging, full, or kept from charging by a threshold.
    Held,
    Unknown,
}

/// Returns what feeds the machine. A machine without power supplies, as a container is, runs on mains power.
pub(crate) fn read(root: &Path) -> io::Result<Power> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(judge(&[])),
        result => result?,
    };
    let mut supplies = Vec::new();
    for entry in entries {
        // A supply that goes away while it is read is one that feeds nothing.
        supplies.extend(read_supply(&entry?.path()));
    }
    Ok(judge(&supplies))
}

fn read_supply(folder: &Path) -> Option<Supply> {
    let kind = text(folder, "type")?;
    // The battery of a mouse or of a headset.
    if text(folder, "scope").as_deref() == Some("Device") {
        return None;
    }
    let is_online = text(folder, "online").is_some_and(|online| online != "0");
    match kind.as_str() {
        "Mains" | "Wireless" => Some(Supply::Mains { is_online }),
        "Battery" | "UPS" if text(folder, "present").as_deref() != Some("0") => Some(Supply::Battery(read_battery(folder))),
        kind if kind.starts_with("USB") => Some(Supply::Usb { is_online }),
        _ => None,
    }
}

fn read_battery(folder: &Path) -> Battery {
    let energy_when_full = number(folder, "energy_full");
    let charge_when_full = number(folder, "charge_full");
    Battery {
        flow: match text(folder, "status").as_deref() {
            Some("Discharging") => Flow::Discharging,
            Some("Charging" | "Full" | "Not charging") => Flow::Held,
            _ => Flow::Unknown,
        },
        percent: number(folder, "capacity")
            .or_else(|| share(number(folder, "energy_now")?, energy_when_full?))
            .or_else(|| share(number(folder, "charge_now")?, charge_when_full?)),
        energy_when_full,
        charge_when_full,
    }
}

fn share(now: u64, full: u64) -> Option<u8> {
    u8::try_from(now.saturating_mul(100).checked_div(full)?.min(100)).ok()
}

fn text(folder: &Path, name: &str) -> Option<String> {
    Some(fs::read_to_string(folder.join(name)).ok()?.trim().to_owned())
}

fn number<N: FromStr>(folder: &Path, name: &str) -> Option<N> {
    text(folder, name)?.parse().ok()
}

fn judge(supplies: &[Supply]) -> Power {
    let batteries: Vec<Battery> = supplies
        .iter()
        .filter_map(|supply| match supply {
            Supply::Battery(battery) => Some(*battery),
            Supply::Mains { .. } | Supply::Usb { .. } => None,
        })
        .collect();
    Power { is_on_battery: is_on_battery(supplies, &batteries), percent: percent(&batteries) }
}

/// A discharging battery outweighs a port that is online, which may be feeding a telephone, but not a wall socket: firmware
/// tells of full batteries that they discharge, and a weak charger lets them.
fn is_on_battery(supplies: &[Supply], batteries: &[Battery]) -> bool {
    let has = |flow| batteries.iter().any(|battery| battery.flow == flow);
    if supplies.contains(&Supply::Mains { is_online: true }) {
        false
    } else if has(Flow::Discharging) {
        true
    } else if supplies.contains(&Supply::Usb { is_online: true }) || has(Flow::Held) {
        false
    } else {
        has(Flow::Unknown) && supplies.len() > batteries.len()
    }
}

/// Weighs the batteries by what they hold when full, if all of them tell that in one unit.
fn percent(batteries: &[Battery]) -> Option<u8> {
    let told: Vec<(u64, &Battery)> =
        batteries.iter().filter_map(|battery| Some((u64::from(battery.percent?.min(100)), battery))).collect();
    let by = |weight: fn(&Battery) -> Option<u64>| {
        let (mut sum, mut whole) = (0_u64, 0_u64);
        for (percent, battery) in &told {
            let weight = weight(battery)?;
            sum = sum.saturating_add(percent.saturating_mul(weight));
            whole = whole.saturating_add(weight);
        }
        u8::try_from(sum.checked_div(whole)?).ok()
    };
    by(|battery| battery.energy_when_full).or_else(|| by(|battery| battery.charge_when_full)).or_else(|| by(|_| Some(1)))
}

#[cfg(test)]
mod tests;

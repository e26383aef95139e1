//! Asks Windows what feeds the machine.

use std::{io, path::Path};

use windows_sys::Win32::System::Power::{GetSystemPowerStatus, SYSTEM_POWER_STATUS};

use crate::conditions::power::Power;

/// `ACLineStatus` of a machine that runs on battery.
const OFFLINE: u8 = 0;

/// The most that `BatteryLifePercent` can be: 255 means that it is not known.
const FULL: u8 = 100;

/// Returns what feeds the machine.
pub(crate) fn read(_root: &Path) -> io::Result<Power> {
    let mut status = SYSTEM_POWER_STATUS::default();
    // SAFETY: the pointer is to a whole structure of this type, which the call fills.
    if unsafe { GetSystemPowerStatus(&raw mut status) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let percent = (status.BatteryLifePercent <= FULL).then_some(status.BatteryLifePercent);
    Ok(Power { is_on_battery: status.ACLineStatus == OFFLINE, percent })
}

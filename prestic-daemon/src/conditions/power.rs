//! What feeds the machine, and whether that is enough.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
mod other;
#[cfg(any(target_os = "macos", test))]
mod pmset;
#[cfg(windows)]
mod windows;

use prestic_proto::condition::Unmet;

#[cfg(target_os = "linux")]
pub(super) use linux::read;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
pub(super) use other::read;
#[cfg(target_os = "macos")]
pub(super) use pmset::read;
#[cfg(windows)]
pub(super) use windows::read;

/// What feeds the machine now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Power {
    /// Whether it is a battery.
    pub(super) is_on_battery: bool,
    /// How full the batteries are together, as far as there are any that tell.
    pub(super) percent: Option<u8>,
}

impl Power {
    /// Returns what is wanted and not there. On mains power, a battery may be as empty as it likes.
    pub(super) fn unmet(self, only_on_ac: bool, min_battery: Option<u8>) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        if !self.is_on_battery {
            return unmet;
        }
        if only_on_ac {
            unmet.push(Unmet::OnBattery);
        }
        if let (Some(wanted), Some(percent)) = (min_battery, self.percent)
            && percent < wanted
        {
            unmet.push(Unmet::BatteryLow { percent, wanted });
        }
        unmet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(power: (bool, Option<u8>), only_on_ac: bool, min_battery: Option<u8>, expected: &[Unmet]) {
        let (is_on_battery, percent) = power;
        assert_eq!(Power { is_on_battery, percent }.unmet(only_on_ac, min_battery), expected);
    }

    #[test]
    fn mains_power_meets_everything() {
        check((false, None), true, Some(100), &[]);
        check((false, Some(3)), true, Some(30), &[]);
    }

    #[test]
    fn battery_must_have_what_is_wanted() {
        let low = Unmet::BatteryLow { percent: 29, wanted: 30 };
        check((true, Some(29)), false, Some(30), std::slice::from_ref(&low));
        check((true, Some(30)), false, Some(30), &[]);
        check((true, Some(29)), true, Some(30), &[Unmet::OnBattery, low]);
        check((true, Some(29)), false, None, &[]);
    }

    #[test]
    fn battery_that_does_not_tell_is_full_enough() {
        check((true, None), false, Some(30), &[]);
        check((true, None), true, Some(30), &[Unmet::OnBattery]);
    }
}

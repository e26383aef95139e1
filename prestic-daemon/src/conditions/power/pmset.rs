//! Reads what macOS' `pmset -g batt` tells of the power.

#[cfg(target_os = "macos")]
use std::{io, path::Path, process::Command};

use crate::conditions::power::Power;

/// Returns what feeds the machine.
#[cfg(target_os = "macos")]
pub(crate) fn read(_root: &Path) -> io::Result<Power> {
    let output = Command::new("/usr/bin/pmset").args(["-g", "batt"]).output()?;
    parse(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "`pmset -g batt` does not tell what feeds the machine"))
}

/// Reads the source in the first line, and the mean of the batteries below. A UPS is listed there, too.
fn parse(text: &str) -> Option<Power> {
    let source = text.lines().find_map(|line| line.trim().strip_prefix("Now drawing from '")?.strip_suffix('\''))?;
    let percents: Vec<u64> = text.lines().filter_map(percent).collect();
    let mean = percents.iter().sum::<u64>().checked_div(u64::try_from(percents.len()).ok()?);
    Some(Power { is_on_battery: source != "AC Power", percent: mean.and_then(|mean| u8::try_from(mean).ok()) })
}

fn percent(line: &str) -> Option<u64> {
    let (before, _) = line.trim().strip_prefix('-')?.split_once('%')?;
    let percent: u64 = before.rsplit(|character: char| !character.is_ascii_digit()).next()?.parse().ok()?;
    (percent <= 100).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(bool, Option<u8>)>) {
        assert_eq!(parse(text).map(|power| (power.is_on_battery, power.percent)), expected);
    }

    #[test]
    fn laptop_tells_its_battery() {
        let battery = " -InternalBattery-0 (id=4653155)\t85%; discharging; 4:21 remaining present: true";
        check(&format!("Now drawing from 'Battery Power'\n{battery}\n"), Some((true, Some(85))));
        check(&format!("Now drawing from 'AC Power'\n{battery}\n"), Some((false, Some(85))));
    }

    #[test]
    fn desktop_has_no_battery() {
        check("Now drawing from 'AC Power'\n", Some((false, None)));
    }

    #[test]
    fn ups_is_a_battery() {
        let ups = " -Back-UPS ES 700G\t100%; discharging; 0:42 remaining";
        check(&format!("Now drawing from 'UPS Power'\n{ups}\n"), Some((true, Some(100))));
    }

    #[test]
    fn words_that_are_not_known_tell_nothing() {
        check("", None);
        check("Battery Power\n", None);
    }
}

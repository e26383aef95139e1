//! Reads the kernel's lists of routes.

use std::fs;

/// The route is in use.
const UP: u32 = 0x1;

/// The route refuses what is sent to it.
const REJECT: u32 = 0x200;

/// The route leads to an address of this machine (IPv6 only: the IPv4 list leaves those out).
const LOCAL: u32 = 0x8000_0000;

/// Whether the machine has a route to another one. A run to a repository on a server need not be tried without.
///
/// Any route counts that leaves the machine, because a server can be in the same network. Where nothing can be found out, there
/// is one.
pub fn has_route() -> bool {
    let read = |path| fs::read_to_string(path).ok();
    match (read("/proc/net/route"), read("/proc/net/ipv6_route")) {
        (None, None) => true,
        (v4, v6) => {
            v4.is_some_and(|list| list.lines().any(is_way_out_v4)) || v6.is_some_and(|list| list.lines().any(is_way_out_v6))
        }
    }
}

/// Reads a line of `/proc/net/route`: interface, destination (its bytes as they lie in memory), gateway, flags.
fn is_way_out_v4(line: &str) -> bool {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [interface, destination, _gateway, flags, ..] = fields[..] else { return false };
    let Ok(destination) = u32::from_str_radix(destination, 16) else { return false };
    let is_link_local = destination.to_ne_bytes().starts_with(&[169, 254]);
    leads_out(interface, flags) && !is_link_local
}

/// Reads a line of `/proc/net/ipv6_route`: destination, its length, source, its length, gateway, three numbers, flags, interface.
fn is_way_out_v6(line: &str) -> bool {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [destination, _, _, _, _, _, _, _, flags, interface] = fields[..] else { return false };
    let is_for_this_link = destination.starts_with("fe80") || destination.starts_with("ff");
    leads_out(interface, flags) && !is_for_this_link
}

fn leads_out(interface: &str, flags: &str) -> bool {
    u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & UP != 0 && flags & (REJECT | LOCAL) == 0) && interface != "lo"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_way_out: fn(&str) -> bool, line: &str, expected: bool) {
        assert_eq!(is_way_out(line), expected, "{line}");
    }

    #[test]
    fn ipv4_route_leads_out_by_another_interface_than_the_loopback() {
        let (link_local, network) = (hex([169, 254, 0, 0]), hex([192, 168, 1, 0]));
        check(is_way_out_v4, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT", false);
        check(is_way_out_v4, "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0", true);
        check(is_way_out_v4, &format!("eth0\t{network}\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0"), true);
        check(is_way_out_v4, "eth0\t00000000\t0101A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0", false);
        check(is_way_out_v4, "*\t00000000\t00000000\t0201\t0\t0\t100\t00000000\t0\t0\t0", false);
        check(is_way_out_v4, &format!("eth0\t{link_local}\t00000000\t0001\t0\t0\t1000\t0000FFFF\t0\t0\t0"), false);
        check(is_way_out_v4, "lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0", false);
    }

    fn hex(address: [u8; 4]) -> String {
        format!("{:08X}", u32::from_ne_bytes(address))
    }

    #[test]
    fn ipv6_route_leads_out_by_another_interface_than_the_loopback() {
        let zeros = "0".repeat(32);
        let line = |destination: &str, flags: &str, interface: &str| {
            format!("{destination:0<32} 00 {zeros} 00 {zeros} 00000400 00000001 00000000 {flags} {interface:>8}")
        };
        check(is_way_out_v6, &line("", "00000003", "eth0"), true);
        check(is_way_out_v6, &line("20010db8", "00000001", "eth0"), true);
        check(is_way_out_v6, &line("", "00200200", "lo"), false);
        check(is_way_out_v6, &line("", "00000203", "eth0"), false);
        check(is_way_out_v6, &line("20010db8", "80200001", "eth0"), false);
        check(is_way_out_v6, &line("fe80", "00000001", "eth0"), false);
        check(is_way_out_v6, &line("ff00", "00000001", "eth0"), false);
        check(is_way_out_v6, "", false);
    }
}

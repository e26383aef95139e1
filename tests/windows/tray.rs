//! The tray beside a daemon. What its menu says is tested in prestic-tray itself: Windows shows it to no other process.

use std::{
    os::windows::process::CommandExt,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use prestic_double::LIMIT;
use windows_sys::Win32::{
    System::Threading::CREATE_NO_WINDOW,
    UI::WindowsAndMessaging::{FindWindowExW, GetWindowThreadProcessId},
};
use windows_sys::core::w;

use crate::home::TestHome;

/// A tray that ends with the test.
struct Tray(Child);

impl Drop for Tray {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Tells whether a process has the window behind an icon.
fn has_icon(pid: u32) -> bool {
    let mut window = std::ptr::null_mut();
    loop {
        let mut owner = 0;
        // SAFETY: the class's name ends in a zero, and a window that has gone by now only makes these fail.
        unsafe {
            window = FindWindowExW(std::ptr::null_mut(), window, w!("tray_icon_app"), std::ptr::null());
            GetWindowThreadProcessId(window, &raw mut owner);
        }
        if window.is_null() || owner == pid {
            return !window.is_null();
        }
    }
}

/// Waits for the window behind an icon. Windows tells no other process of a window that nobody sees, so this looks.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "there is no event to wait for")]
fn wait_for_icon(pid: u32) {
    let started = Instant::now();
    while !has_icon(pid) {
        assert!(started.elapsed() < LIMIT, "the tray shows no icon");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn tray_shows_an_icon_and_is_alone_in_its_home() {
    let mut home = TestHome::new();
    home.write_config("");
    home.start_daemon();
    let mut command = home.command("prestic-tray", &[]);
    command.creation_flags(CREATE_NO_WINDOW).stdout(Stdio::null()).stderr(Stdio::null());
    let tray = Tray(command.spawn().unwrap());
    wait_for_icon(tray.0.id());
    let second = home.tray(&[]).expect_code(65);
    assert!(second.stderr.contains("a tray already runs for"), "{second:?}");
    home.ctl(&["status"]).expect_code(0);
}

//! Windows shows a toast only under the name of a program that its registry knows.

use std::process::Stdio;

use notify_rust::Notification;
use tokio::process::Command;
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

/// What tells who shows notifications.
pub(super) const SERVER: &str = "Windows";

/// The name under which the registry knows us.
const APP_ID: &str = "PRestic";

/// Makes Windows show a notification under our own name. Where it will not know that, it is under that of PowerShell.
pub(super) async fn sign(notification: &mut Notification) {
    let mut register = Command::new("reg");
    register.args(["add", &format!(r"HKCU\Software\Classes\AppUserModelId\{APP_ID}")]);
    register.args(["/v", "DisplayName", "/d", APP_ID, "/f"]);
    register.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    register.creation_flags(CREATE_NO_WINDOW);
    if register.status().await.is_ok_and(|status| status.success()) {
        notification.app_id(APP_ID);
    }
}

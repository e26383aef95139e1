//! macOS shows notifications under the name and icon of an application: of ours where the daemon runs from its bundle.

use std::{env, path::Path};

use notify_rust::Notification;

/// What tells who shows notifications.
pub(super) const SERVER: &str = "macOS";

/// The application, as `packaging/macos/Info.plist` calls it.
const BUNDLE: &str = "io.github.anmcarrow.prestic";

/// Where programs are in the bundle of an application.
const PROGRAMS: &str = "Contents/MacOS";

/// Makes macOS show notifications as ours. Of a program without a bundle it knows no name, and shows that of the Finder.
#[expect(clippy::unused_async, reason = "it waits on Windows")]
pub(super) async fn sign(_notification: &mut Notification) {
    let is_in_bundle = |program: &Path| program.parent().is_some_and(|folder| folder.ends_with(PROGRAMS));
    if env::current_exe().is_ok_and(|program| is_in_bundle(&program)) {
        // Only the first call can do something, and without any the system takes what the bundle says.
        let _ = notify_rust::set_application(BUNDLE);
    }
}

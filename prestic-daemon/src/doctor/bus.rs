//! What is offered on the bus of the desktop's session, where there is one.

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    all(not(test), any(windows, target_os = "macos")),
    expect(dead_code, reason = "the desktops of other systems have no such bus")
)]
pub(super) enum Bus {
    /// This system has none, or this process belongs to no session.
    Nowhere,
    /// There should be one, and it cannot be used.
    Broken(String),
    /// It is there.
    There {
        /// Whether somebody shows notifications.
        has_notifications: bool,
        /// Whether somebody shows icons in a tray.
        has_tray: bool,
    },
}

/// Whether the environment leads to a bus.
#[cfg(all(unix, not(target_os = "macos")))]
fn is_there() -> bool {
    use std::{env, path::Path};

    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let usual = env::var_os("XDG_RUNTIME_DIR").map(|folder| Path::new(&folder).join("bus"));
    is_set("DBUS_SESSION_BUS_ADDRESS") || usual.is_some_and(|bus| bus.exists())
}

/// Looks at the bus.
#[cfg(all(unix, not(target_os = "macos")))]
pub(super) async fn look() -> Bus {
    use std::time::Duration;

    /// A bus answers in milliseconds.
    const LIMIT: Duration = Duration::from_secs(4);

    if !is_there() {
        return Bus::Nowhere;
    }
    match tokio::time::timeout(crate::patience::with_patience(LIMIT), ask()).await {
        Ok(Ok((has_notifications, has_tray))) => Bus::There { has_notifications, has_tray },
        Ok(Err(error)) => Bus::Broken(error.to_string()),
        Err(_) => Bus::Broken(format!("it does not answer within {} s", LIMIT.as_secs())),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
async fn ask() -> zbus::Result<(bool, bool)> {
    let bus = zbus::Connection::session().await?;
    let daemon = zbus::fdo::DBusProxy::new(&bus).await?;
    let startable = daemon.list_activatable_names().await?;
    let present = daemon.list_names().await?;
    let is_offered = |wanted: &str| present.iter().chain(&startable).any(|name| name.as_str() == wanted);
    Ok((is_offered("org.freedesktop.Notifications"), is_offered("org.kde.StatusNotifierWatcher")))
}

/// Looks at the bus: other systems have none.
#[cfg(not(all(unix, not(target_os = "macos"))))]
pub(super) fn look() -> std::future::Ready<Bus> {
    std::future::ready(Bus::Nowhere)
}

//! Windows and macOS: there always is a tray, and it looks as the system likes it.

use std::{convert::Infallible, future};

use notify_rust::Notification;

use super::DesktopEvent;
#[cfg(not(windows))]
use super::macos as panels;
#[cfg(windows)]
use super::windows as panels;
use crate::icon::Panel;

/// The user's session.
pub struct Session(());

/// Shows notifications.
#[derive(Debug, Clone)]
pub struct Notifier(());

impl Session {
    /// Needs nothing.
    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub async fn connect() -> Result<Self, Infallible> {
        Ok(Self(()))
    }

    /// Waits for ever: the end of the session ends the process.
    pub async fn next(&mut self) -> DesktopEvent {
        future::pending().await
    }

    /// Tells whether something shows trays.
    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub async fn has_tray(&self) -> bool {
        true
    }

    /// Tells what the panel looks like.
    #[expect(clippy::unused_async, reason = "elsewhere it waits")]
    pub async fn panel(&self) -> Panel {
        panels::panel()
    }

    /// Returns what shows notifications.
    pub fn notifier(&self) -> Notifier {
        Notifier(())
    }
}

impl Notifier {
    /// Shows a notification. Nothing hears of one that cannot be shown: it says nothing that the menu does not say.
    pub async fn show(&self, summary: &str, body: &str) {
        let (summary, body) = (summary.to_owned(), body.to_owned());
        let show = move || Notification::new().appname(crate::NAME).summary(&summary).body(&body).show().is_ok();
        let _ = tokio::task::spawn_blocking(show).await;
    }
}

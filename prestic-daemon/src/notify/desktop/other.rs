//! Shows notifications on macOS and Windows, by a crate that knows both. They have no buttons there.

use prestic_proto::notification::NotificationServer;

#[cfg(not(windows))]
use super::macos as system;
#[cfg(windows)]
use super::windows as system;
use super::{ANSWER_LIMIT, Heard, NotShown, PROGRAM};
use crate::notify::notice::{Notice, Subject};

/// The desktop of the user who started the daemon.
#[derive(Debug, Default)]
pub struct Desktop(());

impl Desktop {
    /// Shows a notification.
    pub async fn show(&mut self, notice: &Notice) -> Result<NotificationServer, NotShown> {
        let mut notification = notify_rust::Notification::new();
        notification.appname(PROGRAM).summary(&notice.summary).body(&notice.body);
        let showing = async {
            system::sign(&mut notification).await;
            // What shows it waits for the system.
            tokio::task::spawn_blocking(move || notification.show().map(drop)).await
        };
        match tokio::time::timeout(ANSWER_LIMIT, showing).await {
            Ok(Ok(Ok(()))) => Ok(NotificationServer { name: system::SERVER.to_owned(), version: None, has_actions: false }),
            Ok(Ok(Err(error))) => Err(NotShown::Refused(error.to_string())),
            Ok(Err(error)) => Err(NotShown::Refused(error.to_string())),
            Err(_) => Err(NotShown::Silent),
        }
    }

    /// Takes nothing back: these systems do it themselves.
    #[expect(clippy::unused_async, reason = "it waits where there is a bus")]
    pub async fn close(&mut self, _subject: &Subject) {}

    /// Waits for ever: nothing comes back.
    pub async fn hear(&mut self) -> Heard {
        std::future::pending().await
    }
}

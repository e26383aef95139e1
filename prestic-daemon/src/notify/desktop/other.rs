//! Shows notifications on macOS and Windows, by a crate that knows both. They have no buttons there.

use prestic_proto::notification::NotificationServer;

use super::{ANSWER_LIMIT, Heard, NotShown, PROGRAM};
use crate::notify::notice::{Notice, Subject};

/// The desktop of the user who started the daemon.
#[derive(Debug, Default)]
pub struct Desktop;

impl Desktop {
    /// Shows a notification.
    pub async fn show(&mut self, notice: &Notice) -> Result<NotificationServer, NotShown> {
        let (summary, body) = (notice.summary.clone(), notice.body.clone());
        let showing = tokio::task::spawn_blocking(move || {
            notify_rust::Notification::new().appname(PROGRAM).summary(&summary).body(&body).show().map(drop)
        });
        match tokio::time::timeout(ANSWER_LIMIT, showing).await {
            Ok(Ok(Ok(()))) => {
                let name = if cfg!(windows) { "Windows" } else { "macOS" };
                Ok(NotificationServer { name: name.to_owned(), version: None, has_actions: false })
            }
            Ok(Ok(Err(error))) => Err(NotShown::Refused(error.to_string())),
            Ok(Err(error)) => Err(NotShown::Refused(error.to_string())),
            Err(_) => Err(NotShown::Silent),
        }
    }

    /// Takes nothing back: these systems do it themselves.
    pub async fn close(&mut self, _subject: &Subject) {}

    /// Waits for ever: nothing comes back.
    pub async fn hear(&mut self) -> Heard {
        std::future::pending().await
    }
}

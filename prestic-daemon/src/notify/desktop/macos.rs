//! macOS shows notifications of whoever asks.

use notify_rust::Notification;

/// What tells who shows notifications.
pub(super) const SERVER: &str = "macOS";

/// There is nothing to do: a program without a bundle has no name of its own there.
#[expect(clippy::unused_async, reason = "it waits on Windows")]
pub(super) async fn sign(_notification: &mut Notification) {}

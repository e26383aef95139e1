//! What the main thread is told.

use tray_icon::menu::MenuId;

use crate::{icon::Panel, model::Known};

/// What happened.
#[derive(Debug)]
pub enum Message {
    /// The event loop runs: what belongs to the main thread can be made.
    Started,
    /// This is known now.
    Show(Box<Known>),
    /// The panel is of this kind now.
    Panel(Panel),
    /// An item of the menu was chosen.
    Clicked(MenuId),
    /// The icon itself was chosen.
    Activated,
    /// There is nothing left to do: the desktop session is over, or the user wanted the end.
    Ended,
    /// Nobody follows the daemon any more: an icon that stays would tell what was.
    Broken,
}

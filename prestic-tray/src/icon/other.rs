//! Pictures are shown as they are.

use tray_icon::{BadIcon, TrayIcon, TrayIconBuilder};

use super::{IconState, Panel, icon};

/// Gives an icon that is being made its picture.
pub fn place(builder: TrayIconBuilder, state: IconState, panel: Panel) -> Result<TrayIconBuilder, BadIcon> {
    Ok(builder.with_icon(icon(state, panel)?))
}

/// Gives an icon another picture. What the desktop does not take is in the menu and the tooltip, too.
pub fn change(tray: &TrayIcon, state: IconState, panel: Panel) {
    if let Ok(icon) = icon(state, panel) {
        let _ = tray.set_icon(Some(icon));
    }
}

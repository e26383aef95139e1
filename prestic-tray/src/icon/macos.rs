//! macOS draws a template image in the color of its menu bar, which nothing else tells; others are shown as they are.

use tray_icon::{BadIcon, TrayIcon, TrayIconBuilder};

use super::{IconState, Panel, icon};

/// Gives an icon that is being made its picture.
pub fn place(builder: TrayIconBuilder, state: IconState, panel: Panel) -> Result<TrayIconBuilder, BadIcon> {
    let icon = icon(state, panel)?;
    Ok(if panel == Panel::MenuBar { builder.with_icon_templated(icon) } else { builder.with_icon(icon) })
}

/// Gives an icon another picture. What the desktop does not take is in the menu and the tooltip, too.
pub fn change(tray: &TrayIcon, state: IconState, panel: Panel) {
    if let Ok(icon) = icon(state, panel) {
        let _ = if panel == Panel::MenuBar { tray.set_icon_templated(Some(icon)) } else { tray.set_icon(Some(icon)) };
    }
}

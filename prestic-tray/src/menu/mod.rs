//! Icon and menu as they are shown: changed in place where only texts are others, made anew where items are.

use thiserror::Error;
use tray_icon::{
    BadIcon, MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent,
    menu::{IsMenuItem, Menu, MenuEvent, MenuId, MenuItem, PredefinedMenuItem, Submenu},
};

use crate::{
    event_loop::Sender,
    icon::{self, Panel},
    message::Message,
    model::{Action, Item, MenuModel, is_same_shape},
};

/// Why there is no icon.
#[derive(Debug, Error)]
pub enum TrayError {
    /// The desktop does not take it.
    #[error("no icon can be shown here: this needs a desktop session{}", if cfg!(target_os = "linux") { ", with `DBUS_SESSION_BUS_ADDRESS` set" } else { "" })]
    NoDesktop(#[source] tray_icon::Error),
    /// A picture cannot be used.
    #[error("the icon's picture cannot be used")]
    Picture(#[from] BadIcon),
    /// The menu cannot be made.
    #[error("the menu cannot be made")]
    Menu(#[from] tray_icon::menu::Error),
}

/// The icon and its menu. Dropped, they are gone from the panel.
pub struct TrayMenu {
    tray: TrayIcon,
    panel: Panel,
    shown: MenuModel,
    parts: Vec<Part>,
}

/// What shows an item.
enum Part {
    Separator(PredefinedMenuItem),
    Line(MenuItem),
    Submenu(Submenu, Vec<Part>),
}

impl TrayMenu {
    /// Shows the icon.
    pub fn new(first: MenuModel, panel: Panel, sender: Sender) -> Result<Self, TrayError> {
        let clicks = sender.clone();
        // Who clicks faster than anything happens does not mean it.
        MenuEvent::set_event_handler(Some(move |event: MenuEvent| {
            let _ = clicks.send(Message::Clicked(event.id));
        }));
        TrayIconEvent::set_event_handler(Some(move |event| {
            if is_choice(&event) {
                let _ = sender.send(Message::Activated);
            }
        }));
        let parts = make_all(&first.items)?;
        let builder = TrayIconBuilder::new()
            .with_id("prestic")
            .with_title(crate::NAME)
            .with_tooltip(&first.tooltip)
            .with_menu(Box::new(menu_of(&parts)?))
            .with_menu_on_left_click(cfg!(target_os = "macos"));
        let tray = icon::place(builder, first.icon, panel)?.build().map_err(TrayError::NoDesktop)?;
        Ok(Self { tray, panel, shown: first, parts })
    }

    /// Shows something else. What the desktop does not take now it gets with the next change.
    pub fn show(&mut self, model: &MenuModel) {
        if model.icon != self.shown.icon {
            self.shown.icon = model.icon;
            icon::change(&self.tray, self.shown.icon, self.panel);
        }
        if model.tooltip != self.shown.tooltip && self.tray.set_tooltip(Some(&model.tooltip)).is_ok() {
            self.shown.tooltip.clone_from(&model.tooltip);
        }
        if is_same_shape(&model.items, &self.shown.items) {
            change_all(&self.parts, &self.shown.items, &model.items);
            self.shown.items.clone_from(&model.items);
        } else if self.replace(&model.items).is_ok() {
            self.shown.items.clone_from(&model.items);
        }
    }

    /// Shows the icon for another panel.
    pub fn set_panel(&mut self, panel: Panel) {
        if panel != self.panel {
            self.panel = panel;
            icon::change(&self.tray, self.shown.icon, self.panel);
        }
    }

    /// Returns what an item does that was chosen.
    pub fn action(&self, id: &MenuId) -> Option<Action> {
        find(&self.parts, &self.shown.items, id)
    }

    fn replace(&mut self, items: &[Item]) -> Result<(), tray_icon::menu::Error> {
        let parts = make_all(items)?;
        let menu = menu_of(&parts)?;
        // On the bus the items of another tree have new numbers. Those of one like the old one would keep them, without a menu in
        // between, and a click that was on its way would hit what it was not meant for.
        if is_same_tree(items, &self.shown.items) {
            self.tray.set_menu(None);
        }
        self.tray.set_menu(Some(Box::new(menu)));
        self.parts = parts;
        Ok(())
    }
}

/// Whether the icon itself was chosen, with the button for that.
fn is_choice(event: &TrayIconEvent) -> bool {
    let is_left = matches!(event, TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. });
    // On macOS that opens the menu, as it does for every icon there.
    is_left && !cfg!(target_os = "macos")
}

/// Whether two menus have lines and submenus at the same places, whichever those are.
fn is_same_tree(one: &[Item], other: &[Item]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|items| match items {
            (Item::Submenu { items, .. }, Item::Submenu { items: others, .. }) => is_same_tree(items, others),
            (Item::Submenu { .. }, _) | (_, Item::Submenu { .. }) => false,
            _ => true,
        })
}

fn make_all(items: &[Item]) -> Result<Vec<Part>, tray_icon::menu::Error> {
    items.iter().map(make).collect()
}

fn make(item: &Item) -> Result<Part, tray_icon::menu::Error> {
    Ok(match item {
        Item::Separator => Part::Separator(PredefinedMenuItem::separator()),
        Item::Line { label, action, .. } => Part::Line(MenuItem::new(label, action.is_some(), None)),
        Item::Submenu { label, items, .. } => {
            let parts = make_all(items)?;
            let submenu = Submenu::new(label, true);
            for part in &parts {
                submenu.append(part.as_item())?;
            }
            Part::Submenu(submenu, parts)
        }
    })
}

fn menu_of(parts: &[Part]) -> Result<Menu, tray_icon::menu::Error> {
    let menu = Menu::new();
    for part in parts {
        menu.append(part.as_item())?;
    }
    Ok(menu)
}

impl Part {
    fn as_item(&self) -> &dyn IsMenuItem {
        match self {
            Self::Separator(item) => item,
            Self::Line(item) => item,
            Self::Submenu(item, _) => item,
        }
    }
}

/// Changes the texts of items that have kept their places.
fn change_all(parts: &[Part], old: &[Item], new: &[Item]) {
    for ((part, old), new) in parts.iter().zip(old).zip(new) {
        match (part, old, new) {
            (Part::Line(item), Item::Line { label: old_label, action: old_action, .. }, Item::Line { label, action, .. }) => {
                if label != old_label {
                    item.set_text(label);
                }
                if action.is_some() != old_action.is_some() {
                    item.set_enabled(action.is_some());
                }
            }
            (
                Part::Submenu(submenu, parts),
                Item::Submenu { label: old_label, items: old, .. },
                Item::Submenu { label, items: new, .. },
            ) => {
                if label != old_label {
                    submenu.set_text(label);
                }
                change_all(parts, old, new);
            }
            _ => {}
        }
    }
}

fn find(parts: &[Part], items: &[Item], id: &MenuId) -> Option<Action> {
    parts.iter().zip(items).find_map(|(part, item)| match (part, item) {
        (Part::Line(line), Item::Line { action, .. }) if line.id() == id => action.clone(),
        (Part::Submenu(_, parts), Item::Submenu { items, .. }) => find(parts, items, id),
        _ => None,
    })
}

#[cfg(all(test, windows))]
mod windows_tests;

//! What Windows itself has of the menu. It needs a screen: `make windows` has one that nobody sees.

use std::{cell::RefCell, ops::ControlFlow, ptr, rc::Rc};

use tray_icon::menu::ContextMenu;
use windows_sys::{
    Win32::{
        Foundation::HWND,
        System::Threading::GetCurrentThreadId,
        UI::WindowsAndMessaging::{
            EnumThreadWindows, GetClassNameW, GetMenuItemCount, GetMenuItemID, GetMenuState, GetMenuStringW, GetSubMenu, HMENU,
            MF_BYPOSITION, MF_GRAYED, MF_POPUP, MF_SEPARATOR, PostMessageW, WM_COMMAND,
        },
    },
    core::BOOL,
};

use super::*;
use crate::{event_loop::EventLoop, exit::Exit, icon::IconState};

/// The class of the window behind the icon.
const TRAY_CLASS: &str = "tray_icon_app";
/// How long a label of these tests may be, in UTF-16 units.
const MAX_LABEL: usize = 200;

fn line(label: &str, action: Option<Action>) -> Item {
    Item::Line { key: label.to_owned(), label: label.to_owned(), action }
}

fn model_of(items: Vec<Item>) -> MenuModel {
    MenuModel { icon: IconState::Normal, tooltip: "All is well".to_owned(), items }
}

/// Writes down a menu as Windows has it: a line an entry, those of a submenu behind a tab, what cannot be chosen in brackets.
fn drawn(menu: HMENU, indent: &str, ids: &mut Vec<(String, u32)>) -> String {
    let mut text = String::new();
    // SAFETY: the menu lives as long as the test holds it, and the buffer has as much room as is told.
    let count = unsafe { GetMenuItemCount(menu) };
    for position in 0..u32::try_from(count).expect("the menu is there") {
        let mut label = [0_u16; MAX_LABEL];
        // SAFETY: as above.
        let (length, state, submenu, id) = unsafe {
            let length = GetMenuStringW(menu, position, label.as_mut_ptr(), MAX_LABEL as i32, MF_BYPOSITION);
            let place = position.cast_signed();
            (length, GetMenuState(menu, position, MF_BYPOSITION), GetSubMenu(menu, place), GetMenuItemID(menu, place))
        };
        let label = String::from_utf16_lossy(&label[..length as usize]);
        if state & MF_POPUP != 0 {
            text.push_str(&format!("{indent}{label} >\n{}", drawn(submenu, &format!("{indent}\t"), ids)));
        } else if state & MF_SEPARATOR != 0 {
            text.push_str(&format!("{indent}----\n"));
        } else if state & MF_GRAYED != 0 {
            text.push_str(&format!("{indent}({label})\n"));
        } else {
            text.push_str(&format!("{indent}{label}\n"));
            ids.push((label, id));
        }
    }
    text
}

/// Finds the window behind the icon of this thread.
fn tray_window() -> HWND {
    unsafe extern "system" fn look(window: HWND, found: isize) -> BOOL {
        let mut class = [0_u16; 64];
        // SAFETY: the buffer has as much room as is told, and `found` points to a window of the caller.
        unsafe {
            let length = GetClassNameW(window, class.as_mut_ptr(), class.len() as i32);
            if String::from_utf16_lossy(&class[..length as usize]) == TRAY_CLASS {
                *(found as *mut HWND) = window;
            }
        }
        1
    }
    let mut found: HWND = ptr::null_mut();
    // SAFETY: the function is called before this one returns, and what it is told to write to lives until then.
    unsafe { EnumThreadWindows(GetCurrentThreadId(), Some(look), (&raw mut found) as isize) };
    assert!(!found.is_null(), "the icon has no window");
    found
}

#[test]
fn windows_shows_the_menu_changes_it_in_place_and_tells_of_a_click() {
    let run = Action::Run { task: "home".to_owned() };
    let task = |when: &str| Item::Submenu {
        key: "home".to_owned(),
        label: format!("home: {when}"),
        items: vec![line("Run now", Some(run.clone())), line("Show log", None)],
    };
    let first = model_of(vec![
        line("All 2 tasks are fine", None),
        Item::Separator,
        task("in 2 hours"),
        line("Quit", Some(Action::QuitTray)),
    ]);
    let second = model_of(vec![
        line("All 2 tasks are fine", None),
        Item::Separator,
        task("in 1 hour"),
        line("Quit", Some(Action::QuitTray)),
    ]);

    let event_loop = EventLoop::on_any_thread();
    let sender = event_loop.sender();
    let mut shown = None;
    let chosen = Rc::new(RefCell::new(None));
    let heard = Rc::clone(&chosen);
    event_loop.run(move |message| match message {
        Message::Started => {
            let mut tray = TrayMenu::new(first.clone(), Panel::Dark, sender.clone()).expect("the test has a screen");
            let native = menu_of(&tray.parts).unwrap();
            let mut ids = Vec::new();
            let look = |ids: &mut Vec<_>| drawn(native.hpopupmenu() as HMENU, "", ids);
            let rest = "\tRun now\n\t(Show log)\nQuit\n";
            assert_eq!(look(&mut ids), format!("(All 2 tasks are fine)\n----\nhome: in 2 hours >\n{rest}"));
            tray.show(&second);
            assert_eq!(look(&mut Vec::new()), format!("(All 2 tasks are fine)\n----\nhome: in 1 hour >\n{rest}"));
            let (_, run_now) = ids.iter().find(|(label, _)| label == "Run now").expect("it can be chosen");
            // SAFETY: the window is this thread's own. This is what Windows sends when an entry is chosen.
            let posted = unsafe { PostMessageW(tray_window(), WM_COMMAND, *run_now as usize, 0) };
            assert_ne!(posted, 0);
            shown = Some(tray);
            ControlFlow::Continue(())
        }
        Message::Clicked(id) => {
            *heard.borrow_mut() = shown.as_ref().and_then(|tray: &TrayMenu| tray.action(&id));
            ControlFlow::Break(Exit::OK)
        }
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(*chosen.borrow(), Some(run));
}

//! The pictures of the icon: part of the program, one for each state and each kind of panel.
//!
//! Each system's file has `place` and `change`, which give a picture to an icon that is being made, or is there.

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(not(target_os = "macos"))]
#[path = "other.rs"]
mod system;

use std::io::Cursor;

pub use system::{change, place};
use tray_icon::{BadIcon, Icon};

/// What the icon tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconState {
    /// Nothing is to be done.
    Normal,
    /// A run is under way.
    Busy,
    /// A run did its work, but not for every file.
    Warning,
    /// Somebody has to do something: a task has failed, is overdue or cannot run.
    Failed,
    /// Nothing starts by itself.
    Paused,
    /// The daemon does not answer.
    Unreachable,
}

/// The panel behind the icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Panel {
    /// A light one.
    Light,
    /// A dark one: most are, also where everything else is light.
    #[default]
    Dark,
    /// That of macOS, which draws an icon in its own color and wants to know only where.
    MenuBar,
}

/// The side of a picture: panels show 16 to 32 pixels, some with twice the resolution, and scale it down.
#[cfg(test)]
const SIDE: u32 = 48;

macro_rules! picture {
    ($set:literal, $state:literal) => {
        include_bytes!(concat!("../../../assets/tray/", $set, "/", $state, ".png"))
    };
}

/// Returns the picture for a state on a panel.
fn icon(state: IconState, panel: Panel) -> Result<Icon, BadIcon> {
    let (pixels, width, height) = decode(picture(state, panel));
    Icon::from_rgba(pixels, width, height)
}

fn picture(state: IconState, panel: Panel) -> &'static [u8] {
    match (panel, state) {
        (Panel::Light, IconState::Normal) => picture!("light", "normal"),
        (Panel::Light, IconState::Busy) => picture!("light", "busy"),
        (Panel::Light, IconState::Warning) => picture!("light", "warning"),
        (Panel::Light, IconState::Failed) => picture!("light", "failed"),
        (Panel::Light, IconState::Paused) => picture!("light", "paused"),
        (Panel::Light, IconState::Unreachable) => picture!("light", "unreachable"),
        (Panel::Dark, IconState::Normal) => picture!("dark", "normal"),
        (Panel::Dark, IconState::Busy) => picture!("dark", "busy"),
        (Panel::Dark, IconState::Warning) => picture!("dark", "warning"),
        (Panel::Dark, IconState::Failed) => picture!("dark", "failed"),
        (Panel::Dark, IconState::Paused) => picture!("dark", "paused"),
        (Panel::Dark, IconState::Unreachable) => picture!("dark", "unreachable"),
        (Panel::MenuBar, IconState::Normal) => picture!("template", "normal"),
        (Panel::MenuBar, IconState::Busy) => picture!("template", "busy"),
        (Panel::MenuBar, IconState::Warning) => picture!("template", "warning"),
        (Panel::MenuBar, IconState::Failed) => picture!("template", "failed"),
        (Panel::MenuBar, IconState::Paused) => picture!("template", "paused"),
        (Panel::MenuBar, IconState::Unreachable) => picture!("template", "unreachable"),
    }
}

/// Returns the pixels of a picture, red, green, blue and alpha each, and its width and height.
fn decode(picture: &[u8]) -> (Vec<u8>, u32, u32) {
    let mut decoder = png::Decoder::new(Cursor::new(picture));
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().expect("the program's own pictures are whole: a test reads them all");
    let mut pixels = vec![0; reader.output_buffer_size().expect("the pictures are small")];
    let frame = reader.next_frame(&mut pixels).expect("the program's own pictures are whole: a test reads them all");
    pixels.truncate(frame.buffer_size());
    (pixels, frame.width, frame.height)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PANELS: [Panel; 3] = [Panel::Light, Panel::Dark, Panel::MenuBar];
    const STATES: [IconState; 6] =
        [IconState::Normal, IconState::Busy, IconState::Warning, IconState::Failed, IconState::Paused, IconState::Unreachable];

    fn pixels(state: IconState, panel: Panel) -> Vec<[u8; 4]> {
        let (pixels, width, height) = decode(picture(state, panel));
        assert_eq!((width, height), (SIDE, SIDE), "{state:?} on {panel:?}");
        pixels.as_chunks::<4>().0.to_vec()
    }

    /// Whether a pixel is rather bright than dark: what is left of it for those who see no colors.
    fn is_bright([red, green, blue, _]: [u8; 4]) -> bool {
        u32::from(red) * 30 + u32::from(green) * 59 + u32::from(blue) * 11 > 128 * 100
    }

    #[test]
    fn every_state_has_a_picture_of_its_own_on_every_panel() {
        let all = PANELS.into_iter().flat_map(|panel| STATES.map(|state| pixels(state, panel)));
        assert_eq!(all.collect::<HashSet<_>>().len(), 18);
    }

    #[test]
    fn states_differ_in_shape_and_not_in_color_alone() {
        for panel in PANELS {
            let shapes = STATES.map(|state| -> Vec<(bool, bool)> {
                pixels(state, panel).into_iter().map(|pixel| (pixel[3] > 128, is_bright(pixel))).collect()
            });
            for (index, shape) in shapes.iter().enumerate() {
                for (other_index, other) in shapes.iter().enumerate().skip(index + 1) {
                    let different = shape.iter().zip(other).filter(|(one, other)| one != other).count();
                    // A fortieth of the picture, which is 6 of 256 pixels where the icon is smallest.
                    assert!(different > 57, "{:?} and {:?}: {different}", STATES[index], STATES[other_index]);
                }
            }
        }
    }

    #[test]
    fn menu_bar_has_no_color_but_its_own() {
        for state in STATES {
            assert!(pixels(state, Panel::MenuBar).iter().all(|pixel| pixel[..3] == [0, 0, 0]), "{state:?}");
        }
    }
}

//! macOS has one menu bar, which colors icons itself.

use crate::icon::Panel;

pub(super) fn panel() -> Panel {
    Panel::MenuBar
}

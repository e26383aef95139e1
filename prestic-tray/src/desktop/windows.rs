//! Windows' taskbar is light or dark as somebody has chosen, and the registry tells.

use windows_sys::{
    Win32::{
        Foundation::ERROR_SUCCESS,
        System::Registry::{HKEY_CURRENT_USER, RRF_RT_REG_DWORD, RegGetValueW},
    },
    core::w,
};

use crate::icon::Panel;

/// Tells what the taskbar looks like. Where nothing is chosen, as before Windows 10, it is dark.
pub(super) fn panel() -> Panel {
    let mut is_light = 0_u32;
    let mut size = size_of_val(&is_light) as u32;
    // SAFETY: the names end in zeros, and the value has room for as many bytes as `size` says.
    let error = unsafe {
        RegGetValueW(
            HKEY_CURRENT_USER,
            w!(r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"),
            w!("SystemUsesLightTheme"),
            RRF_RT_REG_DWORD,
            std::ptr::null_mut(),
            std::ptr::from_mut(&mut is_light).cast(),
            &raw mut size,
        )
    };
    if error == ERROR_SUCCESS && is_light != 0 { Panel::Light } else { Panel::Dark }
}

//! Takes every network for one that is not metered.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

/// Returns that the network is not metered, which cannot fail here.
pub(crate) fn is_metered(_system_bus: Option<&str>) -> Ready<Result<bool, Infallible>> {
    ready(Ok(false))
}

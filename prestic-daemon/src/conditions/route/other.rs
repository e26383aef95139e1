//! Takes every machine for one with a route where nobody is known to ask.

/// Whether the machine has a route to another one, which is not known on this system.
pub fn has_route() -> bool {
    true
}

//! A set of small numbers: days of a month, days of a week, minutes of an hour.

/// A set of numbers from 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct NumberSet(u64);

impl NumberSet {
    /// Returns the numbers from `first` to `last`, both included.
    pub(super) const fn range(first: u32, last: u32) -> Self {
        Self((u64::MAX >> (63 - last)) & (u64::MAX << first))
    }

    /// Returns the set of one number.
    pub(super) const fn of(number: u32) -> Self {
        Self::range(number, number)
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, number: u32) {
        self.0 |= 1 << number;
    }

    /// Whether a number is in the set.
    pub(super) fn contains(self, number: u32) -> bool {
        number < 64 && self.0 >> number & 1 == 1
    }

    /// Whether the set has no number.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the numbers in order.
    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (0..64).filter(move |number| self.contains(*number))
    }
}

//! Sets of small numbers: days of a month, minutes of an hour, minutes of a day, years.

/// A set of numbers from 0 to 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct NumberSet(u64);

impl NumberSet {
    pub(super) const EMPTY: Self = Self(0);

    /// Returns the numbers from `first` to `last`, both included.
    pub(super) const fn range(first: u32, last: u32) -> Self {
        Self((u64::MAX >> (63 - last)) & (u64::MAX << first))
    }

    /// Returns the set of one number.
    pub(super) const fn of(number: u32) -> Self {
        Self::range(number, number)
    }

    /// Returns the set as bits, the lowest one for 0.
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, number: u32) {
        self.0 |= 1 << number;
    }

    /// Returns the numbers that are in this set or another.
    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the numbers that are in this set and in another.
    pub(super) fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all numbers of another set are in this one.
    pub(super) fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a number is in the set.
    pub(super) fn contains(self, number: u32) -> bool {
        number < 64 && self.0 >> number & 1 == 1
    }

    /// Whether the set has no number.
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns how many numbers are in the set.
    pub(super) fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Returns the lowest number; none of an empty set.
    pub(super) fn first(self) -> Option<u32> {
        self.iter().next()
    }

    /// Returns the numbers in order.
    pub(super) fn iter(self) -> impl Iterator<Item = u32> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let number = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            (number < 64).then_some(number)
        })
    }
}

impl FromIterator<u32> for NumberSet {
    fn from_iter<Numbers: IntoIterator<Item = u32>>(numbers: Numbers) -> Self {
        numbers.into_iter().fold(Self::EMPTY, |set, number| set.union(Self::of(number)))
    }
}

/// Minutes of a day, in order. Most schedules have one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DayMinutes(Vec<u16>);

impl DayMinutes {
    pub(super) const ALL_HOURS: NumberSet = NumberSet::range(0, 23);

    /// Returns every minute of some hours.
    pub(super) fn of(hours: NumberSet, minutes: NumberSet) -> Self {
        hours.iter().flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute)).collect()
    }

    /// Whether the set has no minute.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a minute is in the set.
    pub(super) fn contains(&self, minute: u32) -> bool {
        u16::try_from(minute).is_ok_and(|minute| self.0.binary_search(&minute).is_ok())
    }

    /// Returns the first minute that is not before another.
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let place = self.0.partition_point(|minute| u32::from(*minute) < from);
        self.0.get(place).map(|minute| u32::from(*minute))
    }

    /// Returns the minutes in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().map(|minute| u32::from(*minute))
    }
}

impl FromIterator<u32> for DayMinutes {
    fn from_iter<Minutes: IntoIterator<Item = u32>>(minutes: Minutes) -> Self {
        let mut minutes: Vec<u16> = minutes.into_iter().filter_map(|minute| u16::try_from(minute).ok()).collect();
        minutes.sort_unstable();
        minutes.dedup();
        Self(minutes)
    }
}

/// A set of the years that systemd knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Years([u64; 4]);

impl Years {
    pub(super) const FIRST: u32 = 1970;
    pub(super) const LAST: u32 = 2199;

    /// Whether a year is in the set.
    pub(super) fn contains(self, year: i32) -> bool {
        u32::try_from(year).is_ok_and(|year| {
            (Self::FIRST..=Self::LAST).contains(&year)
                && self.0[(year - Self::FIRST) as usize / 64] >> ((year - Self::FIRST) % 64) & 1 == 1
        })
    }

    /// Returns the years in order.
    pub(super) fn iter(self) -> impl Iterator<Item = u32> {
        (Self::FIRST..=Self::LAST).filter(move |year| i32::try_from(*year).is_ok_and(|year| self.contains(year)))
    }
}

impl FromIterator<u32> for Years {
    fn from_iter<Numbers: IntoIterator<Item = u32>>(years: Numbers) -> Self {
        let mut set = Self::default();
        for year in years.into_iter().filter(|year| (Self::FIRST..=Self::LAST).contains(year)) {
            set.0[(year - Self::FIRST) as usize / 64] |= 1 << ((year - Self::FIRST) % 64);
        }
        set
    }
}

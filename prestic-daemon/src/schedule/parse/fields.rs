//! The fields of cron expressions and systemd calendars: lists of numbers, ranges and steps.

use super::{
    super::{
        error::{Fault, ScheduleError},
        rule::Field,
        set::NumberSet,
        spelling,
    },
    tokens::Token,
};

/// What can stand in a field.
#[derive(Clone, Copy)]
pub(super) struct FieldKind {
    pub name: &'static str,
    pub first: u32,
    pub last: u32,
    /// Reads the names that numbers have in it, in lower case.
    pub named: fn(&str) -> Option<u32>,
    /// What stands between the ends of a range.
    pub range: &'static str,
}

/// No field has so high a number; its bits are those of a set.
const HIGHEST: u32 = 63;

impl FieldKind {
    pub(super) const MINUTE: Self = Self { name: "minute", first: 0, last: 59, named: no_name, range: "-" };
    pub(super) const HOUR: Self = Self { name: "hour", first: 0, last: 23, named: no_name, range: "-" };
    pub(super) const DAY: Self = Self { name: "day of a month", first: 1, last: 31, named: no_name, range: "-" };
    pub(super) const MONTH: Self = Self { name: "month", first: 1, last: 12, named: spelling::month, range: "-" };

    /// Returns the same field as systemd writes it.
    pub(super) const fn of_calendar(self) -> Self {
        Self { named: no_name, range: "..", ..self }
    }

    /// Reads a field of cron, where an asterisk can have a step.
    pub(super) fn read(self, token: &Token) -> Result<Field, ScheduleError> {
        debug_assert!(self.last <= HIGHEST, "the numbers of a field fit into a set");
        let mut numbers = NumberSet::EMPTY;
        for (item, part) in items(token) {
            let (range, step) = self.step_of(&item, &part)?;
            let (first, last) = match range {
                "*" => (self.first, self.last),
                _ => self.range_of(range, step.is_some(), &part)?,
            };
            numbers = (first..=last)
                .step_by(step.unwrap_or(1) as usize)
                .fold(numbers, |numbers, number| numbers.union(NumberSet::of(number)));
        }
        Ok(Field { numbers, has_asterisk: token.text.contains('*') })
    }

    /// Splits off the step of an item.
    pub(super) fn step_of<'item>(&self, item: &'item str, part: &Token) -> Result<(&'item str, Option<u32>), ScheduleError> {
        let Some((range, step)) = item.split_once('/') else { return Ok((item, None)) };
        let step = spelling::number(step, 1, 999);
        step.map(|step| (range, Some(step)))
            .ok_or_else(|| part.fault(Fault::Bad("step")).with_hint("write a number after `/`, as `0/15`"))
    }

    /// Reads a number or a range; a number with a step goes up to the end.
    pub(super) fn range_of(&self, range: &str, has_step: bool, part: &Token) -> Result<(u32, u32), ScheduleError> {
        let ends = range.split_once(self.range);
        let (first, last) = ends.unwrap_or((range, range));
        let (Some(first), Some(mut last)) = (self.number(first), self.number(last)) else {
            return Err(part.fault(Fault::Bad(self.name)).with_hint(self.numbers_hint()));
        };
        if ends.is_none() && has_step {
            last = self.last;
        }
        if first <= last {
            return Ok((first, last));
        }
        let separator = self.range;
        let hint = format!("write it as two: `{first}{separator}{},{}{separator}{last}`", self.last, self.first);
        Err(part.fault(Fault::Backwards).with_hint(hint))
    }

    fn number(&self, text: &str) -> Option<u32> {
        spelling::number(text, self.first, self.last).or_else(|| (self.named)(text))
    }

    fn numbers_hint(&self) -> String {
        let Self { name, first, last, range, .. } = self;
        format!(
            "each {name} is a number from {first} to {last}; lists are written `{first},{last}`, ranges `{first}{range}{last}`"
        )
    }
}

/// Returns the items of a list, in lower case, with where they stand.
pub(super) fn items(token: &Token) -> Vec<(String, Token)> {
    let mut start = 0;
    let cut = |piece: &str| {
        let part = token.part(start, start + piece.len());
        start += piece.len() + 1;
        let part = if part.text.is_empty() { token.clone() } else { part };
        (piece.to_lowercase(), part)
    };
    token.text.split(',').map(cut).collect()
}

fn no_name(_: &str) -> Option<u32> {
    None
}

//! The rules of schedules, as slowly and plainly as they can be followed: a clock on the wall, looked at every minute.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    ops::Range,
    rc::Rc,
};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{
    form::{Expression, Form, MINUTES_A_DAY},
    zones,
};

/// How long before a window the walk begins: Samoa's clocks once jumped over a whole day.
const RUN_UP: TimeDelta = TimeDelta::days(2);

/// Some days in a row, seen from any zone.
pub(crate) struct Window {
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    shown: RefCell<HashMap<Tz, Rc<Vec<i64>>>>,
}

impl Window {
    /// Both instants are whole minutes.
    pub(crate) fn new(from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        Self { from, until, shown: RefCell::default() }
    }

    /// Returns every instant in `(from, until]` at which a schedule is due, in order.
    pub(crate) fn due(&self, form: &Form, zone: Tz) -> Vec<DateTime<Utc>> {
        let walks = form.expressions.iter().flat_map(|expression| self.walk(expression, expression.zone.unwrap_or(zone)));
        let mut due: Vec<_> = walks.filter(|instant| *instant > self.from).collect();
        due.sort_unstable();
        due.dedup();
        due
    }

    /// A fixed time is due when the clock first shows it or a later one. A wild one is due whenever the clock shows it.
    fn walk(&self, expression: &Expression, zone: Tz) -> Vec<DateTime<Utc>> {
        let shown = self.shown(zone);
        let dates = Dates::of(expression, &shown);
        let marked = |minutes: &BTreeSet<u32>| (0..MINUTES_A_DAY).map(|minute| minutes.contains(&minute)).collect::<Vec<_>>();
        let (fixed, wild) = (marked(&expression.fixed), marked(&expression.wild));
        let mut found = Vec::new();
        let mut latest = shown[0];
        for (passed, local) in (0..).zip(shown.iter().copied()) {
            let is_due = |local: i64, minutes: &[bool]| minutes[minute_of_day(local)] && dates.contain(local);
            if is_due(local, &wild) || (latest + 1..=local).any(|local| is_due(local, &fixed)) {
                found.push(self.from - RUN_UP + TimeDelta::minutes(passed));
            }
            latest = latest.max(local);
        }
        found
    }

    /// Returns what the clock shows at each minute, as a number of minutes since 1970-01-01.
    fn shown(&self, zone: Tz) -> Rc<Vec<i64>> {
        let walk = || {
            let mut shown = Vec::new();
            let mut day = self.from - RUN_UP;
            while day <= self.until {
                let (first, last) = (zones::offset(zone, day), zones::offset(zone, day + TimeDelta::days(1)));
                shown.extend((0..i64::from(MINUTES_A_DAY)).map(|passed| {
                    let at = day + TimeDelta::minutes(passed);
                    // A look at each minute takes long, and no zone changes its clocks to and fro within a day.
                    let offset = if first == last { first } else { zones::offset(zone, at) };
                    (at.timestamp() + offset).div_euclid(60)
                }));
                day += TimeDelta::days(1);
            }
            shown.truncate(usize::try_from((self.until - self.from + RUN_UP).num_minutes()).unwrap() + 1);
            Rc::new(shown)
        };
        self.shown.borrow_mut().entry(zone).or_insert_with(walk).clone()
    }
}

/// Which dates of a walk an expression has.
struct Dates {
    days: Range<i64>,
    has: Vec<bool>,
}

impl Dates {
    fn of(expression: &Expression, shown: &[i64]) -> Self {
        let days = day(*shown.iter().min().unwrap())..day(*shown.iter().max().unwrap()) + 1;
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let date = |day: i64| epoch + Days::new(u64::try_from(day).unwrap());
        Self { has: days.clone().map(|day| expression.has_date(date(day))).collect(), days }
    }

    fn contain(&self, local: i64) -> bool {
        self.has[usize::try_from(day(local) - self.days.start).unwrap()]
    }
}

fn day(local: i64) -> i64 {
    local.div_euclid(i64::from(MINUTES_A_DAY))
}

fn minute_of_day(local: i64) -> usize {
    usize::try_from(local.rem_euclid(i64::from(MINUTES_A_DAY))).unwrap()
}

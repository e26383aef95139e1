//! Reads words in any order: periods, months, days, times, and `every 15 minutes`.

use super::{
    super::{
        dates::{self, Dates},
        error::{Fault, ScheduleError},
        rule::{Form, Rule, Times},
        set::{DayMinutes, NumberSet},
        spelling,
    },
    Whole,
    days::{self, MonthDays, Place},
    every::{self, Every},
    times,
    tokens::{self, Token},
};

const PERIODS: [(&str, Period); 7] = [
    ("hourly", Period::Hourly),
    ("daily", Period::Daily),
    ("weekly", Period::Weekly),
    ("monthly", Period::Monthly),
    ("quarterly", Period::Quarterly),
    ("yearly", Period::Yearly),
    ("annually", Period::Yearly),
];

const QUARTERS: [u32; 4] = [1, 4, 7, 10];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Quarterly,
    Yearly,
}

/// What the words say together.
#[derive(Default)]
struct Words {
    period: Option<(Period, Token)>,
    every: Option<(Every, Token)>,
    window: Option<((u32, u32), Token)>,
    months: NumberSet,
    first_month: Option<Token>,
    weekdays: NumberSet,
    first_weekday: Option<Token>,
    ordinals: NumberSet,
    /// An ordinal and its day of the week, as they were written.
    first_ordinal: Option<Token>,
    month_days: MonthDays,
    first_month_day: Option<Token>,
    /// A number that is a day only beside a month.
    bare_number: Option<Token>,
    fixed: Vec<u32>,
    first_fixed: Option<Token>,
    wild: Vec<u32>,
    first_wild: Option<Token>,
}

/// The words that are not read yet.
pub(super) struct Rest {
    tokens: Vec<Token>,
    place: usize,
}

impl Rest {
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.place)
    }

    pub(super) fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.place + 1)
    }

    pub(super) fn next_if(&mut self, is_wanted: impl Fn(&Token) -> bool) -> Option<Token> {
        let token = self.tokens.get(self.place).filter(|token| is_wanted(token)).cloned();
        self.place += usize::from(token.is_some());
        token
    }
}

pub(super) fn read(tokens: &[Token], whole: &Whole) -> Result<Rule, ScheduleError> {
    let mut rest = Rest { tokens: tokens::between_commas(tokens), place: 0 };
    let mut words = Words::default();
    while let Some(token) = rest.next_if(|_| true) {
        words.add(&token, &mut rest)?;
    }
    words.into_rule(whole)
}

impl Words {
    fn add(&mut self, token: &Token, rest: &mut Rest) -> Result<(), ScheduleError> {
        if token.is("at") {
            return match rest.peek().filter(|next| times::is_time(next)) {
                Some(_) => Ok(()),
                None => Err(token.fault(Fault::Missing("time")).with_hint("write `at HH:MM`")),
            };
        }
        if let Some((_, period)) = PERIODS.into_iter().find(|(name, _)| token.is(name)) {
            return self.add_period(period, token);
        }
        if token.is("every") {
            let every = every::read(token, rest)?;
            return match &self.every {
                Some((earlier, word)) if *earlier != every => Err(contradiction(token, &word.text)),
                _ => {
                    self.every = Some((every, token.clone()));
                    Ok(())
                }
            };
        }
        if token.is("from") {
            self.window = Some((every::read_window(token, rest)?, token.clone()));
            return Ok(());
        }
        if token.is("day") || token.is("days") {
            return self.add_month_days(token, rest);
        }
        if token.is("last")
            && let Some(number) = rest.next_if(is_count)
        {
            return self.add_last_days(token, &number, rest);
        }
        if Place::of(token).is_some() {
            return self.add_places(token, rest);
        }
        if let Some(weekdays) = days::weekdays(token) {
            self.weekdays = self.weekdays.union(weekdays);
            self.first_weekday.get_or_insert(token.clone());
            return Ok(());
        }
        if let Some(months) = days::months(token) {
            self.months = self.months.union(months);
            self.first_month.get_or_insert(token.clone());
            return Ok(());
        }
        if days::is_day_number(token) {
            if !days::is_day_range(token) {
                self.bare_number.get_or_insert(token.clone());
            }
            self.month_days.add(days::month_days(token)?);
            self.first_month_day.get_or_insert(token.clone());
            return Ok(());
        }
        if let Some(hint) = days::misspelt_place(token) {
            return Err(token.fault(Fault::Bad("day of a month")).with_hint(hint));
        }
        if times::is_time(token) {
            return self.add_times(token);
        }
        Err(token.fault(Fault::Unknown("word")).with_closest(spelling::closest(&token.word)))
    }

    fn add_period(&mut self, period: Period, token: &Token) -> Result<(), ScheduleError> {
        match &self.period {
            Some((earlier, word)) if *earlier != period => Err(contradiction(token, &word.text)),
            _ => {
                self.period = Some((period, token.clone()));
                Ok(())
            }
        }
    }

    /// Reads the numbers behind `day`.
    fn add_month_days(&mut self, day: &Token, rest: &mut Rest) -> Result<(), ScheduleError> {
        if !rest.peek().is_some_and(days::is_day_number) {
            return Err(day.fault(Fault::Missing("number")).with_hint("write `day 15`, `day 1, 15`, `day 1..7` or `last day`"));
        }
        while let Some(number) = rest.next_if(days::is_day_number) {
            self.month_days.add(days::month_days(&number)?);
        }
        self.first_month_day.get_or_insert(day.clone());
        Ok(())
    }

    /// Reads the `days` behind `last 3`.
    fn add_last_days(&mut self, last: &Token, number: &Token, rest: &mut Rest) -> Result<(), ScheduleError> {
        if rest.next_if(|unit| unit.is("days") || unit.is("day")).is_none() {
            return Err(number.fault(Fault::Missing("`days`")).with_hint(format!("write `last {} days`", number.text)));
        }
        let last_days = NumberSet::range(1, spelling::number(&number.word, 1, 31).unwrap_or(1));
        self.month_days.add(MonthDays { last_days, ..MonthDays::default() });
        self.first_month_day.get_or_insert(last.clone());
        Ok(())
    }

    /// Reads a list of places, and whose places in the month they are: `first mon`, `1st, 3rd mon`, `last day`, `1st, 15th`.
    fn add_places(&mut self, first: &Token, rest: &mut Rest) -> Result<(), ScheduleError> {
        let mut list = vec![first.clone()];
        while !is_last_days(rest)
            && let Some(token) = rest.next_if(is_one_more_place)
        {
            list.push(token);
        }
        let places: Vec<Place> = list.iter().filter_map(Place::of).collect();
        let are_days = places.iter().all(|place| matches!(place, Place::Number(_)));
        let are_ordinals = places.iter().all(|place| place.ordinal().is_some());
        let weekday = rest.peek().filter(|token| !token.is_quoted).and_then(|token| spelling::weekday(&token.word));
        if rest.next_if(|token| token.is("day")).is_some() || (are_days && (weekday.is_none() || !are_ordinals)) {
            places.into_iter().for_each(|place| self.month_days.add(place.day()));
            self.first_month_day.get_or_insert(first.clone());
            return Ok(());
        }
        let last = list.last().unwrap_or(first);
        let Some(weekday) = weekday else {
            return Err(last.fault(Fault::Missing("day of the week")).with_hint(format!("write it as `{} mon`", last.word)));
        };
        if let Some((_, token)) = places.iter().zip(&list).find(|(place, _)| place.ordinal().is_none()) {
            return Err(token.fault(Fault::NotWith(format!("`{}`", last.text))).with_hint("separate them with `;`"));
        }
        let name = spelling::weekday_name(weekday);
        if let Some(comma) = rest.next_if(|_| true).filter(|token| token.follows_comma && are_days) {
            let hint = format!("write `{} {name}`, or `day {} {name}` for such a day that is one", last.word, last.word);
            return Err(comma.fault(Fault::Contradicts(last.text.clone())).with_hint(hint));
        }
        for ordinal in places.iter().filter_map(|place| place.ordinal()) {
            self.ordinals.insert(dates::ordinal_weekday(ordinal, weekday));
        }
        self.first_ordinal.get_or_insert(Token { text: format!("{} {name}", first.text), ..first.clone() });
        Ok(())
    }

    fn add_times(&mut self, token: &Token) -> Result<(), ScheduleError> {
        let (minutes, is_wild) = times::read(token)?;
        let (all, first) =
            if is_wild { (&mut self.wild, &mut self.first_wild) } else { (&mut self.fixed, &mut self.first_fixed) };
        all.extend(minutes);
        first.get_or_insert(token.clone());
        Ok(())
    }

    fn into_rule(self, whole: &Whole) -> Result<Rule, ScheduleError> {
        self.check()?;
        let dates = self.dates();
        if let Some((Every::Minutes(minutes), _)) = self.every {
            let has_all_days = dates == Dates::EVERY;
            let window = self.window.map(|(window, _)| window);
            let times =
                every::times(minutes, window, has_all_days).map_err(|hint| whole.fault(Fault::NeverComes).with_hint(hint))?;
            return Ok(Rule { zone: None, dates, times, form: Form::Every { minutes, window } });
        }
        let mut fixed: DayMinutes = self.fixed.into_iter().collect();
        let mut wild: DayMinutes = self.wild.into_iter().collect();
        if fixed.is_empty() && wild.is_empty() {
            match self.period {
                Some((Period::Hourly, _)) => wild = DayMinutes::of(DayMinutes::ALL_HOURS, NumberSet::of(0)),
                _ => fixed = [0].into_iter().collect(),
            }
        }
        Ok(Rule { zone: None, dates, times: Times::Clock { fixed, wild }, form: Form::Words })
    }

    fn dates(&self) -> Dates {
        let or_all = |given: NumberSet, all| if given.is_empty() { all } else { given };
        let has_days = !self.month_days.is_empty() || !self.ordinals.is_empty();
        let period = self.period.as_ref().map(|(period, _)| *period);
        let mut dates = Dates {
            months: or_all(self.months, Dates::ALL_MONTHS),
            weekdays: or_all(self.weekdays, Dates::ALL_WEEKDAYS),
            ordinals: self.ordinals,
            ..Dates::EVERY
        };
        if !self.month_days.is_empty() {
            (dates.days, dates.last_days) = (self.month_days.days, self.month_days.last_days);
        }
        if let Some((Every::Days(days), _)) = self.every {
            dates.every = days;
        }
        match period {
            Some(Period::Weekly) if self.weekdays.is_empty() => dates.weekdays = NumberSet::of(0),
            Some(Period::Monthly | Period::Quarterly | Period::Yearly) if !has_days => dates.days = NumberSet::of(1),
            _ => {}
        }
        match period {
            Some(Period::Quarterly) => dates.months = QUARTERS.into_iter().collect(),
            Some(Period::Yearly) if self.months.is_empty() => dates.months = NumberSet::of(1),
            _ => {}
        }
        dates
    }

    /// Refuses words that have a meaning each, but none together.
    fn check(&self) -> Result<(), ScheduleError> {
        if let Some(number) = self.bare_number.as_ref().filter(|_| self.first_month.is_none()) {
            let hint = if number.text.starts_with('-') {
                format!("write `day {}`", number.text)
            } else {
                format!("write `day {0}` for a day of the month, or `{0}:00` for a time", number.text)
            };
            return Err(number.fault(Fault::Bad("day or time by itself")).with_hint(hint));
        }
        if let (Some(weekday), Some(ordinal)) = (&self.first_weekday, &self.first_ordinal) {
            let place = ordinal.word.as_str();
            let hint = format!("write `{place} {0}`, or set the two apart as `{1}; {0}`", weekday.word, ordinal.text);
            return Err(weekday.fault(Fault::NotWith(format!("`{}`", ordinal.text))).with_hint(hint));
        }
        if let Some((period, word)) = &self.period {
            self.check_period(*period, word)?;
        }
        match (&self.every, &self.window) {
            (Some((Every::Minutes(_), every)), _) => {
                if let Some(time) = self.first_fixed.as_ref().or(self.first_wild.as_ref()) {
                    let hint = "write `from 08:00 to 18:00` for the hours in which it comes";
                    return Err(time.fault(Fault::NotWith(format!("`{}`", every.text))).with_hint(hint));
                }
            }
            (_, Some((_, from))) => {
                let hint = "only steps have hours: write `every 30 minutes from 08:00 to 18:00`, or times as `8..18:00`";
                return Err(from.fault(Fault::NotWith("times".to_owned())).with_hint(hint));
            }
            _ => {}
        }
        Ok(())
    }

    fn check_period(&self, period: Period, word: &Token) -> Result<(), ScheduleError> {
        let not_with = |other: &Token, hint: String| {
            Err(ScheduleError::at(&other.text, other.column, Fault::NotWith(format!("`{}`", word.text))).with_hint(hint))
        };
        if let Some((every, other)) = &self.every
            && (period != Period::Daily || matches!(every, Every::Minutes(_)))
        {
            return not_with(other, "keep one of them".to_owned());
        }
        let rare = matches!(period, Period::Monthly | Period::Quarterly | Period::Yearly);
        match (period, &self.first_weekday, &self.first_fixed) {
            (_, Some(weekday), _) if rare && self.month_days.is_empty() => {
                let days = weekday.word.as_str();
                return not_with(weekday, format!("write `first {days}` for one a month, or `weekly {days}` for every week"));
            }
            (Period::Hourly, _, Some(time)) => {
                let hint = match time.text.split_once(':') {
                    Some((_, minute)) => format!("write `daily at {}`, or `*:{minute}` for every hour", time.text),
                    None => format!("write `daily at {}`", time.text),
                };
                return not_with(time, hint);
            }
            _ => {}
        }
        match self.first_month_day.as_ref().or(self.first_ordinal.as_ref()) {
            Some(day) if period == Period::Weekly => not_with(day, "write `monthly`, or leave `weekly` out".to_owned()),
            _ => match &self.first_month {
                Some(month) if period == Period::Quarterly => {
                    not_with(month, "name the months and leave `quarterly` out, as `jan, jul day 1`".to_owned())
                }
                _ => Ok(()),
            },
        }
    }
}

fn is_count(token: &Token) -> bool {
    spelling::number(&token.word, 1, 31).is_some()
}

/// Whether `last 3 days` follows.
fn is_last_days(rest: &Rest) -> bool {
    rest.peek().is_some_and(|last| last.is("last")) && rest.peek_second().is_some_and(is_count)
}

/// `second last` is one place in English, and no word here.
fn is_one_more_place(token: &Token) -> bool {
    Place::of(token).is_some_and(|place| place != Place::LAST || token.follows_comma)
}

fn contradiction(token: &Token, earlier: &str) -> ScheduleError {
    token.fault(Fault::Contradicts(earlier.to_owned())).with_hint("keep one of them")
}

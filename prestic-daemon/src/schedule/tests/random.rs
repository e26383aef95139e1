//! Random schedules, the same ones for the same seed.

/// Knuth's generator: the same numbers in each run of the tests.
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick(&mut self, words: &[&str]) -> String {
        words[self.below(words.len() as u64) as usize].to_owned()
    }

    /// Returns a number, often one of those at which clocks are changed.
    fn between(&mut self, first: u64, last: u64) -> u64 {
        let low = first + self.below(4.min(last - first + 1));
        if self.one_in(2) { low } else { first + self.below(last - first + 1) }
    }

    /// Makes a schedule of one or more expressions of any form, whose times are mostly those at which clocks are changed.
    pub(super) fn schedule(&mut self) -> String {
        let mut expressions = vec![self.expression()];
        while self.one_in(4) {
            expressions.push(self.expression());
        }
        if self.one_in(6) {
            expressions.push(self.pick(&["@startup", "@boot", "@resume", "after home", "after 'a b' any", "after x fail"]));
        }
        let mut schedule = expressions.join("; ");
        if self.one_in(5) {
            schedule += &self.pick(&[" random 5m", " ~90", " catch-up no", " catch-up 1h30m deadline 2d", " deadline 3h"]);
        }
        schedule
    }

    /// Makes an expression of any form.
    pub(super) fn expression(&mut self) -> String {
        let zone =
            if self.one_in(8) { self.pick(&["in Asia/Tokyo ", "in UTC ", "in America/New_York "]) } else { String::new() };
        let rest = match self.below(6) {
            0 => self.cron(),
            1 => self.calendar(),
            2 => self.steps(),
            _ => self.words(),
        };
        zone + &rest
    }

    fn words(&mut self) -> String {
        let mut words = Vec::new();
        for _ in 0..self.below(3) {
            words.push(self.days());
        }
        for _ in 0..self.below(4) {
            let minute = self.below(12) * 5 + self.below(2);
            words.push(match self.below(6) {
                0 => format!("*:{minute:02}"),
                1 => format!("*/{}:{minute:02}", self.between(1, 23)),
                2 => format!("{}..{}:{minute:02}", self.between(0, 23), self.between(0, 23)),
                3 => format!("23:{minute:02}"),
                _ => format!("{:02}:{minute:02}", self.between(0, 23)),
            });
        }
        if words.is_empty() { self.pick(&["daily", "hourly", "weekly", "monthly"]) } else { words.join(" ") }
    }

    fn days(&mut self) -> String {
        match self.below(9) {
            0 => self.pick(&["daily", "daily", "hourly", "weekly", "monthly", "quarterly", "yearly"]),
            1 => self.pick(&["mon", "sat, sun", "fri-mon", "tue..thu", "weekdays", "weekends"]),
            2 => self.pick(&["first mon", "last sun", "2nd fri, last fri", "fifth sat", "1st, 3rd tue"]),
            3 => format!("day {}, {}", self.between(1, 31), self.between(1, 31)),
            4 => format!("day {0}..{1}", self.between(1, 15), self.between(16, 31)),
            5 => self.pick(&["last day", "last 3 days", "day -2", "day 1, -1", "13th"]),
            6 => self.pick(&["feb", "mar, oct", "nov..feb", "dec 31", "jan", "sep-nov"]),
            7 => format!("every {} days", self.between(1, 20)),
            _ => "daily".to_owned(),
        }
    }

    fn steps(&mut self) -> String {
        let number = [1, 5, 7, 15, 20, 30, 45, 60, 90, 120, 300, 420, 720, 1440][self.below(14) as usize];
        let mut words = format!("every {number} minutes");
        if self.one_in(3) {
            words += &format!(" from {}:{:02} to {}:30", self.between(0, 23), self.below(60), self.between(0, 23));
        }
        if self.one_in(3) {
            words += " ";
            words += &self.pick(&["mon..fri", "sun", "last day", "feb", "day 25..31"]);
        }
        words
    }

    fn cron(&mut self) -> String {
        let fields = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)].map(|(first, last)| self.cron_field(first, last));
        format!("{}{}", self.pick(&["cron:", ""]), fields.join(" "))
    }

    fn cron_field(&mut self, first: u64, last: u64) -> String {
        let number = self.between(first, last);
        match self.below(6) {
            0 => number.to_string(),
            1 => format!("{number}-{last}"),
            2 => format!("*/{}", self.between(1, last)),
            3 => format!("{number},{}", self.between(first, last)),
            _ => "*".to_owned(),
        }
    }

    fn calendar(&mut self) -> String {
        let weekday = if self.one_in(4) { self.pick(&["Mon ", "Sat,Sun ", "Tue..Fri "]) } else { String::new() };
        let date = match self.below(4) {
            0 => format!("*-*-{}", self.between(1, 31)),
            1 => format!("*-*~{}", self.between(1, 31)),
            2 => format!("*-{}/2-{}..31", self.between(1, 12), self.between(1, 31)),
            _ => "*-*-*".to_owned(),
        };
        let time = match self.below(5) {
            0 => format!("*:{}/15", self.below(60)),
            1 => format!("{}/3:{:02}", self.between(0, 23), self.below(60)),
            2 => format!("{}..23:*", self.between(0, 23)),
            _ => format!("{}:{}", self.between(0, 23), self.below(60)),
        };
        format!("calendar:{weekday}{date} {time}{}", self.pick(&["", "", ":00", " Europe/Berlin"]))
    }
}

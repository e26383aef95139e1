//! The tasks of the soak: what stands in the configuration, and what it means, said a second time for the comparison.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use chrono_tz::Tz;

use crate::fake::{FakeScript, Step};

/// The machine's own zone.
pub const MACHINE_ZONE: Tz = Tz::Europe__Berlin;

/// The task that is paused at the beginning.
pub const PAUSED: &str = "paused";

/// When a task is due on its days.
#[derive(Debug, Clone, Copy)]
pub enum Times {
    /// At these hours and minutes, once a day whatever the clocks do.
    Fixed(&'static [(u32, u32)]),
    /// At these minutes of every hour that the clocks show.
    Wild(&'static [u32]),
}

/// What is done about what was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// Run unless it is not long ago and the next time is near; never what is due every hour.
    Auto,
    /// Run.
    Yes,
    /// Let it go.
    No,
}

/// One task.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// Its name.
    pub name: &'static str,
    /// Its schedule, as the configuration has it.
    pub schedule: &'static str,
    /// The times of that schedule.
    pub times: Times,
    /// The days of that schedule.
    pub is_day: fn(NaiveDate) -> bool,
    /// The zone of that schedule.
    pub zone: Tz,
    /// What is done about what was missed.
    pub catch_up: CatchUp,
    /// How many minutes later than due a start may be by chance.
    pub random_delay: i64,
    /// The restic command.
    pub command: &'static str,
    /// The repository; its own if none is given.
    pub repository: Option<&'static str>,
    /// How many minutes a run takes.
    pub takes: u64,
    /// Whether restic ends with an error of the network.
    pub fails: bool,
    /// More lines of its profile.
    pub options: &'static str,
}

const fn task(name: &'static str, schedule: &'static str, times: Times) -> Task {
    Task {
        name,
        schedule,
        times,
        is_day: |_| true,
        zone: MACHINE_ZONE,
        catch_up: CatchUp::Auto,
        random_delay: 0,
        command: "backup",
        repository: None,
        takes: 4,
        fails: false,
        options: "",
    }
}

/// All of them. Those at 02:00 and 02:30 are in the hour that the clocks skip or show twice.
pub const TASKS: &[Task] = &[
    Task { catch_up: CatchUp::Yes, ..task("half-past-two", "daily at 02:30", Times::Fixed(&[(2, 30)])) },
    task("two", "daily at 02:00", Times::Fixed(&[(2, 0)])),
    Task { catch_up: CatchUp::No, ..task("three", "at 03:00", Times::Fixed(&[(3, 0)])) },
    task("hourly", "hourly", Times::Wild(&[0])),
    task("half-past", "*:30", Times::Wild(&[30])),
    Task { catch_up: CatchUp::Yes, ..task("wild-yes", "*:15 *:45", Times::Wild(&[15, 45])) },
    Task {
        catch_up: CatchUp::Yes,
        takes: 9,
        ..task("thrice", "daily at 06:00, 12:00, 18:00", Times::Fixed(&[(6, 0), (12, 0), (18, 0)]))
    },
    task("in-the-gap", "daily at 01:59 02:01 02:59 03:00", Times::Fixed(&[(1, 59), (2, 1), (2, 59), (3, 0)])),
    Task { is_day: |day| day.weekday() == Weekday::Mon, ..task("weekly", "weekly at 05:00", Times::Fixed(&[(5, 0)])) },
    Task { is_day: |day| day.weekday() == Weekday::Sun, ..task("sunday", "sun at 02:30", Times::Fixed(&[(2, 30)])) },
    Task { is_day: |day| day.day() == 1, ..task("monthly", "monthly at 04:10", Times::Fixed(&[(4, 10)])) },
    Task { zone: Tz::America__New_York, ..task("new-york", "daily at 01:30", Times::Fixed(&[(1, 30)])) },
    Task { zone: Tz::Asia__Kathmandu, ..task("kathmandu", "hourly", Times::Wild(&[0])) },
    Task { random_delay: 120, ..task("spread", "daily at 01:00 13:00", Times::Fixed(&[(1, 0), (13, 0)])) },
    Task { random_delay: 20, ..task("spread-hourly", "*:05", Times::Wild(&[5])) },
    Task { takes: 90, ..task("slow-skip", "*:20", Times::Wild(&[20])) },
    Task { takes: 75, options: "overlap = queue\n", ..task("slow-queue", "*:40", Times::Wild(&[40])) },
    Task {
        takes: 25,
        repository: Some("shared"),
        ..task("shared-backup", "at 10:00 14:00 22:00", Times::Fixed(&[(10, 0), (14, 0), (22, 0)]))
    },
    Task {
        command: "prune",
        takes: 40,
        repository: Some("shared"),
        catch_up: CatchUp::Yes,
        ..task("shared-prune", "at 10:00 22:00", Times::Fixed(&[(10, 0), (22, 0)]))
    },
    Task {
        repository: Some("shared"),
        options: "deadline = 30m\npriority = low\n",
        ..task("punctual", "at 08:00 10:00 14:00 20:00 22:00", Times::Fixed(&[(8, 0), (10, 0), (14, 0), (20, 0), (22, 0)]))
    },
    Task { catch_up: CatchUp::Yes, ..task(PAUSED, "at 09:00 21:00", Times::Fixed(&[(9, 0), (21, 0)])) },
    Task {
        fails: true,
        options: "retry = 2\nretry-delay = 10m\n",
        ..task("failing", "at 11:00 23:00", Times::Fixed(&[(11, 0), (23, 0)]))
    },
];

impl Task {
    /// Returns its profile, with a double that notes every start in a file.
    pub fn profile(&self, starts: &std::path::Path) -> String {
        let mut steps = vec![Step::Sleep { seconds: self.takes * 60 }];
        if self.fails {
            steps.push(Step::Err("Fatal: dial tcp: connection refused\n".to_owned()));
        }
        let script =
            FakeScript { starts: Some(starts.join(self.name)), exit_code: u8::from(self.fails), ..FakeScript::of(steps) };
        let mut text = format!("[{}]\n{}schedule = {}\n", self.name, script.profile(), self.schedule);
        text += &format!("command = {}\nrepository = /nowhere/{}\n", self.command, self.repository.unwrap_or(self.name));
        if self.command == "backup" {
            text += "args = /nowhere\n";
        }
        if self.zone != MACHINE_ZONE {
            text += &format!("timezone = {}\n", self.zone);
        }
        if self.random_delay > 0 {
            text += &format!("random-delay = {}m\n", self.random_delay);
        }
        text += match self.catch_up {
            CatchUp::Auto => "",
            CatchUp::Yes => "catch-up = yes\n",
            CatchUp::No => "catch-up = no\n",
        };
        text + self.options
    }

    /// Whether its times stand in every hour.
    pub fn is_wild(&self) -> bool {
        matches!(self.times, Times::Wild(_))
    }

    /// Returns by how much a start may be later than due by chance.
    pub fn spread(&self) -> TimeDelta {
        TimeDelta::minutes(self.random_delay)
    }
}

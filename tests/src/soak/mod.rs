//! The soak: the real daemon lives through days in minutes, is killed, suspended and given wrong clocks, and then each
//! occurrence of each task is held against what became of it.

mod audit;
mod ordeal;
mod records;
mod table;
mod tasks;
mod walk;

use std::{
    collections::BTreeSet,
    fs,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use prestic_proto::run::RunId;
use rustix::process::Signal;

pub use self::ordeal::{Ordeal, Planned};
use self::{
    audit::{Account, Evidence, audit},
    ordeal::{Chance, Suffered},
    records::{Records, starts},
    tasks::{PAUSED, TASKS, Task},
    walk::occurrences,
};
use crate::{LIMIT, faked_clock::FakedClock, home::TestHome, processes};

/// How often the records are gathered, by the real clock: the daemon keeps the last 500 of them.
const GATHERING: Duration = Duration::from_millis(300);

/// How long before the end nothing happens to the daemon any more.
const QUIET: TimeDelta = TimeDelta::hours(5);

/// How far behind the end the occurrences are known.
const MARGIN: TimeDelta = TimeDelta::days(40);

/// What to live through.
#[derive(Debug)]
pub struct Soak {
    /// When it begins, by the faked clock.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// How many seconds go by in a real one.
    pub rate: u32,
    /// For how long one task is paused at the beginning.
    pub paused_for: TimeDelta,
    /// What happens to the daemon.
    pub ordeals: Vec<Planned>,
}

/// What became of it.
#[derive(Debug)]
pub struct Report {
    /// Whether every occurrence is accounted for, once and by the rules.
    pub is_clean: bool,
    /// The table, and what is wrong.
    pub text: String,
}

impl Soak {
    /// Draws a soak by chance; the same one for the same seed.
    pub fn by_chance(from: DateTime<Utc>, days: i64, rate: u32, seed: u64) -> Self {
        let until = from + TimeDelta::days(days);
        let due: BTreeSet<DateTime<Utc>> = TASKS.iter().flat_map(|task| occurrences(task, from, until)).collect();
        let due: Vec<DateTime<Utc>> = due.into_iter().collect();
        let ordeals = Chance(seed).ordeals(from, until - QUIET, &due);
        Self { from, until, rate, paused_for: (until - from) / 3, ordeals }
    }

    /// The two days around the night in which Berlin's clocks go forward, with one of each kind of trouble.
    pub fn spring_night() -> Self {
        let at = |text: &str| text.parse().expect("it is an instant");
        let minutes = TimeDelta::minutes;
        let ordeals = [
            ("2026-03-28T12:00:30Z", Ordeal::Crash { lasts: minutes(45) }),
            ("2026-03-28T20:52:00Z", Ordeal::Suspend { lasts: minutes(180) }),
            ("2026-03-29T09:25:00Z", Ordeal::Set { by: minutes(-90) }),
            ("2026-03-29T15:00:20Z", Ordeal::Crash { lasts: minutes(10) }),
        ];
        Self {
            from: at("2026-03-28T05:10:00Z"),
            until: at("2026-03-30T05:10:00Z"),
            rate: 2400,
            paused_for: minutes(18 * 60),
            ordeals: ordeals.into_iter().map(|(instant, ordeal)| Planned { at: at(instant), ordeal }).collect(),
        }
    }

    /// Lives through it. `tell` is told what happens.
    pub fn live(&self, mut tell: impl FnMut(&str)) -> Report {
        let mut stage = Stage::set(self);
        for planned in &self.ordeals {
            stage.wait_until(planned.at);
            let suffered = stage.suffer(planned.ordeal);
            tell(&format!("{}: {}", local(suffered.from), suffered.ordeal));
        }
        stage.wait_until(self.until);
        stage.settle(self);
        self.report(&stage)
    }

    fn report(&self, stage: &Stage) -> Report {
        let accounts: Vec<(&Task, Account)> = TASKS
            .iter()
            .map(|task| {
                let due = occurrences(task, stage.begun_at, self.until + MARGIN);
                let evidence = Evidence {
                    task,
                    due: &due,
                    until: self.until,
                    records: stage.records.of_task(task.name),
                    starts: starts(&stage.home.path("starts").join(task.name)),
                    suffered: &stage.suffered,
                    paused_until: (task.name == PAUSED).then(|| self.from + self.paused_for),
                };
                (task, audit(&evidence))
            })
            .collect();
        let is_clean = accounts.iter().all(|(_, account)| account.is_clean());
        Report { is_clean, text: table::text(self, &accounts, &stage.suffered, stage.records.count()) }
    }
}

/// The daemon, its clock, and what is seen of them.
struct Stage {
    clock: FakedClock,
    home: TestHome,
    records: Records,
    suffered: Vec<Suffered>,
    /// The first minute that matters: what was due before the daemon saw its tasks first is none of its business.
    begun_at: DateTime<Utc>,
}

impl Stage {
    fn set(soak: &Soak) -> Self {
        let home = TestHome::new();
        let starts = home.path("starts");
        fs::create_dir(&starts).expect("the folder is ours");
        let profiles: String = TASKS.iter().map(|task| task.profile(&starts) + "\n").collect();
        home.write_config(format!("[prestic]\nmax-parallel = 8\nstartup-delay = 5m\n\n{profiles}"));
        let records = Records::new(home.home().runs_dir());
        let clock = FakedClock::start(soak.from, soak.rate);
        let mut stage = Self { clock, home, records, suffered: Vec::new(), begun_at: soak.from };
        stage.start_daemon();
        let first_seen_at = stage.first_seen_at();
        assert!(soak.from < first_seen_at && first_seen_at < stage.clock.now(), "tasks were seen first at {first_seen_at}");
        let minutes = first_seen_at.timestamp() / 60 + 1;
        stage.begun_at = DateTime::from_timestamp(minutes * 60, 0).expect("it is near");
        stage.pause(soak.from + soak.paused_for);
        stage
    }

    fn start_daemon(&mut self) {
        let mut command = self.home.daemon_command(&["--clock=poll"]);
        command.envs(self.clock.environment());
        command.env("TZ", tasks::MACHINE_ZONE.name()).env("PRESTIC_PATIENCE", self.clock.rate().to_string());
        self.home.start_daemon_with(command);
    }

    /// Pauses a task. A daemon whose time flies drops calls before it has answered them, so it is asked until it is done.
    fn pause(&self, until: DateTime<Utc>) {
        let is_paused = self.home.with_client(async |client| {
            loop {
                let _ = client.pause(Some(PAUSED.to_owned()), Some(until)).await;
                let Ok(status) = client.status().await else { continue };
                if let Some(task) = status.tasks.iter().find(|task| task.name == PAUSED) {
                    break task.paused.is_some();
                }
            }
        });
        assert!(is_paused, "a task cannot be paused");
    }

    /// Lets time pass, while the records are gathered.
    #[expect(clippy::disallowed_methods, reason = "that time passes is what is wanted")]
    fn wait_until(&mut self, at: DateTime<Utc>) {
        loop {
            self.records.gather();
            let left = self.clock.real_time_until(at);
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(GATHERING));
        }
    }

    fn suffer(&mut self, ordeal: Ordeal) -> Suffered {
        let from = self.clock.now();
        let last_run = self.last_run();
        match ordeal {
            Ordeal::Crash { lasts } => {
                self.home.kill_daemon();
                self.wait_until(from + lasts);
                self.start_daemon();
            }
            Ordeal::SetWhileDown { by } => {
                self.home.kill_daemon();
                self.clock.set_by(by);
                self.start_daemon();
            }
            Ordeal::Suspend { lasts } => {
                let all = processes::of_home(&self.home.path(""));
                let all: Vec<u32> = all.into_iter().filter(|process| *process != std::process::id()).collect();
                all.iter().for_each(|process| processes::send(*process, Signal::STOP));
                self.clock.set_by(lasts);
                all.iter().for_each(|process| processes::send(*process, Signal::CONT));
            }
            Ordeal::Set { by } => self.clock.set_by(by),
        }
        let suffered = Suffered { ordeal, from, to: self.clock.now(), last_run };
        self.suffered.push(suffered);
        suffered
    }

    /// Returns the last number that was given to a run.
    fn last_run(&self) -> RunId {
        RunId(self.saved("last_run_number").unwrap_or_default())
    }

    /// Returns when the daemon saw its tasks first.
    fn first_seen_at(&mut self) -> DateTime<Utc> {
        loop {
            if let Some(at) = self.saved("first_seen") {
                return at;
            }
            self.wait_until(self.clock.now() + TimeDelta::minutes(1));
        }
    }

    /// Returns a value that the daemon has saved, the first one of this name.
    fn saved<T: FromStr>(&self, name: &str) -> Option<T> {
        let status = fs::read_to_string(self.home.home().status_file()).unwrap_or_default();
        status.lines().find_map(|line| line.strip_prefix(name)?.trim_start_matches([' ', '=']).parse().ok())
    }

    /// Waits until all that was due is accounted for, or for as long as that may take, and lets the last runs end.
    fn settle(&mut self, soak: &Soak) {
        let last = |task: &Task| occurrences(task, self.begun_at, soak.until + TimeDelta::minutes(1)).into_iter().next_back();
        let lasts: Vec<(&str, DateTime<Utc>)> = TASKS.iter().filter_map(|task| Some((task.name, last(task)?))).collect();
        let limit = Instant::now() + LIMIT;
        while !lasts.iter().all(|(task, last)| self.is_settled(task, *last)) && Instant::now() < limit {
            self.wait_until(self.clock.now() + TimeDelta::minutes(10));
        }
        self.home.kill_daemon();
        for process in processes::of_home(&self.home.path("")) {
            let is_ours = process == std::process::id();
            assert!(is_ours || processes::wait_for_exit(process, LIMIT), "process {process} does not end");
        }
        self.records.gather();
    }

    fn is_settled(&self, task: &str, last: DateTime<Utc>) -> bool {
        let records = self.records.of_task(task);
        let is_answered = records.iter().any(|record| record.due_at >= Some(last));
        is_answered && records.iter().all(|record| record.due_at > Some(last) || record.outcome().is_some())
    }
}

/// Returns an instant as the machine's clock shows it.
fn local(at: DateTime<Utc>) -> String {
    at.with_timezone(&tasks::MACHINE_ZONE).format("%a %d %b %H:%M:%S %Z").to_string()
}

//! The table of what was due against what became of it.

use std::fmt::Write;

use chrono::TimeDelta;

use super::{
    Soak,
    audit::Account,
    local,
    ordeal::{Ordeal, Suffered},
    tasks::Task,
};

const HEADS: [&str; 13] = [
    "due",
    "ran",
    "caught-up",
    "coalesced",
    "missed",
    "running",
    "deadline",
    "repeated",
    "retries",
    "again",
    "LOST",
    "TWICE",
    "WRONG",
];

/// Returns the table, and below it what is wrong.
pub(super) fn text(soak: &Soak, accounts: &[(&Task, Account)], suffered: &[Suffered], runs: usize) -> String {
    let mut text = format!("{} to {}, {} times as fast\n", local(soak.from), local(soak.until), soak.rate);
    let count = |is_counted: fn(&Ordeal) -> bool| suffered.iter().filter(|suffered| is_counted(&suffered.ordeal)).count();
    let crashes = count(|ordeal| matches!(ordeal, Ordeal::Crash { .. } | Ordeal::SetWhileDown { .. }));
    let suspends = count(|ordeal| matches!(ordeal, Ordeal::Suspend { .. }));
    let back = count(|ordeal| matches!(ordeal, Ordeal::Set { by } | Ordeal::SetWhileDown { by } if *by < TimeDelta::zero()));
    let forward = count(|ordeal| matches!(ordeal, Ordeal::Set { by } if *by > TimeDelta::zero()));
    line(
        &mut text,
        &format!(
            "{crashes} times killed, {suspends} suspended, clock set back {back} and forward {forward} times; {runs} records"
        ),
    );
    let mut head = format!("{:<15}", "task");
    HEADS.iter().for_each(|name| head += &format!(" {name:>9}"));
    line(&mut text, &head);
    let mut sum = Account::default();
    for (task, account) in accounts {
        line(&mut text, &row(task.name, account));
        sum.add(account);
    }
    line(&mut text, &row("all", &sum));
    line(
        &mut text,
        "due = ran + caught-up + coalesced (a later run stands for it) + missed + running (skipped: still running) + deadline + LOST",
    );
    line(&mut text, &lateness(&mut sum.lateness, soak.rate));
    for wrong in &sum.wrong {
        line(&mut text, &format!("WRONG {wrong}"));
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes all");
}

fn row(name: &str, account: &Account) -> String {
    let Account {
        due,
        ran,
        caught_up,
        coalesced,
        missed,
        still_running,
        deadline,
        repeated,
        retries,
        due_again,
        lost,
        twice,
        ..
    } = account;
    let wrong = account.wrong.len();
    let numbers =
        [due, ran, caught_up, coalesced, missed, still_running, deadline, repeated, retries, due_again, lost, twice, &wrong];
    let mut row = format!("{name:<15}");
    numbers.iter().for_each(|number| row += &format!(" {number:>9}"));
    row
}

/// Says how late decisions were while the daemon was there: what a real minute or two of a busy machine make in faked time.
fn lateness(all: &mut [TimeDelta], rate: u32) -> String {
    all.sort();
    let at = |share: usize| all.get((all.len() * share / 100).min(all.len().saturating_sub(1))).copied().unwrap_or_default();
    let shown = |late: TimeDelta| format!("{} s ({} ms real)", late.num_seconds(), late.num_milliseconds() / i64::from(rate));
    format!(
        "{} decisions while the daemon was there; late by: half of them at most {}, 99 % {}, all {}",
        all.len(),
        shown(at(50)),
        shown(at(99)),
        shown(at(100))
    )
}

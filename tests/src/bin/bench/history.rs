//! How long the daemon needs to answer questions about 200,000 recorded runs.

use std::time::Duration;

use prestic_proto::{
    history::RunQuery,
    run::{Run, RunId},
    service::RunSelector,
};
use prestic_tests::{big_history, home::TestHome, processes};
use rusqlite::Connection;

use crate::table::{Row, Table, Target, medians, time};

const RUNS: u64 = 200_000;
/// A page may take 50 ms, and asks some of these questions.
const MOST_MS: f64 = 10.0;
const MOST_MEBIBYTES: f64 = 10.0;
/// As many runs as the list of a task shows.
const PAGE: u32 = 20;

/// Prints the rows of a big history; each question comes through the daemon's socket.
pub fn measure(table: &Table) {
    let mut home = TestHome::new();
    home.write_config("[mail]\nrepository = /nowhere\ncommand = backup\nargs = /nowhere\n");
    big_history::fill(home.home(), RUNS);
    let filled = home.home().history_file();
    let mebibytes = std::fs::metadata(&filled).expect("it was just made").len() / 1024 / 1024;

    let daemon = home.start_daemon();
    let bare = || {
        let connection = Connection::open(&filled).expect("it is there");
        connection.query_row("SELECT count(*) FROM tasks", (), |row| row.get::<_, u64>(0)).expect("it has tasks");
    };
    println!("{RUNS} recorded runs take {mebibytes} MiB; reference: open, ask for the number of tasks, close");
    let query = |task: &str, outcomes: &[&str], before: u64, limit: u32| RunQuery {
        task: (!task.is_empty()).then(|| task.to_owned()),
        outcomes: outcomes.iter().map(|word| (*word).to_owned()).collect(),
        before: (before > 0).then_some(RunId(before)),
        limit,
    };
    let page = |what: &str, query: RunQuery| {
        let limit = query.limit as usize;
        let times = medians(bare, || assert_eq!(runs(&home, query.clone()).len(), limit));
        table.whole(what, times, MOST_MS);
    };
    page("  first page of all runs", query("", &[], 0, PAGE));
    page("  a page in the middle", query("", &[], RUNS / 2, PAGE));
    page("  first page of a task", query("mail", &[], 0, PAGE));
    page("  failed runs of a task", query("mail", &["failed"], 0, PAGE));
    page("  failed and skipped runs of a group", query("home", &["failed", "skipped"], 0, PAGE));
    page("  the longest page, 500 runs", query("", &[], 0, 500));
    let times = medians(bare, || {
        let days = home.with_client(async |client| client.days(30).await.expect("the daemon answers"));
        assert_eq!(days.len(), big_history::TASKS.len());
    });
    table.whole("  the last 30 days of all tasks", times, MOST_MS);
    let times = medians(bare, || {
        home.with_client(async |client| {
            let selector = RunSelector::Run(RunId(RUNS / 3));
            client.find_run(selector).await.expect("the daemon answers").expect("it is recorded")
        });
    });
    table.whole("  one run", times, MOST_MS);
    let times = medians(bare, || {
        home.status();
    });
    table.whole("  for comparison: the status, without the history", times, MOST_MS);

    let measured = mebibytes_of(daemon);
    let what = "  daemon after these questions (its target)";
    let (reference, target) = (MOST_MEBIBYTES, Target::AtMost(MOST_MEBIBYTES));
    table.row(&Row { what, unit: "MiB", reference, measured, judged: measured, target });
    drop(home);
    let mut home = TestHome::new();
    let fill: Duration = time(|| big_history::fill(home.home(), RUNS));
    home.write_config("[prestic]\nhistory-runs = 1000\n[mail]\nrepository = /nowhere\ncommand = backup\nargs = /nowhere\n");
    let trim = time(|| {
        home.start_daemon();
        while home.with_client(async |client| client.system().await.expect("the daemon answers")).recorded_runs > 1_000 {}
    });
    table.whole("  start, and all but 1,000 deleted (fill)", (fill, trim), 10_000.0);
}

fn runs(home: &TestHome, query: RunQuery) -> Vec<Run> {
    home.with_client(async |client| client.history(query).await.expect("the daemon answers").expect("it is known").runs)
}

#[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^52 KiB")]
fn mebibytes_of(pid: u32) -> f64 {
    processes::resident_kib(pid) as f64 / 1_024.0
}

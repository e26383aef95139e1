//! The pages of tasks and runs, as a browser without scripts gets them.

use std::{fs, net::SocketAddr};

use prestic_proto::{
    outcome::{Failure, Outcome},
    run::RunId,
};
use prestic_tests::{
    fake::{FakeScript, Gate, Step},
    home::TestHome,
    web::{self, HttpAnswer},
};

/// A home with a task that fails, and one that waits at a gate.
struct Pages {
    home: TestHome,
    address: SocketAddr,
    gate: Gate,
}

impl Pages {
    #[track_caller]
    fn start() -> Self {
        let mut home = TestHome::new();
        let gate = Gate::new(home.path("gate"));
        let slow = FakeScript::of([Step::Out("one line\n".to_owned()), gate.wait()]);
        let bad = FakeScript { exit_code: 12, ..FakeScript::of([Step::Err("Fatal: wrong <b>password</b>\n".into())]) };
        home.write_config(format!(
            "[prestic]\nstartup-delay = 0\n\n[slow]\n{}repository = /r1\ncommand = backup\nschedule = daily at 12:30\n\
             description = <script>alert(1)</script>\n\n\
             [bad]\n{}repository = /r2\ncommand = backup\nprune-logs-after = 30\n",
            slow.profile(),
            bad.profile(),
        ));
        home.start_daemon_with_web();
        let address = home.wait_for_web();
        Self { home, address, gate }
    }

    #[track_caller]
    fn get(&self, path: &str) -> HttpAnswer {
        web::get(self.address, path, &[])
    }

    /// Sends a form of the home page.
    #[track_caller]
    fn post(&self, path: &str, fields: &str) -> HttpAnswer {
        let token = web::csrf_token(&self.get("/").expect_status(200));
        let (host, origin) = (self.address.to_string(), format!("http://{}", self.address));
        let headers = [("Host", host.as_str()), ("Origin", &origin), ("Content-Type", "application/x-www-form-urlencoded")];
        web::send(self.address, &format!("POST {path}"), &headers, &format!("{fields}&csrf={token}"))
    }

    #[track_caller]
    fn check(&self, path: &str, parts: &[&str], not: &[&str]) -> HttpAnswer {
        let answer = self.get(path).expect_status(200);
        for part in parts {
            assert!(answer.body.contains(part), "{path} lacks {part}:\n{}", answer.body);
        }
        for part in not {
            assert!(!answer.body.contains(part), "{path} has {part}:\n{}", answer.body);
        }
        answer
    }
}

#[test]
fn home_without_tasks_tells_how_to_begin() {
    let mut home = TestHome::new();
    home.write_config("");
    home.start_daemon_with_web();
    let address = home.wait_for_web();
    let page = web::get(address, "/", &[]).expect_status(200);
    assert!(page.body.contains("Welcome to PRestic"), "{}", page.body);
    assert!(page.body.contains(&home.home().config_file().display().to_string()), "{}", page.body);
}

#[test]
fn tasks_are_run_paused_resumed_and_stopped_by_forms() {
    let pages = Pages::start();
    let sent = pages.post("/action/run", "task=slow&back=%2Fprofile%2Fslow").expect_status(303);
    assert_eq!(sent.header("location"), Some("/profile/slow"));
    pages.home.wait_running(RunId(1));
    pages.check("/", &["slow is running", "/action/stop", "<progress"], &[]);
    pages.post("/action/run", "task=slow").expect_status(409);
    pages.post("/action/pause", "task=bad&length=one-hour").expect_status(303);
    pages.check("/", &["/action/resume", "Paused"], &[]);
    pages.post("/action/resume", "task=bad").expect_status(303);
    pages.post("/action/stop", "run=1").expect_status(303);
    pages.home.expect_outcome(RunId(1), &Outcome::Stopped);
    pages.check("/runs/1", &["Stopped"], &["/action/stop"]);
}

#[test]
fn form_without_the_token_changes_nothing() {
    let pages = Pages::start();
    let (host, origin) = (pages.address.to_string(), format!("http://{}", pages.address));
    let headers = [("Host", host.as_str()), ("Origin", &origin), ("Content-Type", "application/x-www-form-urlencoded")];
    web::send(pages.address, "POST /action/run", &headers, "task=slow").expect_status(403);
    pages.check("/profile/slow/runs", &["No runs."], &[]);
}

#[test]
fn failed_run_is_told_first_with_restics_words() {
    let pages = Pages::start();
    pages.home.expect_outcome(pages.home.run("bad"), &Outcome::Failed(Failure::WrongPassword));
    pages.check("/", &["1 of 2 tasks needs attention", "Needs attention", "/runs/1"], &["<script>alert", "<b>password"]);
    pages.check("/runs/1", &["What went wrong", "wrong &lt;b&gt;password&lt;/b&gt;", "log.txt"], &["<b>password"]);
    pages.check("/runs/1?find=PASSWORD", &["with “PASSWORD”"], &[]);
    pages.check("/profile/bad/runs?show=failed", &["/runs/1"], &[]);
    pages.check("/profile/bad/runs?show=ok", &["No runs like these."], &[]);
    let log = pages.get("/runs/1/log.txt").expect_status(200);
    assert!(log.body.contains("Fatal: wrong <b>password</b>"), "{}", log.body);
    assert_eq!(log.header("content-disposition"), Some("attachment; filename=\"prestic-run-1.txt\""));
    assert!(log.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")), "{}", log.head);
}

#[test]
fn log_that_is_gone_is_told_with_the_option_that_takes_logs() {
    let pages = Pages::start();
    pages.home.expect_outcome(pages.home.run("bad"), &Outcome::Failed(Failure::WrongPassword));
    for log in fs::read_dir(pages.home.home().logs_dir()).unwrap() {
        fs::remove_file(log.unwrap().path()).unwrap();
    }
    pages.check("/runs/1", &["There is no log any more.", "kept for 30 days", "prune-logs-after"], &["/log.txt"]);
}

#[test]
fn profile_tells_its_schedule_its_options_and_its_command() {
    let pages = Pages::start();
    let parts = ["every day at 12:30", "config.ini:", "What is run", "&lt;script&gt;", "/profile/slow/fragment/locks"];
    pages.check("/profile/slow", &parts, &["<script>alert"]);
    pages.get("/profile/none").expect_status(404);
    pages.get("/runs/99").expect_status(404);
    pages.get("/runs/x").expect_status(404);
}

#[test]
fn calendar_shows_what_the_scheduler_will_start_and_can_be_taken_along() {
    let pages = Pages::start();
    pages.check("/calendar", &["12:30", "/profile/slow", "today"], &[]);
    let feed = pages.get("/calendar.ics").expect_status(200);
    assert_eq!(feed.header("content-type"), Some("text/calendar; charset=utf-8"));
    // Fourteen whole days, and what is left of today.
    let events = feed.body.matches("BEGIN:VEVENT").count();
    assert!((14..=15).contains(&events), "{events}: {}", feed.body);
    assert!(feed.body.contains("SUMMARY:Backup task slow"), "{}", feed.body);
}

#[test]
fn error_of_the_configuration_is_shown_with_its_line_and_the_old_one_stays_live() {
    let pages = Pages::start();
    let old = fs::read_to_string(pages.home.home().config_file()).unwrap();
    pages.home.write_config(old.replace("schedule = daily at 12:30", "schedule = daily at 25:30"));
    pages.home.ctl(&["reload"]);
    let parts =
        ["The configuration has 1 error", "25:30", "config.ini:", "the configuration before stays live", "data-task=\"slow\""];
    pages.check("/", &parts, &[]);
    pages.check("/system", &["1 error", "25:30"], &[]);
}

#[test]
fn system_tells_of_the_daemon_and_each_restic() {
    let pages = Pages::start();
    pages.check("/system", &["Read it again", "of this user", "data-fragment"], &[]);
    pages.check("/fragment/system", &["0.18.0", "21820", "Clear"], &[]);
    pages.check("/system/details", &["0.18.0", "Clear", "site-header"], &["data-fragment"]);
    pages.post("/action/reload", "back=%2Fsystem").expect_status(303);
    pages.post("/action/clear-cache", "cache=trees").expect_status(303);
    // The double that waits is let go, so that the home ends at once.
    pages.gate.open();
}

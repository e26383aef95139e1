//! What happens while a page is open shows on it, without a reload.

use prestic_proto::outcome::Outcome;
use prestic_tests::{browser::Browser, restic::oldest_and_newest, web_home::WebHome};
use serde_json::json;

fn open_home() -> (WebHome, Browser) {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let browser = Browser::start(&home.base);
    browser.open("/");
    browser.wait_until("document.readyState === 'complete'");
    (home, browser)
}

#[test]
fn task_is_run_by_a_click_and_seen_to_its_end_without_a_reload() {
    let (home, browser) = open_home();
    browser.evaluate("window.sameDocument = true");
    browser.click("[data-task=pictures] form[action='/action/run'] button");
    let run = home.home.wait_for_task("pictures", |run| run.pid().is_some()).id;
    browser.wait_for_text("[data-task=pictures]", "50");
    browser.wait_for_text("[data-task=pictures]", "panorama.jpg");
    browser.expect_accessible();
    browser.screenshot("home-running-light");
    browser.wait_until("document.title.startsWith('●') || document.title.startsWith('✕')");
    home.gate.open();
    home.home.expect_outcome(run, &Outcome::Succeeded);
    browser.wait_until("document.querySelector('[data-task=pictures]').dataset.state !== 'running'");
    assert_eq!(browser.evaluate("return window.sameDocument === true"), json!(true), "the page was loaded anew");
    browser.expect_no_complaints();
}

#[test]
fn run_that_is_under_way_shows_its_log_as_it_grows() {
    let (home, browser) = open_home();
    let run = home.home.run("pictures");
    home.home.wait_for_task("pictures", |run| run.pid().is_some());
    browser.open(&format!("/runs/{run}"));
    browser.wait_for_text("main", "pictures");
    browser.evaluate("window.sameDocument = true");
    home.gate.open();
    home.home.expect_outcome(run, &Outcome::Succeeded);
    browser.wait_until("!document.querySelector('form[action=\"/action/stop\"]')");
    assert_eq!(browser.evaluate("return window.sameDocument === true"), json!(true));
    browser.expect_no_complaints();
}

#[test]
fn ten_tabs_share_one_connection_and_do_not_keep_a_click_waiting() {
    let (home, browser) = open_home();
    for _ in 0..9 {
        browser.open_tab();
        browser.open("/");
        browser.wait_until("document.readyState === 'complete'");
    }
    browser.click("[data-task=pictures] form[action='/action/run'] button");
    let run = home.home.wait_for_task("pictures", |run| run.pid().is_some()).id;
    browser.wait_until("document.querySelector('[data-task=pictures]').dataset.state === 'running'");
    home.gate.open();
    home.home.expect_outcome(run, &Outcome::Succeeded);
    browser.expect_no_complaints();
}

#[test]
fn page_recovers_when_the_daemon_comes_back() {
    let (mut home, browser) = open_home();
    let port = home.base.rsplit_once(':').unwrap().1.to_owned();
    home.home.kill_daemon();
    browser.wait_until("document.querySelector('#lost-banner')");
    let mut command = home.home.daemon_command(&[]);
    command.env("PRESTIC_WEB_LISTEN", format!("127.0.0.1:{port}"));
    home.home.start_daemon_with(command);
    home.home.wait_for_web();
    browser.wait_until("!document.querySelector('#lost-banner')");
    // That nobody answered meanwhile is what this was about.
    browser.complaints();
    browser.wait_until("document.querySelector('[data-task=pictures] form[action=\"/action/run\"]')");
    browser.expect_no_complaints();
}

//! From the list of tasks to a file, its past and its bytes.

use std::{fs, path::Path};

use prestic_tests::{browser::Browser, restic::oldest_and_newest, web_client::WebClient, web_home::WebHome};
use serde_json::json;

fn open_snapshots() -> (WebHome, Browser) {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let browser = Browser::start(&home.base);
    browser.open("/profile/documents/snapshots");
    browser.wait_until("document.querySelector('main a[href*=\"/file/\"]')");
    (home, browser)
}

#[test]
fn file_is_found_by_clicks_previewed_and_downloaded() {
    let (home, browser) = open_snapshots();
    let downloads = home.home.path("downloads");
    fs::create_dir(&downloads).unwrap();
    browser.save_downloads(&downloads);
    browser.click("main a[href*='/file/']");
    browser.wait_for_text("main", "scan.bin");
    browser.click_text("notes.txt");
    browser.wait_for_text(".source", "Call the plumber.");
    browser.click("main a[href*='/download/']");
    browser.wait_for_download(&downloads.join("notes.txt"));
    check_same(&downloads.join("notes.txt"), &home.source.join("notes.txt"));
    browser.open(&format!("/profile/documents/file/{}{}", home.snapshots()[1], home.path("scan.bin")));
    browser.wait_until("document.querySelector('main a[href*=\"/download/\"]')");
    browser.click("main a[href*='/download/']");
    browser.wait_for_download(&downloads.join("scan.bin"));
    check_same(&downloads.join("scan.bin"), &home.source.join("scan.bin"));
    browser.expect_no_complaints();
}

#[track_caller]
fn check_same(left: &Path, right: &Path) {
    assert!(fs::read(left).unwrap() == fs::read(right).unwrap(), "{} differs from {}", left.display(), right.display());
}

#[test]
fn changed_text_is_shown_line_by_line() {
    let (home, browser) = open_snapshots();
    browser.open(&format!("/profile/documents/diff/{}{}", home.snapshots()[1], home.path("notes.txt")));
    browser.wait_for_text("main", "- pears");
    browser.wait_for_text("main", "- butter");
    browser.expect_no_complaints();
}

#[test]
fn page_of_a_backup_is_shown_as_text_and_its_scripts_never_run() {
    let (home, browser) = open_snapshots();
    browser.open(&format!("/profile/documents/file/{}{}", home.snapshots()[1], home.path("minutes.html")));
    browser.wait_for_text(".source", "<script>");
    assert!(!browser.evaluate("return document.title").as_str().unwrap().contains("executed"));
    browser.expect_no_complaints();
}

#[test]
fn search_finds_a_file_in_all_snapshots_by_a_job() {
    let (home, browser) = open_snapshots();
    let order = json!({ "job": "search", "query": "old" });
    let job = WebClient::with_token(&home.base).post("/api/v1/profiles/documents/jobs", &order).expect_status(202).json();
    browser.open(&format!("/profile/documents/search?q=old&job={}", job["job"]));
    browser.wait_for_text("section[aria-labelledby=all]", "old.txt");
    browser.expect_accessible();
    browser.screenshot("search-job-light");
    browser.expect_no_complaints();
}

//! Every page: in light and dark, on a wide and on a narrow screen, for people who cannot see it, and by the keyboard.

use prestic_tests::{
    browser::{Browser, NARROW_SIZE},
    home::TestHome,
    restic::oldest_and_newest,
    web_home::WebHome,
};

/// How wide and high a page is on a desk.
const WIDE_SIZE: (u32, u32) = (1280, 900);

/// Returns every page, with the name of its picture.
fn pages(home: &WebHome) -> Vec<(&'static str, String)> {
    let snapshots = home.snapshots();
    let newest = snapshots.last().unwrap();
    let in_snapshot = |what: &str, name: &str| format!("/profile/documents/{what}/{newest}{}", home.path(name));
    let failed = home.home.history("mail")[0].id;
    vec![
        ("home", "/".to_owned()),
        ("calendar", "/calendar".to_owned()),
        ("profile", "/profile/documents".to_owned()),
        ("runs", "/profile/documents/runs".to_owned()),
        ("run", format!("/runs/{failed}")),
        ("snapshots", "/profile/documents/snapshots".to_owned()),
        ("folder", in_snapshot("file", "").trim_end_matches('/').to_owned()),
        ("file", in_snapshot("file", "notes.txt")),
        ("picture", in_snapshot("file", "hills.png")),
        ("bytes", in_snapshot("file", "scan.bin")),
        ("difference", in_snapshot("diff", "").trim_end_matches('/').to_owned()),
        ("difference-of-a-file", in_snapshot("diff", "notes.txt")),
        ("search", "/profile/documents/search?q=notes".to_owned()),
        ("system", "/system".to_owned()),
        ("api", "/api".to_owned()),
    ]
}

/// Waits until all parts of the page have come.
#[track_caller]
fn wait_for_parts(browser: &Browser) {
    browser.wait_until("document.readyState === 'complete' && !document.querySelector('[data-fragment], [aria-busy=true]')");
}

#[test]
fn every_page_fits_every_screen_and_everybody_can_use_it() {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let browser = Browser::start(&home.base);
    for (name, path) in pages(&home) {
        browser.open(&path);
        wait_for_parts(&browser);
        assert_ne!(browser.text("h1"), "", "{path} has no headline");
        for (size, is_dark, kind) in [
            (WIDE_SIZE, false, "light"),
            (WIDE_SIZE, true, "dark"),
            (NARROW_SIZE, false, "narrow"),
            (NARROW_SIZE, true, "narrow-dark"),
        ] {
            browser.set_size(size);
            browser.set_dark(is_dark);
            browser.screenshot(&format!("{name}-{kind}"));
            browser.expect_no_sideways_scrolling();
            if kind != "narrow-dark" {
                browser.expect_accessible();
            }
        }
        browser.set_size(WIDE_SIZE);
        browser.set_dark(false);
        browser.expect_no_complaints();
        assert!(!browser.text("body").contains(home.secret()), "{path} tells the password");
    }
}

#[test]
fn first_page_of_an_empty_home_tells_how_to_begin() {
    let mut home = TestHome::new();
    let base = home.start_daemon_with_web();
    let browser = Browser::start(&base);
    browser.open("/");
    browser.wait_for_text("main", "config.ini");
    browser.expect_accessible();
    browser.screenshot("first-start-light");
    browser.set_size(NARROW_SIZE);
    browser.expect_no_sideways_scrolling();
    browser.expect_no_complaints();
}

#[test]
fn keys_lead_through_the_pages() {
    let [_, restic] = oldest_and_newest();
    let home = WebHome::start(&restic);
    let browser = Browser::start(&home.base);
    browser.open("/");
    browser.wait_until("document.readyState === 'complete'");
    browser.press("?");
    browser.wait_for_text("dialog[open]", "next row");
    browser.expect_accessible();
    browser.press("?");
    browser.wait_until("!document.querySelector('dialog[open]')");
    browser.press("j");
    let first = browser.evaluate("return document.activeElement.getAttribute('href')");
    browser.press("j");
    assert_ne!(browser.evaluate("return document.activeElement.getAttribute('href')"), first);
    browser.press("k");
    assert_eq!(browser.evaluate("return document.activeElement.getAttribute('href')"), first);
    browser.press("g");
    browser.press("c");
    browser.wait_until("location.pathname === '/calendar'");
    assert_eq!(browser.path(), "/calendar");
    browser.expect_no_complaints();
}

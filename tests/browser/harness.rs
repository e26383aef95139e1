//! The harness itself: a browser that complains of nothing would prove nothing.

use std::panic::catch_unwind;

use prestic_tests::browser::{Browser, NARROW_SIZE};
use serde_json::json;

/// Returns a browser that shows what it is given as an address.
fn browser() -> Browser {
    Browser::start("data:text/html,")
}

#[test]
fn browser_complains_of_what_a_page_does_wrong() {
    let browser = browser();
    browser.open("<title>fine</title>");
    browser.expect_no_complaints();
    browser.open("<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>alert(1)</script>");
    let complaints = browser.complaints();
    assert!(complaints.iter().any(|line| line.contains("Content Security Policy")), "{complaints:?}");
    browser.open("<script>throw new Error('oh dear')</script>");
    let complaints = browser.complaints();
    assert!(complaints.iter().any(|line| line.contains("oh dear")), "{complaints:?}");
    browser.expect_no_complaints();
}

#[test]
fn axe_finds_what_is_not_accessible() {
    let browser = browser();
    let page = |image: &str| format!("<html lang=en><title>t</title><main><h1>h</h1>{image}</main>");
    browser.open(&page("<img src='data:,' alt='a picture'>"));
    browser.expect_accessible();
    browser.open(&page("<img src='data:,'>"));
    assert!(catch_unwind(std::panic::AssertUnwindSafe(|| browser.expect_accessible())).is_err());
}

#[test]
fn page_is_seen_as_wide_and_as_dark_as_it_is_wanted() {
    let browser = browser();
    let style = "<style>main { width: 400px }</style>";
    browser.open(&format!("<meta name=viewport content='width=device-width'>{style}<main>a</main>"));
    browser.expect_no_sideways_scrolling();
    browser.set_size(NARROW_SIZE);
    assert_eq!(browser.evaluate("return innerWidth"), json!(320));
    assert!(catch_unwind(std::panic::AssertUnwindSafe(|| browser.expect_no_sideways_scrolling())).is_err());
    for is_dark in [true, false] {
        browser.set_dark(is_dark);
        assert_eq!(browser.evaluate("return matchMedia('(prefers-color-scheme: dark)').matches"), json!(is_dark));
    }
}

#[test]
fn what_is_not_there_yet_is_waited_for() {
    let browser = browser();
    browser.open("<button onclick=\"setTimeout(() => this.insertAdjacentHTML('afterend', '<p>late</p>'), 200)\">Go</button>");
    browser.click_text("Go");
    browser.wait_for_text("p", "late");
    browser.press("x");
}

//! A real browser for one test: what it shows is waited for, never slept for, and what it complains of fails the test.

mod driver;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, PoisonError},
    time::Instant,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use self::driver::Driver;
use crate::{LIMIT, programs};

/// How many browsers may run at once: each is a handful of processes.
const BROWSERS: usize = 2;
/// How wide and high a page is if nothing is said.
const USUAL_SIZE: (u32, u32) = (1280, 900);
/// The narrowest screen that everything must fit on.
pub const NARROW_SIZE: (u32, u32) = (320, 640);

/// How many more browsers may start, and the news that one has gone.
static PLACES: (Mutex<usize>, Condvar) = (Mutex::new(BROWSERS), Condvar::new());

/// One of the places for browsers.
#[derive(Debug)]
struct Place;

impl Place {
    fn take() -> Self {
        let free = PLACES.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = PLACES.1.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *PLACES.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        PLACES.1.notify_one();
    }
}

/// A browser, seen through one of its tabs.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    base: String,
    _place: Place,
}

impl Browser {
    /// Starts a browser for the web interface at an address, such as `http://127.0.0.1:8711`.
    pub fn start(base: &str) -> Self {
        let place = Place::take();
        let browser = Self { driver: Driver::start(), base: base.trim_end_matches('/').to_owned(), _place: place };
        browser.set_size(USUAL_SIZE);
        browser
    }

    /// Opens a page of the web interface.
    #[track_caller]
    pub fn open(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.driver.order("/url", &json!({ "url": url })).unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Returns the path of the page, with what stands behind it.
    #[track_caller]
    pub fn path(&self) -> String {
        let url = self.evaluate("return location.pathname + location.search");
        url.as_str().expect("an address is text").to_owned()
    }

    /// Runs a script in the page and returns its value. Pages cannot: their policy forbids it.
    #[track_caller]
    pub fn evaluate(&self, script: &str) -> Value {
        let order = json!({ "script": script, "args": [] });
        self.driver.order("/execute/sync", &order).unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until an expression is true in the page, or in the page that comes after it. Returns its value.
    #[track_caller]
    pub fn wait_until(&self, expression: &str) -> Value {
        // Changes of the page are told; what is no part of it, as the answer to a request, is looked at.
        let script = format!(
            "const done = arguments[0]; let observer, timer;
             const look = () => {{
                 let value = null;
                 try {{ value = ({expression}) }} catch {{}}
                 if (value) {{ observer.disconnect(); clearInterval(timer); done(value) }}
             }};
             observer = new MutationObserver(look);
             observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             timer = setInterval(look, 50);
             look();"
        );
        let order = json!({ "script": script, "args": [] });
        let deadline = Instant::now() + LIMIT;
        loop {
            // A page that goes away takes the script along: then the next page is asked.
            match self.driver.order("/execute/async", &order) {
                Ok(value) => return value,
                Err(error) if Instant::now() > deadline || error.contains("timeout") => {
                    panic!("`{expression}` never came true at {}: {error}\n{}", self.path(), self.text("body"));
                }
                Err(_) => {}
            }
        }
    }

    /// Waits until an element is there and has this text somewhere in it.
    #[track_caller]
    pub fn wait_for_text(&self, selector: &str, text: &str) {
        let (selector, text) = (json!(selector), json!(text));
        self.wait_until(&format!("[...document.querySelectorAll({selector})].some(e => e.innerText.includes({text}))"));
    }

    /// Returns the text that an element shows.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let selector = json!(selector);
        let text = self.evaluate(&format!("return document.querySelector({selector})?.innerText ?? ''"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks an element as a mouse does, when it is there.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.wait_until(&format!("document.querySelector({})", json!(selector)));
        let click = |element: String| self.driver.order(&format!("{element}/click"), &json!({}));
        self.driver.find(selector).and_then(click).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Clicks the link or button with this text.
    #[track_caller]
    pub fn click_text(&self, text: &str) {
        let mark = format!(
            "[...document.querySelectorAll('a, button, summary')].find(e => e.innerText.trim() === {} && e.checkVisibility())",
            json!(text)
        );
        self.wait_until(&format!("(e => e && (e.dataset.clicked = 'next', true))({mark})"));
        self.click("[data-clicked=next]");
    }

    /// Types into an element.
    #[track_caller]
    pub fn type_into(&self, selector: &str, text: &str) {
        let write = |element: String| self.driver.order(&format!("{element}/value"), &json!({ "text": text }));
        self.driver.find(selector).and_then(write).unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Presses a key, wherever the focus is.
    #[track_caller]
    pub fn press(&self, key: &str) {
        let strokes = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.driver.order("/actions", &actions).unwrap_or_else(|error| panic!("key {key}: {error}"));
    }

    /// Sets how wide and high the page is.
    pub fn set_size(&self, (width, height): (u32, u32)) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.driver.chromium("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Lets the browser want dark or light pages.
    pub fn set_dark(&self, is_dark: bool) {
        let scheme = if is_dark { "dark" } else { "light" };
        let wanted = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.driver.chromium("Emulation.setEmulatedMedia", &wanted);
    }

    /// Takes a picture of the whole page, as `target/screenshots/<name>.png`.
    #[track_caller]
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let size = self.evaluate("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]");
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1 });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.driver.chromium("Page.captureScreenshot", &wanted);
        let bytes = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture has data")).expect("it is base64");
        let folder = programs::target().join("screenshots");
        fs::create_dir_all(&folder).expect("the target folder is ours");
        let path = folder.join(format!("{name}.png"));
        #[expect(clippy::disallowed_methods, reason = "a picture that was cut short is made again by the next test run")]
        fs::write(&path, bytes).expect("the folder is ours");
        path
    }

    /// Lets downloads end in a folder, without a question.
    pub fn save_downloads(&self, folder: &Path) {
        let wanted = json!({ "behavior": "allow", "downloadPath": folder });
        self.driver.chromium("Browser.setDownloadBehavior", &wanted);
    }

    /// Waits until a download has ended: only then its file has its name.
    #[track_caller]
    pub fn wait_for_download(&self, path: &Path) {
        let deadline = Instant::now() + LIMIT;
        let moment = json!({ "script": "setTimeout(arguments[0], 50)", "args": [] });
        while !path.exists() {
            assert!(Instant::now() < deadline, "{} was not downloaded", path.display());
            self.driver.order("/execute/async", &moment).expect("the page stays");
        }
    }

    /// Opens an empty tab and looks at it from now on. Returns how to get back to the one before.
    #[track_caller]
    pub fn open_tab(&self) -> Tab {
        let before = self.driver.ask("/window").expect("a tab is open");
        let opened = self.driver.order("/window/new", &json!({ "type": "tab" })).expect("a tab opens");
        self.switch_to(&Tab(opened["handle"].clone()));
        Tab(before)
    }

    /// Looks at another tab.
    #[track_caller]
    pub fn switch_to(&self, tab: &Tab) {
        self.driver.order("/window", &json!({ "handle": tab.0 })).expect("the tab is still open");
    }

    /// Fails the test if the page is wider than the screen.
    #[track_caller]
    pub fn expect_no_sideways_scrolling(&self) {
        let wide = self.evaluate(
            "const limit = document.documentElement.clientWidth;
             if (document.documentElement.scrollWidth <= limit) return [];
             return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > limit + 1)
                 .map(e => `${e.tagName}.${e.className}: ${Math.round(e.getBoundingClientRect().right)} > ${limit}`);",
        );
        assert_eq!(wide, json!([]), "{} must be scrolled sideways", self.path());
    }

    /// Fails the test if axe finds something serious or critical that keeps people with disabilities from using the page.
    #[track_caller]
    pub fn expect_accessible(&self) {
        let path = programs::target().join("axe/axe.min.js");
        let axe = fs::read_to_string(&path).expect("axe is there: tests/scripts/fetch_axe.sh");
        let run = "const done = arguments[0];
            axe.run(document, { resultTypes: ['violations'] }).then(found => done(found.violations
                .filter(rule => ['serious', 'critical'].includes(rule.impact))
                .map(rule => `${rule.id}: ${rule.help}: ${rule.nodes.map(node => `${node.html} ${node.failureSummary}`).join(' | ')}`)),
                error => done([String(error)]));";
        let order = json!({ "script": format!("{axe}\n{run}"), "args": [] });
        let found = self.driver.order("/execute/async", &order).unwrap_or_else(|error| panic!("axe: {error}"));
        assert_eq!(found, json!([]), "{} is not accessible", self.path());
    }

    /// Returns what the browser has complained of since it was asked last: errors of scripts, requests that failed, and what the
    /// page's own policy has refused.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let log = self.driver.order("/se/log", &json!({ "type": "browser" })).expect("the log was asked for");
        let is_complaint = |entry: &&Value| entry["level"] == "SEVERE" || entry["source"] == "security";
        let entries = log.as_array().into_iter().flatten();
        entries.filter(is_complaint).map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Fails the test if the browser has complained of anything.
    #[track_caller]
    pub fn expect_no_complaints(&self) {
        assert_eq!(self.complaints(), Vec::<String>::new(), "at {}", self.path());
    }
}

/// A tab.
#[derive(Debug, Clone)]
pub struct Tab(Value);

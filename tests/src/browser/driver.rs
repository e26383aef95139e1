//! Chromium's driver, and the few of its commands that tests use: WebDriver, and Chromium's own ones.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;

use crate::{LIMIT, processes};

/// What keeps Chromium quiet, on a machine without a screen and perhaps without a network.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];
/// What an element is called in the answers of WebDriver.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver with one browser.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    /// Held open, because the driver goes on talking.
    _words: BufReader<ChildStdout>,
    agent: Agent,
    session: String,
    /// The browser's own; it goes with it.
    folder: TempDir,
}

impl Driver {
    /// Starts a driver on a port that is free, and a browser that nobody has used before.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("prestic-browser-").tempdir().expect("the system has such a folder");
        let log = File::create(folder.path().join("driver.log")).expect("the folder is ours");
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            // What the browser leaves when it is killed goes with the folder.
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("`chromedriver` is there: packaging/install_packages.sh chromium chromedriver");
        let mut words = BufReader::new(process.stdout.take().expect("it is piped"));
        let port = listening_port(&mut words);
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(LIMIT)).build();
        let mut driver =
            Self { process, _words: words, agent: config.into(), session: format!("http://127.0.0.1:{port}/session"), folder };
        driver.begin();
        driver
    }

    fn begin(&mut self) {
        let data = format!("--user-data-dir={}", self.folder.path().join("profile").display());
        let args: Vec<&str> = FLAGS.into_iter().chain([data.as_str()]).collect();
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": args, "binary": chromium() },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": LIMIT.as_millis(), "pageLoad": LIMIT.as_millis() },
        });
        let session = self.order("", &json!({ "capabilities": { "alwaysMatch": capabilities } })).expect("Chromium starts");
        let id = session["sessionId"].as_str().expect("a session has an id");
        self.session = format!("{}/{id}", self.session);
    }

    /// Gives an order, and returns its value, or the driver's words.
    pub fn order(&self, command: &str, parameters: &Value) -> Result<Value, String> {
        let sent = self.agent.post(format!("{}{command}", self.session)).content_type("application/json");
        value(sent.send(parameters.to_string()))
    }

    /// Asks for something.
    pub fn ask(&self, command: &str) -> Result<Value, String> {
        value(self.agent.get(format!("{}{command}", self.session)).call())
    }

    /// Gives one of Chromium's own orders.
    #[track_caller]
    pub fn chromium(&self, command: &str, parameters: &Value) -> Value {
        let order = json!({ "cmd": command, "params": parameters });
        self.order("/goog/cdp/execute", &order).unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Finds an element by a selector, and returns its address.
    pub fn find(&self, selector: &str) -> Result<String, String> {
        let found = self.order("/element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found[ELEMENT].as_str().ok_or("an element has an id")?;
        Ok(format!("/element/{id}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // That ends the browser; the driver itself has nothing to lose.
        self.agent.delete(&self.session).call().ok();
        self.process.kill().ok();
        self.process.wait().ok();
        for left in processes::of_home(self.folder.path()) {
            if left != std::process::id() {
                processes::send(left, Signal::KILL);
                processes::wait_for_exit(left, Duration::from_secs(10));
            }
        }
    }
}

/// A script that a distribution has put before Chromium may speak to a shell's taste; what it starts is what is wanted.
fn chromium() -> &'static str {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .expect("Chromium is there: packaging/install_packages.sh chromium chromedriver")
}

fn listening_port(words: &mut BufReader<ChildStdout>) -> u16 {
    let mut lines = words.lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
    port.expect("the driver tells its port")
}

fn value(answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, String> {
    let mut response = answered.map_err(|error| error.to_string())?;
    // Screenshots are longer than what is read by itself.
    let text = response.body_mut().with_config().limit(1 << 28).read_to_string().map_err(|error| error.to_string())?;
    let mut answer: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    let value = answer["value"].take();
    if response.status().is_success() { Ok(value) } else { Err(format!("{}: {}", value["error"], value["message"])) }
}

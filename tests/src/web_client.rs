//! A program that speaks HTTP with the web interface, as a script would.

use serde_json::Value;
use ureq::Agent;

use crate::LIMIT;

/// A client of the web interface's JSON.
#[derive(Debug)]
pub struct WebClient {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// What the web interface has answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The type of the content.
    pub content_type: String,
    /// The content.
    pub text: String,
}

impl Answer {
    /// Returns the content as JSON; null if there is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails the test unless the status code is this one.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl WebClient {
    /// Makes a client that knows nothing but the address.
    pub fn new(base: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_global(Some(LIMIT)).build();
        Self { agent: config.into(), base: base.to_owned(), token: None }
    }

    /// Makes a client that may change something.
    #[track_caller]
    pub fn with_token(base: &str) -> Self {
        let client = Self::new(base);
        let session = client.get("/api/v1/session").expect_status(200).json();
        Self { token: session["csrf"].as_str().map(str::to_owned), ..client }
    }

    /// Asks for something.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        answer(self.agent.get(format!("{}{path}", self.base)).call())
    }

    /// Wants something done.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let order = self.agent.post(format!("{}{path}", self.base)).header("origin", &self.base);
        let order = order.content_type("application/json");
        let order = self.token.iter().fold(order, |order, token| order.header("x-prestic-csrf", token));
        answer(order.send(body.to_string()))
    }
}

#[track_caller]
fn answer(answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = answered.expect("the web interface answers");
    let content_type =
        response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let text = response.body_mut().read_to_string().expect("the answer is text");
    Answer { status: response.status().as_u16(), content_type, text }
}

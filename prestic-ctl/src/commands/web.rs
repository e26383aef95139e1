//! `web`: opens the web interface in a browser.

use prestic_proto::{client::Client, home::Home, opener, system::WebCode};
use serde_json::json;

use crate::{error::CtlError, exit::Exit, output::Output};

/// How the user gets to the web interface.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// A browser is opened, with a file of this home.
    Open(&'a Home),
    /// He gets an address to copy.
    Print,
}

/// Opens the web interface, or prints how.
pub async fn web(client: &Client, way: Way<'_>, output: &mut Output) -> Result<Exit, CtlError> {
    let code = client.web_code().await??;
    let opened = match way {
        Way::Print => None,
        Way::Open(home) => Some(opener::open_address(home, &login_address(&code)).await),
    };
    let is_opened = matches!(opened, Some(Ok(())));
    if output.is_json {
        let login = (!is_opened).then(|| login_address(&code));
        output.json(&json!({ "url": code.url, "opened": is_opened, "login_url": login, "expires_at": code.expires_at }))?;
        return Ok(Exit::OK);
    }
    match opened {
        Some(Ok(())) => output.line(&code.url)?,
        other => {
            if let Some(Err(error)) = other {
                output.warn(&format!("no browser was opened: {error}"));
            }
            output.say("open this address; it lets a browser in once, within a minute:");
            output.line(&login_address(&code))?;
        }
    }
    Ok(Exit::OK)
}

fn login_address(code: &WebCode) -> String {
    format!("{}login?code={}", code.url, code.code)
}

//! `web`: opens the web interface in a browser.
//!
//! The code that lets the browser in is never an argument of a program, where every user of the machine could read it: the browser
//! finds it in a file that only its own user can read.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::Stdio,
    time::Duration,
};

use prestic_proto::{client::Client, home::Home, system::WebCode};
use serde_json::json;
use tokio::process::Command;

use crate::{error::CtlError, exit::Exit, output::Output, system};

/// How long to wait whether the opener fails. Some go on as long as the browser does.
const OPENER_LIMIT: Duration = Duration::from_secs(3);

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
        Way::Open(home) => Some(open(&home.web_redirect_file(), &code).await),
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

/// Writes the file that leads to the web interface, and has it opened.
async fn open(file: &Path, code: &WebCode) -> io::Result<()> {
    let Some(opener) = system::opener() else { return Err(io::Error::other("there is no desktop")) };
    write_privately(file, &redirection(&login_address(code)))?;
    let mut command = Command::new(opener[0]);
    command.args(&opener[1..]).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A Ctrl-C here is not meant for the browser.
    system::keep_interrupts_from(&mut command);
    let failed = |what: String| io::Error::other(format!("`{}` {what}", opener[0]));
    let mut child = command.spawn().map_err(|error| failed(format!("cannot be run: {error}")))?;
    match tokio::time::timeout(OPENER_LIMIT, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(failed(format!("failed ({status})"))),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// The address is the daemon's: it holds nothing that HTML would take for more than text.
fn redirection(address: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>PRestic</title>\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta http-equiv=\"refresh\" content=\"0; url={address}\">\n\
         <p><a href=\"{address}\">Open PRestic</a></p>\n</html>\n"
    )
}

/// Writes a file that is new, so that nobody else has it open or has made it lead elsewhere.
fn write_privately(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        create_private_folder(folder)?;
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    system::owner_only_file(&mut options);
    options.open(file)?.write_all(text.as_bytes())
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    system::owner_only_folder(&mut builder);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_leads_to_the_address_with_and_without_a_refresh() {
        let text = redirection("http://127.0.0.1:8711/login?code=ab12");
        assert_eq!(text.matches("http://127.0.0.1:8711/login?code=ab12\"").count(), 2, "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn file_is_for_its_owner_and_never_somebody_elses() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run/web.html");
        write_privately(&file, "first").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_file(&file).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::File::create(&elsewhere).unwrap();
        symlink(&elsewhere, &file).unwrap();
        write_privately(&file, "second").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "second");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "");
    }
}

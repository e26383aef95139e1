//! Opens files and the web interface on the user's desktop.

use std::{io, path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use crate::{home::Home, platform, private_file};

/// How long to wait whether the opener fails. Some go on as long as the browser does.
const OPENER_LIMIT: Duration = Duration::from_secs(3);

/// Writes the file that leads to an address of the web interface, and has it opened.
///
/// The address can hold a code that lets the browser in, so it is never an argument of a program, where every user of the
/// machine could read it: the browser finds it in a file that only its own user can read.
pub async fn open_address(home: &Home, address: &str) -> io::Result<()> {
    let file = home.web_redirect_file();
    find_opener()?;
    private_file::write(&file, &redirection(address))?;
    open_file(&file).await
}

/// Has a file opened by whatever the user has for such files.
pub async fn open_file(file: &Path) -> io::Result<()> {
    let opener = find_opener()?;
    let mut command = Command::new(opener[0]);
    command.args(&opener[1..]).arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A Ctrl-C in our terminal is not meant for it.
    platform::keep_interrupts_from(&mut command);
    let failed = |what: String| io::Error::other(format!("`{}` {what}", opener[0]));
    let mut child = command.spawn().map_err(|error| failed(format!("cannot be run: {error}")))?;
    match tokio::time::timeout(OPENER_LIMIT, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(failed(format!("failed ({status})"))),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

fn find_opener() -> io::Result<&'static [&'static str]> {
    platform::opener().ok_or_else(|| io::Error::other("there is no desktop"))
}

/// The address is the daemon's: it holds nothing that HTML would take for more than text.
fn redirection(address: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>PRestic</title>\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta http-equiv=\"refresh\" content=\"0; url={address}\">\n\
         <p><a href=\"{address}\">Open PRestic</a></p>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_leads_to_the_address_with_and_without_a_refresh() {
        let text = redirection("http://127.0.0.1:8711/login?code=ab12");
        assert_eq!(text.matches("http://127.0.0.1:8711/login?code=ab12\"").count(), 2, "{text}");
    }
}

//! `prestic-daemon keyring`: the one process that touches the keyring, for people, for restic and for the daemon.

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use clap::{Subcommand, builder::NonEmptyStringValueParser};

use super::{KeyringError, Store, new_password};

/// After this long whoever sits at the terminal is told why nothing happens.
const EXPLAIN_AFTER: Duration = Duration::from_secs(2);

/// What to do with the keyring.
#[derive(Debug, Subcommand)]
pub enum KeyringCommand {
    /// Print the password of an entry
    Get {
        /// The entry
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
    /// Write the password of an entry: typed twice, or one line of standard input
    Set {
        /// The entry
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
    /// Remove an entry
    Del {
        /// The entry
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
    /// List the entries
    List {
        /// Print the list as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does it, and returns the exit code that tells how it went.
pub fn run(command: KeyringCommand) -> io::Result<ExitCode> {
    match carry_out(command) {
        Ok(output) => match io::stdout().write_all(&output).and_then(|()| io::stdout().flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(ExitCode::SUCCESS),
        },
        Err(error) => {
            // Nobody may be listening any more.
            let _ = writeln!(io::stderr(), "error: {error}\n  hint: {}", error.hint());
            Ok(error.exit_code().into())
        }
    }
}

type Output = zeroize::Zeroizing<Vec<u8>>;

fn carry_out(command: KeyringCommand) -> Result<Output, KeyringError> {
    let nothing = |()| Output::default();
    match command {
        KeyringCommand::Get { name } => ask(move |store| store.get(&name)),
        KeyringCommand::Set { name } => {
            let password = new_password::read(&name)?;
            ask(move |store| store.set(&name, &password)).map(nothing)
        }
        KeyringCommand::Del { name } => ask(move |store| store.delete(&name)).map(nothing),
        KeyringCommand::List { json } => ask(Store::names).map(|names| Output::new(listed(&names, json).into_bytes())),
    }
}

/// Asks the keyring, and says on a terminal that it is still being waited for.
fn ask<T: Send + 'static>(
    question: impl FnOnce(&Store) -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (sender, answer) = sync_channel(1);
    let asking = thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        let told = Store::open().and_then(|store| question(&store));
        // Nobody stops listening before the process ends.
        let _ = sender.send(told);
    });
    asking.map_err(|error| KeyringError::Failed(error.to_string()))?;
    let soon = answer.recv_timeout(EXPLAIN_AFTER);
    if matches!(soon, Err(RecvTimeoutError::Timeout)) && io::stderr().is_terminal() {
        let _ = writeln!(io::stderr(), "waiting for the keyring, which may be asking on the screen to be unlocked");
    }
    let told = soon.or_else(|_| answer.recv());
    told.unwrap_or_else(|_| Err(KeyringError::Failed("its library broke down".to_owned())))
}

fn listed(names: &[String], json: bool) -> String {
    if json {
        return serde_json::to_string_pretty(names).expect("the names are texts") + "\n";
    }
    names.iter().map(|name| format!("{name}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_one_a_line_or_as_json() {
        let names = ["nas".to_owned(), "usb \"1\"".to_owned()];
        assert_eq!(listed(&names, false), "nas\nusb \"1\"\n");
        assert_eq!(serde_json::from_str::<Vec<String>>(&listed(&names, true)).unwrap(), names);
        assert_eq!(listed(&[], true), "[]\n");
    }
}

//! `prestic-ctl new`: adds a profile, and runs a first backup.
//!
//! The questions, the password and the configuration are a matter of the daemon's program. What comes after that is a matter
//! of the daemon: it is told, and asked to run the task, which is followed here.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use clap::Args;
use prestic_proto::{
    client::Client,
    daemon_program::{self, ProgramError},
    error::ConnectError,
    home::Home,
    new_profile::{ANSWERS_VARIABLE, Added, Answers, Keeper},
};

use super::{reload, run};
use crate::{
    cli::RunOptions,
    connect::{Session, Start},
    error::CtlError,
    exit::Exit,
    output::{Output, Paint},
    text::{printable, shell_line},
};

/// What is known of the new profile. In a terminal the rest is asked for.
#[derive(Debug, Args)]
pub struct NewOptions {
    /// The name of the profile [default: that of the first folder]
    #[arg(long)]
    pub name: Option<String>,
    /// What is to be backed up; may be given more than once
    #[arg(long = "path", value_name = "PATH")]
    pub paths: Vec<String>,
    /// A pattern of what is left out; may be given more than once
    #[arg(long = "exclude", value_name = "PATTERN")]
    pub excludes: Vec<String>,
    /// Where the repository is: a folder, or as restic writes it: sftp:…, rest:…, s3:…
    #[arg(long)]
    pub repository: Option<String>,
    /// A variable that the repository needs: its value is taken from the environment; may be given more than once
    #[arg(long = "env", value_name = "NAME")]
    pub variables: Vec<String>,
    /// When it runs, as `daily at 12:30`; `off` for never by itself
    #[arg(long)]
    pub schedule: Option<String>,
    /// Which snapshots are kept, as `7d 5w 12m` or `7 daily, 5 weekly`; `all` for all
    #[arg(long)]
    pub keep: Option<String>,
    /// Keep the password in the keyring, as the entry of this name [default: that of the profile]
    #[arg(long, value_name = "ENTRY", num_args = 0..=1, conflicts_with = "password_file")]
    pub password_keyring: Option<Option<String>>,
    /// Keep the password in a file that nobody else can read [default: one beside config.ini]
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub password_file: Option<Option<PathBuf>>,
    /// The password is the first line of standard input
    #[arg(long, conflicts_with = "generate_password")]
    pub password_stdin: bool,
    /// Make a strong password
    #[arg(long)]
    pub generate_password: bool,
    /// Make the repository where there is none
    #[arg(long)]
    pub init: bool,
    /// Run a first backup and follow it
    #[arg(long)]
    pub run_now: bool,
    /// Do not ask anything
    #[arg(short, long)]
    pub yes: bool,
}

/// Adds a profile.
pub async fn new(home: Home, options: NewOptions, start: Start, output: &mut Output) -> Result<Exit, CtlError> {
    let (added, exit) = add(&answers(options))?;
    let Some(added) = added else { return Ok(exit) };
    if output.is_json {
        output.json(&added)?;
        output.flush()?;
    }
    let done = tell_and_run(home, &added, start, output).await;
    if added.password_generated {
        warn_of_loss(&added.keeper, output);
    }
    done
}

/// Tells the daemon, and runs a first backup if one is wanted.
async fn tell_and_run(home: Home, added: &Added, start: Start, output: &mut Output) -> Result<Exit, CtlError> {
    if added.run_now {
        let mut session = Session::open(home, start, output).await?;
        tell_daemon(session.client(), output).await?;
        let task = Some(added.profile.clone());
        let options = RunOptions { task, all: false, queue: false, detach: false, quiet: false, args: Vec::new() };
        return run::run(&mut session, options, output).await;
    }
    match Client::connect(&home).await {
        Ok(client) => tell_daemon(&client, output).await?,
        Err(ConnectError::NotRunning { .. }) => {
            output.say("no daemon runs, so nothing runs by itself: `prestic-ctl service install` starts one at each login");
        }
        Err(error) => return Err(error.into()),
    }
    output.say(&format!("run it now with `prestic-ctl run {}`", printable(&shell_line([&added.profile]))));
    Ok(Exit::OK)
}

/// Says loudly what the loss of a password means that nobody has seen yet. It comes last, where it is not scrolled away.
fn warn_of_loss(keeper: &Keeper, output: &mut Output) {
    let command = match keeper {
        Keeper::Keyring(entry) => ["prestic-ctl keyring get", &shell_line(entry)].join(" "),
        Keeper::File(file) => ["cat", &shell_line(file.as_ref().map(|file| file.to_string_lossy()))].join(" "),
    };
    let mark = output.talk_look.paint(Paint::Bad, "IMPORTANT:");
    output.say(&format!("\n{mark} keep the new password somewhere else, too: on paper, or in a password manager."));
    output.say("Without it nobody can read the backup, and when this machine is lost, so is what it keeps.");
    output.say(&format!("This shows it:  {}\n", printable(&command)));
}

/// Lets the daemon read the configuration now: it watches the file, but what follows must not depend on when it looks.
async fn tell_daemon(client: &Client, output: &mut Output) -> Result<(), CtlError> {
    let mut quiet = Output::to(Box::new(std::io::sink()), Box::new(std::io::sink()), false);
    match reload::reload(client, &mut quiet).await {
        Ok(_) => Ok(()),
        Err(error) => {
            output.say("the profile was added, but the daemon has not taken it in");
            Err(error)
        }
    }
}

/// Starts the daemon's program, which adds the profile and tells what became of it; nothing where that has failed.
fn add(answers: &Answers) -> Result<(Option<Added>, Exit), CtlError> {
    let program = daemon_program::find()?;
    let mut command = Command::new(&program);
    command.arg("new").env(ANSWERS_VARIABLE, serde_json::to_string(answers).map_err(std::io::Error::from)?);
    let not_runnable = |source| ProgramError::NotRunnable { program: program.clone(), source };
    let ended = command.stderr(Stdio::inherit()).stdin(Stdio::inherit()).stdout(Stdio::piped()).spawn();
    let ended = ended.and_then(std::process::Child::wait_with_output).map_err(not_runnable)?;
    match serde_json::from_slice(&ended.stdout) {
        Ok(added) if ended.status.success() => Ok((Some(added), Exit::OK)),
        _ => {
            let code = ended.status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
            Ok((None, code.map_or(Exit::PROBLEMS, Exit)))
        }
    }
}

fn answers(options: NewOptions) -> Answers {
    let keyring = options.password_keyring.map(Keeper::Keyring);
    Answers {
        name: options.name,
        paths: options.paths,
        excludes: options.excludes,
        repository: options.repository,
        schedule: options.schedule,
        keep: options.keep,
        keeper: keyring.or_else(|| options.password_file.map(Keeper::File)),
        password_on_stdin: options.password_stdin,
        generate_password: options.generate_password,
        variables: options.variables,
        init: options.init,
        run_now: options.run_now,
        yes: options.yes,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{self, Command, Invocation};

    #[track_caller]
    fn answers_of(line: &[&str]) -> Answers {
        let words = ["prestic-ctl", "new"].into_iter().chain(line.iter().copied()).map(OsString::from);
        match cli::parse(words) {
            Ok(Invocation::Command(_, Command::New(options))) => answers(options),
            other => panic!("{line:?} became {other:?}"),
        }
    }

    #[test]
    fn every_question_can_be_answered_by_a_flag() {
        let line = [
            "--name=nas",
            "--path=/a",
            "--path",
            "/b c",
            "--exclude=*.tmp",
            "--repository=/r",
            "--schedule",
            "daily at 12:30",
            "--keep=7d",
            "--password-file",
            "--generate-password",
            "--init",
            "--run-now",
            "--yes",
        ];
        let expected = Answers {
            name: Some("nas".to_owned()),
            paths: vec!["/a".to_owned(), "/b c".to_owned()],
            excludes: vec!["*.tmp".to_owned()],
            repository: Some("/r".to_owned()),
            schedule: Some("daily at 12:30".to_owned()),
            keep: Some("7d".to_owned()),
            keeper: Some(Keeper::File(None)),
            generate_password: true,
            init: true,
            run_now: true,
            yes: true,
            ..Answers::default()
        };
        assert_eq!(answers_of(&line), expected);
        assert_eq!(answers_of(&["--password-keyring", "x"]).keeper, Some(Keeper::Keyring(Some("x".to_owned()))));
        assert_eq!(answers_of(&[]), Answers::default());
    }
}

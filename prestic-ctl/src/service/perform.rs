//! Carries the steps of a plan out, and says each of them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    process::Stdio,
    time::Duration,
};

use prestic_proto::{client::Client, error::ConnectError, home::Home};
use serde::Serialize;

use crate::{
    connect::{connect_any, wait_for_end},
    error::CtlError,
    output::Output,
    service::{
        ServiceError,
        step::{Program, Step, text},
    },
};

/// How long a daemon may take that hands its runs over. It gives a run that is just being started 20 s.
const HAND_OVER_LIMIT: Duration = Duration::from_secs(60);

/// A step that was done, for programs.
#[derive(Debug, Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    step: &'a Step,
    /// Whether it was only said.
    dry_run: bool,
}

/// Only says what would be done.
pub fn rehearse(steps: &[Step], output: &mut Output) -> Result<(), CtlError> {
    for step in steps {
        if output.is_json {
            output.json(&Done { step, dry_run: true })?;
            continue;
        }
        match step {
            Step::Write { path, content } => {
                output.line(&format!("would write {}:", path.display()))?;
                for line in text(content).lines() {
                    output.line(format!("    {line}").trim_end())?;
                }
            }
            Step::Remove { path } => output.line(&format!("would remove {}", path.display()))?,
            Step::Run(program) => output.line(&format!("would run `{program}`"))?,
            Step::HandOver { pid } => {
                output.line(&format!("would end the daemon that runs by itself (pid {pid}); its runs go on"))?;
            }
            Step::ShutDown { pid } => output.line(&format!("would stop the daemon (pid {pid}) and its runs"))?,
        }
    }
    Ok(output.flush()?)
}

/// Does all steps, up to the first that fails.
pub async fn perform(steps: &[Step], home: &Home, output: &mut Output) -> Result<(), CtlError> {
    for step in steps {
        let said = perform_step(step, home, output).await?;
        if output.is_json {
            output.json(&Done { step, dry_run: false })?;
        } else {
            output.line(&said)?;
        }
        // Whoever reads along sees each step when it is done.
        output.flush()?;
    }
    Ok(())
}

async fn perform_step(step: &Step, home: &Home, output: &mut Output) -> Result<String, CtlError> {
    match step {
        Step::Write { path, content } => {
            let written = write(path, content);
            written.map_err(|source| ServiceError::File { verb: "write", path: path.clone(), source })?;
            Ok(format!("wrote {}", path.display()))
        }
        Step::Remove { path } => {
            let removed = fs::remove_file(path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            });
            removed.map_err(|source| ServiceError::File { verb: "remove", path: path.clone(), source })?;
            Ok(format!("removed {}", path.display()))
        }
        Step::Run(program) => Ok(run(program)?),
        Step::HandOver { pid } => {
            output.say(&format!("the daemon that runs by itself (pid {pid}) makes way for the service"));
            hand_over(home).await?;
            Ok(format!("ended the daemon that ran by itself (pid {pid}); its runs go on"))
        }
        Step::ShutDown { pid } => {
            output.say(&format!("the daemon (pid {pid}) is stopping its runs and then itself"));
            shut_down(home).await?;
            Ok(format!("stopped the daemon (pid {pid})"))
        }
    }
}

/// Writes a file so that nobody ever reads half of it.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(new, path)
}

fn run(program: &Program) -> Result<String, ServiceError> {
    let failed = |reason: String| ServiceError::Program { program: program.to_string(), reason };
    let output = match program.command().stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if program.may_fail => return Ok(format!("tried `{program}`: {error}")),
        Err(error) => return Err(failed(format!("cannot be run: {error}"))),
    };
    let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let words = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join("\n").replace('\n', "\n    ");
    let detail = if words.is_empty() { String::new() } else { format!("\n    {words}") };
    if output.status.success() {
        Ok(format!("ran `{program}`{detail}"))
    } else if program.may_fail {
        Ok(format!("tried `{program}` ({}){detail}", output.status))
    } else {
        Err(failed(format!("failed ({}){detail}", output.status)))
    }
}

/// Ends the daemon without its runs, and waits until it has gone.
async fn hand_over(home: &Home) -> Result<(), CtlError> {
    let Some(client) = connect(home).await? else { return Ok(()) };
    if client.hand_over().await.is_err() && connect_any(home).await.is_ok() {
        let version = &client.hello().version;
        return Err(ServiceError::Unusable {
            message: format!("the daemon that runs has version {version} and cannot leave its runs to another"),
            hint: "stop both by `prestic-ctl shutdown` when no run is under way, then try again".to_owned(),
        }
        .into());
    }
    match tokio::time::timeout(HAND_OVER_LIMIT, wait_for_end(&client, home)).await {
        Ok(()) => Ok(()),
        Err(_) => Err(ServiceError::Unusable {
            message: "the daemon that ran by itself does not end".to_owned(),
            hint: format!("see its log, {}, then try again", home.daemon_log().display()),
        }
        .into()),
    }
}

/// Ends the daemon after its runs, and waits until it has gone.
async fn shut_down(home: &Home) -> Result<(), CtlError> {
    let Some(client) = connect(home).await? else { return Ok(()) };
    // One that is gone cannot answer.
    let _ = client.shutdown().await;
    wait_for_end(&client, home).await;
    Ok(())
}

async fn connect(home: &Home) -> Result<Option<Client>, CtlError> {
    match connect_any(home).await {
        Ok((client, _)) => Ok(Some(client)),
        Err(ConnectError::NotRunning { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn said(steps: &[Step], is_rehearsal: bool) -> (Result<(), CtlError>, String) {
        let said = Shared::default();
        let mut output = Output::to(Box::new(said.clone()), Box::new(io::sink()), false);
        let home = Home::at("/nowhere");
        let result = if is_rehearsal { rehearse(steps, &mut output) } else { perform(steps, &home, &mut output).await };
        drop(output);
        let text = String::from_utf8(said.0.take()).unwrap();
        (result, text)
    }

    fn write_step(path: &Path) -> Step {
        Step::Write { path: path.to_owned(), content: b"[Unit]\n\nx\n".to_vec() }
    }

    #[tokio::test]
    async fn rehearsal_shows_files_and_commands_and_does_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/unit");
        let steps = [write_step(&path), Step::run(&["touch", "x"]), Step::Remove { path: path.clone() }];
        let (result, text) = said(&steps, true).await;
        result.unwrap();
        let path = path.display();
        assert_eq!(text, format!("would write {path}:\n    [Unit]\n\n    x\nwould run `touch x`\nwould remove {path}\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn files_come_with_their_folders_and_go_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/unit.service");
        let (result, _) = said(&[write_step(&path), write_step(&path)], false).await;
        result.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"[Unit]\n\nx\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "something is left beside it");
        let (result, _) = said(&[Step::Remove { path: path.clone() }, Step::Remove { path: path.clone() }], false).await;
        result.unwrap();
        assert!(!path.exists() && path.parent().unwrap().exists());
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn what_a_program_says_is_passed_on() {
        let (result, text) = said(&[Step::run(&["sh", "-c", "echo one; echo two >&2"])], false).await;
        result.unwrap();
        assert_eq!(text, "ran `sh -c echo one; echo two >&2`\n    one\n    two\n");
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn program_that_fails_ends_it_unless_it_may() {
        let (result, text) = said(&[Step::try_to_run(&["sh", "-c", "exit 3"]), Step::run(&["false"])], false).await;
        assert_eq!(text, "tried `sh -c exit 3` (exit status: 3)\n");
        assert_eq!(result.unwrap_err().to_string(), "`false` failed (exit status: 1)");
        let (result, _) = said(&[Step::run(&["/nowhere/systemctl"])], false).await;
        assert!(result.unwrap_err().to_string().starts_with("`/nowhere/systemctl` cannot be run: "));
    }
}

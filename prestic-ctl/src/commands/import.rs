//! `prestic-ctl import`: Python's home by the daemon's program, which knows our files; other programs' configurations here.

use std::{
    env,
    ffi::OsString,
    fs::{self, OpenOptions},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use prestic_proto::daemon_program::{self, ProgramError};
use serde_json::{Value, json};

use crate::{
    daemon_program::become_daemon_program,
    error::CtlError,
    exit::Exit,
    import::{ConvertError, ImportSource, Origin, draft::Draft, options::ForeignFile, paths::Places},
    output::Output,
    system,
};

/// Imports from a source.
pub fn import(source: ImportSource, json: Option<OsString>, output: &mut Output) -> Result<Exit, CtlError> {
    let (origin, file) = match source {
        ImportSource::Prestic { home, dry_run } => {
            let words = std::iter::once("takeover".into()).chain(json).chain(dry_run.then(|| "--dry-run".into()));
            let home = home.map(|home| ["--".into(), home]);
            return Ok(become_daemon_program(words.chain(home.into_iter().flatten()))?);
        }
        ImportSource::Resticprofile(file) => (Origin::Resticprofile, file),
        ImportSource::Autorestic(file) => (Origin::Autorestic, file),
        ImportSource::Crestic(file) => (Origin::Crestic, file),
        ImportSource::Backrest(file) => (Origin::Backrest, file),
    };
    if json.is_some() {
        return Err(CtlError::NoJson { command: origin.name(), format: "an INI" });
    }
    let draft = read(origin, &file.file)?;
    let text = draft.to_ini(&format!("prestic-ctl import {origin} {}", file.file.display()));
    write(&file, &text, draft.has_secrets(), output)
}

fn read(origin: Origin, file: &Path) -> Result<Draft, CtlError> {
    let bytes = fs::read(file).map_err(|source| CtlError::Unreadable { file: file.to_owned(), source })?;
    let folder = std::path::absolute(file).ok().and_then(|file| file.parent().map(Path::to_owned));
    let variable = |name: &str| env::var(name).ok();
    let places = Places {
        folder: folder.unwrap_or_else(|| PathBuf::from(".")),
        user_home: env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from),
        host_name: system::host_name(),
        variable: &variable,
    };
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let wrong = |source: ConvertError| CtlError::NotImported { file: file.to_owned(), origin, source };
    // What is guessed could be the path of another folder.
    let text = String::from_utf8(bytes).map_err(|_| wrong(ConvertError::NotUtf8))?;
    let mut draft = origin.convert(&name, &text, &places).map_err(wrong)?;
    let schedules: Vec<String> = draft.schedules().map(str::to_owned).collect();
    let refused = refused_schedules(&schedules)?;
    draft.drop_schedules(|schedule| refused.iter().find(|(known, _)| known == schedule).map(|(_, reason)| reason.clone()));
    Ok(draft)
}

/// Asks the daemon's program, which alone knows schedules, which of them are none, and why.
fn refused_schedules(schedules: &[String]) -> Result<Vec<(String, String)>, CtlError> {
    let schedules: Vec<&String> = schedules.iter().filter(|schedule| !schedule.is_empty()).collect();
    if schedules.is_empty() {
        return Ok(Vec::new());
    }
    let program = daemon_program::find()?;
    let failed = |source: io::Error| ProgramError::NotRunnable { program: program.clone(), source };
    let mut child = Command::new(&program)
        .args(["explain", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let questions: String =
        schedules.iter().map(|schedule| json!({ "schedule": schedule, "n": 1 }).to_string() + "\n").collect();
    let mut stdin = child.stdin.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
    // Questions and answers both wait for the other side: so they go by two threads.
    let writer = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let answered = child.wait_with_output().map_err(failed)?;
    // Whoever did not read all of it has not answered all of it, either.
    let _ = writer.join();
    let answers = String::from_utf8_lossy(&answered.stdout);
    let reason = |line: &str| {
        let answer: Value = serde_json::from_str(line).ok()?;
        Some(answer.get("error")?.get("message")?.as_str()?.to_owned())
    };
    Ok(schedules
        .iter()
        .zip(answers.lines())
        .filter_map(|(schedule, line)| Some(((*schedule).clone(), reason(line)?)))
        .collect())
}

fn write(file: &ForeignFile, text: &str, has_secrets: bool, output: &mut Output) -> Result<Exit, CtlError> {
    let Some(target) = &file.output else {
        if has_secrets && io::stdout().is_terminal() {
            return Err(CtlError::SecretsOnTerminal);
        }
        output.data(text)?;
        return Ok(Exit::OK);
    };
    let not_written = |source| CtlError::NotWritten { file: target.clone(), source };
    let mut ini = system::owner_only(OpenOptions::new().write(true).create_new(true)).open(target).map_err(not_written)?;
    ini.write_all(text.as_bytes()).and_then(|()| ini.sync_all()).map_err(not_written)?;
    output.say(&format!("{} is written: see `prestic-ctl check {}`", target.display(), target.display()));
    Ok(Exit::OK)
}

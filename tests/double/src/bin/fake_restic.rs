//! A scripted double of restic, for what real restic cannot be made to do on demand.
//!
//! The variable `FAKE_RESTIC` holds its script ([`prestic_double::FakeScript`], JSON). Without one it succeeds and says
//! nothing. It is never used where real restic can show the same.

use std::{
    env,
    fs::File,
    io::{self, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use prestic_double::{FakeScript, Interrupts, SCRIPT_VARIABLE, Step, wait_at};
use serde_json::json;
use tokio::sync::oneshot;

/// The variable that makes the double the child that holds a pipe open, until this gate is opened.
const HOLD_VARIABLE: &str = "FAKE_RESTIC_HOLD";
/// The exit code of a restic that was interrupted.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    if let Some(gate) = env::var_os(HOLD_VARIABLE) {
        wait_at(Path::new(&gate)).ok();
        return ExitCode::SUCCESS;
    }
    let script = match env::var(SCRIPT_VARIABLE) {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(script) => script,
            Err(error) => {
                eprintln!("{SCRIPT_VARIABLE} is no script: {error}");
                return ExitCode::from(99);
            }
        },
        Err(_) => FakeScript::default(),
    };
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str) {
        "version" => print_version(&script, arguments.iter().any(|argument| argument == "--json")),
        "unlock" | "snapshots" => ExitCode::SUCCESS,
        "list" | "cat" => print_locks(&script, &arguments),
        _ => perform(script.of_this_run(), &arguments),
    }
}

fn print_version(script: &FakeScript, as_json: bool) -> ExitCode {
    let version = script.version.as_deref().unwrap_or("0.18.0");
    if as_json && !version.starts_with("0.14") {
        println!("{}", json!({ "message_type": "version", "version": version, "go_version": "go1.24" }));
    } else {
        println!("restic {version} compiled with go1.24 on linux/amd64");
    }
    ExitCode::SUCCESS
}

/// Answers `list locks` and `cat lock ID`.
fn print_locks(script: &FakeScript, arguments: &[String]) -> ExitCode {
    for (id, document) in &script.locks {
        if arguments.iter().any(|argument| argument == "locks") {
            println!("{id}");
        } else if arguments.contains(id) {
            println!("{document}");
        }
    }
    ExitCode::SUCCESS
}

/// Does the steps, while it listens to interrupts.
fn perform(script: FakeScript, arguments: &[String]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime needs a few descriptors");
    let script = Arc::new(script);
    runtime.block_on(async {
        // The handler stands before anybody is told of the start, so that none is missed.
        let mut interrupts = Interrupts::listen().expect("interrupts can be handled");
        record(&script, arguments);
        note_start(&script);
        tell(&script, &format!("started {}", std::process::id()));
        let (sender, mut receiver) = oneshot::channel();
        let own = Arc::clone(&script);
        // The thread is not joined: an interrupted restic does not finish what it had planned.
        thread::spawn(move || sender.send(own.steps.iter().try_for_each(|step| take(&own, step))).ok());
        loop {
            tokio::select! {
                () = interrupts.next() => {
                    tell(&script, "interrupted");
                    if !script.ignores_interrupt {
                        return ExitCode::from(INTERRUPTED);
                    }
                }
                done = &mut receiver => {
                    return match done {
                        Ok(Ok(())) => ExitCode::from(script.exit_code),
                        Ok(Err(error)) => {
                            eprintln!("fake_restic: {error}");
                            ExitCode::from(98)
                        }
                        Err(_) => ExitCode::from(97),
                    };
                }
            }
        }
    })
}

fn record(script: &FakeScript, arguments: &[String]) {
    if let Some(path) = &script.record {
        let environment: Vec<(String, String)> =
            env::vars_os().map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into())).collect();
        append(path, &json!({ "argv": arguments, "env": environment }).to_string());
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock that it sees is what is asked for")]
fn note_start(script: &FakeScript) {
    if let Some(path) = &script.starts {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        append(path, &since.as_millis().to_string());
    }
}

fn tell(script: &FakeScript, line: &str) {
    if let Some(path) = &script.tell {
        append(path, line);
    }
}

fn append(path: &Path, line: &str) {
    if let Err(error) = prestic_double::tell(path, line) {
        eprintln!("fake_restic: cannot write to {}: {error}", path.display());
    }
}

fn take(script: &FakeScript, step: &Step) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match step {
        Step::Out(text) => stdout.write_all(text.as_bytes())?,
        Step::Err(text) => io::stderr().write_all(text.as_bytes())?,
        Step::Bytes(bytes) => stdout.write_all(bytes)?,
        Step::Flood { bytes, line } => flood(&mut stdout, *bytes, *line)?,
        Step::Repeat { line, per_second } => repeat(&mut stdout, line, *per_second)?,
        Step::Paced { lines, per_second } => paced(&mut stdout, *lines, *per_second)?,
        Step::Sleep { seconds } => sleep(*seconds),
        Step::Tell(line) => tell(script, line),
        Step::Touch(path) => drop(File::create(path)?),
        Step::Wait(gate) => {
            stdout.flush()?;
            wait_at(gate)?;
        }
        Step::HoldPipe(gate) => {
            Command::new(env::current_exe()?).env(HOLD_VARIABLE, gate).stdin(Stdio::null()).spawn().map(drop)?;
        }
    }
    stdout.flush()
}

/// Writes with blocks of 64 KiB, as fast as the reader takes them.
fn flood(stdout: &mut impl Write, bytes: u64, line: u64) -> io::Result<()> {
    const BLOCK: usize = 64 * 1024;
    let mut block = vec![b'x'; BLOCK];
    let mut written = 0;
    // Where the next line ends, counted from the first byte.
    let mut end = line.saturating_sub(1);
    while written < bytes {
        let length = usize::try_from((bytes - written).min(BLOCK as u64)).unwrap_or(BLOCK);
        let mut ends = Vec::new();
        while end < written + length as u64 {
            let offset = usize::try_from(end - written).unwrap_or_default();
            block[offset] = b'\n';
            ends.push(offset);
            end += line.max(1);
        }
        stdout.write_all(&block[..length])?;
        for offset in ends {
            block[offset] = b'x';
        }
        written += length as u64;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a steady rate is what this step is for; nothing waits for it")]
fn paced(stdout: &mut impl Write, lines: u32, per_second: u32) -> io::Result<()> {
    for line in 1..=lines {
        writeln!(stdout, "line {line}")?;
        stdout.flush()?;
        thread::sleep(Duration::from_secs(1) / per_second.max(1));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a steady rate is what this step is for; nothing waits for it")]
fn repeat(stdout: &mut impl Write, line: &str, per_second: u32) -> io::Result<()> {
    loop {
        writeln!(stdout, "{line}")?;
        stdout.flush()?;
        thread::sleep(Duration::from_secs(1) / per_second.max(1));
    }
}

#[expect(clippy::disallowed_methods, reason = "to take a while is what this step is for; nothing waits for it")]
fn sleep(seconds: u64) {
    thread::sleep(Duration::from_secs(seconds));
}

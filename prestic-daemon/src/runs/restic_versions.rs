//! The versions of the restic programs in use, asked once each.

use std::{
    collections::HashMap,
    env::{self, consts::EXE_SUFFIX},
    ffi::OsString,
    fs, io,
    path::{PathBuf, is_separator},
    process::Stdio,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    process::Command,
    sync::{Mutex, Semaphore},
    task,
    time::timeout,
};

use crate::{config::command::is_same_variable, patience::with_patience, process, restic::version::ResticVersion};

/// How long `restic version` may take. It needs no repository, so more means that something is very wrong.
const LIMIT: Duration = Duration::from_secs(20);

/// How many looks at program files may hang at once: each keeps a thread for as long as its disk does not answer.
const MAX_LOOKS: usize = 4;

/// A program file as it is now: after an upgrade it differs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Stamp {
    words: Vec<String>,
    files: Vec<(PathBuf, u64, Option<SystemTime>)>,
}

/// Remembers what each program answered.
#[derive(Debug)]
pub struct ResticVersions {
    looks: Arc<Semaphore>,
    known: Mutex<HashMap<Vec<String>, (Stamp, ResticVersion)>>,
}

impl Default for ResticVersions {
    fn default() -> Self {
        Self { looks: Arc::new(Semaphore::new(MAX_LOOKS)), known: Mutex::default() }
    }
}

impl ResticVersions {
    /// Returns the version of the restic that these words start, in this environment.
    pub async fn of(&self, executable: &[String], environment: &[(OsString, OsString)]) -> io::Result<ResticVersion> {
        let (words, path) = (executable.to_vec(), search_path(environment));
        // A folder of a server that does not answer must not hold the daemon's own threads.
        let looks = Arc::clone(&self.looks);
        let look = async {
            let place = looks.acquire_owned().await.map_err(io::Error::other)?;
            let looking = task::spawn_blocking(move || {
                let _place = place;
                stamp(&words, &path)
            });
            looking.await.map_err(io::Error::other)
        };
        let stamp = timeout(with_patience(LIMIT), look).await??;
        if let Some((known, version)) = self.known.lock().await.get(executable)
            && *known == stamp
        {
            return Ok(*version);
        }
        let version = ask(executable, environment).await?;
        self.known.lock().await.insert(executable.to_vec(), (stamp, version));
        Ok(version)
    }
}

async fn ask(executable: &[String], environment: &[(OsString, OsString)]) -> io::Result<ResticVersion> {
    let (program, words) = executable.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(words).arg("version").env_clear().envs(environment.iter().cloned());
    command.stdin(Stdio::null()).kill_on_drop(true);
    process::restore_descriptor_limit(command.as_std_mut());
    let output = timeout(with_patience(LIMIT), command.output()).await??;
    let text = String::from_utf8_lossy(&output.stdout);
    ResticVersion::from_output(&text).map_err(|_| {
        let first_line = text.lines().next().unwrap_or_default();
        io::Error::other(format!("`{program} version` printed no version of restic, but `{first_line}`"))
    })
}

fn search_path(environment: &[(OsString, OsString)]) -> OsString {
    let is_path = |name: &OsString| name.to_str().is_some_and(|name| is_same_variable("PATH", name));
    environment.iter().find(|(name, _)| is_path(name)).map(|(_, value)| value.clone()).unwrap_or_default()
}

fn stamp(executable: &[String], path: &OsString) -> Stamp {
    let files = executable.iter().filter_map(|word| {
        let file = find(word, path)?;
        let metadata = fs::metadata(&file).ok()?;
        Some((file, metadata.len(), metadata.modified().ok()))
    });
    Stamp { words: executable.to_vec(), files: files.collect() }
}

fn find(word: &str, path: &OsString) -> Option<PathBuf> {
    let mut file = PathBuf::from(word);
    if file.extension().is_none() {
        file.as_mut_os_string().push(EXE_SUFFIX);
    }
    if word.contains(is_separator) {
        return Some(file);
    }
    env::split_paths(path).map(|folder| folder.join(&file)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atomic_write;

    #[test]
    fn upgraded_program_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(format!("restic{EXE_SUFFIX}"));
        // Windows calls the variable so.
        let variable = if cfg!(windows) { "Path" } else { "PATH" };
        let path = search_path(&[("HOME".into(), "/".into()), (variable.into(), folder.path().into())]);
        let stamps = ["restic".to_owned(), folder.path().join("restic").display().to_string()].map(|word| {
            [b"old".as_slice(), b"newer"].map(|content| {
                atomic_write::replace(&program, content).unwrap();
                stamp(std::slice::from_ref(&word), &path)
            })
        });
        for [old, new] in stamps {
            assert_ne!(old, new);
            assert_eq!(old.files[0].0, program);
        }
    }
}

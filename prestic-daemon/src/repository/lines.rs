//! A restic's output, line by line.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use prestic_proto::error::ApiError;
use tokio::time::timeout;

use crate::{
    patience::with_patience,
    repository::{access::Reader, process::Running},
};

/// The longest line that is taken. A name has 255 characters, a path 16 KiB, and JSON may write six bytes for one.
const MAX_LINE: usize = 1024 * 1024;

/// How long a restic may be silent that reads all of a repository: `stats` tells nothing until its end.
const SILENCE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The lines of a restic that runs. Dropped, it is stopped.
#[derive(Debug)]
pub struct Lines {
    reader: Reader,
    command: String,
    running: Option<Running>,
    unread: BytesMut,
    /// How much of `unread` has no end of a line in it.
    searched: usize,
}

impl Lines {
    pub(super) fn new(reader: Reader, command: String, running: Running) -> Self {
        Self { reader, command, running: Some(running), unread: BytesMut::new(), searched: 0 }
    }

    /// Returns the next line without its end; none when restic has ended well.
    ///
    /// A call whose future is dropped loses nothing.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            if self.unread.len() > MAX_LINE {
                self.running = None;
                return Err(self.reader.refusal(&self.command, "it wrote a line that is too long"));
            }
            let Some(running) = &mut self.running else { return Ok(None) };
            let limit = with_patience(SILENCE_LIMIT);
            let Ok(piece) = timeout(limit, running.next()).await else {
                self.running = None;
                return Err(self.reader.refusal(&self.command, &format!("nothing was heard of it for {} s", limit.as_secs())));
            };
            match piece {
                Some(piece) if self.unread.is_empty() => self.unread = BytesMut::from(piece),
                Some(piece) => self.unread.extend_from_slice(&piece),
                None => {
                    let rest = self.unread.split().freeze();
                    self.searched = 0;
                    if !rest.is_empty() {
                        return Ok(Some(rest));
                    }
                    let Some(running) = self.running.take() else { return Ok(None) };
                    self.reader.check_end(&self.command, running.end().await)?;
                }
            }
        }
    }

    fn take_line(&mut self) -> Option<Bytes> {
        let Some(found) = self.unread[self.searched..].iter().position(|byte| *byte == b'\n') else {
            self.searched = self.unread.len();
            return None;
        };
        let mut line = self.unread.split_to(self.searched + found).freeze();
        self.unread.advance(1);
        self.searched = 0;
        if line.ends_with(b"\r") {
            line.truncate(line.len() - 1);
        }
        Some(line)
    }
}

//! Reads restic's two pipes to their ends, whatever comes out of them, so that restic never waits.

use std::{
    io::{self, PipeReader, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc::SyncSender},
    thread,
};

use crate::supervise::{
    conduct::Event,
    feed_server::Feed,
    lines::LineSplitter,
    output::{Output, Stream},
};

/// The most bytes that are read at once, and so the most that wait to be written into the log.
const CHUNK: usize = 64 * 1024;

/// Reads a pipe on a thread of its own, and says `end` when it has ended.
pub fn drain(
    pipe: PipeReader,
    stream: Stream,
    output: Arc<Mutex<Output>>,
    feed: Arc<Feed>,
    end: Event,
    events: SyncSender<Event>,
) -> io::Result<()> {
    thread::Builder::new().name("pipe".to_owned()).spawn(move || {
        read_to_end(pipe, stream, &output, &feed);
        // Nobody listens any more if the run was over before its pipes were.
        let _ = events.send(end);
    })?;
    Ok(())
}

fn read_to_end(mut pipe: impl Read, stream: Stream, output: &Mutex<Output>, feed: &Feed) {
    let mut splitter = LineSplitter::default();
    let mut chunk = vec![0; CHUNK];
    let mut is_understood = true;
    loop {
        let read = match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        // A mistake of ours in reading the output must not stall the backup: it goes on, and the rest is not looked at.
        is_understood = is_understood
            && catch_unwind(AssertUnwindSafe(|| take(&chunk[..read], stream, &mut splitter, output, feed))).is_ok();
    }
    if is_understood {
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        splitter.finish(|line, cut| output.take(stream, line, cut));
    }
}

/// One write to the log answers one read at most, so the log is as fresh as what is read and no timer is needed.
fn take(bytes: &[u8], stream: Stream, splitter: &mut LineSplitter, output: &Mutex<Output>, feed: &Feed) {
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    splitter.push(bytes, |line, cut| output.take(stream, line, cut));
    let (progress, log_length) = (output.flush(), output.log_length());
    drop(output);
    feed.log_reaches(log_length);
    if let Some(progress) = progress {
        feed.progress(progress);
    }
}

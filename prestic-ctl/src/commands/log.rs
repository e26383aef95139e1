//! `log`: the log of a run, as it is in the file.

use std::time::Duration;

use prestic_proto::client::Client;

use super::selector;
use crate::{error::CtlError, exit::Exit, output::Output};

/// How long one question may wait for more text.
const WAIT: Duration = Duration::from_secs(30);

/// How far to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Up to what there is now.
    WhatThereIs,
    /// On until the run is over.
    ToTheEndOfTheRun,
}

/// Prints a log.
pub async fn log(client: &Client, word: Option<&str>, extent: Extent, output: &mut Output) -> Result<Exit, CtlError> {
    let run = match word {
        Some(word) => selector::find(client, word).await?,
        None => selector::newest(client).await?,
    };
    let wait = match extent {
        Extent::WhatThereIs => Duration::ZERO,
        Extent::ToTheEndOfTheRun => WAIT,
    };
    let mut offset = 0;
    loop {
        let chunk = client.log(run.id, offset, wait).await??;
        if output.is_json {
            output.json(&chunk)?;
        } else {
            output.data(&chunk.text)?;
        }
        output.flush()?;
        if chunk.is_complete || (extent == Extent::WhatThereIs && chunk.next == offset) {
            return Ok(Exit::OK);
        }
        offset = chunk.next;
    }
}

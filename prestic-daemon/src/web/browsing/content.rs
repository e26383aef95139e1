//! Content of a snapshot that is open in the daemon, and closed there as soon as nobody wants it any more.

use std::pin::Pin;

use bytes::Bytes;
use futures::stream::{self, Stream};
use prestic_proto::{
    client::Client,
    content::{ContentId, ContentRequest},
};

use crate::web::{browsing::errands::Errands, failure::Failure};

/// Open content, with its first bytes. Dropped before its end, it is closed at once.
#[derive(Debug)]
pub struct OpenContent {
    client: Client,
    content: ContentId,
    errands: Errands,
    is_over: bool,
    /// How many bytes there are, where that is known beforehand.
    pub size: Option<u64>,
    /// What has come already.
    pub first: Bytes,
}

/// Why a download breaks off: the browser is not told more than that, because the headers have gone.
#[derive(Debug, thiserror::Error)]
pub enum BrokenOff {
    /// The daemon says why.
    #[error(transparent)]
    Api(#[from] prestic_proto::error::ApiError),
    /// The daemon does not answer.
    #[error(transparent)]
    Call(#[from] prestic_proto::error::CallError),
}

impl OpenContent {
    /// Opens content and waits for its first bytes, so that what goes wrong at the beginning can still be told.
    pub async fn open(client: &Client, errands: &Errands, profile: &str, request: ContentRequest) -> Result<Self, Failure> {
        let opened = client.open(profile, request).await??;
        let mut open = Self {
            client: client.clone(),
            content: opened.content,
            errands: errands.clone(),
            is_over: false,
            size: opened.size,
            first: Bytes::new(),
        };
        open.first = open.client.read(opened.content).await?.map(|piece| {
            open.is_over = piece.is_last;
            piece.bytes
        })?;
        Ok(open)
    }

    /// Reads at most so many bytes. The second value tells whether there are more.
    pub async fn head(mut self, limit: usize) -> Result<(Vec<u8>, bool), Failure> {
        let mut bytes = Vec::from(std::mem::take(&mut self.first));
        while bytes.len() <= limit && !self.is_over {
            let piece = self.client.read(self.content).await??;
            self.is_over = piece.is_last;
            bytes.extend_from_slice(&piece.bytes);
        }
        let is_more = bytes.len() > limit;
        bytes.truncate(limit);
        Ok((bytes, is_more))
    }

    /// Returns the content piece by piece: the next one is asked for when the one before has gone, and what goes wrong ends it
    /// with an error.
    pub fn pieces(mut self) -> Pin<Box<dyn Stream<Item = Result<Bytes, BrokenOff>> + Send>> {
        let first = std::mem::take(&mut self.first);
        Box::pin(stream::unfold(Some((self, Some(first))), |state| async move {
            let (mut open, first) = state?;
            if let Some(first) = first {
                return Some((Ok(first), Some((open, None))));
            }
            if open.is_over {
                return None;
            }
            match open.next().await {
                Ok(bytes) => Some((Ok(bytes), Some((open, None)))),
                Err(error) => {
                    tracing::warn!("a download breaks off: {error}");
                    Some((Err(error), None))
                }
            }
        }))
    }

    async fn next(&mut self) -> Result<Bytes, BrokenOff> {
        let piece = self.client.read(self.content).await??;
        self.is_over = piece.is_last;
        Ok(piece.bytes)
    }
}

impl Drop for OpenContent {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let (client, content) = (self.client.clone(), self.content);
        self.errands.start(async move {
            // A daemon that does not answer closes by itself what nobody reads.
            client.close(content).await.ok();
        });
    }
}

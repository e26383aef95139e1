//! A tarpc connection over the local socket: length-prefixed JSON frames.

use std::{
    io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Sink, Stream};
use interprocess::local_socket::{GenericFilePath, ToFsName, tokio::Stream as Socket, traits::tokio::Stream as _};
use pin_project_lite::pin_project;
use serde::{Serialize, de::DeserializeOwned};
use tarpc::{
    serde_transport::{self, Transport},
    tokio_serde::formats::Json,
};
use tokio_util::codec::LengthDelimitedCodec;

/// The most bytes in one frame; a longer one ends the connection, so everything long is paged.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

/// A connection that carries `Out` and receives `In`.
pub type Connection<In, Out> = Transport<Socket, In, Out, Json<In, Out>>;

/// Wraps a connected socket.
pub fn wrap<In, Out>(socket: Socket) -> Connection<In, Out>
where
    In: DeserializeOwned,
    Out: Serialize,
{
    let framed = LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_framed(socket);
    serde_transport::new(framed, Json::default())
}

/// Connects to a socket.
pub async fn connect<In, Out>(path: &Path) -> io::Result<Connection<In, Out>>
where
    In: DeserializeOwned,
    Out: Serialize,
{
    Ok(wrap(Socket::connect(path.to_fs_name::<GenericFilePath>()?).await?))
}

pin_project! {
    /// A server's side of a connection on which the client's end is an error.
    ///
    /// tarpc 0.38 lets handlers run on to their deadline when a client goes away without a word; an error ends them at once.
    pub struct EndIsError<T> {
        #[pin]
        inner: T,
        has_ended: bool,
    }
}

impl<T> EndIsError<T> {
    /// Wraps a connection.
    pub fn new(inner: T) -> Self {
        Self { inner, has_ended: false }
    }
}

impl<T, Item> Stream for EndIsError<T>
where
    T: Stream<Item = io::Result<Item>>,
{
    type Item = io::Result<Item>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        match this.inner.poll_next(context) {
            Poll::Ready(None) if !*this.has_ended => {
                *this.has_ended = true;
                Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
            }
            other => other,
        }
    }
}

impl<T, Item> Sink<Item> for EndIsError<T>
where
    T: Sink<Item, Error = io::Error>,
{
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_ready(context)
    }

    fn start_send(self: Pin<&mut Self>, item: Item) -> io::Result<()> {
        self.project().inner.start_send(item)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_close(context)
    }
}

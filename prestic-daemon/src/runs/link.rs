//! The connection to a supervisor's feed.

use std::{io, path::Path};

use interprocess::local_socket::{GenericFilePath, ToFsName, tokio::Stream, traits::tokio::Stream as _};
use tokio::io::{self as async_io, AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, ReadHalf, WriteHalf};

use crate::supervise::feed::{Order, Report};

/// A connected feed.
#[derive(Debug)]
pub struct Link {
    reports: Lines<BufReader<ReadHalf<Stream>>>,
    orders: WriteHalf<Stream>,
}

impl Link {
    /// Connects to the socket of a supervisor.
    pub async fn connect(socket: &Path) -> io::Result<Self> {
        let (receiver, orders) = async_io::split(Stream::connect(socket.to_fs_name::<GenericFilePath>()?).await?);
        Ok(Self { reports: BufReader::new(receiver).lines(), orders })
    }

    /// Returns the next report; none when the supervisor has closed the feed. It may be cancelled without losing one.
    pub async fn next(&mut self) -> io::Result<Option<Report>> {
        match self.reports.next_line().await? {
            Some(line) => Ok(Some(serde_json::from_str(&line)?)),
            None => Ok(None),
        }
    }

    /// Sends an order.
    pub async fn send(&mut self, order: Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(&order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await?;
        self.orders.flush().await
    }
}

//! What the tests of the web interface have in common: its state, with a daemon behind it that has no core.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use prestic_proto::{client::Client, home::Home, service::Api};
use tarpc::server::{BaseChannel, Channel};
use tokio::sync::{mpsc, watch};

use crate::{
    core::CoreHandle,
    history::History,
    keyring::Keyring,
    notify,
    rpc::Server,
    web::{Web, WebSettings, state::WebClock},
};

/// Returns the state of a server at an address, on the first day of 1970 in UTC.
pub async fn web(address: SocketAddr, settings: WebSettings) -> Web {
    let (inbox_sender, inbox) = mpsc::channel(1);
    let core = CoreHandle::new(inbox_sender, watch::channel(0).1);
    let ((notify, _), home) = (notify::channel(), Home::at("nowhere"));
    let server = Server::new(core, 1, home.clone(), History::new(home), Keyring::default(), notify);
    let (ours, theirs) = tarpc::transport::channel::bounded(1);
    // It ends with the test's runtime, and the core, which answers nothing, with it.
    tokio::spawn(async move {
        let _core = inbox;
        BaseChannel::with_defaults(theirs).execute(server.serve()).for_each_concurrent(None, |call| call).await;
    });
    let (client, _) = Client::over(ours).await.unwrap();
    let clock =
        WebClock { now: || DateTime::<Utc>::UNIX_EPOCH, local: |at| at.fixed_offset(), zone: || Some("Etc/UTC".to_owned()) };
    Web::new(client, clock, address, settings)
}

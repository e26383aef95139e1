//! Gives the web interface its place in the daemon: a connection to the API in memory, and an address to listen at.
//!
//! A port that is taken keeps nobody from backing up: the core is told, and the port is tried again.

use std::{env, io, net::SocketAddr, time::Duration};

use chrono::Local;
use futures::StreamExt;
use prestic_proto::{client::Client, service::Api, system::WebState};
use tarpc::server::{BaseChannel, Channel};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinSet,
    time,
};

use crate::{
    clock,
    core::{CoreHandle, command::Input},
    explain::machine_zone,
    rpc::Server,
    web::{self, Listen, Web, WebSettings, state::WebClock},
};

/// The variable that says where to listen, whatever the configuration says.
const LISTEN_VARIABLE: &str = "PRESTIC_WEB_LISTEN";
/// When to try again where the port was taken: nobody tells when it becomes free.
const RETRY_DELAY: Duration = Duration::from_secs(30);
/// How many calls of the web interface may be under way: each page needs a few, and each download one.
const MAX_CALLS: usize = 1024;
/// How many requests and answers may wait in memory.
const CHANNEL: usize = 64;

/// Serves the web interface as the live configuration wants it, until there is none any more because the core has ended.
///
/// `is_told` hears when the core knows for the first time how the web interface is.
pub async fn run(core: CoreHandle, server: Server, mut settings: watch::Receiver<WebSettings>, is_told: oneshot::Sender<()>) {
    let mut is_told = Some(is_told);
    let mut tasks = JoinSet::new();
    let Some(client) = connect(server, &mut tasks).await else { return };
    loop {
        let wanted = wanted(settings.borrow_and_update().clone());
        let state = match wanted {
            Ok(WebSettings { listen: Listen::Off, .. }) => WebState::Off,
            Err(state) => state,
            Ok(wanted) => match listen(&wanted).await {
                Ok((listener, address)) => {
                    report(&core, WebState::Listening { address }, &mut is_told).await;
                    if serve(listener, address, wanted, &client, &mut settings).await.is_err() {
                        return;
                    }
                    continue;
                }
                Err(state) => state,
            },
        };
        let is_hopeful = matches!(state, WebState::Unavailable { .. });
        report(&core, state, &mut is_told).await;
        tokio::select! {
            changed = settings.changed() => if changed.is_err() { return },
            () = time::sleep(RETRY_DELAY), if is_hopeful => {}
        }
    }
}

/// Makes a client whose calls go no further than this process.
async fn connect(server: Server, tasks: &mut JoinSet<()>) -> Option<Client> {
    let (ours, theirs) = tarpc::transport::channel::bounded(CHANNEL);
    let requests = BaseChannel::with_defaults(theirs).max_concurrent_requests(MAX_CALLS);
    tasks.spawn(requests.execute(server.serve()).for_each_concurrent(MAX_CALLS, |call| call));
    Client::over(ours).await.ok().map(|(client, _)| client)
}

/// Serves until the settings have changed; an error when there will be none any more.
async fn serve(
    listener: TcpListener,
    address: SocketAddr,
    wanted: WebSettings,
    client: &Client,
    settings: &mut watch::Receiver<WebSettings>,
) -> Result<(), watch::error::RecvError> {
    let clock = WebClock { now: clock::now, local: |at| at.with_timezone(&Local).fixed_offset(), zone: machine_zone::name };
    let web = Web::new(client.clone(), clock, address, wanted);
    let ending = web.ending().clone();
    let serving = web::serve(listener, web);
    tokio::pin!(serving);
    let changed = tokio::select! {
        changed = settings.changed() => changed,
        () = &mut serving => return Ok(()),
    };
    ending.cancel();
    serving.await;
    changed
}

async fn report(core: &CoreHandle, state: WebState, is_told: &mut Option<oneshot::Sender<()>>) {
    // A core that is gone needs no news, and whoever began this may not have waited.
    let _ = core.send(Input::Web(state)).await;
    let _ = is_told.take().map(|is_told| is_told.send(()));
}

/// Returns what is wanted, if the environment says otherwise too.
pub fn wanted(settings: WebSettings) -> Result<WebSettings, WebState> {
    overridden(settings, env::var(LISTEN_VARIABLE).ok())
}

/// Lets the environment say where to listen.
fn overridden(settings: WebSettings, variable: Option<String>) -> Result<WebSettings, WebState> {
    let Some(text) = variable.filter(|text| !text.is_empty()) else { return Ok(settings) };
    let refused = |reason: String| WebState::Unavailable { address: text.clone(), reason };
    let listen = Listen::parse(&text).ok_or_else(|| refused(format!("{LISTEN_VARIABLE} is no address with a port")))?;
    let settings = WebSettings { listen, ..settings };
    match settings.danger() {
        Some(danger) => Err(refused(danger.to_string())),
        None => Ok(settings),
    }
}

async fn listen(settings: &WebSettings) -> Result<(TcpListener, SocketAddr), WebState> {
    let Listen::At(wanted) = settings.listen else { return Err(WebState::Off) };
    let bound: io::Result<_> = async {
        let listener = TcpListener::bind(wanted).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
    .await;
    bound.map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "another program listens there: end it, or set another port in `web-listen`".to_owned(),
            _ => error.to_string(),
        };
        WebState::Unavailable { address: wanted.to_string(), reason }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Auth;

    #[track_caller]
    fn check(variable: Option<&str>, expected: Result<Listen, &str>) {
        let settings = WebSettings { auth: Auth::Off, ..WebSettings::default() };
        let found = overridden(settings, variable.map(str::to_owned)).map(|settings| settings.listen);
        let found = found.map_err(|state| match state {
            WebState::Unavailable { reason, .. } => reason,
            other => panic!("{other:?}"),
        });
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn environment_comes_before_the_configuration() {
        check(None, Ok(WebSettings::default().listen));
        check(Some(""), Ok(WebSettings::default().listen));
        check(Some("off"), Ok(Listen::Off));
        check(Some("127.0.0.1:0"), Ok(Listen::At("127.0.0.1:0".parse().unwrap())));
    }

    #[test]
    fn environment_cannot_open_the_web_interface_to_the_network() {
        check(Some("nowhere"), Err("PRESTIC_WEB_LISTEN is no address with a port"));
        let danger = "whoever can reach 0.0.0.0:8711 could read every backup: `web-auth` is not `token`";
        check(Some("0.0.0.0:8711"), Err(danger));
    }
}

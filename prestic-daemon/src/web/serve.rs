//! Serves HTTP to whoever connects: who is slow, or wants too much, costs a place and nothing else.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use futures::FutureExt;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time,
};
use tokio_io_timeout::TimeoutStream;

use crate::web::{
    Web,
    failure::{self, Explanation},
    guard::{self, Visitor, headers, refusal::Refusal},
    routes::router,
};

/// How much of the server its visitors may use.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// How many may be connected at once. Who comes next waits until somebody goes.
    connections: usize,
    /// How many of them may be other users, who are told that they are.
    strangers: usize,
    /// How long a request may take to come, and a connection may wait for the next one.
    request: Duration,
    /// How long somebody may stay who will be refused.
    stranger: Duration,
    /// How long somebody may take none of an answer.
    stalled: Duration,
}

const LIMITS: Limits = Limits {
    connections: 256,
    strangers: 8,
    request: Duration::from_secs(10),
    stranger: Duration::from_secs(1),
    stalled: Duration::from_secs(600),
};

/// The longest head of a request: the longest path of a file, with every byte written as three, and 4 KiB for the rest.
const MAX_HEAD: usize = 16 * 1024;
/// What is read or written at once.
const BUFFER: usize = 64 * 1024;
/// How long to wait when the system is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long what is being answered may take to end when the server does.
const END_LIMIT: Duration = Duration::from_secs(1);

type Routes = TowerToHyperService<Router>;

/// Serves until [`Web::ending`] is canceled, and what is under way has ended or was given up.
pub async fn serve(listener: TcpListener, web: Web) {
    let routes = router(web.clone());
    serve_within(LIMITS, listener, web, routes).await;
}

async fn serve_within(limits: Limits, listener: TcpListener, web: Web, routes: Router) {
    let routes = TowerToHyperService::new(routes);
    let places = Arc::new(Semaphore::new(limits.connections));
    let strangers = Arc::new(Semaphore::new(limits.strangers));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            Some(_) = connections.join_next() => continue,
            () = web.ending().cancelled() => break,
        };
        let Some((stream, place)) = accepted else { continue };
        let (web, routes, strangers) = (web.clone(), routes.clone(), Arc::clone(&strangers));
        connections.spawn(async move {
            serve_visitor(limits, stream, &web, routes, &strangers).await;
            drop(place);
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // Those that are left are aborted with their set.
    let _ = time::timeout(END_LIMIT, all).await;
}

/// Waits for a place first: who has none is not accepted, and costs nothing.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::debug!("a visitor of the web interface could not be accepted: {error}");
            time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn serve_visitor(limits: Limits, stream: TcpStream, web: &Web, routes: Routes, strangers: &Semaphore) {
    // A connection that has ended already needs no answer.
    let Ok(visitor) = Visitor::look(&stream, web.settings().auth).await else { return };
    if visitor.is_welcome() {
        return serve_connection(limits.request, limits.stalled, stream, web, visitor, routes).await;
    }
    if let Ok(_place) = strangers.try_acquire() {
        // The answer to his first request is the last.
        let _ =
            time::timeout(limits.stranger, serve_connection(limits.stranger, limits.stranger, stream, web, visitor, routes))
                .await;
    }
}

async fn serve_connection(
    request_limit: Duration,
    stalled_limit: Duration,
    stream: TcpStream,
    web: &Web,
    visitor: Visitor,
    routes: Routes,
) {
    // Answers are written as a whole: nothing is gained by holding their last bytes back.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(stalled_limit));
    let service =
        hyper::service::service_fn(|request: hyper::Request<Incoming>| answer(web, visitor, &routes, request.map(Body::new)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(request_limit)
        .max_header_size(MAX_HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    tokio::pin!(connection);
    // How a connection ends is its client's affair: there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = web.ending().cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Answers one request. Whatever happens in a page, the others go on.
async fn answer(web: &Web, visitor: Visitor, routes: &Routes, request: Request) -> Result<Response, Infallible> {
    let is_api = failure::is_for_programs(request.uri());
    let answered = AssertUnwindSafe(respond(web, visitor, routes, request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| broken(is_api));
    headers::add(&mut response);
    Ok(response)
}

async fn respond(web: &Web, visitor: Visitor, routes: &Routes, request: Request) -> Response {
    let is_api = failure::is_for_programs(request.uri());
    match guard::admit(web, visitor, request).await {
        Ok(request) => match routes.call(request).await {
            Ok(response) => response,
            Err(error) => match error {},
        },
        Err(refusal) => refuse(&refusal, is_api),
    }
}

fn refuse(refusal: &Refusal, is_api: bool) -> Response {
    let (status, explanation) = refusal.explain();
    failure::write(status, &explanation, is_api, None)
}

fn broken(is_api: bool) -> Response {
    let explanation = Explanation::new(
        "broken",
        "Broken",
        "a mistake in PRestic has kept this page from being made; backups are not affected",
        "look into the daemon’s log, and tell the makers what you did",
    );
    failure::write(StatusCode::INTERNAL_SERVER_ERROR, &explanation, is_api, None)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::web::{Auth, WebSettings, rig};

    const SHORT: Duration = Duration::from_millis(50);

    /// Serves pages to everybody of this machine.
    async fn begin(limits: Limits) -> (SocketAddr, JoinSet<()>, Web) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let web = rig::web(address, WebSettings { auth: Auth::Off, ..WebSettings::default() }).await;
        let routes = Router::new()
            .route("/", get(async || "fine"))
            .route("/broken", get(async || -> &'static str { panic!("a mistake") }))
            .route("/endless", get(async || std::future::pending::<()>().await));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_within(limits, listener, web.clone(), routes));
        (address, tasks, web)
    }

    async fn send(address: SocketAddr, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn read(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        // A connection that is cut off has said what it had to say.
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn mistake_in_a_page_is_told_and_harms_no_other_page() {
        let (address, _tasks, _web) = begin(LIMITS).await;
        let broken = read(send(address, "/broken").await).await;
        assert!(broken.starts_with("HTTP/1.1 500") && broken.contains("backups are not affected"), "{broken}");
        assert!(broken.contains("x-frame-options: DENY"), "{broken}");
        assert!(read(send(address, "/").await).await.ends_with("fine"));
    }

    #[tokio::test]
    async fn who_is_slow_costs_a_place_for_a_while_and_nothing_else() {
        let (address, _tasks, _web) = begin(Limits { connections: 2, request: SHORT, ..LIMITS }).await;
        let mut slow = Vec::new();
        for request in ["", "GET / HTTP/1.1\r\nHost:"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            slow.push(stream);
        }
        // There is no place until one of them is put out.
        assert!(read(send(address, "/").await).await.ends_with("fine"));
        for stream in slow {
            assert!(!read(stream).await.contains("200 OK"));
        }
    }

    #[tokio::test]
    async fn connection_that_is_used_no_more_is_closed() {
        let (address, _tasks, _web) = begin(Limits { request: SHORT, ..LIMITS }).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
        assert!(read(stream).await.ends_with("fine"));
    }

    #[tokio::test]
    async fn answer_may_take_longer_than_a_request() {
        let (address, _tasks, web) = begin(Limits { request: SHORT, ..LIMITS }).await;
        let mut stream = send(address, "/endless").await;
        let early = time::timeout(SHORT * 4, stream.read_u8()).await;
        assert!(early.is_err(), "it was cut off: {early:?}");
        web.ending().cancel();
    }

    #[tokio::test]
    async fn end_of_the_server_waits_for_nobody_for_ever() {
        let (address, mut tasks, web) = begin(LIMITS).await;
        let endless = send(address, "/endless").await;
        assert!(read(send(address, "/").await).await.ends_with("fine"), "the endless one has come before");
        web.ending().cancel();
        tasks.join_next().await.unwrap().unwrap();
        assert_eq!(read(endless).await, "");
    }
}

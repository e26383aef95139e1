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

use crate::web::{
    Web,
    failure::{self, Explanation},
    guard::{self, Visitor, headers, refusal::Refusal},
    routes::router,
};

/// How many may be connected at once. Who comes next waits until somebody goes.
const MAX_CONNECTIONS: usize = 256;
/// How many of them may be other users, who are told that they are.
const MAX_STRANGERS: usize = 8;
/// How long a request may take to come, and a connection may wait for the next one.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// The same for somebody who will be refused.
const STRANGER_LIMIT: Duration = Duration::from_secs(1);
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
    let routes = TowerToHyperService::new(router(web.clone()));
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let strangers = Arc::new(Semaphore::new(MAX_STRANGERS));
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
            serve_visitor(stream, &web, routes, &strangers).await;
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

async fn serve_visitor(stream: TcpStream, web: &Web, routes: Routes, strangers: &Semaphore) {
    // A connection that has ended already needs no answer.
    let Ok(visitor) = Visitor::look(&stream, web.settings().auth).await else { return };
    if visitor.is_welcome() {
        return serve_connection(stream, web, visitor, routes, REQUEST_LIMIT).await;
    }
    if let Ok(_place) = strangers.try_acquire() {
        // The answer to his first request is the last.
        let _ = time::timeout(STRANGER_LIMIT, serve_connection(stream, web, visitor, routes, STRANGER_LIMIT)).await;
    }
}

async fn serve_connection(stream: TcpStream, web: &Web, visitor: Visitor, routes: Routes, request_limit: Duration) {
    // Answers are written as a whole: nothing is gained by holding their last bytes back.
    let _ = stream.set_nodelay(true);
    let service =
        hyper::service::service_fn(|request: hyper::Request<Incoming>| answer(web, visitor, &routes, request.map(Body::new)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(request_limit)
        .max_header_size(MAX_HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
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

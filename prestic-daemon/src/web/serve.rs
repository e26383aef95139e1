//! Serves HTTP to whoever connects.

use std::convert::Infallible;

use axum::{body::Body, extract::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::web::{Web, guard, routes::router};

/// Serves until it is dropped.
pub async fn serve(listener: TcpListener, web: Web) {
    let routes = TowerToHyperService::new(router(web.clone()));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(serve_connection(stream, web.clone(), routes.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, web: Web, routes: TowerToHyperService<axum::Router>) {
    let service = hyper::service::service_fn(|request: hyper::Request<Incoming>| answer(&web, &routes, request.map(Body::new)));
    // The client has gone, or is none: there is nobody to tell.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(web: &Web, routes: &TowerToHyperService<axum::Router>, request: Request) -> Result<Response, Infallible> {
    match guard::admit(web, request).await {
        Ok(request) => routes.call(request).await,
        Err(refusal) => Ok(refusal),
    }
}

//! The files that pages need: they are part of the program, so that no path leads to the disk.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

use crate::web::{Web, failure::Failure};

#[derive(RustEmbed)]
#[folder = "../assets/web/"]
struct Assets;

#[derive(Deserialize)]
struct Wanted {
    v: Option<String>,
}

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/assets/{*name}", get(serve))
}

/// Returns the address of a file, which is another one when the file is another one.
pub fn address(name: &str) -> String {
    match Assets::get(name) {
        Some(file) => format!("/assets/{name}?v={}", version(&file)),
        None => format!("/assets/{name}"),
    }
}

async fn serve(Path(name): Path<String>, Query(wanted): Query<Wanted>, headers: HeaderMap) -> Result<Response, Failure> {
    let file = Assets::get(&name).ok_or_else(|| Failure::NotFound(format!("there is no `{name}`")))?;
    let version = version(&file);
    // Modules import each other without a version: those are asked for again each time.
    let caching =
        if wanted.v.as_ref() == Some(&version) { "private, max-age=31536000, immutable" } else { "private, no-cache" };
    let tag = format!("\"{version}\"");
    let fixed = [(header::CACHE_CONTROL, caching.to_owned()), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    Ok((fixed, [(header::CONTENT_TYPE, content_type(&name))], Body::from(file.data)).into_response())
}

/// The first 64 bits of the hash tell two versions of a file apart.
fn version(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_the_files_version() {
        let (name, version) =
            address("style.css").split_once("?v=").map(|(name, version)| (name.to_owned(), version.to_owned())).unwrap();
        assert_eq!((name.as_str(), version.len()), ("/assets/style.css", 16));
        assert_eq!(address("none.css"), "/assets/none.css");
    }

    #[test]
    fn every_file_has_a_type_of_its_own() {
        for name in Assets::iter() {
            assert_ne!(content_type(&name), "application/octet-stream", "{name}");
        }
    }
}

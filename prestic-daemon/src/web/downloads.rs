//! Files and folders of snapshots, to keep; and pictures, to look at.
//!
//! Nothing that comes from a snapshot is ever shown by the browser as a page: files are attachments without a type, and only what
//! its bytes show to be a picture is told to be one.

use axum::{
    Extension, Router,
    body::Body,
    extract::Query,
    http::{
        HeaderValue, Method,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::Response,
    routing::get,
};
use prestic_proto::{
    content::{ContentForm, ContentRequest},
    error::ApiError,
    file_path::FilePath,
    snapshot::EntryKind,
};
use serde::Deserialize;

use crate::web::{
    Web,
    browsing::{
        content::OpenContent,
        errands::Errands,
        preview::{MAX_PICTURE, Picture},
        visit::Visit,
    },
    failure::{Failure, PageResult},
};

pub mod file_names;

/// What content of snapshots may do in a browser: nothing, whatever the browser takes it for.
const NO_RIGHTS: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// How the content is wanted.
#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(rename = "as", default)]
    form: Option<ContentForm>,
}

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}/download/{snapshot}", get(download))
        .route("/profile/{name}/download/{snapshot}/", get(download))
        .route("/profile/{name}/download/{snapshot}/{*path}", get(download))
        .route("/profile/{name}/picture/{snapshot}/{*path}", get(picture))
        .layer(Extension(Errands::default()))
}

async fn download(method: Method, visit: Visit, Query(wanted): Query<Wanted>) -> PageResult {
    let place = visit.place()?;
    let snapshot = visit.snapshot_id(&place).await?;
    let path = place.path.unwrap_or_else(FilePath::root);
    let form = wanted.form.unwrap_or(if path.is_root() { ContentForm::Tar } else { ContentForm::File });
    let request = ContentRequest { snapshot: snapshot.clone(), path: path.clone(), form };
    let (size, body) = if method == Method::HEAD {
        (size_without_reading(&visit, &place.profile, &request).await?, Body::empty())
    } else {
        let open = OpenContent::open(&visit.web.client, &visit.errands, &place.profile, request).await?;
        (open.size, Body::from_stream(open.pieces()))
    };
    let disposition = file_names::attachment(path.name().as_ref(), &snapshot, form);
    let mut response = sandboxed("application/octet-stream", body);
    response.headers_mut().insert(CONTENT_DISPOSITION, header(disposition)?);
    if let Some(size) = size {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    Ok(response)
}

/// Answers what the headers need, without reading the content.
async fn size_without_reading(visit: &Visit, profile: &str, request: &ContentRequest) -> Result<Option<u64>, Failure> {
    let found = visit.web.client.find_entry(profile, request.snapshot.clone(), request.path.clone()).await??;
    let kind = found.entry.as_ref().map_or(EntryKind::Folder, |entry| entry.kind);
    match (request.form, kind) {
        (ContentForm::File | ContentForm::Beginning, EntryKind::File) => Ok(found.entry.map(|entry| entry.size)),
        (ContentForm::Tar | ContentForm::Zip, EntryKind::Folder) => Ok(None),
        (ContentForm::File | ContentForm::Beginning, _) => {
            Err(ApiError::WrongKind { path: request.path.clone(), wanted: "file".to_owned() }.into())
        }
        (ContentForm::Tar | ContentForm::Zip, _) => {
            Err(ApiError::WrongKind { path: request.path.clone(), wanted: "folder".to_owned() }.into())
        }
    }
}

async fn picture(visit: Visit) -> PageResult {
    let place = visit.place()?;
    let snapshot = visit.snapshot_id(&place).await?;
    let path = place.path.unwrap_or_else(FilePath::root);
    let request = ContentRequest { snapshot, path: path.clone(), form: ContentForm::File };
    let open = OpenContent::open(&visit.web.client, &visit.errands, &place.profile, request).await?;
    let picture = Picture::of(&open.first).filter(|_| open.size.is_none_or(|size| size <= MAX_PICTURE));
    let Some(picture) = picture else {
        return Err(Failure::BadRequest(format!("`{}` is no picture that is shown: download it instead", path.shown())));
    };
    let size = open.size;
    let mut response = sandboxed(picture.content_type(), Body::from_stream(open.pieces()));
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    if let Some(size) = size {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    }
    Ok(response)
}

/// Makes a response that no browser takes for anything but what it is said to be.
fn sandboxed(content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, NO_RIGHTS);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn header(text: String) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(&text).map_err(|error| Failure::BadRequest(error.to_string()))
}

//! The page of a file in a snapshot: what is known of it, what is in it, and its versions in other snapshots.

use axum::{Extension, Router, extract::Query, routing::get};
use maud::{Markup, html};
use prestic_proto::{
    content::{ContentForm, ContentRequest},
    error::ApiError,
    file_path::FilePath,
    snapshot::{Entry, EntryKind, Found, Snapshot, SnapshotId, SnapshotQuery, Version, VersionQuery, Versions},
    words as plain,
};
use serde::Deserialize;

use crate::web::{
    Web,
    browsing::{
        content::OpenContent,
        errands::Errands,
        links::{self, with_parameters},
        preview::{MAX_PICTURE, PREVIEW_BYTES, Preview, preview},
        shown,
        visit::{Content, Visit, part, part_on_demand},
    },
    failure::{Failure, PageResult},
    layout::{Mood, Page, ProfileTab, Tab},
    words::{self, Moment},
};

/// How many snapshots the choice of another one has.
const CHOICES: u32 = 200;

/// How many snapshots are looked into at a time for versions of a file.
const LOOKED_AT: u32 = 20;

/// Returns the routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/profile/{name}/preview/{snapshot}/{*path}", get(show_preview))
        .route("/profile/{name}/versions/{snapshot}/{*path}", get(show_versions))
        .layer(Extension(Errands::default()))
}

/// Returns other snapshots of the same machine and paths, newest first.
pub async fn others_like(web: &Web, profile: &str, snapshot: &Snapshot) -> Result<Vec<Snapshot>, Failure> {
    let query = SnapshotQuery {
        host: Some(snapshot.host.clone()),
        path: snapshot.paths.first().cloned(),
        limit: CHOICES,
        ..SnapshotQuery::default()
    };
    Ok(web.client.snapshots(profile, query).await??.snapshots)
}

/// Returns the content of a file's page.
pub async fn content(web: &Web, profile: &str, snapshot: SnapshotId, path: FilePath) -> Result<Content, Failure> {
    let found = web.client.find_entry(profile, snapshot, path).await??;
    let others = others_like(web, profile, &found.snapshot).await?;
    match &found.entry {
        Some(entry) => Ok(show_file(profile, &web.moment(), &found, entry, &others).into()),
        None => Err(ApiError::WrongKind { path: found.path, wanted: "file".to_owned() }.into()),
    }
}

/// Writes the page of a file.
fn show_file(profile: &str, moment: &Moment, found: &Found, entry: &Entry, others: &[Snapshot]) -> Markup {
    let (id, path) = (&found.snapshot.id, &found.path);
    html! {
        h1.break { bdi { (entry.name.shown()) } }
        (shown::crumbs(path, |path| links::file(profile, id, path)))
        p.muted { "In snapshot " (shown::snapshot_line(moment, &found.snapshot)) "." }
        div.toolbar {
            (shown::snapshot_choice(moment, &links::file(profile, id, path), &found.snapshot, others))
            (shown::download_links(profile, id, path, entry.kind))
            @if entry.kind == EntryKind::File {
                a.button href=(links::difference(profile, id, path, None)) { "Compare with the previous snapshot" }
            }
        }
        (facts(moment, entry))
        @match why_no_preview(entry) {
            Some(why) => p.note { (why) },
            None => {
                section.box aria-labelledby="preview" {
                    h2 #preview { "Preview" }
                    (part(&links::preview(profile, id, path), "Show what is in it"))
                }
            }
        }
        @if entry.kind != EntryKind::Folder {
            section.box aria-labelledby="versions" {
                h2 #versions { "Versions" }
                (part(&links::versions(profile, id, path), "Look for other versions"))
            }
        }
    }
}

fn facts(moment: &Moment, entry: &Entry) -> Markup {
    html! {
        dl.facts {
            dt { "Kind" } dd { (shown::kind_word(entry.kind)) }
            @if entry.kind == EntryKind::File { dt { "Size" } dd { (words::bytes(entry.size)) } }
            @if let Some(target) = &entry.link_target { dt { "Leads to" } dd.break { bdi { (shown::text(target)) } } }
            @if let Some(at) = entry.modified_at { dt { "Changed" } dd { (words::absolute(moment, at)) } }
            @if let Some(mode) = entry.mode { dt { "Mode" } dd.mono { (shown::mode_text(entry.kind, mode)) } }
            @if let Some(owner) = &entry.owner { dt { "Owner" } dd { bdi { (shown::text(owner)) } } }
            @if let Some(group) = &entry.group { dt { "Group" } dd { bdi { (shown::text(group)) } } }
            @if let Some(content) = &entry.content { dt { "Fingerprint" } dd.mono.break { (shown::text(content)) } }
        }
    }
}

/// Says why there is nothing to preview; none if there is.
fn why_no_preview(entry: &Entry) -> Option<&'static str> {
    match entry.kind {
        EntryKind::File if entry.size == 0 => Some("The file is empty."),
        EntryKind::File => None,
        EntryKind::Link => Some("A link has no content of its own: there is nothing to preview or to download."),
        EntryKind::Folder => Some("A folder has no content of its own."),
        EntryKind::Special => {
            Some("Devices, pipes and sockets have no content in a backup: there is nothing to preview or to download.")
        }
    }
}

async fn show_preview(visit: Visit) -> PageResult {
    let place = visit.place()?;
    let (snapshot, path) = (visit.snapshot_id(&place).await?, place.path.clone().unwrap_or_else(FilePath::root));
    let title = format!("{} · {}", path.name().map_or_else(|| "/".to_owned(), |name| name.shown()), place.profile);
    let (web, errands, profile) = (visit.web.clone(), visit.errands.clone(), place.profile.clone());
    let is_part = visit.is_for_part();
    let content = async move {
        let preview = preview_content(&web, &errands, &profile, &snapshot, &path).await?;
        Ok(html! { @if !is_part { (preview_heading(&profile, &snapshot, &path)) } (preview) }.into())
    };
    let active = Tab::Profile(&place.profile, ProfileTab::Snapshots);
    visit.answer(Page { title: &title, active, mood: Mood::Fine }, content).await
}

/// Writes what is above a preview that is a page of its own, for browsers that run no scripts.
fn preview_heading(profile: &str, snapshot: &SnapshotId, path: &FilePath) -> Markup {
    html! {
        h1.break { "Preview of " bdi { (path.name().map_or_else(|| "/".to_owned(), |name| name.shown())) } }
        (shown::crumbs(path, |path| links::file(profile, snapshot, path)))
        div.toolbar {
            a.button href=(links::file(profile, snapshot, path)) { "Back to the file" }
            (shown::download_links(profile, snapshot, path, EntryKind::File))
        }
    }
}

async fn preview_content(
    web: &Web,
    errands: &Errands,
    profile: &str,
    snapshot: &SnapshotId,
    path: &FilePath,
) -> Result<Markup, Failure> {
    let request = ContentRequest { snapshot: snapshot.clone(), path: path.clone(), form: ContentForm::Beginning };
    let open = OpenContent::open(&web.client, errands, profile, request).await?;
    let size = open.size;
    let (bytes, is_cut) = open.head(PREVIEW_BYTES).await?;
    Ok(show_preview_of(profile, snapshot, path, size, &preview(&bytes, is_cut)))
}

/// Writes a preview.
fn show_preview_of(profile: &str, snapshot: &SnapshotId, path: &FilePath, size: Option<u64>, preview: &Preview) -> Markup {
    let name = path.name().map(|name| name.shown()).unwrap_or_default();
    let rest = html! {
        p.note {
            "This is the beginning. " a href=(links::download(profile, snapshot, path, ContentForm::File)) { "Download" } " it to see the rest"
            @if let Some(size) = size { " of " (words::bytes(size)) } "."
        }
    };
    html! {
        div.preview {
            @match preview {
                Preview::Empty => p { "The file is empty." },
                Preview::Picture(_) if size.is_some_and(|size| size > MAX_PICTURE) => {
                    p.note { "The picture is too large to be shown here: more than " (plain::bytes(MAX_PICTURE)) "." }
                }
                Preview::Picture(_) => img src=(links::picture(profile, snapshot, path)) alt={ "Preview of " (name) };,
                Preview::Text { encoding, is_guess, lines, is_cut } => {
                    p.muted.small {
                        (encoding) @if *is_guess { " (a guess)" } ", " (plain::counted_usize(lines.len(), "line")) @if *is_cut { " shown" }
                    }
                    div.scroll tabindex="0" role="region" aria-label={ "Text of " (name) } {
                        table.source {
                            tbody {
                                @for (index, line) in lines.iter().enumerate() {
                                    tr { th scope="row" { (index + 1) } td { (line) } }
                                }
                            }
                        }
                    }
                    @if *is_cut { (rest) }
                }
                Preview::Hex { rows, is_cut } => {
                    p.muted.small { "Not text: its bytes in hexadecimal, and as ASCII." }
                    div.scroll tabindex="0" role="region" aria-label={ "Bytes of " (name) } {
                        pre.hex {
                            @for row in rows { (format!("{:08x}  {:<48}  {}\n", row.offset, row.hex, row.ascii)) }
                        }
                    }
                    @if *is_cut { (rest) }
                }
            }
        }
    }
}

/// Which versions to look for.
#[derive(Debug, Deserialize)]
struct Further {
    #[serde(default)]
    offset: u32,
}

async fn show_versions(visit: Visit, Query(further): Query<Further>) -> PageResult {
    let place = visit.place()?;
    let (snapshot, path) = (visit.snapshot_id(&place).await?, place.path.clone().unwrap_or_else(FilePath::root));
    let name = path.name().map_or_else(|| "/".to_owned(), |name| name.shown());
    let title = format!("Versions of {name} · {}", place.profile);
    let (web, profile) = (visit.web.clone(), place.profile.clone());
    let is_part = visit.is_for_part();
    let content = async move {
        let query = VersionQuery { snapshot: snapshot.clone(), path: path.clone(), offset: further.offset, limit: LOOKED_AT };
        let versions = web.client.versions(&profile, query).await??;
        let markup = html! {
            @if !is_part {
                h1.break { "Versions of " bdi { (name) } }
                (shown::crumbs(&path, |path| links::file(&profile, &snapshot, path)))
            }
            (show_version_list(&profile, &web.moment(), &snapshot, &path, further.offset, &versions))
        };
        Ok(markup.into())
    };
    let active = Tab::Profile(&place.profile, ProfileTab::Snapshots);
    visit.answer(Page { title: &title, active, mood: Mood::Fine }, content).await
}

/// Writes the versions of a file, and the way to older ones.
fn show_version_list(
    profile: &str,
    moment: &Moment,
    snapshot: &SnapshotId,
    path: &FilePath,
    offset: u32,
    versions: &Versions,
) -> Markup {
    let looked = offset.saturating_add(versions.looked_at);
    let older = versions.versions.iter().skip(1).map(Some).chain([None]);
    html! {
        div.scroll {
            table.list.cards {
                thead {
                    tr {
                        th scope="col" { "In snapshots" }
                        th.number scope="col" { "Size" }
                        th scope="col" { "Changed" }
                        th scope="col" { span.visually-hidden { "Actions" } }
                    }
                }
                tbody {
                    @for (version, older) in versions.versions.iter().zip(older) { (version_row(profile, moment, path, version, older)) }
                }
            }
        }
        p.muted {
            (plain::count(u64::from(looked.min(versions.in_all)))) " of "
            (plain::counted(u64::from(versions.in_all), "snapshot")) " of this machine and these paths looked into."
        }
        @if looked < versions.in_all {
            (part_on_demand(&with_parameters(links::versions(profile, snapshot, path), &[("offset", Some(&looked.to_string()))]), "Look further back"))
        }
    }
}

fn version_row(profile: &str, moment: &Moment, path: &FilePath, version: &Version, older: Option<&Version>) -> Markup {
    let newest = &version.newest.id;
    html! {
        tr {
            td {
                (words::absolute(moment, version.oldest.time))
                @if version.snapshots > 1 {
                    " to " (words::absolute(moment, version.newest.time)) " (" (plain::counted(u64::from(version.snapshots), "snapshot")) ")"
                }
            }
            @match &version.entry {
                None => td colspan="3" { "not there" },
                Some(entry) => {
                    td.number data-label="Size" { (words::bytes(entry.size)) }
                    td.nowrap data-label="Changed" { (shown::changed_at(moment, entry)) }
                    td.nowrap {
                        a href=(links::file(profile, newest, path)) { "View" }
                        @if entry.kind == EntryKind::File { " · " a href=(links::download(profile, newest, path, ContentForm::File)) { "Download" } }
                        @if let Some(older) = older.filter(|older| older.entry.is_some()) {
                            " · " a href=(links::difference(profile, &version.oldest.id, path, Some(&older.newest.id))) { "What changed" }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Profiles, and what is in their repositories.

use axum::extract::State;
use prestic_proto::{
    difference::DifferenceQuery,
    search::SearchQuery,
    snapshot::{FolderQuery, MAX_PAGE, SnapshotQuery, VersionQuery},
};

use super::{Answered, Parameters, Refusal, answer, parameters::required, request::Segment};
use crate::web::Web;

/// How many things a page has if nothing is said.
const USUAL_PAGE: u32 = 100;

/// Tells all profiles.
pub async fn profiles(State(web): State<Web>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.profiles().await?)
}

/// Tells one profile, with the origin of every option.
pub async fn profile(State(web): State<Web>, name: Segment<String>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.profile(&name.0).await??)
}

/// Tells the snapshots in the repository, newest first.
pub async fn snapshots(State(web): State<Web>, name: Segment<String>, mut parameters: Parameters) -> Answered {
    let (offset, limit) = page(&mut parameters)?;
    let query = SnapshotQuery {
        host: parameters.take("host"),
        tag: parameters.take("tag"),
        path: parameters.take("path"),
        offset,
        limit,
        is_fresh: parameters.parse("fresh")?.unwrap_or(false),
    };
    parameters.finish()?;
    answer(web.client.snapshots(&name.0, query).await??)
}

/// Tells what a folder of a snapshot holds.
pub async fn folder(State(web): State<Web>, name: Segment<String>, mut parameters: Parameters) -> Answered {
    let (offset, limit) = page(&mut parameters)?;
    let snapshot = required("snapshot", parameters.snapshot("snapshot")?)?;
    let query = FolderQuery { snapshot, path: parameters.path()?, filter: parameters.take("filter"), offset, limit };
    parameters.finish()?;
    answer(web.client.folder(&name.0, query).await??)
}

/// Tells what is known of one file or folder.
pub async fn entry(State(web): State<Web>, name: Segment<String>, mut parameters: Parameters) -> Answered {
    let snapshot = required("snapshot", parameters.snapshot("snapshot")?)?;
    let path = parameters.path()?;
    parameters.finish()?;
    answer(web.client.find_entry(&name.0, snapshot, path).await??)
}

/// Tells how a file was in one snapshot after the other.
pub async fn versions(State(web): State<Web>, name: Segment<String>, mut parameters: Parameters) -> Answered {
    let (offset, limit) = page(&mut parameters)?;
    let snapshot = required("snapshot", parameters.snapshot("snapshot")?)?;
    let query = VersionQuery { snapshot, path: parameters.path()?, offset, limit };
    parameters.finish()?;
    answer(web.client.versions(&name.0, query).await??)
}

/// Tells what is not the same in a folder of two snapshots.
pub async fn difference(State(web): State<Web>, name: Segment<String>, mut parameters: Parameters) -> Answered {
    let (offset, limit) = page(&mut parameters)?;
    let from = parameters.snapshot("from")?;
    let to = required("to", parameters.snapshot("to")?)?;
    let query = DifferenceQuery { from, to, path: parameters.path()?, offset, limit };
    parameters.finish()?;
    answer(web.client.difference(&name.0, query).await??)
}

/// Tells which files have such a name, in the snapshots that are indexed.
pub async fn search(State(web): State<Web>, name: Segment<String>, mut parameters: Parameters) -> Answered {
    let (offset, limit) = page(&mut parameters)?;
    let query = required("q", parameters.take("q"))?;
    let query = SearchQuery { query, snapshot: parameters.snapshot("snapshot")?, offset, limit };
    parameters.finish()?;
    answer(web.client.search(&name.0, query).await??)
}

/// Tells the locks in the repository.
pub async fn locks(State(web): State<Web>, name: Segment<String>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.locks(&name.0).await??)
}

/// Tells how large the repository was whenever it was measured.
pub async fn sizes(State(web): State<Web>, name: Segment<String>, parameters: Parameters) -> Answered {
    parameters.finish()?;
    answer(web.client.sizes(&name.0).await??)
}

/// Takes which page of a list is wanted.
pub fn page(parameters: &mut Parameters) -> Result<(u32, u32), Refusal> {
    Ok((parameters.number("offset", 0, u32::MAX)?, parameters.number("limit", USUAL_PAGE, MAX_PAGE)?))
}

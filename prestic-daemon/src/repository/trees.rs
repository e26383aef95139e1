//! Keeps folders by the ids of their trees, which never change, and finds the way to a folder through those that it has.

use std::{ffi::OsString, sync::Arc};

use futures::FutureExt;
use prestic_proto::{
    error::ApiError,
    file_path::FilePath,
    snapshot::Snapshot,
    system::{CacheKind, CacheUse},
};
use quick_cache::{Weighter, sync::Cache};

use crate::config::repository_identity::RepositoryId;
use crate::{
    repository::{
        access::Reader, flights::Flights, object_id::ObjectId, os_path::os_path, snapshot_lists::cache, tree::Tree, tree_json,
    },
    restic::version::ResticVersion,
};

/// How many bytes all folders may take: a million entries.
const BUDGET: u64 = 64 * 1024 * 1024;

/// How many bytes may be spent on remembering which path leads to which tree.
const PLACES_BUDGET: u64 = 2 * 1024 * 1024;

/// The most bytes that restic may write about one folder: half a million entries.
const MAX_OUTPUT: u64 = 128 * 1024 * 1024;

/// The first restic that finds a folder by its path.
const FINDS_FOLDERS: ResticVersion = ResticVersion::new(0, 16, 0);

/// Folders.
#[derive(Debug)]
pub struct Trees {
    trees: Cache<ObjectId, Arc<Tree>, TreeWeight>,
    /// What is at a path below a tree, where the folders in between are not known.
    places: Cache<Place, Whereabouts, PlaceWeight>,
    flights: Flights<Question, Result<Arc<Tree>, ApiError>>,
}

/// What restic is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Question {
    Tree(RepositoryId, ObjectId),
    Folder(RepositoryId, Place),
}

/// A path below a topmost folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    root: ObjectId,
    path: FilePath,
}

/// What is known of a path in a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// A folder with this tree.
    Folder(ObjectId),
    /// Something else than a folder, or below such a thing.
    NoFolder,
    /// Nothing.
    Missing,
}

#[derive(Debug, Clone)]
struct TreeWeight;

impl Weighter<ObjectId, Arc<Tree>> for TreeWeight {
    fn weight(&self, _: &ObjectId, tree: &Arc<Tree>) -> u64 {
        tree.weight()
    }
}

#[derive(Debug, Clone)]
struct PlaceWeight;

impl Weighter<Place, Whereabouts> for PlaceWeight {
    fn weight(&self, place: &Place, _: &Whereabouts) -> u64 {
        (size_of::<Place>() + size_of::<Whereabouts>() + place.path.as_bytes().len()) as u64
    }
}

impl Default for Trees {
    fn default() -> Self {
        Self {
            trees: cache(BUDGET, 10_000, TreeWeight),
            places: cache(PLACES_BUDGET, 10_000, PlaceWeight),
            flights: Flights::default(),
        }
    }
}

impl Trees {
    /// Returns a folder by the id of its tree, if it is known.
    pub fn known(&self, id: ObjectId) -> Option<Arc<Tree>> {
        self.trees.get(&id)
    }

    /// Finds out without restic what is at a path; none if that takes one.
    pub fn locate(&self, snapshot: &Snapshot, path: &FilePath) -> Option<Whereabouts> {
        let root = ObjectId::parse(&snapshot.tree.0)?;
        let mut here = FilePath::root();
        let mut known = Some(root);
        for name in path.names() {
            let tree = known.and_then(|id| self.trees.get(&id));
            here = here.join(&name);
            known = match tree {
                Some(tree) => match tree.find(name.as_bytes()) {
                    None => return Some(Whereabouts::Missing),
                    Some(position) => match tree.subtree(position) {
                        None => return Some(Whereabouts::NoFolder),
                        folder => folder,
                    },
                },
                None => match self.places.get(&Place { root, path: here.clone() }) {
                    Some(Whereabouts::Folder(id)) => Some(id),
                    Some(other) => return Some(other),
                    None => None,
                },
            };
        }
        known.map(Whereabouts::Folder)
    }

    /// Returns the folder at a path of a snapshot.
    pub async fn folder(
        self: &Arc<Self>,
        reader: &Reader,
        snapshot: &Snapshot,
        path: &FilePath,
    ) -> Result<Arc<Tree>, ApiError> {
        match self.locate(snapshot, path) {
            Some(Whereabouts::Folder(id)) => self.tree(reader, id).await,
            Some(other) => Err(refusal(other, snapshot, path)),
            None if reader.is_at_least(FINDS_FOLDERS) => self.folder_by_path(reader, snapshot, path).await,
            None => self.folder_step_by_step(reader, snapshot, path).await,
        }
    }

    /// Returns the folder with a tree.
    pub async fn tree(self: &Arc<Self>, reader: &Reader, id: ObjectId) -> Result<Arc<Tree>, ApiError> {
        if let Some(tree) = self.trees.get(&id) {
            return Ok(tree);
        }
        let (trees, asked) = (Arc::clone(self), reader.clone());
        let read = move || {
            async move {
                let arguments = ["cat".into(), "blob".into(), OsString::from(id.to_string())];
                let tree = trees.read("restic cat blob", &asked, &arguments).await?;
                if tree.id() != id {
                    return Err(asked.refusal("restic cat blob", &format!("it gave another tree than {id}")));
                }
                Ok(tree)
            }
            .boxed()
        };
        self.flights.join(Question::Tree(reader.repository().clone(), id), read).await
    }

    /// Lets restic find a folder, which takes it one step for each folder on the way, and us one restic.
    async fn folder_by_path(
        self: &Arc<Self>,
        reader: &Reader,
        snapshot: &Snapshot,
        path: &FilePath,
    ) -> Result<Arc<Tree>, ApiError> {
        let Some(root) = ObjectId::parse(&snapshot.tree.0) else { return Err(refusal(Whereabouts::Missing, snapshot, path)) };
        let place = Place { root, path: path.clone() };
        let question = Question::Folder(reader.repository().clone(), place.clone());
        let (trees, asked, snapshot, path) = (Arc::clone(self), reader.clone(), snapshot.clone(), path.clone());
        let read = move || {
            async move {
                let mut object = OsString::from(format!("{}:", snapshot.id));
                object.push(os_path(&path).ok_or_else(|| unspeakable(&asked, &path))?);
                let arguments = ["cat".into(), "tree".into(), object];
                let found = trees.read("restic cat tree", &asked, &arguments).await;
                let (whereabouts, answer) = match found {
                    Ok(tree) => (Whereabouts::Folder(tree.id()), Ok(tree)),
                    Err(error) => {
                        let Some(whereabouts) = told_by(&error) else { return Err(error) };
                        (whereabouts, Err(refusal(whereabouts, &snapshot, &path)))
                    }
                };
                trees.places.insert(place, whereabouts);
                answer
            }
            .boxed()
        };
        self.flights.join(question, read).await
    }

    /// Finds a folder by reading each one on the way.
    async fn folder_step_by_step(
        self: &Arc<Self>,
        reader: &Reader,
        snapshot: &Snapshot,
        path: &FilePath,
    ) -> Result<Arc<Tree>, ApiError> {
        let root = ObjectId::parse(&snapshot.tree.0).ok_or_else(|| refusal(Whereabouts::Missing, snapshot, path))?;
        let mut tree = self.tree(reader, root).await?;
        for name in path.names() {
            let position = tree.find(name.as_bytes()).ok_or_else(|| refusal(Whereabouts::Missing, snapshot, path))?;
            let id = tree.subtree(position).ok_or_else(|| refusal(Whereabouts::NoFolder, snapshot, path))?;
            tree = self.tree(reader, id).await?;
        }
        Ok(tree)
    }

    async fn read(&self, command: &str, reader: &Reader, arguments: &[OsString]) -> Result<Arc<Tree>, ApiError> {
        let output = reader.output(arguments, MAX_OUTPUT).await?;
        // A folder of 100,000 entries takes a tenth of a second.
        let parsed = tokio::task::spawn_blocking(move || tree_json::parse(&output)).await;
        let not_understood =
            |error: &dyn std::fmt::Display| reader.refusal(command, &format!("its answer is not understood: {error}"));
        let tree = parsed.map_err(|error| not_understood(&error))?.map_err(|error| not_understood(&error))?;
        let tree = Arc::new(tree);
        self.trees.insert(tree.id(), Arc::clone(&tree));
        Ok(tree)
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.trees.clear();
        self.places.clear();
    }

    /// Returns how full the cache is.
    pub fn usage(&self) -> CacheUse {
        CacheUse {
            cache: CacheKind::Trees,
            entries: self.trees.len() as u64,
            bytes: self.trees.weight() + self.places.weight(),
            budget: BUDGET + PLACES_BUDGET,
        }
    }
}

/// Returns the error of a path that is no text, where restic takes nothing else.
pub fn unspeakable(reader: &Reader, path: &FilePath) -> ApiError {
    reader.refusal("restic", &format!("on this system it cannot be asked for `{}`, whose name is not text", path.shown()))
}

/// Reads from restic's refusal that there is no such folder.
fn told_by(error: &ApiError) -> Option<Whereabouts> {
    let ApiError::Restic { message, .. } = error else { return None };
    // A name can have the end of a line in it, and the message begins after that.
    if message.ends_with(": not found") {
        Some(Whereabouts::Missing)
    } else if message.ends_with(": not a directory") {
        Some(Whereabouts::NoFolder)
    } else {
        None
    }
}

/// Returns the error of a path at which there is no folder.
fn refusal(whereabouts: Whereabouts, snapshot: &Snapshot, path: &FilePath) -> ApiError {
    match whereabouts {
        Whereabouts::NoFolder => ApiError::WrongKind { path: path.clone(), wanted: "folder".to_owned() },
        Whereabouts::Missing | Whereabouts::Folder(_) => {
            ApiError::NoSuchPath { path: path.clone(), snapshot: snapshot.id.clone(), others: Vec::new() }
        }
    }
}

//! Searches the indexed snapshots of a repository at once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use prestic_proto::{
    error::ApiError,
    search::{Match, SearchPage, SearchQuery},
    snapshot::{MAX_PAGE, SnapshotId},
};
use tokio_util::sync::CancellationToken;

use super::{
    driver::Shared,
    index::{IndexKey, Purpose},
    search::{MAX_MATCHES, Merged, Pattern},
    snapshots::{self, Tree},
    work::apart,
};
use crate::config::repository_identity::RepositoryId;

/// The results of how many searches are kept, for their other pages.
const KEPT_SEARCHES: usize = 2;

/// The last searches, so that another page of one costs nothing.
#[derive(Debug, Default)]
pub struct Recent(Mutex<VecDeque<(Question, Arc<Found>)>>);

/// What was searched, and for what: where all of it is the same, so is what is found.
#[derive(Debug, PartialEq, Eq)]
struct Question {
    query: String,
    repository: RepositoryId,
    trees: Vec<Tree>,
}

#[derive(Debug)]
struct Found {
    matches: Vec<Match>,
    has_more: bool,
    /// The trees whose indexes could be read.
    searched: Vec<Tree>,
}

/// Searches what is indexed of a profile's repository.
pub async fn search(
    shared: &Shared,
    profile: &str,
    repository: &RepositoryId,
    query: SearchQuery,
) -> Result<SearchPage, ApiError> {
    let pattern = Pattern::parse(&query.query)?;
    let mut all = snapshots::list(&shared.repositories, profile).await?;
    if let Some(id) = &query.snapshot {
        let wanted = snapshots::find(&all, id)?.clone();
        all = vec![wanted];
    }
    let indexed = shared.store.trees(repository.as_str());
    let trees: Vec<Tree> = snapshots::trees(&all).into_iter().filter(|tree| indexed.contains(&tree.id.0)).collect();
    let question = Question { query: query.query.clone(), repository: repository.clone(), trees };
    let found = match shared.recent.find(&question) {
        Some(found) => found,
        None => {
            let found = Arc::new(look(shared, pattern, &question).await?);
            shared.recent.keep(question, found.clone());
            found
        }
    };
    let searched: Vec<SnapshotId> = newest_first(&all, &found.searched);
    let pages = found.matches.iter().skip(query.offset as usize).take(query.limit.min(MAX_PAGE) as usize);
    Ok(SearchPage {
        matches: pages.cloned().collect(),
        total: u32::try_from(found.matches.len()).unwrap_or(u32::MAX),
        has_more: found.has_more,
        not_indexed: u32::try_from(all.len() - searched.len()).unwrap_or(u32::MAX),
        searched,
    })
}

/// Searches the indexes one after the other, where it keeps nobody waiting, until nobody wants to know any more.
async fn look(shared: &Shared, pattern: Pattern, question: &Question) -> Result<Found, ApiError> {
    let unwanted = CancellationToken::new();
    let _when_dropped = unwanted.clone().drop_guard();
    let (store, repository, trees) = (shared.store.clone(), question.repository.clone(), question.trees.clone());
    apart(move || {
        let purpose = if trees.len() == 1 { Purpose::Wanted } else { Purpose::Passing };
        let mut merged = Merged::default();
        let mut searched = Vec::new();
        for tree in trees {
            if unwanted.is_cancelled() {
                break;
            }
            let index = store.load(&IndexKey::new(&repository, &tree.id), purpose);
            let (Some(index), Some(facts)) = (index, tree.searched()) else { continue };
            merged.search(&pattern, &index, &facts, || unwanted.is_cancelled());
            searched.push(tree);
        }
        let (matches, has_more) = merged.into_parts();
        debug_assert!(matches.len() <= MAX_MATCHES);
        Found { matches, has_more, searched }
    })
    .await
}

fn newest_first(all: &[prestic_proto::snapshot::Snapshot], searched: &[Tree]) -> Vec<SnapshotId> {
    let trees: std::collections::HashSet<&str> = searched.iter().map(|tree| tree.id.0.as_str()).collect();
    all.iter().filter(|snapshot| trees.contains(snapshot.tree.0.as_str())).map(|snapshot| snapshot.id.clone()).collect()
}

impl Recent {
    fn find(&self, question: &Question) -> Option<Arc<Found>> {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().find(|(asked, _)| asked == question).map(|(_, found)| found.clone())
    }

    fn keep(&self, question: Question, found: Arc<Found>) {
        // An index that turned out to be damaged is made anew; then more is found.
        if found.searched != question.trees {
            return;
        }
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(KEPT_SEARCHES - 1);
        recent.push_front((question, found));
    }

    /// Forgets all searches.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

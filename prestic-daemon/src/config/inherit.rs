//! Resolves inheritance: a child's own value wins, then the first parent's, then the next one's.
//!
//! Each profile is resolved once, after its parents, and shares their values. Chains may be as deep as they like:
//! nothing here recurses.

use std::{collections::HashMap, sync::Arc};

use super::{
    keys::Slot,
    problems::{Problem, Problems},
    profile::{Profile, Setting},
    repository_identity::RealPaths,
};

/// The profile that is there even if no section has its name.
pub const DEFAULT_PROFILE: &str = "default";

/// A section that has been read, but has not inherited yet.
#[derive(Debug)]
pub struct Draft {
    /// The section's name.
    pub name: String,
    /// Its own values, those of `[DEFAULT]` included; no slot comes twice.
    pub own: Vec<Arc<Setting>>,
    /// The names of its parents, and the line that has them.
    pub parents: Vec<String>,
    /// Whether all of it could be read. An error has been told of if not.
    pub is_valid: bool,
}

/// Resolves all drafts; those that are wrong, or build on a wrong one, are none. Keeps the order.
pub fn resolve(drafts: Vec<Draft>, real_paths: &Arc<RealPaths>, problems: &mut Problems) -> Vec<Option<Arc<Profile>>> {
    let mut resolver = Resolver::new(drafts, Arc::clone(real_paths), problems);
    for index in 0..resolver.drafts.len() {
        resolver.visit(index, problems);
    }
    resolver.profiles
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way from the profile that is resolved to its ancestors.
    Open,
    Done,
}

struct Resolver {
    drafts: Vec<Draft>,
    /// The parents by index, in order.
    edges: Vec<Vec<usize>>,
    marks: Vec<Mark>,
    profiles: Vec<Option<Arc<Profile>>>,
    slots: SlotSet,
    real_paths: Arc<RealPaths>,
}

impl Resolver {
    fn new(mut drafts: Vec<Draft>, real_paths: Arc<RealPaths>, problems: &mut Problems) -> Self {
        let edges = find_parents(&mut drafts, problems);
        let count = drafts.len();
        Self {
            drafts,
            edges,
            marks: vec![Mark::New; count],
            profiles: vec![None; count],
            slots: SlotSet::default(),
            real_paths,
        }
    }

    /// Resolves a profile after all its ancestors.
    fn visit(&mut self, start: usize, problems: &mut Problems) {
        if self.marks[start] != Mark::New {
            return;
        }
        self.marks[start] = Mark::Open;
        let mut path = vec![(start, 0)];
        while let Some((index, next)) = path.last_mut() {
            let index = *index;
            let Some(parent) = self.edges[index].get(*next).copied() else {
                path.pop();
                self.marks[index] = Mark::Done;
                self.report_broken_parent(index, problems);
                self.profiles[index] = self.merge(index);
                continue;
            };
            *next += 1;
            match self.marks[parent] {
                Mark::Done => {}
                Mark::New => {
                    self.marks[parent] = Mark::Open;
                    path.push((parent, 0));
                }
                Mark::Open => {
                    let begin = path.iter().position(|(index, _)| *index == parent).unwrap_or_default();
                    let cycle: Vec<_> = path[begin..].iter().map(|(index, _)| *index).collect();
                    self.report_cycle(&cycle, problems);
                }
            }
        }
    }

    /// Tells of a profile that is fine itself, but builds on one that is not: it does not run either.
    fn report_broken_parent(&mut self, index: usize, problems: &mut Problems) {
        let draft = &self.drafts[index];
        let broken = self.edges[index].iter().find(|parent| self.profiles[**parent].is_none());
        let Some((parent, setting)) = broken.zip(inherit_setting(draft)).filter(|_| draft.is_valid) else { return };
        let parent = &self.drafts[*parent].name;
        let message = format!("`{}` cannot be used, because `{parent}` has errors", draft.name);
        let hint = format!("mend [{parent}]");
        problems.error(Problem::at(&setting.origin, "inherit", message, hint));
    }

    fn report_cycle(&mut self, cycle: &[usize], problems: &mut Problems) {
        let names: Vec<_> = cycle.iter().chain(cycle.first()).map(|index| self.drafts[*index].name.as_str()).collect();
        let Some(first) = cycle.first().map(|index| &self.drafts[*index]) else { return };
        let Some(setting) = inherit_setting(first) else { return };
        let message = format!("profiles inherit each other in a circle: `{}`", names.join(" -> "));
        let hint = "take one of these names out of its `inherit`";
        problems.error(Problem::at(&setting.origin, "inherit", message, hint));
        for index in cycle {
            self.drafts[*index].is_valid = false;
        }
    }

    fn merge(&mut self, index: usize) -> Option<Arc<Profile>> {
        let draft = &mut self.drafts[index];
        if !draft.is_valid {
            return None;
        }
        let parents: Option<Vec<_>> = self.edges[index].iter().map(|parent| self.profiles[*parent].clone()).collect();
        let parents = parents?;
        let mut settings = std::mem::take(&mut draft.own);
        if !parents.is_empty() {
            self.slots.start();
            for setting in &settings {
                self.slots.insert(setting);
            }
            for setting in parents.iter().flat_map(|parent| parent.settings()) {
                if self.slots.insert(setting) {
                    settings.push(Arc::clone(setting));
                }
            }
        }
        let (name, parents) = (std::mem::take(&mut draft.name), std::mem::take(&mut draft.parents));
        Some(Arc::new(Profile::new(name, parents, settings, Arc::clone(&self.real_paths))))
    }
}

/// Finds the indices of everybody's parents. A draft with an unknown parent becomes invalid.
fn find_parents(drafts: &mut [Draft], problems: &mut Problems) -> Vec<Vec<usize>> {
    let indices: HashMap<String, usize> = drafts.iter().enumerate().map(|(index, draft)| (draft.name.clone(), index)).collect();
    let mut edges = Vec::with_capacity(drafts.len());
    let mut orphans = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let mut found = Vec::with_capacity(draft.parents.len());
        let mut has_slip = false;
        for parent in &draft.parents {
            match indices.get(parent) {
                Some(parent) => found.push(*parent),
                None if parent == DEFAULT_PROFILE => {}
                None => {
                    orphans.push(index);
                    if let Some(hint) = hint_of_slip(parent) {
                        // One slip makes several words of the line wrong: the first one tells it all.
                        if !has_slip {
                            report_unknown_parent(draft, parent, hint, problems);
                        }
                        has_slip = true;
                        if is_comment(parent) {
                            break;
                        }
                    } else {
                        let hint = hint_of_name(parent, drafts, problems);
                        report_unknown_parent(draft, parent, hint, problems);
                    }
                }
            }
        }
        edges.push(found);
    }
    for index in orphans {
        drafts[index].is_valid = false;
    }
    edges
}

fn is_comment(word: &str) -> bool {
    word.starts_with(['#', ';'])
}

/// Returns what to do about a word that is no name at all.
fn hint_of_slip(word: &str) -> Option<String> {
    if is_comment(word) {
        Some("a comment stands on a line of its own: what follows a value belongs to it".to_owned())
    } else if word.contains(',') {
        Some("separate the names by blanks only, without commas".to_owned())
    } else {
        None
    }
}

fn hint_of_name(parent: &str, drafts: &[Draft], problems: &mut Problems) -> String {
    let guess = problems.guess(parent, drafts.iter().map(|draft| draft.name.as_str()));
    guess.map_or_else(|| format!("add a section [{parent}], or take the name out"), |name| format!("did you mean `{name}`?"))
}

fn report_unknown_parent(draft: &Draft, parent: &str, hint: String, problems: &mut Problems) {
    if let Some(setting) = inherit_setting(draft) {
        problems.error(Problem::at(&setting.origin, "inherit", format!("unknown parent `{parent}`"), hint));
    }
}

fn inherit_setting(draft: &Draft) -> Option<&Setting> {
    draft.own.iter().find(|setting| setting.slot == Slot::Known(super::keys::Key::Inherit)).map(AsRef::as_ref)
}

/// Gives each slot a number, so that merging need not compare names.
#[derive(Debug, Default)]
pub struct SlotNumbers(HashMap<Slot, usize>);

impl SlotNumbers {
    /// Returns a slot's number: the same for the same slot, and no gaps.
    pub fn of(&mut self, slot: &Slot) -> usize {
        if let Some(number) = self.0.get(slot) {
            return *number;
        }
        let number = self.0.len();
        self.0.insert(slot.clone(), number);
        number
    }
}

/// A set of slots that is emptied in no time: thousands of small sets are needed, one after the other.
#[derive(Default)]
struct SlotSet {
    /// By a slot's number, the last round in which it was inserted.
    rounds: Vec<usize>,
    round: usize,
}

impl SlotSet {
    fn start(&mut self) {
        self.round += 1;
    }

    /// Returns whether the slot was not there.
    fn insert(&mut self, setting: &Setting) -> bool {
        if self.rounds.len() <= setting.slot_number {
            self.rounds.resize(setting.slot_number + 1, 0);
        }
        std::mem::replace(&mut self.rounds[setting.slot_number], self.round) != self.round
    }
}

#[cfg(test)]
#[path = "inherit_tests.rs"]
mod tests;

//! Checks that tasks which wait for others name tasks that are there, and do not wait for each other in a circle.
//!
//! `needs` and the schedule's `after` are looked at apart from each other. A group and its members are one here: they have
//! the same lines.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    Config,
    keys::Key,
    problems::{Problem, Problems},
    profile::{Profile, Setting},
};
use crate::schedule::{Event, Schedule};

/// How one task waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Needs,
    After,
}

impl Link {
    fn key(self) -> Key {
        match self {
            Self::Needs => Key::Needs,
            Self::After => Key::Schedule,
        }
    }

    /// Returns the names that a task waits for in this way.
    fn names(self, task: &Profile) -> Vec<String> {
        match self {
            Self::Needs => task.needs().to_vec(),
            Self::After => {
                // Most schedules are times only, and need not be read once more.
                let schedule = task.schedule().filter(|text| text.to_ascii_lowercase().contains("after"));
                let schedule = schedule.and_then(|text| Schedule::parse(text).ok());
                let events = schedule.as_ref().map(Schedule::events).unwrap_or_default();
                let others = events.iter().filter_map(|event| match event {
                    Event::After { task, .. } => Some(task.clone()),
                    _ => None,
                });
                others.collect()
            }
        }
    }
}

/// Tells of links that cannot work, and returns the tasks and groups that have them. `sections` has all names, those of
/// profiles with errors too.
pub(super) fn check(config: &Config, sections: &HashSet<String>, problems: &mut Problems) -> BTreeSet<String> {
    let mut invalid = BTreeSet::new();
    for link in [Link::Needs, Link::After] {
        let graph = Graph::new(config, link);
        graph.check_names(config, sections, &mut invalid, problems);
        graph.check_circles(&mut invalid, problems);
        if link == Link::Needs {
            graph.check_broken(&mut invalid, problems);
        }
    }
    invalid
}

/// Who waits for whom. Tasks of a group go by its name.
struct Graph<'config> {
    link: Link,
    nodes: Vec<Node<'config>>,
    by_name: HashMap<&'config str, usize>,
}

struct Node<'config> {
    name: &'config str,
    setting: &'config Setting,
    /// What it waits for, as written.
    names: Vec<String>,
}

/// Returns the name by which a task goes here.
fn owner(task: &Profile) -> &str {
    task.group().unwrap_or(task.name())
}

impl<'config> Graph<'config> {
    fn new(config: &'config Config, link: Link) -> Self {
        let mut graph = Self { link, nodes: Vec::new(), by_name: HashMap::new() };
        for task in config.tasks() {
            let Some(setting) = task.find(link.key()) else { continue };
            let names = link.names(task);
            if !names.is_empty() && !graph.by_name.contains_key(owner(task)) {
                graph.by_name.insert(owner(task), graph.nodes.len());
                graph.nodes.push(Node { name: owner(task), setting, names });
            }
        }
        graph
    }

    fn check_names(
        &self,
        config: &Config,
        sections: &HashSet<String>,
        invalid: &mut BTreeSet<String>,
        problems: &mut Problems,
    ) {
        for node in &self.nodes {
            for name in &node.names {
                if !config.tasks_called(name).is_empty() {
                    continue;
                }
                let (message, hint) = match config.profile(name).and_then(|profile| profile.missing_for_task()) {
                    Some(missing) => (format!("`{name}` is no task: it has no `{missing}`"), "name a task".to_owned()),
                    None if sections.contains(name) && self.link == Link::After => continue,
                    None if sections.contains(name) => (broken(node.name, name), format!("mend [{name}]")),
                    None => {
                        let guess = problems.guess(name, config.profiles().map(|profile| profile.name()));
                        let hint = guess.map_or_else(|| "name a task, or take it out".to_owned(), did_you_mean);
                        (format!("no task is called `{name}`"), hint)
                    }
                };
                self.report(node, message, hint, problems);
                invalid.insert(node.name.to_owned());
            }
        }
    }

    /// Returns the node that a name stands for, if it waits for something itself.
    fn find(&self, name: &str) -> Option<usize> {
        let group = name.rsplit_once('@').map(|(group, _)| group);
        self.by_name.get(name).or_else(|| self.by_name.get(group?)).copied()
    }

    fn check_circles(&self, invalid: &mut BTreeSet<String>, problems: &mut Problems) {
        let mut is_done = vec![false; self.nodes.len()];
        for start in 0..self.nodes.len() {
            if is_done[start] {
                continue;
            }
            // The way from the start to here, each with the number of its link that is looked at next.
            let mut path = vec![(start, 0)];
            while let Some((index, next)) = path.last_mut() {
                let Some(name) = self.nodes[*index].names.get(*next) else {
                    is_done[*index] = true;
                    path.pop();
                    continue;
                };
                *next += 1;
                let Some(other) = self.find(name).filter(|other| !is_done[*other]) else { continue };
                match path.iter().position(|(index, _)| *index == other) {
                    None => path.push((other, 0)),
                    Some(begin) => {
                        let circle: Vec<_> = path[begin..].iter().map(|(index, _)| &self.nodes[*index]).collect();
                        self.report_circle(&circle, problems);
                        invalid.extend(circle.iter().map(|node| node.name.to_owned()));
                    }
                }
            }
        }
    }

    fn report_circle(&self, circle: &[&Node<'_>], problems: &mut Problems) {
        let names: Vec<_> = circle.iter().chain(circle.first()).map(|node| node.name).collect();
        let (verb, each_other) = match self.link {
            Link::Needs => ("needs", "tasks need each other"),
            Link::After => ("comes after", "tasks come after each other"),
        };
        let message = match circle {
            [node] => format!("`{}` {verb} itself", node.name),
            _ => format!("{each_other} in a circle: `{}`", names.join(" -> ")),
        };
        if let Some(node) = circle.first() {
            self.report(node, message, "take one of these names out".to_owned(), problems);
        }
    }

    /// Tells of tasks that need one that has been found to be wrong: they could never run.
    fn check_broken(&self, invalid: &mut BTreeSet<String>, problems: &mut Problems) {
        loop {
            let is_broken = |name: &String| self.find(name).is_some_and(|node| invalid.contains(self.nodes[node].name));
            let candidates = self.nodes.iter().filter(|node| !invalid.contains(node.name));
            let found = candidates.filter_map(|node| Some((node, node.names.iter().find(|name| is_broken(name))?))).next();
            let Some((node, name)) = found else { return };
            self.report(node, broken(node.name, name), format!("mend [{name}]"), problems);
            invalid.insert(node.name.to_owned());
        }
    }

    fn report(&self, node: &Node<'_>, message: String, hint: String, problems: &mut Problems) {
        problems.error(Problem::at(&node.setting.origin, &node.setting.key, message, hint));
    }
}

fn broken(task: &str, other: &str) -> String {
    format!("`{task}` cannot be used, because `{other}` has errors")
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

#[cfg(test)]
#[path = "task_links_tests.rs"]
mod tests;

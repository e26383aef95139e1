//! Makes a task for each repository of a profile that names several: `home` with `repositories = A B` becomes a group, and
//! `home@A` and `home@B` are its tasks.
//!
//! A member takes what belongs to its repository from the profile that has the repository, unless the group's own section
//! says otherwise. What the group inherits beside another repository is for that one only, and left out.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    command::PASSWORD_SOURCES,
    keys::{Key, Slot},
    problems::{Problem, Problems},
    profile::{Profile, Setting},
};

/// Stands between a group's name and that of the profile with the repository.
const MARK: char = '@';

/// Options that go with a repository, beside its password and all variables and flags.
const OF_REPOSITORY: [Key; 10] = [
    Key::Repository,
    Key::Executable,
    Key::Option,
    Key::CacheDir,
    Key::KeyHint,
    Key::LimitUpload,
    Key::LimitDownload,
    Key::RequirePath,
    Key::RequireHost,
    Key::NotMetered,
];

/// Puts the members of each group after it. Groups that are wrong are left out. `sections` has all names, those of profiles
/// with errors too.
pub(super) fn expand(profiles: Vec<Arc<Profile>>, sections: &HashSet<String>, problems: &mut Problems) -> Vec<Arc<Profile>> {
    if !profiles.iter().any(|profile| profile.find(Key::Repositories).is_some()) {
        return profiles;
    }
    let expander = Expander {
        by_name: profiles.iter().map(|profile| (profile.name(), profile)).collect(),
        with_repository: sections_with_repository(&profiles),
        sections,
    };
    let mut expanded = Vec::with_capacity(profiles.len());
    for profile in &profiles {
        if both_in_one_section(profile, problems) {
            continue;
        }
        let Some(setting) = repositories(profile).filter(|_| !profile.command().is_empty()) else {
            expanded.push(Arc::clone(profile));
            continue;
        };
        if let Some(bases) = expander.bases(profile, setting, problems) {
            let members: Vec<_> = bases.iter().map(|base| Arc::new(expander.member(profile, base))).collect();
            let names = members.iter().map(|member| member.name().to_owned()).collect();
            let settings = profile.settings().iter().filter(|setting| setting.slot != Slot::Known(Key::Repository));
            let group = Profile::new(
                profile.name().to_owned(),
                profile.parents().map(str::to_owned).collect(),
                settings.cloned().collect(),
                Arc::clone(profile.real_paths()),
            );
            expanded.push(Arc::new(group.with_members(names)));
            expanded.extend(members);
        }
    }
    expanded
}

/// Returns the setting that names the repositories, unless a repository is set nearer to the profile.
pub(super) fn repositories(profile: &Profile) -> Option<&Setting> {
    let is_set = |setting: &&Arc<Setting>| {
        matches!(setting.slot, Slot::Known(Key::Repository | Key::Repositories)) && !setting.value.is_empty()
    };
    let nearest = profile.settings().iter().find(is_set)?;
    (nearest.slot == Slot::Known(Key::Repositories)).then_some(nearest)
}

fn both_in_one_section(profile: &Profile, problems: &mut Problems) -> bool {
    let set = |key: Key| profile.find(key).filter(|setting| !setting.value.is_empty());
    let (Some(one), Some(several)) = (set(Key::Repository), set(Key::Repositories)) else { return false };
    let is_wrong = one.origin.section == several.origin.section;
    if is_wrong {
        let message = format!("`{}` and `{}` do not go together", one.key, several.key);
        problems.error(Problem::at(&several.origin, &several.key, message, "keep one of the two"));
    }
    is_wrong
}

/// Returns the sections that set a repository: what else is set there is meant for that one.
fn sections_with_repository(profiles: &[Arc<Profile>]) -> HashSet<&str> {
    let set = profiles.iter().filter_map(|profile| profile.find(Key::Repository));
    set.filter(|setting| !setting.value.is_empty()).map(|setting| setting.origin.section.as_str()).collect()
}

struct Expander<'profiles> {
    by_name: HashMap<&'profiles str, &'profiles Arc<Profile>>,
    with_repository: HashSet<&'profiles str>,
    sections: &'profiles HashSet<String>,
}

impl<'profiles> Expander<'profiles> {
    /// Returns the profiles with the repositories of a group, if all of them can be used.
    fn bases(&self, group: &Profile, setting: &Setting, problems: &mut Problems) -> Option<Vec<&'profiles Profile>> {
        let names = group.words(Key::Repositories).unwrap_or_default();
        let mut bases = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let base = self.by_name.get(name.as_str()).copied();
            let member = member_name(group, name);
            let (message, hint) = if names[..index].contains(name) {
                (format!("`{name}` is named twice"), "name each profile once".to_owned())
            } else if self.sections.contains(&member) {
                let message = format!("`{}` on `{name}` would be called as the section [{member}]", group.name());
                (message, format!("rename [{member}]"))
            } else if let Some(base) = base.filter(|base| base.repository().is_some() && repositories(base).is_none()) {
                bases.push(base.as_ref());
                continue;
            } else if base.is_some() {
                let hint = format!("set `repository` in [{name}], or name a profile that has one");
                (format!("profile `{name}` has no `repository` of its own"), hint)
            } else if self.sections.contains(name) {
                (format!("`{}` cannot be used, because `{name}` has errors", group.name()), format!("mend [{name}]"))
            } else {
                let guess = problems.guess(name, self.by_name.keys().copied());
                let hint = guess.map_or_else(|| format!("add a section [{name}] that sets `repository`"), did_you_mean);
                (format!("no profile is called `{name}`"), hint)
            };
            problems.error(Problem::at(&setting.origin, &setting.key, message, hint));
        }
        (bases.len() == names.len()).then_some(bases)
    }

    fn member(&self, group: &Profile, base: &Profile) -> Profile {
        let is_own = |setting: &Setting| setting.origin.section == group.name();
        let is_kept = |setting: &Setting| {
            !matches!(setting.slot, Slot::Known(Key::Repository | Key::Repositories))
                && (is_own(setting)
                    || !is_of_repository(&setting.slot)
                    || !self.with_repository.contains(setting.origin.section.as_str()))
        };
        let (own, inherited): (Vec<_>, Vec<_>) =
            group.settings().iter().filter(|setting| is_kept(setting)).partition(|setting| is_own(setting));
        let of_base = base.settings().iter().filter(|setting| is_of_repository(&setting.slot));
        // Passwords and their like go together: half of one and half of another open nothing.
        let mut has_password = false;
        let mut slots = HashSet::new();
        let mut settings: Vec<Arc<Setting>> = Vec::new();
        for source in [own, of_base.collect(), inherited] {
            let had_password = has_password;
            for setting in source {
                if (had_password && is_password(&setting.slot)) || !slots.insert(&setting.slot) {
                    continue;
                }
                has_password |= is_password(&setting.slot) && !setting.value.is_empty();
                settings.push(Arc::clone(setting));
            }
        }
        let parents = vec![group.name().to_owned(), base.name().to_owned()];
        let name = member_name(group, base.name());
        Profile::new(name, parents, settings, Arc::clone(group.real_paths())).in_group(group.name().to_owned())
    }
}

fn member_name(group: &Profile, base: &str) -> String {
    format!("{}{MARK}{base}", group.name())
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

fn is_of_repository(slot: &Slot) -> bool {
    match slot {
        Slot::Known(key) => OF_REPOSITORY.contains(key) || is_password(slot),
        Slot::Variable(_) | Slot::Flag(_) => true,
    }
}

fn is_password(slot: &Slot) -> bool {
    match slot {
        Slot::Known(key) => PASSWORD_SOURCES.contains(key) || *key == Key::KeyHint,
        Slot::Variable(name) => name.starts_with("RESTIC_PASSWORD"),
        Slot::Flag(name) => name.starts_with("password") || name.starts_with("insecure-no-password"),
    }
}

#[cfg(test)]
#[path = "groups_tests.rs"]
mod tests;

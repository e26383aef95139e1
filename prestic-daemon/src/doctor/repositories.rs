//! The repositories: can they be reached and opened, and has nobody left a lock in them?

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, stream};
use prestic_proto::{
    doctor::{Check, Finding},
    home::Home,
    outcome::{Failure, Outcome},
    status::Status,
    words::ago,
};
use tokio::time::{Instant, timeout_at};

use super::{Subject, shown, within};
use crate::{
    conditions::new_place::{self, NewPlace},
    config::Profile,
    repository::probe::{Probe, Trouble},
    restic::lock::{Lock, lock_ids},
};

/// How long one repository may take.
const LIMIT: Duration = Duration::from_secs(15);

/// So many are looked at together: each is a restic of 50 MiB, that works out a key.
const TOGETHER: usize = 4;

/// A restic that lives makes its lock anew every five minutes, and takes one for dead after this time.
const STALE_AFTER: TimeDelta = TimeDelta::minutes(30);

/// What came of looking at a repository.
#[derive(Debug)]
enum Seen {
    /// It opens; these locks are in it.
    Opens(Vec<Lock>),
    /// Its disk is not mounted there.
    NotMounted(String),
    /// It gives no answer.
    Trouble(Trouble),
    /// The time was over before.
    NotLookedAt,
}

/// Looks at each repository once, through the first profile that has it.
pub(super) async fn look(subject: &Subject, status: Option<&Status>, now: DateTime<Utc>, limit: Duration) -> Vec<Finding> {
    let mut profiles: Vec<&Arc<Profile>> = Vec::new();
    for profile in subject.with_repository().filter(|profile| profile.tells_password()) {
        if !profiles.iter().any(|known| known.repository_id() == profile.repository_id()) {
            profiles.push(profile);
        }
    }
    let is_idle = status.is_none_or(|status| status.runs.is_empty());
    let end = Instant::now() + limit;
    let looks = profiles.into_iter().map(|profile| async move {
        let seen = timeout_at(end, see(profile, &subject.home)).await.unwrap_or(Seen::NotLookedAt);
        judge(&Known::of(profile, is_idle), seen, now)
    });
    stream::iter(looks).buffered(TOGETHER).collect::<Vec<_>>().await.concat()
}

async fn see(profile: &Profile, home: &Home) -> Seen {
    let required = profile.require_paths();
    if let Some(path) = profile.local_repository()
        && let Some(NewPlace::NotMounted(point)) = within(LIMIT, move || new_place::look(&path, &required)).await
    {
        return Seen::NotMounted(shown(&point));
    }
    let probe = Probe { profile, home, password: None, version: None, limit: LIMIT };
    if let Err(trouble) = probe.open().await {
        return Seen::Trouble(trouble);
    }
    let mut locks = Vec::new();
    // A lock may go between the two questions, and then there is nothing to tell of it.
    let list = probe.ask(&["list", "locks"]).await.unwrap_or_default();
    for id in lock_ids(&list) {
        let answer = probe.ask(&["cat", "lock", id]).await.unwrap_or_default();
        locks.extend(Lock::parse(id, &answer));
    }
    Seen::Opens(locks)
}

/// What is known of the profile through which a repository is reached.
#[derive(Debug)]
struct Known {
    profile: String,
    repository: String,
    /// Whether its runs wait for a disk or a server, so that this one may be away.
    may_be_away: bool,
    /// Whether its password is in the keyring, which has findings of its own.
    has_keyring: bool,
    /// Whether no run of ours is under way.
    is_idle: bool,
}

impl Known {
    fn of(profile: &Profile, is_idle: bool) -> Self {
        Self {
            profile: profile.name().to_owned(),
            repository: profile.shown_repository().unwrap_or_default(),
            may_be_away: !profile.require_paths().is_empty() || !profile.require_hosts().is_empty(),
            has_keyring: profile.password_keyring().is_some(),
            is_idle,
        }
    }
}

fn judge(known: &Known, seen: Seen, now: DateTime<Utc>) -> Vec<Finding> {
    let Known { profile, repository, may_be_away, has_keyring, is_idle } = known;
    let away = |message: String, hint: String| {
        if *may_be_away {
            Finding::warning(Check::Repository, format!("{message}; its runs wait for it"), hint)
        } else {
            Finding::error(Check::Repository, message, hint)
        }
    };
    let findings = match seen {
        Seen::Opens(locks) => {
            let stale = locks.iter().filter(|lock| *is_idle && now - lock.time > STALE_AFTER);
            let mut findings: Vec<_> = stale.map(|lock| of_stale_lock(profile, repository, lock, now)).collect();
            if findings.is_empty() {
                findings.push(Finding::ok(Check::Repository, format!("`{repository}` opens")));
            }
            findings
        }
        Seen::NotMounted(point) => {
            let message = format!("`{repository}` is away: no disk is mounted at {point}");
            vec![away(message, "mount the disk".to_owned())]
        }
        Seen::NotLookedAt => {
            let message = format!("`{repository}` was not looked at: the time was over before");
            vec![Finding::warning(Check::Repository, message, format!("try it: `prestic-ctl -p {profile} cat config`"))]
        }
        Seen::Trouble(Trouble { outcome: Outcome::Failed(Failure::NoKeyring | Failure::NoPassword), .. }) if *has_keyring => {
            Vec::new()
        }
        Seen::Trouble(trouble) if trouble.is_absent() => {
            let message = format!("there is no repository at `{repository}`");
            vec![away(message, format!("is its disk mounted? If there never was one: `prestic-ctl init {profile}`"))]
        }
        Seen::Trouble(Trouble { outcome, message, hint }) => {
            let message = format!("`{repository}` does not open: {}", message.lines().next().unwrap_or_default());
            let hint = hint.unwrap_or_else(|| format!("try it: `prestic-ctl -p {profile} cat config`"));
            let is_of_network = outcome == Outcome::Failed(Failure::Network);
            vec![if is_of_network { away(message, hint) } else { Finding::error(Check::Repository, message, hint) }]
        }
    };
    findings.into_iter().map(|finding| finding.about(profile)).collect()
}

fn of_stale_lock(profile: &str, repository: &str, lock: &Lock, now: DateTime<Utc>) -> Finding {
    let (host, user, pid) = (&lock.hostname, &lock.username, lock.pid);
    let message = format!("`{repository}` has a lock of {user}@{host} (process {pid}), made {}", ago(lock.time, now));
    let hint = format!("if that process is gone, remove the lock: `prestic-ctl -p {profile} unlock`");
    Finding::warning(Check::Repository, message, hint)
}

#[cfg(test)]
mod tests {
    use prestic_proto::doctor::Level;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2031-05-20T12:00:00Z".parse().unwrap()
    }

    fn known(may_be_away: bool) -> Known {
        Known { profile: "home".to_owned(), repository: "/r".to_owned(), may_be_away, has_keyring: false, is_idle: true }
    }

    fn trouble(failure: Failure) -> Seen {
        Seen::Trouble(Trouble { outcome: Outcome::Failed(failure), message: "why\nand more".to_owned(), hint: None })
    }

    fn lock(minutes: i64) -> Lock {
        let answer =
            format!("{{\"time\":\"{}\",\"hostname\":\"here\",\"pid\":7}}", (now() - TimeDelta::minutes(minutes)).to_rfc3339());
        Lock::parse("0a", &answer).unwrap()
    }

    #[track_caller]
    fn check(known: &Known, seen: Seen, expected: Level, part: &str) {
        let findings = judge(known, seen, now());
        assert!(findings[0].level == expected && findings[0].message.contains(part), "{findings:?}");
        assert_eq!(findings[0].subject.as_deref(), Some("home"));
    }

    #[test]
    fn repository_that_opens_is_fine() {
        check(&known(false), Seen::Opens(Vec::new()), Level::Ok, "`/r` opens");
        check(&known(false), Seen::Opens(vec![lock(29)]), Level::Ok, "`/r` opens");
    }

    #[test]
    fn old_lock_is_told_unless_a_run_is_under_way() {
        check(&known(false), Seen::Opens(vec![lock(31)]), Level::Warning, "(process 7)");
        check(&Known { is_idle: false, ..known(false) }, Seen::Opens(vec![lock(31)]), Level::Ok, "opens");
    }

    #[test]
    fn repository_that_may_be_away_is_no_error() {
        check(&known(false), trouble(Failure::Network), Level::Error, "does not open: why");
        check(&known(true), trouble(Failure::Network), Level::Warning, "does not open: why; its runs wait for it");
        check(&known(false), Seen::NotMounted("/mnt".to_owned()), Level::Error, "no disk is mounted at /mnt");
        check(&known(true), trouble(Failure::NoRepository), Level::Warning, "there is no repository");
    }

    #[test]
    fn trouble_of_the_keyring_is_told_once() {
        let known = Known { has_keyring: true, ..known(false) };
        assert_eq!(judge(&known, trouble(Failure::NoKeyring), now()), []);
        check(&known, trouble(Failure::WrongPassword), Level::Error, "does not open");
    }

    #[test]
    fn wrong_password_is_an_error_wherever_the_disk_is() {
        check(&known(true), trouble(Failure::WrongPassword), Level::Error, "does not open: why");
        check(&known(true), Seen::NotLookedAt, Level::Warning, "was not looked at");
    }
}

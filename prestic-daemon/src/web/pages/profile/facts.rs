//! What only restic knows of a repository: its snapshots and its locks. Pure.

use maud::{Markup, html};
use prestic_proto::{
    repository_lock::{RepositoryLock, RepositoryLocks},
    snapshot::{Snapshot, SnapshotPage},
    words as plain,
};

use crate::web::{
    pages::{
        actions,
        icons::{Icon, icon},
        instants,
    },
    sessions::Session,
    words::{self, Moment},
};

/// Shows how many snapshots there are, the first and the last.
pub fn repository(name: &str, newest: &SnapshotPage, oldest: Option<&Snapshot>, moment: &Moment) -> Markup {
    let base = instants::profile_address(name);
    html! {
        div.stack #repository data-refresh={ (base) "/fragment/repository" } data-on={ "snapshots:" (name) } {
            @if newest.in_all == 0 {
                div.empty { p { "No snapshots yet." } p { "Run the backup now, and the first one is here." } }
            } @else {
                dl.facts {
                    dt { "Snapshots" }
                    dd { a href={ (base) "/snapshots" } { (plain::count(newest.in_all.into())) } }
                    @if let Some(snapshot) = newest.snapshots.first() { dt { "Last" } dd { (words::relative(moment, snapshot.time)) } }
                    @if let Some(snapshot) = oldest { dt { "First" } dd { (words::relative(moment, snapshot.time)) } }
                    @if newest.hosts.len() > 1 { dt { "Machines" } dd { (newest.hosts.join(", ")) } }
                }
                p.muted.small { "restic was asked " (words::relative(moment, newest.read_at)) "." }
            }
        }
    }
}

/// Shows who holds locks, and whether they can be removed.
pub fn locks(name: &str, locks: &RepositoryLocks, session: &Session, moment: &Moment) -> Markup {
    let base = instants::profile_address(name);
    let is_one = locks.locks.len() == 1;
    html! {
        div.stack #lock-list data-refresh={ (base) "/fragment/locks" } data-on={ "task:" (name) } {
            @if locks.locks.is_empty() {
                p { "Nobody holds a lock." }
            } @else {
                ul.problems { @for lock in &locks.locks { (one_lock(lock, moment)) } }
                @match &locks.why_not {
                    Some(reason) => { p.note { @if is_one { "It" } @else { "They" } " cannot be removed safely: " (words::marked(reason)) "." } }
                    None => {
                        p { @if is_one { "It is left over from a process that is dead." } @else { "All of them are left over from processes that are dead." } }
                        (actions::unlock_form(name, session))
                    }
                }
            }
        }
    }
}

fn one_lock(lock: &RepositoryLock, moment: &Moment) -> Markup {
    let holder = &lock.holder;
    let life = match lock.is_alive {
        Some(true) => "its process lives",
        Some(false) => "its process is dead",
        None => "whether its process lives is not known",
    };
    html! {
        li {
            (icon(Icon::Lock))
            span {
                strong { (if holder.is_exclusive { "Exclusive" } else { "Shared" }) }
                " lock of " (holder.user) " on " (holder.host) ", process " (holder.pid)
                @if lock.is_ours { ", started by PRestic" }
                ", made " (words::relative(moment, holder.created_at)) "; " (life) ". "
                span.muted.mono { (holder.id.get(..8).unwrap_or(&holder.id)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prestic_proto::lock::LockHolder;

    use super::*;
    use crate::web::pages::samples::{at, moment, now};

    fn lock(is_alive: Option<bool>) -> RepositoryLock {
        let holder = LockHolder {
            id: "0123456789abcdef".to_owned(),
            host: "<host>".to_owned(),
            user: "me".to_owned(),
            pid: 42,
            created_at: at(1),
            is_exclusive: true,
        };
        RepositoryLock { holder, is_ours: true, is_alive }
    }

    fn shown(locks: RepositoryLocks) -> String {
        super::locks("home", &locks, &Session::new(), &moment()).into_string()
    }

    #[test]
    fn dead_locks_can_be_removed() {
        let shown = shown(RepositoryLocks { locks: vec![lock(Some(false))], why_not: None });
        for part in ["/action/unlock", "Exclusive", "&lt;host&gt;", "its process is dead", "01234567"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn living_locks_have_no_button_but_a_reason() {
        let why_not = Some("process 42 lives".to_owned());
        let shown = shown(RepositoryLocks { locks: vec![lock(Some(true))], why_not });
        assert!(
            !shown.contains("/action/unlock") && shown.contains("It cannot be removed safely: process 42 lives."),
            "{shown}"
        );
    }

    #[test]
    fn repository_without_snapshots_says_what_to_do() {
        let none = SnapshotPage {
            snapshots: Vec::new(),
            total: 0,
            in_all: 0,
            hosts: Vec::new(),
            tags: Vec::new(),
            paths: Vec::new(),
            read_at: now(),
        };
        assert!(repository("home", &none, None, &moment()).into_string().contains("No snapshots yet."));
    }
}

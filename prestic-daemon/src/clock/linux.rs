//! A timer that follows the wall clock and tells when that is set, and a watch on the files that say which zone it is.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::{
    fs::inotify,
    io::Errno,
    time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
        timerfd_settime,
    },
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::clock::alarm::Cause;

/// The folder, and the files in it, that say which zone the system is in.
const ZONE_FOLDER: &str = "/etc";
const ZONE_FILES: [&[u8]; 2] = [b"localtime", b"timezone"];

/// Room for a few names of files at a time.
const EVENT_BYTES: usize = 4096;

/// Sleeps until an instant of the wall clock, until that is set, or until the machine wakes up.
#[derive(Debug)]
pub(super) struct Timer {
    descriptor: AsyncFd<OwnedFd>,
    /// What it is set to: nothing before the first sleep, and then the instant, if there is one.
    armed: Option<Option<DateTime<Utc>>>,
    /// None where the system has no watch left for us.
    zone_files: Option<AsyncFd<OwnedFd>>,
}

impl Timer {
    pub(super) fn new() -> io::Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // A system that has such timers and cannot cancel them is found out here, not in the middle of a night.
        arm(&timer, None).or_else(|error| if error == Errno::CANCELED { Ok(()) } else { Err(error) })?;
        let zone_files = watch_zone_files()
            .inspect_err(|error| tracing::warn!("another time zone is noticed with the next run only: {error}"));
        Ok(Self { descriptor: readable(timer)?, armed: None, zone_files: zone_files.ok() })
    }

    /// Sleeps. Dropped and called again, it goes on.
    pub(super) async fn sleep(&mut self, until: Option<DateTime<Utc>>) -> io::Result<Cause> {
        if self.armed != Some(until) {
            self.armed = None;
            match arm(self.descriptor.get_ref(), until) {
                Ok(()) => self.armed = Some(until),
                // There is a change that nobody has been told of yet. Linux has armed it nevertheless; the next sleep makes sure.
                Err(Errno::CANCELED) => return Ok(Cause::Clock),
                Err(error) => return Err(error.into()),
            }
        }
        tokio::select! {
            expired = expire(&self.descriptor) => {
                // One that has expired is not armed any more.
                self.armed = None;
                expired.map(|()| Cause::Clock)
            }
            touched = touch(self.zone_files.as_ref()) => {
                if let Err(error) = touched {
                    tracing::warn!("the files of the time zone cannot be watched any longer: {error}");
                    self.zone_files = None;
                }
                Ok(Cause::ZoneFiles)
            }
        }
    }
}

/// Sets the timer to an instant, or else so far ahead that only a change of the clock can be told.
fn arm(timer: &impl AsFd, until: Option<DateTime<Utc>>) -> Result<(), Errno> {
    let (tv_sec, tv_nsec) = match until {
        // All zeros would disarm it.
        Some(at) => (at.timestamp().max(1), at.timestamp_subsec_nanos().into()),
        None => (i64::MAX, 0),
    };
    let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
    let setting = Itimerspec { it_interval, it_value: Timespec { tv_sec, tv_nsec } };
    timerfd_settime(timer, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &setting).map(drop)
}

/// Waits until the timer has expired or was canceled.
async fn expire(timer: &AsyncFd<OwnedFd>) -> io::Result<()> {
    loop {
        let mut count = [0; size_of::<u64>()];
        let read = timer.readable().await?.try_io(|timer| Ok(rustix::io::read(timer, &mut count)?));
        match read {
            Ok(Err(error)) if error.raw_os_error() != Some(Errno::CANCELED.raw_os_error()) => return Err(error),
            Ok(_) => return Ok(()),
            Err(_would_block) => {}
        }
    }
}

fn watch_zone_files() -> io::Result<AsyncFd<OwnedFd>> {
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
    let changes = inotify::WatchFlags::CREATE
        | inotify::WatchFlags::MOVED_TO
        | inotify::WatchFlags::CLOSE_WRITE
        | inotify::WatchFlags::ONLYDIR;
    inotify::add_watch(&watch, ZONE_FOLDER, changes)?;
    readable(watch)
}

/// Waits until something has been done to one of the files.
async fn touch(watch: Option<&AsyncFd<OwnedFd>>) -> io::Result<()> {
    let Some(watch) = watch else { return std::future::pending().await };
    loop {
        if let Ok(is_touched) = watch.readable().await?.try_io(|watch| read_events(watch.get_ref()))
            && is_touched?
        {
            return Ok(());
        }
    }
}

/// Reads one lot of events, and returns whether one of them is about a file of the zone.
fn read_events(watch: &OwnedFd) -> io::Result<bool> {
    let mut buffer = [MaybeUninit::uninit(); EVENT_BYTES];
    let mut events = inotify::Reader::new(watch, &mut buffer);
    let mut is_touched = false;
    loop {
        let event = events.next()?;
        // An event without a name says that some were lost.
        is_touched |= event.file_name().is_none_or(|name| ZONE_FILES.contains(&name.to_bytes()));
        if events.is_buffer_empty() {
            return Ok(is_touched);
        }
    }
}

fn readable(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: what is registered owns its descriptor, which stays open and the same until it is dropped.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?)
}

/// Rust measures by the clock that stands still while the machine is suspended.
pub(super) const INSTANTS_COUNT_SUSPENDS: bool = false;

/// Returns how long the machine has been suspended since it was started.
///
/// Both clocks are asked of the kernel itself, so that a clock faked for this program does not look like a suspend.
pub(super) fn suspended() -> TimeDelta {
    let [since_boot, awake] = [ClockId::Boottime, ClockId::Monotonic].map(clock_gettime);
    TimeDelta::seconds(since_boot.tv_sec - awake.tv_sec) + TimeDelta::nanoseconds(since_boot.tv_nsec - awake.tv_nsec)
}

/// Returns the time of the clock that nobody sets, and that other processes of the machine read too.
pub fn monotonic() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Monotonic);
    // Neither is negative.
    Duration::new(tv_sec.unsigned_abs(), u32::try_from(tv_nsec).unwrap_or_default())
}

/// Returns for how long the machine has been up, suspended or not.
pub(super) fn up_for() -> Option<TimeDelta> {
    let up = clock_gettime(ClockId::Boottime);
    TimeDelta::new(up.tv_sec, u32::try_from(up.tv_nsec).ok()?)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::clock::now;

    #[tokio::test]
    async fn timer_expires_at_its_instant_and_not_before() {
        let mut timer = Timer::new().unwrap();
        let at = now() + TimeDelta::milliseconds(30);
        assert_eq!(timer.sleep(Some(at)).await.unwrap(), Cause::Clock);
        assert!(now() >= at);
    }

    #[tokio::test]
    async fn sleep_that_was_dropped_is_no_sleep_lost() {
        let mut timer = Timer::new().unwrap();
        let at = now() + TimeDelta::milliseconds(30);
        for _ in 0..3 {
            tokio::select! {
                biased;
                _ = timer.sleep(Some(at)) => panic!("it is not time yet"),
                () = std::future::ready(()) => {}
            }
        }
        assert_eq!(timer.sleep(Some(at)).await.unwrap(), Cause::Clock);
    }

    #[tokio::test]
    async fn instant_that_is_past_expires_at_once() {
        let mut timer = Timer::new().unwrap();
        for _ in 0..3 {
            assert_eq!(timer.sleep(Some(DateTime::UNIX_EPOCH)).await.unwrap(), Cause::Clock);
        }
    }

    #[test]
    fn machine_is_not_suspended_while_it_tests() {
        let before = suspended();
        assert!((suspended() - before).abs() < TimeDelta::seconds(1));
        assert!(before > TimeDelta::seconds(-1));
    }

    #[tokio::test]
    async fn only_files_of_the_zone_are_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, folder.path(), inotify::WatchFlags::CREATE).unwrap();
        for (name, is_of_zone) in [("hosts", false), ("localtime", true), ("timezone", true), ("localtime.dpkg-new", false)] {
            File::create(folder.path().join(name)).unwrap();
            assert_eq!(read_events(&watch).unwrap(), is_of_zone, "{name}");
        }
    }
}

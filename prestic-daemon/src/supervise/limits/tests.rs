//! One restic after the other, looked at as time passes.

use super::*;

const MINUTE: u64 = 60_000;

fn limits(max_runtime_min: Option<u64>, no_progress_min: Option<u64>) -> Limits {
    let ms = |minutes: u64| minutes * MINUTE;
    Limits { max_runtime_ms: max_runtime_min.map(ms), no_progress_ms: no_progress_min.map(ms), ..Limits::default() }
}

fn instant(at_ms: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + milliseconds(at_ms)
}

fn readings(at_ms: u64) -> Readings {
    Readings { at_ms, now: instant(at_ms), steps: 0, output_bytes: 0, activity: None }
}

fn near(limit: Limit, stops_at_ms: u64) -> LimitAction {
    LimitAction::Tell(Some(LimitNear { limit, stops_at: instant(stops_at_ms) }))
}

/// Looks at a restic whenever there is need to, up to an instant, as `see` changes what is seen. Returns what happened when.
fn watch(limits: &Limits, until_ms: u64, see: impl Fn(&mut Readings)) -> Vec<(u64, LimitAction)> {
    let mut watch = LimitWatch::new(limits);
    let mut at_ms = 0;
    let mut happened = Vec::new();
    while at_ms <= until_ms {
        let mut readings = readings(at_ms);
        see(&mut readings);
        match watch.look(readings) {
            LimitAction::GoOn => {}
            action => happened.push((at_ms, action)),
        }
        if matches!(happened.last(), Some((_, LimitAction::Stop(_)))) {
            break;
        }
        let Some(pause) = watch.time_left(at_ms) else { break };
        at_ms += u64::try_from(pause.as_millis()).unwrap();
    }
    happened
}

#[test]
fn without_limits_there_is_nothing_to_look_at() {
    assert_eq!(LimitWatch::new(&Limits::default()).time_left(0), None);
    assert_eq!(watch(&Limits::default(), 1000 * MINUTE, |_| {}), []);
}

#[test]
fn long_run_is_told_at_four_fifths_and_ended_at_the_limit() {
    let expected = [(80 * MINUTE, near(Limit::MaxRuntime, 100 * MINUTE)), (100 * MINUTE, LimitAction::Stop(Limit::MaxRuntime))];
    assert_eq!(watch(&limits(Some(100), None), 200 * MINUTE, |readings| readings.steps = readings.at_ms), expected);
}

#[test]
fn silent_run_is_told_at_half_and_ended_at_the_limit() {
    let expected = [(5 * MINUTE, near(Limit::NoProgress, 10 * MINUTE)), (10 * MINUTE, LimitAction::Stop(Limit::NoProgress))];
    assert_eq!(watch(&limits(None, Some(10)), 20 * MINUTE, |_| {}), expected);
}

#[test]
fn progress_takes_the_warning_back_and_begins_a_new_interval() {
    let happened = watch(&limits(None, Some(8)), 60 * MINUTE, |readings| {
        readings.steps = u64::from(readings.at_ms >= 6 * MINUTE);
    });
    let expected = [
        (4 * MINUTE, near(Limit::NoProgress, 8 * MINUTE)),
        (6 * MINUTE, LimitAction::Tell(None)),
        (10 * MINUTE, near(Limit::NoProgress, 14 * MINUTE)),
        (14 * MINUTE, LimitAction::Stop(Limit::NoProgress)),
    ];
    assert_eq!(happened, expected);
}

#[test]
fn run_that_goes_on_moving_is_left_alone() {
    assert_eq!(watch(&limits(None, Some(1)), 100 * MINUTE, |readings| readings.steps = readings.at_ms / 10_000), []);
}

/// Looks at a restic that tells nothing and uses so much in a second, and returns whether it is taken for hung.
#[track_caller]
fn check_use(cpu_ms: f64, io_bytes: u64, output_bytes: u64, is_hung: bool) {
    for no_progress_min in [1, 30, 600] {
        let happened = watch(&limits(None, Some(no_progress_min)), 3 * no_progress_min * MINUTE, |readings| {
            let seconds = readings.at_ms as f64 / 1000.0;
            readings.output_bytes = output_bytes * readings.at_ms / 1000;
            let cpu_ms = (seconds * cpu_ms) as u64 / 10 * 10;
            readings.activity = Some(Activity { cpu_ms, io_bytes: io_bytes * readings.at_ms / 1000 });
        });
        let is_stopped = matches!(happened.last(), Some((_, LimitAction::Stop(Limit::NoProgress))));
        assert_eq!(is_stopped, is_hung, "{no_progress_min} min, {cpu_ms} ms, {io_bytes} bytes: {happened:?}");
    }
}

#[test]
fn silent_but_busy_restic_is_not_hung() {
    check_use(1000.0, 0, 0, false);
    check_use(30.0, 0, 0, false);
    check_use(0.0, 10_000, 0, false);
}

#[test]
fn what_a_hanging_restic_uses_is_no_progress() {
    check_use(0.0, 0, 0, true);
    check_use(1.0, 10, 0, true);
    // Twice a second it tells the same numbers and the same long file names.
    check_use(2.0, 8_010, 8_000, true);
}

#[test]
fn suspended_machine_uses_up_no_time_and_gives_a_whole_interval_after_it() {
    let hour_ms = 60 * MINUTE;
    let happened = watch(&limits(Some(100), Some(10)), 200 * MINUTE, |readings| {
        readings.steps = u64::from(readings.at_ms > 12 * MINUTE) * readings.at_ms;
        if readings.at_ms >= 8 * MINUTE {
            readings.now += milliseconds(5 * hour_ms);
        }
    });
    let expected = [
        (5 * MINUTE, near(Limit::NoProgress, 10 * MINUTE)),
        (8 * MINUTE, LimitAction::Tell(None)),
        (80 * MINUTE, near(Limit::MaxRuntime, 100 * MINUTE + 5 * hour_ms)),
        (100 * MINUTE, LimitAction::Stop(Limit::MaxRuntime)),
    ];
    assert_eq!(happened, expected);
}

#[test]
fn stopped_supervisor_has_seen_no_hang() {
    let mut watch = LimitWatch::new(&limits(None, Some(1)));
    assert_eq!(watch.look(readings(0)), LimitAction::GoOn);
    assert_eq!(watch.look(readings(30 * MINUTE)), LimitAction::GoOn);
    assert_eq!(watch.look(readings(30 * MINUTE + 7_000)), LimitAction::GoOn);
}

#[test]
fn clock_that_is_set_back_delays_nothing_but_the_window() {
    let happened = watch(&limits(None, Some(2)), 10 * MINUTE, |readings| {
        readings.now -= milliseconds(u64::from(readings.at_ms > MINUTE) * 600 * MINUTE);
    });
    assert_eq!(happened.last(), Some(&(2 * MINUTE, LimitAction::Stop(Limit::NoProgress))));
}

#[test]
fn window_ends_by_the_wall_clock_however_that_gets_there() {
    let window = Limits { ends_at: Some(instant(30 * MINUTE)), ..Limits::default() };
    assert_eq!(watch(&window, 60 * MINUTE, |_| {}), [(30 * MINUTE, LimitAction::Stop(Limit::Window))]);
    let happened = watch(&window, 60 * MINUTE, |readings| {
        readings.now += milliseconds(u64::from(readings.at_ms >= 10 * MINUTE) * 25 * MINUTE);
    });
    assert_eq!(happened, [(10 * MINUTE, LimitAction::Stop(Limit::Window))]);
}

#[test]
fn wall_clock_is_looked_at_every_half_minute() {
    let mut watch = LimitWatch::new(&Limits { ends_at: Some(instant(600 * MINUTE)), ..Limits::default() });
    watch.look(readings(0));
    assert_eq!(watch.time_left(0), Some(Duration::from_secs(30)));
}

#[test]
fn of_two_limits_the_earlier_one_is_told_and_counts() {
    let happened = watch(&limits(Some(10), Some(9)), 20 * MINUTE, |_| {});
    let told: Vec<_> = happened.iter().map(|(at_ms, _)| at_ms / MINUTE).collect();
    assert_eq!(told, [4, 9], "{happened:?}");
    assert_eq!(happened.last().unwrap().1, LimitAction::Stop(Limit::NoProgress));
}

//! Plans for systemd, on paper.

use super::*;

const ALL: Wishes = Wishes { is_enabled: true, starts_now: true, has_tray: true };

fn programs(folder: &str) -> Programs {
    let program = |name: &str| Path::new(folder).join(name);
    Programs {
        daemon: program("prestic-daemon"),
        ctl: program("prestic-ctl"),
        tray: Some(program("prestic-tray")),
        other_home: None,
        restic_folder: Some(PathBuf::from("/usr/bin")),
    }
}

fn facts() -> Facts {
    Facts { config_folder: PathBuf::from("/c"), ..Facts::default() }
}

/// The facts after everything has been installed.
fn installed(programs: &Programs) -> Facts {
    Facts {
        unit: Some(files::systemd_unit(programs)),
        entry: Some(files::autostart_entry(programs.tray.as_deref().unwrap(), programs.other_home.as_deref())),
        state: UnitState { enabled: "enabled".to_owned(), active: "active".to_owned(), pid: Some(7), ..UnitState::default() },
        daemon: Some(Daemon { pid: 7, is_same_version: true }),
        ..facts()
    }
}

/// Says steps in few words.
fn words(steps: &[Step]) -> Vec<String> {
    let word = |step: &Step| match step {
        Step::Write { path, .. } => format!("write {}", path.display()),
        Step::Remove { path } => format!("remove {}", path.display()),
        Step::Run(program) => program.to_string().replace("systemctl --user ", ""),
        Step::HandOver { pid } => format!("hand over {pid}"),
        Step::ShutDown { pid } => format!("shut down {pid}"),
    };
    steps.iter().map(word).collect()
}

#[track_caller]
fn check_install(facts: &Facts, programs: &Programs, wishes: Wishes, expected: &[&str]) {
    assert_eq!(words(&install(facts, programs, wishes).unwrap()), expected);
}

#[track_caller]
fn check_uninstall(facts: &Facts, expected: &[&str]) {
    assert_eq!(words(&uninstall(facts, &programs("/p")).unwrap()), expected);
}

const WRITE_UNIT: &str = "write /c/systemd/user/prestic-daemon.service";
const WRITE_ENTRY: &str = "write /c/autostart/prestic-tray.desktop";
const ENABLE: &str = "enable prestic-daemon.service";
const RESTART: &str = "restart prestic-daemon.service";

#[test]
fn first_installation_does_everything() {
    check_install(&facts(), &programs("/p"), ALL, &[WRITE_UNIT, "daemon-reload", ENABLE, RESTART, WRITE_ENTRY]);
}

#[test]
fn second_installation_does_nothing() {
    check_install(&installed(&programs("/p")), &programs("/p"), ALL, &[]);
}

#[test]
fn wishes_leave_steps_out() {
    let none = Wishes { is_enabled: false, starts_now: false, has_tray: false };
    check_install(&facts(), &programs("/p"), none, &[WRITE_UNIT, "daemon-reload"]);
    check_install(&facts(), &programs("/p"), Wishes { starts_now: true, ..none }, &[WRITE_UNIT, "daemon-reload", RESTART]);
    let without_tray = Programs { tray: None, ..programs("/p") };
    check_install(&facts(), &without_tray, Wishes { has_tray: true, ..none }, &[WRITE_UNIT, "daemon-reload"]);
}

#[test]
fn programs_in_another_place_replace_the_unit_and_the_daemon() {
    check_install(
        &installed(&programs("/old")),
        &programs("/p"),
        ALL,
        &[WRITE_UNIT, "daemon-reload", ENABLE, RESTART, WRITE_ENTRY],
    );
}

#[test]
fn daemon_of_another_version_is_replaced() {
    let facts = Facts { daemon: Some(Daemon { pid: 7, is_same_version: false }), ..installed(&programs("/p")) };
    check_install(&facts, &programs("/p"), ALL, &[RESTART]);
}

#[test]
fn daemon_that_runs_by_itself_makes_way() {
    let facts = Facts { daemon: Some(Daemon { pid: 8, is_same_version: true }), ..installed(&programs("/p")) };
    check_install(&facts, &programs("/p"), ALL, &["hand over 8", RESTART]);
    check_install(&facts, &programs("/p"), Wishes { starts_now: false, ..ALL }, &[]);
}

#[test]
fn unit_of_a_package_is_used_by_its_programs_only() {
    let packaged = Facts { package_unit: Some(PathBuf::from("/usr/lib/systemd/user/prestic-daemon.service")), ..facts() };
    check_install(&packaged, &programs("/usr/bin"), ALL, &[ENABLE, RESTART, WRITE_ENTRY]);
    check_install(&packaged, &programs("/p"), ALL, &[WRITE_UNIT, "daemon-reload", ENABLE, RESTART, WRITE_ENTRY]);
    let elsewhere = Programs { restic_folder: Some(PathBuf::from("/opt/restic")), ..programs("/usr/bin") };
    check_install(&packaged, &elsewhere, ALL, &[WRITE_UNIT, "daemon-reload", ENABLE, RESTART, WRITE_ENTRY]);
}

#[test]
fn copy_from_before_the_package_makes_way_for_it() {
    let package_unit = Some(PathBuf::from("/usr/lib/systemd/user/prestic-daemon.service"));
    let facts = Facts { package_unit, ..installed(&programs("/usr/bin")) };
    let expected = ["remove /c/systemd/user/prestic-daemon.service", "daemon-reload", ENABLE, RESTART];
    check_install(&facts, &programs("/usr/bin"), ALL, &expected);
}

#[test]
fn files_of_others_are_left_alone() {
    let foreign = || Some("[Service]\nExecStart=/x\n".to_owned());
    let with_unit = Facts { unit: foreign(), ..facts() };
    assert!(matches!(install(&with_unit, &programs("/p"), ALL), Err(ServiceError::ForeignFile { .. })));
    assert!(matches!(uninstall(&with_unit, &programs("/p")), Err(ServiceError::ForeignFile { .. })));
    let with_entry = Facts { entry: foreign(), ..facts() };
    assert!(matches!(install(&with_entry, &programs("/p"), ALL), Err(ServiceError::ForeignFile { .. })));
    check_uninstall(&with_entry, &[]);
}

#[test]
fn service_of_another_home_is_neither_replaced_nor_removed() {
    let other = Programs { other_home: Some(PathBuf::from("/other")), ..programs("/p") };
    let error = install(&installed(&other), &programs("/p"), ALL).unwrap_err();
    assert!(error.to_string().ends_with(": /other"), "{error}");
    let error = install(&installed(&programs("/p")), &other, ALL).unwrap_err();
    assert!(error.to_string().ends_with(": ~/.prestic"), "{error}");
    check_install(&installed(&other), &other, ALL, &[]);
    assert!(matches!(uninstall(&installed(&other), &programs("/p")), Err(ServiceError::OtherHome { .. })));
}

#[test]
fn removal_takes_back_what_was_installed() {
    check_uninstall(
        &installed(&programs("/p")),
        &[
            "disable --now prestic-daemon.service",
            "remove /c/systemd/user/prestic-daemon.service",
            "daemon-reload",
            "remove /c/autostart/prestic-tray.desktop",
        ],
    );
    check_uninstall(&facts(), &[]);
}

#[test]
fn failure_of_the_past_is_removed_too() {
    let failed = UnitState { active: "failed".to_owned(), ..UnitState::default() };
    let unit = installed(&programs("/p")).unit;
    let steps = words(&uninstall(&Facts { unit, state: failed, ..facts() }, &programs("/p")).unwrap());
    assert_eq!(steps.last().unwrap(), "reset-failed prestic-daemon.service");
}

#[test]
fn program_that_systemd_cannot_start_is_refused() {
    for folder in ["/a\"b", "/it's", "/a\\b", "/a\nb"] {
        let refusal = install(&facts(), &programs(folder), ALL);
        assert!(matches!(refusal, Err(ServiceError::Unusable { .. })), "{folder}");
    }
    install(&facts(), &programs("/a b/50% $x"), ALL).unwrap();
}

#[test]
fn removal_leaves_a_package_s_unit_where_it_is() {
    let package_unit = Some(PathBuf::from("/usr/lib/systemd/user/prestic-daemon.service"));
    let enabled = UnitState { enabled: "enabled".to_owned(), ..UnitState::default() };
    let packaged = Facts { package_unit: package_unit.clone(), state: enabled, ..facts() };
    check_uninstall(&packaged, &["disable --now prestic-daemon.service"]);
    check_uninstall(&Facts { package_unit, ..facts() }, &[]);
}

#[test]
fn state_is_read_from_what_systemctl_shows() {
    let text = "MainPID=13262\nLoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n\
                FragmentPath=/a b/prestic-daemon.service\nActiveEnterTimestamp=Sun 2025-11-23 17:16:37 UTC\nStatusText=4 tasks; x=y\n";
    let expected = UnitState {
        is_loaded: true,
        enabled: "enabled".to_owned(),
        active: "active".to_owned(),
        sub: "running".to_owned(),
        file: Some(PathBuf::from("/a b/prestic-daemon.service")),
        pid: Some(13262),
        since: DateTime::from_timestamp(1_763_918_197, 0),
        says: Some("4 tasks; x=y".to_owned()),
    };
    assert_eq!(read_state(text), expected);
    let absent = "MainPID=0\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\nActiveEnterTimestamp=\n";
    let state = read_state(absent);
    assert_eq!((state.is_loaded, state.pid, state.since, state.file), (false, None, None, None));
}

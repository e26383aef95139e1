//! `PRestic.app` and the agent of launchd: that they say what macOS asks of them. Nothing here can start them.

use std::{fs, path::Path, process::Command};

use prestic_double::{profile_folder, program};

/// Prints a property list as JSON.
const READ: &str = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.output().expect("`make test` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Returns what a property list says.
#[track_caller]
fn properties(file: &Path) -> serde_json::Value {
    serde_json::from_str(&output(Command::new("python3").args(["-c", READ]).arg(file))).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn bundle_has_the_programs_an_icon_and_the_name_that_notifications_come_under() {
    let folder = tempfile::tempdir().unwrap();
    let script = root().join("packaging/macos/bundle.sh");
    let app = output(Command::new(script).arg(profile_folder()).arg(folder.path()));
    let contents = Path::new(&app).join("Contents");
    for name in ["prestic-daemon", "prestic-ctl", "prestic-tray"] {
        let copy = fs::metadata(contents.join("MacOS").join(name)).unwrap();
        assert_eq!(copy.len(), fs::metadata(program(name)).unwrap().len(), "{name}");
    }
    let icon = fs::read(contents.join("Resources/prestic.icns")).unwrap();
    assert_eq!(&icon[..4], b"icns");
    let properties = properties(&contents.join("Info.plist"));
    assert_eq!(properties["CFBundleExecutable"], "prestic-tray");
    assert_eq!(properties["CFBundleIconFile"], "prestic");
    assert_eq!(properties["CFBundleShortVersionString"], env!("CARGO_PKG_VERSION"));
    let identifier = properties["CFBundleIdentifier"].as_str().unwrap();
    let source = fs::read_to_string(root().join("prestic-daemon/src/notify/desktop/macos.rs")).unwrap();
    assert!(source.contains(&format!("\"{identifier}\"")), "the daemon calls its application otherwise: {identifier}");
}

#[test]
fn agent_is_started_again_after_a_crash_and_leaves_runs_alone() {
    let agent = properties(&root().join("packaging/launchd/prestic-daemon.plist"));
    let words = agent["ProgramArguments"].as_array().unwrap();
    assert!(words[0].as_str().unwrap().ends_with("/prestic-daemon"), "{agent}");
    // It does not go into the background: that is what launchd has to watch.
    assert_eq!(words[1..], ["--detached"]);
    assert_eq!(agent["KeepAlive"]["SuccessfulExit"], false);
    assert_eq!(agent["AbandonProcessGroup"], true);
}

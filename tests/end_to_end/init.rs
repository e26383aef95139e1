//! `prestic-ctl init`, with real restic.

use std::fs;

use prestic_tests::{
    home::TestHome,
    restic::{PASSWORD, each_restic, oldest_and_newest},
};

/// Returns a home whose profile `home` has a repository that is not there yet.
fn home_with(repository: &str, more: &str) -> TestHome {
    let home = TestHome::new();
    let [_, newest] = oldest_and_newest();
    let repository = home.path(repository);
    home.write_config(format!(
        "[home]\nexecutable = {}\nrepository = {}\n{more}\n",
        newest.path.display(),
        repository.display()
    ));
    home
}

#[test]
fn repository_is_made_once_and_then_left_alone() {
    each_restic(|restic| {
        let home = TestHome::new();
        let repository = home.path("repository");
        let profile = format!("executable = {}\nrepository = {}\n", restic.path.display(), repository.display());
        home.write_config(format!("[home]\n{profile}password = {PASSWORD}\n"));
        let made = home.ctl(&["init", "home", "--yes"]).expect_code(0);
        for part in ["where     ", "password  password = [hidden]", " init", "as user   "] {
            assert!(made.stderr.contains(part), "{part}: {}", made.stderr);
        }
        assert!(!made.stderr.contains(PASSWORD), "{}", made.stderr);
        assert!(repository.join("config").exists());
        let again = home.ctl(&["init", "home", "--json"]).expect_code(0);
        let found = format!("[{{\"profile\":\"home\",\"repository\":\"{}\",\"state\":\"exists\"}}]\n", repository.display());
        assert_eq!(again.stdout, found);
        home.write_config(format!("[home]\n{profile}password = another\n"));
        let refused = home.ctl(&["init", "home", "--yes"]).expect_code(65).stderr;
        assert!(
            refused.contains("there is a repository already, and the password of the profile does not open it"),
            "{refused}"
        );
    });
}

#[test]
fn nothing_is_made_without_a_yes() {
    let home = home_with("repository", "password = x");
    let refused = home.ctl(&["init", "home"]).expect_code(65).stderr;
    assert!(refused.contains("nobody is there to say yes") && refused.contains("`--yes`"), "{refused}");
    assert!(!home.path("repository").exists());
}

#[test]
fn each_repository_of_a_group_is_made() {
    let home = home_with("one", "password = x\n");
    let [_, newest] = oldest_and_newest();
    let config = fs::read_to_string(home.home().config_file()).unwrap();
    home.write_config(format!(
        "{config}[nas]\nexecutable = {}\nrepository = {}\npassword = y\n[both]\nrepositories = home nas\ncommand = backup\n\
         args = /etc\n",
        newest.path.display(),
        home.path("two").display()
    ));
    let made = home.ctl(&["init", "both", "--yes", "--json"]).stdout_of_success();
    assert!(made.contains("both@home") && made.contains("both@nas"), "{made}");
    assert!(home.path("one/config").exists() && home.path("two/config").exists());
}

#[track_caller]
fn check_refused(home: &TestHome, profile: &str, code: i32, expected: &[&str]) {
    let refused = home.ctl(&["init", profile, "--yes"]).expect_code(code).stderr;
    for part in expected {
        assert!(refused.contains(part), "{part}: {refused}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_the_reason() {
    check_refused(&TestHome::new(), "home", 66, &["there is no configuration yet"]);
    check_refused(&home_with("repository", ""), "home", 65, &["tells no password", "`password-keyring`"]);
    let deep = home_with("none/repository", "password = x");
    check_refused(&deep, "home", 65, &["none`, in which", "does not exist", "mkdir -p"]);
    check_refused(&deep, "hone", 65, &["no profile is called `hone`; did you mean `home`?"]);
    deep.write_config("[home]\nrepository = rest:http://me:s3cr3t@127.0.0.1:1/\npassword = x\n");
    check_refused(&deep, "home", 65, &["no repository was made at `rest:http://[hidden]@127.0.0.1:1/`"]);
}

#[test]
fn place_that_runs_would_wait_for_is_refused() {
    let home = TestHome::new();
    let disk = home.path("disk");
    fs::create_dir(&disk).unwrap();
    let [_, newest] = oldest_and_newest();
    let (restic, shown) = (newest.path.display(), disk.display());
    home.write_config(format!(
        "[home]\nexecutable = {restic}\nrepository = {shown}/repository\npassword = x\nrequire-path = {shown}\n"
    ));
    check_refused(&home, "home", 65, &["belongs on a disk at", "mount it and try again"]);
    assert_eq!(fs::read_dir(disk).unwrap().count(), 0);
}

#[test]
fn place_of_a_disk_that_is_away_is_refused() {
    let home = home_with("disk/repository", "password = x");
    fs::create_dir(home.path("disk")).unwrap();
    let fstab = format!("UUID=1 {} ext4 defaults 0 0", home.path("disk").display());
    let script = format!("echo '{fstab}' >fstab && mount --bind fstab /etc/fstab && exec \"$@\"");
    let ctl = home.ctl_command(&["init", "home", "--yes"]);
    let in_namespace = |prefix: &str| {
        let mut command = home.command("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &format!("{prefix}{script}"), "sh"]);
        command.arg(ctl.get_program()).args(ctl.get_args());
        command.output().unwrap()
    };
    let refused = in_namespace("");
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(65), "{words}");
    assert!(words.contains("belongs on a disk at") && words.contains("mount it and try again"), "{words}");
    assert!(!home.path("disk/repository").exists());
    let made = in_namespace("mount -t tmpfs tmpfs disk && ");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

//! Whole scripts.

use std::path::Path;

use super::*;
use crate::config;

#[track_caller]
fn script(text: &str, profile: &str, with_secrets: bool) -> Script {
    let config = config::read(text, Path::new("config.ini")).config;
    script_of(&Arc::clone(config.profile(profile).unwrap()), &config, with_secrets).unwrap()
}

#[track_caller]
fn check_body(text: &str, profile: &str, expected: &str) {
    let script = script(text, profile, false).text();
    let (_, body) = script.split_once("set -eu\n\n").unwrap();
    assert_eq!(body, expected);
}

#[test]
fn task_becomes_one_restic() {
    check_body(
        "[nas]\nrepository = /mnt/nas\npassword-file = /p w\nlimit-upload = 512\n\
         [home]\ninherit = nas\nschedule = daily at 12:30\nwait-for-lock = 15m\n\
         require-path = '/my home'\ncommand = backup\nargs = '/my home' --exclude=*.tmp\n",
        "home",
        "# Schedule in PRestic: daily at 12:30\n\
         # PRestic waits for /my home; this script does not, and an unmounted disk is an empty folder to restic.\n\
         # PRestic waits for somebody else's lock: `--retry-lock=15m` does that since restic 0.16.\n\
         cd \"$HOME\"\nunset RESTIC_PASSWORD RESTIC_PASSWORD_COMMAND\n\
         export RESTIC_PASSWORD_FILE='/p w'\nexport RCLONE_BWLIMIT=512:off\n\
         exec restic '--repo=/mnt/nas' '--limit-upload=512' backup '/my home' '--exclude=*.tmp' \"$@\"\n",
    );
}

#[test]
fn repository_without_a_command_takes_any() {
    check_body(
        "[nas]\nrepository = /r\npassword-command = pass show nas\n",
        "nas",
        "unset RESTIC_PASSWORD RESTIC_PASSWORD_FILE\nexport RESTIC_PASSWORD_COMMAND='pass show nas'\nexec restic '--repo=/r' \"$@\"\n",
    );
}

#[test]
fn group_goes_on_when_one_of_it_fails() {
    check_body(
        "[a]\nrepository = /a\npassword-file = /pa\n[b]\nrepository = /b\npassword-file = /pb\n\
         [home]\nrepositories = a b\ncommand = backup\nargs = /home/me\n",
        "home",
        "cd \"$HOME\"\ncode=0\n\n# [home@a]\nRESTIC_PASSWORD='' \\\nRESTIC_PASSWORD_COMMAND='' \\\nRESTIC_PASSWORD_FILE=/pa \\\n\
         restic '--repo=/a' backup /home/me \"$@\" || code=$?\n\
         \n# [home@b]\nRESTIC_PASSWORD='' \\\nRESTIC_PASSWORD_COMMAND='' \\\nRESTIC_PASSWORD_FILE=/pb \\\nrestic '--repo=/b' backup /home/me \"$@\" || code=$?\n\
         \nexit \"$code\"\n",
    );
}

/// All kinds of secrets: a password, a key, one in an address, one that a command prints.
const SECRETS: &str = "[s3]\nrepository = rest:https://me:t0psecret@host/r\npassword = t0psecret\nenv.AWS_SECRET_ACCESS_KEY = t0psecret\n\
                       [echo]\nrepository = /r\npassword-command = echo t0psecret\n";

#[test]
fn secrets_are_left_out_unless_they_are_asked_for() {
    for profile in ["s3", "echo"] {
        let script = script(SECRETS, profile, false);
        assert!(!script.text().contains("t0psecret"), "{}", script.text());
        assert!(!script.text().contains("HOLDS SECRETS"));
        assert!(!script.omitted().is_empty());
    }
    let s3 = script(SECRETS, "s3", false);
    assert_eq!(s3.omitted(), ["RESTIC_REPOSITORY", "RESTIC_PASSWORD", "AWS_SECRET_ACCESS_KEY"]);
    assert!(s3.text().contains(": \"${AWS_SECRET_ACCESS_KEY:?set it, it is a secret}\"\nexport AWS_SECRET_ACCESS_KEY\n"));
}

#[test]
fn repositories_of_a_group_have_each_its_own_secrets() {
    check_body(
        "[a]\nrepository = rest:https://me:one@a/r\npassword = one\n[b]\nrepository = rest:https://me:two@b/r\npassword = one\n\
         env.AWS_SECRET_ACCESS_KEY = two\n[home]\nrepositories = a b\ncommand = backup\nargs = /home/me\n",
        "home",
        "cd \"$HOME\"\ncode=0\n\n# [home@a]\n: \"${RESTIC_REPOSITORY:?set it, it is a secret}\"\n\
         # restic asks for the password, unless RESTIC_PASSWORD or RESTIC_PASSWORD_FILE is set.\n\
         RESTIC_PASSWORD_COMMAND='' \\\nRESTIC_REPOSITORY=\"$RESTIC_REPOSITORY\" \\\nRESTIC_PASSWORD=\"${RESTIC_PASSWORD-}\" \\\n\
         restic backup /home/me \"$@\" || code=$?\n\
         \n# [home@b]\n: \"${RESTIC_REPOSITORY_2:?set it, it is a secret}\"\n\
         # restic asks for the password, unless RESTIC_PASSWORD or RESTIC_PASSWORD_FILE is set.\n\
         : \"${AWS_SECRET_ACCESS_KEY:?set it, it is a secret}\"\n\
         RESTIC_PASSWORD_COMMAND='' \\\nRESTIC_REPOSITORY=\"$RESTIC_REPOSITORY_2\" \\\nRESTIC_PASSWORD=\"${RESTIC_PASSWORD-}\" \\\n\
         AWS_SECRET_ACCESS_KEY=\"$AWS_SECRET_ACCESS_KEY\" \\\nrestic backup /home/me \"$@\" || code=$?\n\
         \nexit \"$code\"\n",
    );
}

#[test]
fn password_of_one_repository_does_not_reach_another() {
    check_body(
        "[a]\nrepository = /a\npassword = one\n[b]\nrepository = /b\npassword-command = echo two\n\
         [home]\nrepositories = a b\ncommand = backup\nargs = /home/me\n",
        "home",
        "cd \"$HOME\"\ncode=0\n\n# [home@a]\n\
         # restic asks for the password, unless RESTIC_PASSWORD or RESTIC_PASSWORD_FILE is set.\n\
         RESTIC_PASSWORD_COMMAND='' \\\nRESTIC_PASSWORD=\"${RESTIC_PASSWORD-}\" \\\n\
         restic '--repo=/a' backup /home/me \"$@\" || code=$?\n\
         \n# [home@b]\n: \"${RESTIC_PASSWORD_COMMAND:?set it, it is a secret}\"\n\
         RESTIC_PASSWORD='' \\\nRESTIC_PASSWORD_FILE='' \\\nRESTIC_PASSWORD_COMMAND=\"$RESTIC_PASSWORD_COMMAND\" \\\n\
         restic '--repo=/b' backup /home/me \"$@\" || code=$?\n\
         \nexit \"$code\"\n",
    );
}

#[test]
fn script_with_secrets_says_so_loudly() {
    let script = script(SECRETS, "s3", true).text();
    assert_eq!(script.matches("t0psecret").count(), 3);
    assert!(script.starts_with("#!/bin/sh\n# What PRestic does for [s3]") && script.contains("# THIS SCRIPT HOLDS SECRETS."));
}

#[test]
#[cfg(target_os = "linux")]
fn keyring_and_priorities_have_programs_of_their_own() {
    check_body(
        "[nas]\nrepository = /r\npassword-keyring = my nas\ncpu-priority = low\nio-priority = idle\n",
        "nas",
        "unset RESTIC_PASSWORD RESTIC_PASSWORD_FILE\n\
         export RESTIC_PASSWORD_COMMAND=\"secret-tool lookup service prestic username 'my nas'\"\n\
         exec nice -n 10 ionice -c 3 restic '--repo=/r' \"$@\"\n",
    );
}

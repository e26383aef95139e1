//! Which parts of a text are hidden.

use super::*;

#[track_caller]
fn check_url(text: &str, expected: &str) {
    assert_eq!(url(text), expected);
}

#[track_caller]
fn check_line(line: &[&str], expected: &[&str]) {
    assert_eq!(command_line(line), expected);
}

#[test]
fn credentials_in_urls_are_hidden() {
    check_url("rest:https://me:pw@host:8000/repo", "rest:https://[hidden]@host:8000/repo");
    check_url("s3:https://key:secret@s3.example.com/bucket", "s3:https://[hidden]@s3.example.com/bucket");
    check_url("sftp://me:pw@host:23//repo", "sftp://[hidden]@host:23//repo");
    check_url("sftp:me:pw@host:/repo", "sftp:[hidden]@host:/repo");
    check_url("https://:token@host/ and http://a:b@c", "https://[hidden]@host/ and http://[hidden]@c");
}

#[test]
fn passwords_with_separators_are_hidden_entirely() {
    check_url("rest:https://me:p@ss@host/repo", "rest:https://[hidden]@host/repo");
    check_url("rest:https://me:p/ss@host/repo", "rest:https://[hidden]@host/repo");
    check_url("rest:https://me:p#s?s@host/repo", "rest:https://[hidden]@host/repo");
}

#[test]
fn percent_encoded_credentials_are_hidden() {
    check_url("rest:https://me:p%40s%2Fs@host/repo", "rest:https://[hidden]@host/repo");
    check_url("rest:https://me:12%2F3@host/repo", "rest:https://[hidden]@host/repo");
    check_url("rest:https://me%3Apw@host/repo", "rest:https://[hidden]@host/repo");
    check_url("https%3A%2F%2Fme%3apw%40host", "https%3A%2F%2F[hidden]%40host");
}

#[test]
fn repositories_without_credentials_are_shown() {
    for text in [
        "/mnt/a:b@c/repo",
        r"C:\repo@home",
        "sftp:me@host:/repo",
        "sftp://me@host:23/repo",
        "rest:https://host:8000/repo@v2",
        "rest:http://[::1]:8000/repo@v2",
        "rest:http://[::1]/repo@v2",
        "s3:s3.amazonaws.com/bucket/path",
        "azure:container:/path@x",
        "b2:bucket:path@x",
        "rclone:remote:path@x",
        "100%",
        "%zz://ünï:",
        "",
    ] {
        check_url(text, text);
        assert!(!has_credentials(text), "{text}");
    }
}

#[test]
fn secret_parameters_are_hidden() {
    check_url("https://host/?user=me&token=abc&x=1", "https://host/?user=me&token=[hidden]&x=1");
    check_url("https://host/c?sv=1&sig=a%2Fb", "https://host/c?sv=1&sig=[hidden]");
    check_url("rclone::sftp,host=h,pass=abc:path", "rclone::sftp,host=h,pass=[hidden]:path");
    check_url(r#"rclone::sftp,pass="a,b:c",host=h:path"#, "rclone::sftp,pass=[hidden],host=h:path");
}

#[test]
fn words_of_a_command_line_are_redacted_by_their_flag() {
    check_line(&["-o", "s3.secret=abc", "-ob2.key=x"], &["-o", "s3.secret=[hidden]", "-ob2.key=[hidden]"]);
    check_line(
        &["--option=a.token=abc", "--option", "x.pass=y"],
        &["--option=a.token=[hidden]", "--option", "x.pass=[hidden]"],
    );
    check_line(&["--option=sftp.connections=10"], &["--option=sftp.connections=10"]);
    check_line(&["--repo", "rest:http://a:b@c/"], &["--repo", "rest:http://[hidden]@c/"]);
    check_line(
        &["--http-password=abc", "--api-token", "abc", "backup"],
        &["--http-password=[hidden]", "--api-token", "[hidden]", "backup"],
    );
    check_line(&["env", "AWS_SECRET_ACCESS_KEY=abc", "restic"], &["env", "AWS_SECRET_ACCESS_KEY=[hidden]", "restic"]);
}

#[test]
fn of_a_command_only_the_program_is_shown() {
    check_line(
        &["--password-command=pass show x", "--option=sftp.command=sshpass -p x ssh", "-o", "sftp.args=-i x"],
        &["--password-command=pass [hidden]", "--option=sftp.command=sshpass [hidden]", "-o", "sftp.args=[hidden]"],
    );
    check_line(&["--password-command=print-it"], &["--password-command=print-it"]);
}

#[test]
fn flags_that_only_name_a_secret_are_shown() {
    let line = [
        "--password-file=/pw",
        "--key-hint=12ab",
        "--insecure-no-password=true",
        "--keep-daily",
        "7",
        "--one-file-system",
        "-v",
    ];
    check_line(&line, &line);
}

#[test]
fn variables_are_secret_by_their_names() {
    for name in ["AWS_SECRET_ACCESS_KEY", "RESTIC_PASSWORD", "aws_session_token", "RCLONE_CONFIG_PASS", "AZURE_ACCOUNT_SAS"] {
        assert!(is_secret_variable(name), "{name}");
    }
    for name in
        ["RESTIC_KEY_HINT", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND", "RESTIC_COMPRESSION", "AZURE_ACCOUNT_NAME"]
    {
        assert!(!is_secret_variable(name), "{name}");
    }
    assert_eq!(variable("HTTPS_PROXY", "http://me:pw@proxy:3128"), "http://[hidden]@proxy:3128");
}

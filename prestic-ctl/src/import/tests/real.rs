//! What files of others have that our samples had not: each was found by importing one.

#![cfg(unix)]

use super::{Origin, check_lines};

#[test]
fn inherited_template_has_the_name_of_whoever_inherits_it() {
    let yaml = "generic:\n  repository: /r/{{ .Profile.Name }}\n  password-file: k-{{ .Profile.Name }}\n  \
                env: {MARK: '{{ .Profile.Name }}', PLAIN: x}\n  copy: {repository: '/c/{{ .Profile.Name }}'}\n\
                home:\n  inherit: generic\n  env: {PLAIN: y}\n  backup: {source: /a}\n";
    check_lines(
        Origin::Resticprofile,
        "x.yaml",
        yaml,
        &[
            "repository = /r/generic",
            "repository = /r/home",
            "password-file = /etc/there/k-home",
            "env.MARK = home",
            "env.PLAIN = y",
            "repository = /c/home",
            "env.RESTIC_FROM_REPOSITORY = /r/home",
            "env.RESTIC_FROM_PASSWORD_FILE = /etc/there/k-home",
        ],
        &["env.RESTIC_FROM_REPOSITORY = /r/{{"],
    );
}

//! How long a big configuration takes to load.

use std::{
    fmt::Write as _,
    process::{Command, Stdio},
};

use prestic_tests::home::TestHome;

use crate::table::{Table, medians};

const CHAINS: usize = 1_000;
const DEPTH: usize = 10;

/// Prints the row of a configuration with 10,000 profiles.
pub fn measure(table: &Table) {
    let home = TestHome::new();
    home.write_config(chains());
    let path = home.home().config_file();
    let python = format!("import configparser; configparser.ConfigParser().read({:?})", path.display().to_string());
    let times = medians(
        || assert!(Command::new("python3").args(["-c", &python]).status().expect("python3 is there").success()),
        || {
            let checked = home.daemon_command(&["check"]).arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(checked.expect("the daemon was built").success());
        },
    );
    table.whole("check of 10,000 profiles (Python's ConfigParser)", times, 150.0);
}

/// Returns chains of profiles, each of which builds on the one before and adds something.
fn chains() -> String {
    let mut config = String::new();
    for chain in 0..CHAINS {
        for depth in 0..DEPTH {
            writeln!(config, "[chain-{chain}-{depth}]").expect("a string takes any text");
            let text = match depth {
                0 => format!("repository = /backups/{chain}\npassword-file = /secret/{chain}\n"),
                _ => format!("inherit = chain-{chain}-{}\nenv.DEPTH_{depth} = {depth}\n", depth - 1),
            };
            config.push_str(&text);
            if depth == DEPTH - 1 {
                config.push_str("schedule = daily at 03:00\ncommand = backup\nargs =\n    /home\n    --tag=nightly\n");
            }
            config.push('\n');
        }
    }
    config
}

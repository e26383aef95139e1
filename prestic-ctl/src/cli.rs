//! The command line.
//!
//! `-p` ends it: all that follows the profile is restic's, `--help` and `-p` too. clap has no way to say that, so
//! `split` takes those words away before clap sees the rest.

use std::{
    ffi::{OsStr, OsString},
    time::Duration,
};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use prestic_proto::{outcome::Outcome, restic, run::RunId};

use crate::{
    commands::{doctor::DoctorOptions, init::InitOptions, new::NewOptions, service::ServiceAction},
    exit,
    export::ExportOptions,
    import::ImportSource,
    old_name::OldInvocation,
};

/// The profile that is meant where none is named, as in Python's PRestic.
pub const DEFAULT_PROFILE: &str = "default";

/// Run, follow and inspect restic backups
///
/// With -p, or without any command, restic runs in this terminal with the settings of a profile. Every word after PROFILE is
/// restic's; without one the profile's own command runs. A command of restic alone (`prestic-ctl snapshots`) runs with the
/// profile `default`.
#[derive(Debug, Parser)]
#[command(name = "prestic-ctl", version, after_help = exit::TABLE, disable_help_subcommand = true)]
#[command(override_usage = "prestic-ctl [OPTIONS] <COMMAND>\n       prestic-ctl -p <PROFILE> [RESTIC ARGS]...")]
pub struct CommandLine {
    /// Options of all commands.
    #[command(flatten)]
    pub global: GlobalOptions,
    /// Run restic in this terminal with the settings of a profile
    #[arg(short = 'p', long = "profile", value_name = "PROFILE [RESTIC ARGS]...")]
    pub profile: Option<OsString>,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of all commands.
#[derive(Debug, Clone, Copy, Args)]
pub struct GlobalOptions {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Do not start the daemon when none runs
    #[arg(long, global = true)]
    pub no_start: bool,
    /// When to use colors
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: ColorChoice,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// In a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a task and follow it
    ///
    /// The run belongs to the daemon: it goes on if this program ends. The first Ctrl-C asks the run to stop, the second one
    /// leaves it alone while it does so.
    #[command(override_usage = "prestic-ctl run [OPTIONS] <TASK> [-- ARGS...]\n       prestic-ctl run [OPTIONS] --all")]
    Run(RunOptions),
    /// Show all tasks and what runs now
    Status,
    /// List the profiles
    Profiles,
    /// Show a profile: each option with its origin, and the command
    Show {
        /// The profile
        #[arg(value_name = "PROFILE")]
        profile: String,
    },
    /// Print the log of a run: of the last one, if none is named
    Log {
        /// The task, or the number of the run
        #[arg(value_name = "TASK|RUN")]
        run: Option<String>,
        /// Go on until the run ends
        #[arg(short, long)]
        follow: bool,
    },
    /// List past runs, newest first
    History {
        /// Only the runs of this task, or of the tasks of this group
        task: Option<String>,
        /// How many runs at most
        #[arg(short = 'n', long = "limit", value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Only runs that ended so; may be given more than once
        #[arg(long = "outcome", value_name = "WORD", value_parser = clap::builder::PossibleValuesParser::new(Outcome::WORDS))]
        outcomes: Vec<String>,
        /// Only runs older than the one with this number
        #[arg(long, value_name = "RUN")]
        before: Option<RunId>,
    },
    /// Ask a run to stop
    Stop {
        /// The task, or the number of the run
        #[arg(value_name = "TASK|RUN")]
        run: String,
    },
    /// Let nothing start by itself: no task, or not the one that is named
    ///
    /// What runs goes on, and `prestic-ctl run` still works. What came due meanwhile follows the task's catch-up rule.
    Pause(PauseOptions),
    /// End a pause
    Resume {
        /// Only the pause of this task
        task: Option<String>,
    },
    /// List the coming runs, the earliest first
    Next {
        /// Only the runs of this task
        task: Option<String>,
        /// How many runs at most
        #[arg(short = 'n', long = "limit", value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Those after then, as `2026-03-29`, `2026-03-29 08:00` or 2026-03-29T08:00:00+02:00, and not after now
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
    },
    /// Open the web interface in a browser
    ///
    /// Prints its address. The browser comes in with a code that is good once, and for a minute.
    Web {
        /// Open nothing; print an address that lets a browser in once, within a minute
        #[arg(long)]
        print: bool,
    },
    /// Show a desktop notification, to see whether they reach you
    ///
    /// Says which program has shown it, or what is in the way.
    NotifyTest,
    /// Make the daemon read its configuration again
    Reload,
    /// Check a configuration; needs no daemon
    Check {
        /// The file to check, if not the one in use
        file: Option<OsString>,
    },
    /// List every option that a profile can have; needs no daemon
    Options,
    /// Look at everything that backups depend on, and say what to do about what is wrong
    ///
    /// Works without a daemon, and with a broken configuration. The exit code is 1 if anything keeps backups from working.
    Doctor(DoctorOptions),
    /// Make the repository of a profile, after showing how; needs no daemon
    ///
    /// Where there is one already there is nothing to do, and the exit code is 0.
    Init(InitOptions),
    /// Add a profile: asks what to back up, where to, when, what to keep, and for the password
    ///
    /// In a terminal it asks what the options leave open; elsewhere it says which are missing. What is there in config.ini stays
    /// as it is.
    New(NewOptions),
    /// Explain a schedule in words and with its next times; needs no daemon
    #[command(override_usage = "prestic-ctl explain [OPTIONS] <SCHEDULE>\n       prestic-ctl explain --batch")]
    Explain(ExplainOptions),
    /// Read and write passwords in the desktop's keyring; needs no daemon
    ///
    /// A profile takes its password from there with `password-keyring = NAME`.
    Keyring {
        /// What to do
        #[command(subcommand)]
        action: KeyringAction,
    },
    /// Have the daemon started at login: install it as a service, remove it, look at it
    ///
    /// A systemd unit of the user, an agent of launchd, or a task of Windows.
    Service {
        /// What to do
        #[command(subcommand)]
        action: ServiceAction,
    },
    /// Take over the configuration of Python's PRestic, or of another program; needs no daemon
    Import {
        /// From where
        #[command(subcommand)]
        source: ImportSource,
    },
    /// Print a shell script that does the same as a profile without PRestic; needs no daemon
    Export(ExportOptions),
    /// Stop all runs, then the daemon, and wait for its end
    ///
    /// Where no daemon runs there is nothing to do, and the exit code is 0.
    Shutdown,
    /// Print the versions of this program and of the daemon
    Version,
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What to do with the keyring.
#[derive(Debug, Subcommand)]
pub enum KeyringAction {
    /// Print the password of an entry, without an end of line
    Get(KeyringEntry),
    /// Write the password of an entry: it is asked for twice, or read from a pipe as one line
    Set(KeyringEntry),
    /// Remove an entry
    Del(KeyringEntry),
    /// List the entries
    List,
}

/// An entry of the keyring.
#[derive(Debug, Args)]
pub struct KeyringEntry {
    /// The entry, as `password-keyring` names it
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub name: String,
}

/// What to run, and how to follow it.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// The task
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub task: Option<String>,
    /// Run every task, also those that forget, prune or restore; of tasks that do the same, one
    #[arg(long)]
    pub all: bool,
    /// Run it again after the run that is under way
    #[arg(long, conflicts_with = "all")]
    pub queue: bool,
    /// Queue it and do not follow it
    #[arg(short, long, conflicts_with = "quiet")]
    pub detach: bool,
    /// Follow it silently; only say what went wrong
    #[arg(short, long)]
    pub quiet: bool,
    /// More words for restic, after the task's own
    #[arg(last = true, value_name = "ARGS", conflicts_with = "all")]
    pub args: Vec<String>,
}

/// What to pause, and for how long.
#[derive(Debug, Args)]
pub struct PauseOptions {
    /// Only this task
    pub task: Option<String>,
    /// For so long, as `45m`, `4h` or `1day 12h`
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "until")]
    pub duration: Option<Duration>,
    /// Until then, as `18:00` (the next one), `2026-03-29 08:00` or 2026-03-29T08:00:00+02:00
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// Which schedule to explain, and which of its times.
#[derive(Debug, Args)]
pub struct ExplainOptions {
    /// The schedule; several words are taken for one
    #[arg(required_unless_present = "batch")]
    pub schedule: Vec<OsString>,
    /// Tell the times after this instant, as `2026-03-29T02:00:00+01:00` [default: now]
    #[arg(long, value_name = "RFC3339")]
    pub from: Option<OsString>,
    /// How many times to tell [default: 5]
    #[arg(short = 'n', value_name = "N")]
    pub n: Option<usize>,
    /// The time zone that the schedule is for, as `Europe/Berlin` [default: the machine's]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<OsString>,
    /// Answer requests on standard input: one as JSON a line, with `schedule`, `from`, `timezone` and `n`
    #[arg(long, conflicts_with_all = ["schedule", "from", "n", "timezone"])]
    pub batch: bool,
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// What is written for Python's PRestic.
    Old(OldInvocation),
    /// A command of ours.
    Command(GlobalOptions, Command),
    /// restic in the foreground.
    Foreground {
        /// The profile.
        profile: OsString,
        /// restic's words; none for the profile's own command.
        args: Vec<OsString>,
    },
}

/// Understands the command line.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let (ours, foreground) = split(words.into_iter().collect());
    let line = CommandLine::try_parse_from(&ours)?;
    if let Some((profile, args)) = foreground {
        refuse_options_of_others(line.global, &profile, &args)?;
        return Ok(Invocation::Foreground { profile, args });
    }
    if let Some(profile) = line.profile {
        // A `-p` that follows a command of ours: it would run something else than it looks like.
        let profile = profile.to_string_lossy().into_owned();
        let message = format!("`-p {profile}` must come first: prestic-ctl -p {profile} [RESTIC ARGS]...");
        return Err(CommandLine::command().error(clap::error::ErrorKind::ArgumentConflict, message));
    }
    match line.command {
        Some(command) => Ok(Invocation::Command(line.global, command)),
        None => {
            refuse_options_of_others(line.global, OsStr::new(DEFAULT_PROFILE), &[])?;
            Ok(Invocation::Foreground { profile: DEFAULT_PROFILE.into(), args: Vec::new() })
        }
    }
}

/// Returns the words of a line that are restic's, if it goes to restic in this terminal as far as it is written.
pub fn restics_words(words: Vec<OsString>) -> Option<Vec<OsString>> {
    split(words).1.map(|(_, args)| args)
}

/// Refuses what restic in the foreground would silently do without.
fn refuse_options_of_others(global: GlobalOptions, profile: &OsStr, args: &[OsString]) -> Result<(), clap::Error> {
    let refused = |message: String| Err(CommandLine::command().error(clap::error::ErrorKind::ArgumentConflict, message));
    let words = std::iter::once(profile).chain(args.iter().map(OsString::as_os_str));
    let words = words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
    if global.json {
        return refused(format!("`--json` must follow the profile, where it is restic's: prestic-ctl -p {words} --json"));
    }
    if global.no_start {
        return refused(format!("restic in this terminal needs no daemon, so leave `--no-start` out: prestic-ctl -p {words}"));
    }
    Ok(())
}

type Foreground = (OsString, Vec<OsString>);

/// Parts our words from restic's: those from `-p` on, or from the first command of restic on.
fn split(mut words: Vec<OsString>) -> (Vec<OsString>, Option<Foreground>) {
    let mut index = 1;
    while let Some(word) = words.get(index) {
        if let Some(attached) = attached_profile(word) {
            let args = words.split_off(index + 1);
            words.truncate(index);
            return (words, Some((attached, args)));
        }
        if (word == "-p" || word == "--profile") && index + 1 < words.len() {
            let mut args = words.split_off(index + 1);
            words.truncate(index);
            let profile = args.remove(0);
            return (words, Some((profile, args)));
        }
        if word == "--color" {
            index += 2;
        } else if word.as_encoded_bytes().starts_with(b"-") {
            index += 1;
        } else if is_restics_alone(word) {
            let args = words.split_off(index);
            return (words, Some((DEFAULT_PROFILE.into(), args)));
        } else {
            break;
        }
    }
    (words, None)
}

/// Returns the profile of `-pPROFILE` and `--profile=PROFILE`.
fn attached_profile(word: &OsStr) -> Option<OsString> {
    let text = word.to_str()?;
    let profile = text.strip_prefix("--profile=").or_else(|| text.strip_prefix("-p"))?;
    (!profile.is_empty()).then(|| profile.strip_prefix('=').unwrap_or(profile).into())
}

/// Whether a word is a command of restic and none of ours: then it goes to the profile `default`, as in Python's PRestic.
fn is_restics_alone(word: &OsStr) -> bool {
    let is_restics = restic::COMMANDS.iter().any(|command| word == *command);
    is_restics && {
        let mut ours = CommandLine::command();
        ours.build();
        ours.find_subcommand(word).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Invocation, clap::Error> {
        parse(std::iter::once("prestic-ctl").chain(line.split_whitespace()).map(OsString::from))
    }

    #[track_caller]
    fn check_foreground(line: &str, expected_profile: &str, expected_args: &[&str]) {
        match parse_line(line) {
            Ok(Invocation::Foreground { profile, args }) => {
                assert_eq!(profile, expected_profile);
                assert_eq!(args, expected_args);
            }
            other => panic!("{line:?} became {other:?}"),
        }
    }

    #[track_caller]
    fn check_error(line: &str, expected: &str) {
        let message = parse_line(line).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn clap_finds_no_contradiction_in_the_definition() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn all_words_after_the_profile_are_restic_s() {
        check_foreground("-p repo", "repo", &[]);
        check_foreground("-p repo snapshots --json", "repo", &["snapshots", "--json"]);
        check_foreground("-p repo --help", "repo", &["--help"]);
        check_foreground("-p repo -p other", "repo", &["-p", "other"]);
        check_foreground("-p repo check --no-start", "repo", &["check", "--no-start"]);
        check_foreground("-p repo -- ls", "repo", &["--", "ls"]);
    }

    #[test]
    fn the_profile_can_be_attached() {
        check_foreground("-prepo stats", "repo", &["stats"]);
        check_foreground("--profile=repo stats", "repo", &["stats"]);
        check_foreground("--profile repo", "repo", &[]);
    }

    #[test]
    fn our_options_may_stand_before_the_profile() {
        check_foreground("--color never -p repo ls", "repo", &["ls"]);
    }

    #[test]
    fn no_words_run_the_default_profile() {
        check_foreground("", "default", &[]);
    }

    #[test]
    fn options_that_restic_in_the_foreground_would_ignore_are_refused() {
        check_error("--json -p repo ls", "prestic-ctl -p repo ls --json");
        check_error("--json snapshots", "prestic-ctl -p default snapshots --json");
        check_error("--no-start -p repo ls", "leave `--no-start` out: prestic-ctl -p repo ls");
        check_error("--json", "prestic-ctl -p default --json");
    }

    #[test]
    fn a_command_of_restic_runs_with_the_default_profile() {
        check_foreground("snapshots --tag home", "default", &["snapshots", "--tag", "home"]);
    }

    #[test]
    fn commands_of_ours_win_over_restic_s() {
        let names = CommandLine::command().get_subcommands().map(|command| command.get_name().to_owned()).collect::<Vec<_>>();
        assert!(names.iter().all(|name| !is_restics_alone(OsStr::new(name))));
        assert!(!is_restics_alone(OsStr::new("help")));
        assert!(is_restics_alone(OsStr::new("snapshots")));
        assert!(matches!(parse_line("check"), Ok(Invocation::Command(_, Command::Check { file: None }))));
    }

    #[test]
    fn words_after_two_dashes_go_to_the_run() {
        match parse_line("run home --json -- --tag x") {
            Ok(Invocation::Command(global, Command::Run(run))) => {
                assert!(global.json);
                assert_eq!(run.task.as_deref(), Some("home"));
                assert_eq!(run.args, ["--tag", "x"]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn contradictions_are_refused() {
        check_error("run", "required");
        check_error("run home --all", "cannot be used with");
        check_error("run --all -- --tag x", "cannot be used with");
        check_error("status -p repo", "unexpected argument '-p'");
        check_error("-p", "a value is required");
    }

    #[test]
    fn a_misspelt_command_gets_a_suggestion() {
        check_error("staus", "'status'");
    }
}

//! Reads the modifiers, which hold for the whole schedule wherever they stand.

use super::{
    super::{
        error::{Fault, ScheduleError},
        modifiers::{CatchUp, Modifiers},
        spelling,
    },
    is_task,
    tokens::Token,
};

const DURATION_HINT: &str = "write seconds as a plain number, or numbers with s, m, h or d, as `300`, `5m` or `1h30m`";

/// Units that somebody may have written apart from their number.
const UNITS: [&str; 15] =
    ["s", "sec", "secs", "seconds", "m", "min", "mins", "minutes", "h", "hour", "hours", "d", "day", "days", "minute"];

/// The modifiers found so far, each with its value as it was written.
#[derive(Default)]
pub(super) struct ModifierWords {
    modifiers: Modifiers,
    random: Option<String>,
    catch_up: Option<String>,
    deadline: Option<String>,
}

impl ModifierWords {
    /// Takes the modifiers out of an expression, and returns the rest of it.
    pub(super) fn take_from(&mut self, tokens: Vec<Token>) -> Result<Vec<Token>, ScheduleError> {
        let mut rest = Vec::new();
        let mut place = 0;
        while let Some(token) = tokens.get(place) {
            let next = tokens.get(place + 1);
            let is_word = !token.is_quoted && !is_task(&tokens, place);
            place += match token.word.trim_matches(',') {
                "random" | "~" if is_word => self.read_random(token, next, tokens.get(place + 2))?,
                "catch-up" | "catchup" if is_word => self.read_catch_up(token, next)?,
                "deadline" if is_word => self.read_deadline(token, next, tokens.get(place + 2))?,
                word if is_word && word.starts_with('~') => {
                    let value = token.part(1, token.text.trim_end_matches(',').len());
                    self.read_random(token, Some(&value), next)? - 1
                }
                _ => {
                    rest.push(token.clone());
                    1
                }
            };
        }
        Ok(rest)
    }

    pub(super) fn read(self) -> Modifiers {
        self.modifiers
    }

    fn read_random(&mut self, word: &Token, value: Option<&Token>, unit: Option<&Token>) -> Result<usize, ScheduleError> {
        let value = value_of(word, value, "random 5m")?;
        let length = duration(&value, unit)?;
        once(&mut self.modifiers.random, &mut self.random, length, "random", &value)
    }

    fn read_deadline(&mut self, word: &Token, value: Option<&Token>, unit: Option<&Token>) -> Result<usize, ScheduleError> {
        let value = value_of(word, value, "deadline 2h")?;
        let length = duration(&value, unit)?;
        once(&mut self.modifiers.deadline, &mut self.deadline, length, "deadline", &value)
    }

    fn read_catch_up(&mut self, word: &Token, value: Option<&Token>) -> Result<usize, ScheduleError> {
        let value = value_of(word, value, "catch-up no")?;
        let catch_up = CatchUp::parse(&value.text).map_err(|error| error.moved_to(value.column))?;
        once(&mut self.modifiers.catch_up, &mut self.catch_up, catch_up, "catch-up", &value)
    }
}

fn value_of(word: &Token, value: Option<&Token>, example: &str) -> Result<Token, ScheduleError> {
    let missing = || word.fault(Fault::Missing("value")).with_hint(format!("write it as `{example}`"));
    let value = value.ok_or_else(missing)?;
    let value = value.part(0, value.text.trim_end_matches(',').len());
    if value.text.is_empty() { Err(missing()) } else { Ok(value) }
}

fn duration(value: &Token, unit: Option<&Token>) -> Result<chrono::TimeDelta, ScheduleError> {
    let error = || value.fault(Fault::Bad("duration"));
    if let Some(unit) = unit.filter(|unit| UNITS.contains(&unit.word.as_str()) && value.text.parse::<u32>().is_ok()) {
        return Err(error().with_hint(format!("write it as one word: `{}{}`", value.text, &unit.word[..1])));
    }
    spelling::duration(&value.text).ok_or_else(|| error().with_hint(DURATION_HINT))
}

/// Sets a modifier that is not set otherwise yet, and returns how many words it took.
fn once<Value: PartialEq + Copy>(
    slot: &mut Option<Value>,
    written: &mut Option<String>,
    value: Value,
    name: &str,
    token: &Token,
) -> Result<usize, ScheduleError> {
    if slot.is_some_and(|earlier| earlier != value) {
        let earlier = format!("{name} {}", written.as_deref().unwrap_or_default());
        return Err(token.fault(Fault::Contradicts(earlier)).with_hint("a modifier holds for the whole schedule: keep one"));
    }
    *slot = Some(value);
    written.get_or_insert_with(|| token.text.clone());
    Ok(2)
}

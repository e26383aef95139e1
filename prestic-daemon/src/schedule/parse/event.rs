//! Reads events: `@startup` and its like, and `after TASK`.

use super::{
    super::{
        error::{Fault, ScheduleError},
        event::{AfterEnd, Event},
    },
    tokens::Token,
};

/// Names of events, and what they are.
const EVENTS: [(&str, Event); 4] =
    [("@startup", Event::Startup), ("@boot", Event::Boot), ("@resume", Event::Resume), ("@reload", Event::Reload)];

/// Reads an event; none if the words are of another kind.
pub(super) fn read(tokens: &[Token]) -> Result<Option<Event>, ScheduleError> {
    let Some(first) = tokens.first() else { return Ok(None) };
    let name = first.word.trim_end_matches(',');
    let (event, length) = if first.is("after") {
        read_after(first, &tokens[1..])?
    } else if let Some((_, event)) = EVENTS.into_iter().find(|(known, _)| !first.is_quoted && name == *known) {
        (event, 1)
    } else if first.is("@network") {
        return Err(first.fault(Fault::Unknown("event")).with_hint(
            "nobody tells when the network is there: set `require-host = HOST:PORT` beside a schedule, and runs wait for it",
        ));
    } else if first.is("@reboot") {
        return Err(first.fault(Fault::Unknown("event")).with_hint("write `@boot` for once after each start of the machine"));
    } else {
        return match tokens.iter().find(|token| token.is("after") || EVENTS.iter().any(|(known, _)| token.is(known))) {
            Some(event) => Err(alone(event, &first.text)),
            None => Ok(None),
        };
    };
    match tokens.get(length) {
        Some(other) => Err(alone(other, &first.text)),
        None => Ok(Some(event)),
    }
}

fn alone(word: &Token, other: &str) -> ScheduleError {
    word.fault(Fault::NotWith(format!("`{other}`"))).with_hint("separate an event from everything else with `;`")
}

fn read_after(word: &Token, rest: &[Token]) -> Result<(Event, usize), ScheduleError> {
    let missing =
        || word.fault(Fault::Missing("task")).with_hint("write it as `after TASK`, `after TASK fail` or `after TASK any`");
    let task = rest.first().ok_or_else(missing)?;
    let name = if task.is_quoted { task.text.as_str() } else { task.text.trim_end_matches(',') };
    if name.is_empty() {
        return Err(missing());
    }
    let end = rest.get(1).filter(|end| !end.is_quoted).and_then(|end| AfterEnd::named(&end.word));
    let length = if end.is_some() { 3 } else { 2 };
    Ok((Event::After { task: name.to_owned(), end: end.unwrap_or_default() }, length))
}

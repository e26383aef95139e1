//! Writes the coming runs for other calendars, as iCalendar (RFC 5545). Pure.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Calendar, Component, Event, EventLike};
use prestic_proto::status::TaskStatus;

use super::plan::{Plan, Planned};
use crate::web::layout::segment;

/// An entry has some length, or calendars do not show it.
const SHORTEST: TimeDelta = TimeDelta::minutes(5);

/// What the daemon says of a task that nobody has described.
const NO_DESCRIPTION: &str = "no description";

/// Writes the calendar. The same run has the same number each time, so that it replaces itself.
pub fn write(plan: &Plan, tasks: &[TaskStatus], now: DateTime<Utc>) -> String {
    let mut calendar = Calendar::new();
    calendar.name("PRestic");
    for planned in plan.coming() {
        let task = tasks.iter().find(|task| task.name == planned.task);
        calendar.push(event(planned, task, now));
    }
    calendar.to_string()
}

fn event(planned: &Planned, task: Option<&TaskStatus>, now: DateTime<Utc>) -> Event {
    let mut event = Event::new();
    event
        .uid(&format!("{}-{}@prestic", segment(&planned.task), planned.due_at.timestamp()))
        .timestamp(now)
        .summary(&format!("Backup task {}", planned.task))
        .starts(planned.starts_at)
        .ends(planned.starts_at + planned.length.unwrap_or_default().max(SHORTEST));
    if let Some(task) = task {
        let repository = format!("Repository: {}", task.repository);
        let is_described = !task.description.is_empty() && task.description != NO_DESCRIPTION;
        event.description(&if is_described { format!("{}\n{repository}", task.description) } else { repository });
    }
    event.done()
}

#[cfg(test)]
mod tests {
    use prestic_proto::status::Upcoming;

    use super::*;
    use crate::web::pages::samples::{moment, now, status, task};

    fn written(name: &str, description: &str) -> Calendar {
        let task = TaskStatus { description: description.to_owned(), ..task(name) };
        let due_at = now() + TimeDelta::hours(2);
        let starts_at = due_at + TimeDelta::minutes(3);
        let upcoming = [Upcoming { task: name.to_owned(), due_at, starts_at, timezone: None }];
        let status = status(vec![task]);
        write(&Plan::new(&status, &upcoming, &[], &[], &moment()), &status.tasks, now()).parse().unwrap()
    }

    #[test]
    fn task_that_nobody_has_described_has_only_its_repository() {
        for description in ["", NO_DESCRIPTION] {
            let calendar = written("home", description);
            let event = calendar.events().next().unwrap();
            assert_eq!(event.get_description(), Some("Repository: /repositories/one"));
        }
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let calendar = written("my home", "photos; and,\nBEGIN:VEVENT\\");
        let events: Vec<_> = calendar.events().collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].get_summary(), Some("Backup task my home"));
        assert_eq!(events[0].get_uid(), Some("my%20home-1795442400@prestic"));
        let description = events[0].get_description().unwrap();
        assert!(description.contains("photos; and,") && description.contains("Repository: /repositories/one"), "{description}");
        assert_eq!(events[0].property_value("DTSTART"), Some("20261123T140300Z"));
        assert_eq!(events[0].property_value("DTSTAMP"), Some("20261123T120000Z"));
    }
}

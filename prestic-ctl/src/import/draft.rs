//! The INI that an import writes: sections with values, and comments that name the place in the source.
//!
//! Owns how words are quoted and values spelled, so that the daemon reads what is meant.

use std::fmt::Write;

/// A comment that names a place in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The place, as `profiles.home.run-before`.
    pub place: String,
    /// What becomes of it, and what to do.
    pub message: String,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Text(String),
    Words(Vec<String>),
}

/// A section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    name: String,
    notes: Vec<Note>,
    entries: Vec<(String, Entry)>,
    /// Whether something of the source is missing that says which snapshots stay.
    is_incomplete: bool,
}

/// A file that is being written.
#[derive(Debug, Default)]
pub struct Draft {
    notes: Vec<Note>,
    sections: Vec<Section>,
    /// Names that sections will have which are still to come.
    reserved: Vec<String>,
    has_secrets: bool,
}

/// What is written beside a secret.
const SECRET_ADVICE: &str = "a secret in the clear, as it was there: let nobody read this file; for passwords of repositories the keyring is \
                             better (`prestic-ctl keyring --help`)";

/// What is written beside a schedule that was left out.
const INCOMPLETE_ADVICE: &str = "is left out, because this task could remove more snapshots than it did before: mend what is said above, \
                                 try its words with `--dry-run`, then write the schedule";

/// Names that are not for sections of profiles.
const RESERVED: [&str; 2] = ["DEFAULT", "prestic"];

impl Draft {
    /// Adds a comment at the top.
    pub fn note(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.notes.push(Note { place: place.into(), message: message.into() });
    }

    /// Returns a name that no section has yet, as like the wanted one as can be.
    pub fn free_name(&self, wanted: &str) -> String {
        let is_fine = |character: char| !character.is_control() && !matches!(character, '[' | ']' | '@' | '%');
        let name: String = wanted.trim().chars().map(|character| if is_fine(character) { character } else { '-' }).collect();
        let name = if name.is_empty() { "unnamed".to_owned() } else { name };
        let is_free = |name: &str| {
            !RESERVED.contains(&name)
                && self.sections.iter().all(|section| section.name != name)
                && self.reserved.iter().all(|reserved| reserved != name)
        };
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or(name)
    }

    /// Returns a name like [`Self::free_name`], and keeps it for a section that comes later.
    pub fn reserve(&mut self, wanted: &str) -> String {
        let name = self.free_name(wanted);
        self.reserved.push(name.clone());
        name
    }

    /// Adds a section. One that would remove more snapshots than it did before waits for somebody to look at it.
    pub fn add(&mut self, mut section: Section) {
        if section.is_incomplete
            && let Some(schedule) = section.take("schedule")
        {
            section.note(&format!("schedule = {schedule}"), INCOMPLETE_ADVICE);
        }
        self.has_secrets |= section.notes.iter().any(|note| note.message == SECRET_ADVICE);
        self.sections.push(section);
    }

    /// Whether a secret stands in it.
    pub fn has_secrets(&self) -> bool {
        self.has_secrets
    }

    /// Returns all schedules.
    pub fn schedules(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().filter_map(|section| section.text("schedule"))
    }

    /// Makes a comment of each schedule that is none for the daemon: `reason` tells why it is none.
    pub fn drop_schedules(&mut self, reason: impl Fn(&str) -> Option<String>) {
        for section in &mut self.sections {
            let Some(schedule) = section.text("schedule").map(str::to_owned) else { continue };
            if let Some(reason) = reason(&schedule) {
                section.take("schedule");
                section.note(&format!("schedule = {schedule}"), format!("is no schedule here ({reason}): write one"));
            }
        }
    }

    /// Returns the whole file.
    pub fn to_ini(&self, origin: &str) -> String {
        let mut text = String::new();
        write_comment(&mut text, &format!("Written by `{origin}`."));
        write_comment(&mut text, "A comment names its place in the source. Where there is no equal, it says what to do.");
        write_notes(&mut text, &self.notes);
        for section in &self.sections {
            text.push('\n');
            section.write(&mut text);
        }
        text
    }
}

impl Section {
    /// Begins a section with a name from [`Draft::free_name`].
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), notes: Vec::new(), entries: Vec::new(), is_incomplete: false }
    }

    /// Begins the section of what all others see.
    pub fn defaults() -> Self {
        Self::new("DEFAULT")
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.notes.is_empty()
    }

    /// Adds a comment.
    pub fn note(&mut self, place: &str, message: impl Into<String>) {
        let note = Note { place: place.to_owned(), message: message.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds a comment on something without which the task could remove snapshots that were kept before.
    pub fn note_gap(&mut self, place: &str, message: impl Into<String>) {
        self.note(place, message);
        self.is_incomplete = true;
    }

    /// Sets the profile that it builds on.
    pub fn set_parent(&mut self, name: impl Into<String>) {
        self.set_words("inherit", vec![name.into()]);
    }

    /// Sets a value of one text. A line feed would end it, so one becomes a space.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        let value: String = value.into();
        self.put(key, Entry::Text(value.replace(['\n', '\r'], " ").trim().to_owned()));
    }

    /// Sets a value that is a secret, and says so.
    pub fn set_secret(&mut self, key: &str, value: impl Into<String>, place: &str) {
        self.set(key, value);
        self.note(place, SECRET_ADVICE);
    }

    /// Sets a list, unless nothing is in it.
    pub fn set_words(&mut self, key: &str, words: Vec<String>) {
        if words.is_empty() {
            return;
        }
        self.put(key, Entry::Words(words));
    }

    /// Adds words to a list.
    pub fn add_words(&mut self, key: &str, more: impl IntoIterator<Item = String>) {
        let found = self.entries.iter_mut().find(|(known, _)| known == key);
        if let Some((_, Entry::Words(words))) = found {
            words.extend(more);
        } else {
            self.set_words(key, more.into_iter().collect());
        }
    }

    /// Returns a value of one text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.entries.iter().find_map(|(known, entry)| match entry {
            Entry::Text(text) if known == key => Some(text.as_str()),
            _ => None,
        })
    }

    /// Whether a value is set.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, _)| known == key)
    }

    fn take(&mut self, key: &str) -> Option<String> {
        let text = self.text(key)?.to_owned();
        self.entries.retain(|(known, _)| known != key);
        Some(text)
    }

    fn put(&mut self, key: &str, entry: Entry) {
        match self.entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = entry,
            None => self.entries.push((key.to_owned(), entry)),
        }
    }

    fn write(&self, text: &mut String) {
        writeln!(text, "[{}]", self.name).expect("a String takes every text");
        write_notes(text, &self.notes);
        for (key, entry) in &self.entries {
            let value = match entry {
                Entry::Text(value) => value.clone(),
                Entry::Words(words) if words.len() < 2 => words.iter().map(|word| quoted(word)).collect(),
                // One a line is what can be read and edited.
                Entry::Words(words) => words.iter().map(|word| format!("\n    {}", quoted(word))).collect(),
            };
            let space = if value.starts_with('\n') || value.is_empty() { "" } else { " " };
            writeln!(text, "{key} ={space}{}", value.replace('%', "%%")).expect("a String takes every text");
        }
    }
}

/// Returns the schedule of what follows a task, whose name may be no plain word.
pub fn after(task: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-./@+:".contains(letter);
    if task.chars().all(is_plain) {
        return format!("after {task}");
    }
    format!("after \"{}\"", task.replace('\\', "\\\\").replace('"', "\\\""))
}

fn write_notes(text: &mut String, notes: &[Note]) {
    for note in notes {
        write_comment(text, &format!("{}: {}", note.place, note.message));
    }
}

fn write_comment(text: &mut String, comment: &str) {
    writeln!(text, "# {}", comment.replace(['\n', '\r'], " ")).expect("a String takes every text");
}

/// Returns a word as it stands in a list. Without a backslash, which means something else on Windows.
fn quoted(word: &str) -> String {
    let word = word.replace(['\n', '\r'], " ");
    let is_plain = |character: char| character.is_alphanumeric() || "-_./=:,+@*?!~^&$(){}<>|[]%\\".contains(character);
    let is_plain = |character: char| is_plain(character) && (character != '\\' || cfg!(windows));
    if !word.is_empty() && word.chars().all(is_plain) {
        return word;
    }
    if word.contains('\'') && !word.contains(['"', '\\']) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_quoted(word: &str, expected: &str) {
        assert_eq!(quoted(word), expected);
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        check_quoted("/home/me", "/home/me");
        check_quoted("--exclude=*.tmp", "--exclude=*.tmp");
        check_quoted("two words", "'two words'");
        check_quoted("#x", "'#x'");
        check_quoted(";x", "';x'");
        check_quoted("it's", "\"it's\"");
        check_quoted("it's \"it\"", "'it'\"'\"'s \"it\"'");
        check_quoted("", "''");
    }

    #[test]
    fn file_has_its_notes_before_its_values() {
        let mut draft = Draft::default();
        draft.note("global.min-memory", "has no equal");
        let mut section = Section::new(draft.free_name("home"));
        section.set("repository", "/r%20");
        section.set_secret("password", "x", "home.password");
        section.set_words("args", vec!["/home/me".to_owned(), "--exclude=a b".to_owned()]);
        section.set("schedule", "nonsense");
        draft.add(section);
        draft.drop_schedules(|_| Some("unknown word".to_owned()));
        assert!(draft.has_secrets());
        assert_eq!(
            draft.to_ini("prestic-ctl import x y"),
            format!(
                "# Written by `prestic-ctl import x y`.\n\
                 # A comment names its place in the source. Where there is no equal, it says what to do.\n\
                 # global.min-memory: has no equal\n\n[home]\n# home.password: {SECRET_ADVICE}\n\
                 # schedule = nonsense: is no schedule here (unknown word): write one\n\
                 repository = /r%%20\npassword = x\nargs =\n    /home/me\n    '--exclude=a b'\n"
            )
        );
    }

    #[test]
    fn task_that_could_remove_too_much_waits_for_somebody() {
        let mut section = Section::new("home-forget");
        section.set("schedule", "after home");
        section.note_gap("x.keep-tag", "could not be read");
        let ini = crate::import::tests::ini_of(section);
        assert!(ini.contains("# schedule = after home: is left out, because ") && !ini.contains("\nschedule"), "{ini}");
    }

    #[test]
    fn names_with_blanks_are_quoted_where_they_are_referred_to() {
        let mut section = Section::new("x");
        section.set_parent("my disk");
        section.set("schedule", after("now \"and\" then"));
        let ini = crate::import::tests::ini_of(section);
        assert!(ini.ends_with("inherit = 'my disk'\nschedule = after \"now \\\"and\\\" then\"\n"), "{ini}");
        assert_eq!(after("home@disk"), "after home@disk");
    }

    #[test]
    fn names_are_free_and_can_stand_in_brackets() {
        let mut draft = Draft::default();
        assert_eq!(draft.free_name("a@b]"), "a-b-");
        assert_eq!(draft.free_name("prestic"), "prestic-2");
        draft.add(Section::new("home"));
        assert_eq!(draft.free_name("home"), "home-2");
        assert_eq!(draft.reserve("music"), "music");
        assert_eq!(draft.free_name("music"), "music-2");
    }
}

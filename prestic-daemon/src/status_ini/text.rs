//! How names and texts are spelled so that Python's ConfigParser reads them, and nothing of them is lost.
//!
//! Names and texts that Python can keep stand there as they are. For the others: a section's name gets a prefix and `%XX`
//! for its bytes; a text is put into quotes as in JSON. In values `%` is doubled, because Python interpolates there.

use std::borrow::Cow;

use super::DAEMON_SECTION;

/// Begins the name of a section whose name Python could not keep.
const ESCAPED_PREFIX: &str = "__escaped__";

/// Returns the section of a task.
pub(super) fn section_name(task: &str) -> Cow<'_, str> {
    let is_special = task.is_empty() || task == "DEFAULT" || task == DAEMON_SECTION || task.starts_with(ESCAPED_PREFIX);
    if !is_special && !task.contains(['\n', '\r']) {
        return Cow::Borrowed(task);
    }
    let bytes = task.bytes().map(|byte| format!("%{byte:02X}"));
    Cow::Owned(ESCAPED_PREFIX.to_owned() + &bytes.collect::<String>())
}

/// Returns how a text stands in the file.
pub(super) fn encode(text: &str) -> String {
    let is_kept = is_kept_by_python(text) && !text.starts_with('"');
    let spelled = if is_kept { text.to_owned() } else { serde_json::Value::from(text).to_string() };
    spelled.replace('%', "%%")
}

/// Returns the text that stands in the file.
pub(super) fn decode(value: &str) -> String {
    let spelled = value.replace("%%", "%");
    if spelled.starts_with('"')
        && let Ok(text) = serde_json::from_str(&spelled)
    {
        return text;
    }
    spelled
}

/// Whether Python reads the same text back: it strips a value, and takes it for a line.
fn is_kept_by_python(text: &str) -> bool {
    super::python::strip(text) == text && !text.contains(['\n', '\r'])
}

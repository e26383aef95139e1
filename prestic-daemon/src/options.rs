//! `prestic-daemon options`: the table of options, for people and for programs.

use crate::config::options_table;

/// Returns the table as JSON: one object an option.
pub fn as_json() -> String {
    let rows: Vec<_> = options_table().collect();
    serde_json::to_string_pretty(&rows).expect("the table is of texts") + "\n"
}

/// Returns the table as text: one line an option, and one more with its default where it has one.
pub fn as_text() -> String {
    let name_width = options_table().map(|row| row.name.len()).max().unwrap_or_default();
    let kind_width = options_table().map(|row| row.kind.to_string().len()).max().unwrap_or_default();
    let mut text = String::new();
    for row in options_table() {
        let kind = row.kind.to_string();
        text.push_str(&format!("{:name_width$}  {kind:kind_width$}  {}", row.name, row.about));
        if let Some(default) = row.default {
            text.push_str(&format!(" [default: {default}]"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_a_line() {
        assert_eq!(as_text().lines().count(), options_table().count());
        assert!(as_text().contains("max-parallel"));
    }

    #[test]
    fn json_has_the_same_options() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(&as_json()).unwrap();
        assert_eq!(rows.len(), options_table().count());
    }
}

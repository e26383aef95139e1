//! A configuration in any of the formats that others use, in the order in which it was written.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use thiserror::Error;

/// A value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Node {
    /// Nothing.
    #[default]
    Empty,
    /// Yes or no.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// Several values.
    List(Vec<Node>),
    /// Values with names.
    Map(Vec<(String, Node)>),
}

/// What is wrong with `key: {{ .Value }}`, which YAML reads as a name that is a map itself.
const BARE_TEMPLATE: &str = "a name is no text; a template needs quotes, as \"{{ … }}\"";

/// How a configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// HCL.
    Hcl,
}

/// What is wrong with a text. It shows nothing of the text itself, which may hold secrets.
#[derive(Debug, Error)]
#[error("it is no {format}: {message}{}", .line.map(|line| format!(" at line {line}")).unwrap_or_default())]
pub struct SyntaxError {
    format: Format,
    message: String,
    line: Option<usize>,
}

impl Format {
    /// Returns the format that a file's name tells.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "toml" | "conf" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "hcl" => Some(Self::Hcl),
            _ => None,
        }
    }

    /// Reads a text.
    pub fn read(self, text: &str) -> Result<Node, SyntaxError> {
        let wrong = |message: String, line: Option<usize>| SyntaxError { format: self, message, line };
        let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        match self {
            Self::Toml => toml::from_str(text)
                .map_err(|error| wrong(error.message().to_owned(), error.span().map(|span| line_of(span.start)))),
            Self::Json => serde_json::from_str(text).map_err(|error| wrong(kind_of(&error), Some(error.line()))),
            Self::Hcl => hcl::from_str(text).map_err(|error| match error {
                hcl::Error::Parse(error) => wrong(error.message().to_owned(), Some(error.location().line())),
                error => wrong(error.to_string(), None),
            }),
            Self::Yaml => {
                let of_yaml = |error: serde_yaml_ng::Error| {
                    let line = error.location().map(|location| location.line());
                    wrong(error.to_string(), line)
                };
                let mut value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).map_err(of_yaml)?;
                // `<<: *anchor` is what most YAML of this kind is built from.
                value.apply_merge().map_err(of_yaml)?;
                Node::deserialize(value)
                    .map_err(|error: serde_yaml_ng::Error| wrong(error.to_string(), line_of_bare_template(text)))
            }
        }
    }
}

/// Returns the first line on which a value begins with the braces of a template, which YAML takes for its own.
fn line_of_bare_template(text: &str) -> Option<usize> {
    let is_bare = |line: &str| line.contains(": {{") || line.trim_start().starts_with("- {{");
    text.lines().position(is_bare).map(|index| index + 1)
}

fn kind_of(error: &serde_json::Error) -> String {
    if error.is_eof() { "it ends too early".to_owned() } else { "a character is not where it should be".to_owned() }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Hcl => "HCL",
        })
    }
}

impl Node {
    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(known, _)| known == name).map(|(_, node)| node).filter(|node| **node != Self::Empty)
    }

    /// Returns the values with names; none of what is no map.
    pub fn entries(&self) -> &[(String, Node)] {
        if let Self::Map(entries) = self { entries } else { &[] }
    }

    /// Whether it has names.
    pub fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// Returns the text of a single value.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Number(text) | Self::Text(text) => Some(text.clone()),
            Self::Empty | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Returns the texts of one value, or of several.
    pub fn texts(&self) -> Vec<String> {
        if let Self::List(nodes) = self {
            nodes.iter().filter_map(Self::text).collect()
        } else {
            self.text().into_iter().collect()
        }
    }

    /// Whether it is a yes.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Text(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on"),
            _ => false,
        }
    }

    /// Returns the text of a name.
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.get(name)?.text()
    }

    /// Returns the texts of a name.
    pub fn texts_of(&self, name: &str) -> Vec<String> {
        self.get(name).map(Self::texts).unwrap_or_default()
    }

    /// Sets the value of a name.
    pub fn set(&mut self, name: &str, node: Node) {
        if !self.is_map() {
            *self = Self::Map(Vec::new());
        }
        let Self::Map(entries) = self else { return };
        match entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = node,
            None => entries.push((name.to_owned(), node)),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = values.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut values: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, node)) = values.next_entry::<Node, Node>()? {
            let name = name.text().ok_or_else(|| A::Error::custom(BARE_TEMPLATE))?;
            entries.push((name, node));
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_formats_give_the_same() {
        let texts = [
            (
                Format::Toml,
                "[home]\nrepository = \"/r\"\nverbose = 2\n[home.backup]\nsource = [\"/a\", \"/b\"]\nexclude-caches = true\n",
            ),
            (
                Format::Yaml,
                "home:\n  repository: /r\n  verbose: 2\n  backup:\n    source: [/a, /b]\n    exclude-caches: true\n",
            ),
            (
                Format::Json,
                r#"{"home": {"repository": "/r", "verbose": 2, "backup": {"source": ["/a", "/b"], "exclude-caches": true}}}"#,
            ),
            (
                Format::Hcl,
                "home {\n  repository = \"/r\"\n  verbose = 2\n  backup = {\n    source = [\"/a\", \"/b\"]\n    exclude-caches = true\n  }\n}\n",
            ),
        ];
        let [first, others @ ..] = texts.map(|(format, text)| format.read(text).unwrap());
        for other in others {
            assert_eq!(other, first);
        }
        let home = first.get("home").unwrap();
        assert_eq!(home.text_of("verbose").as_deref(), Some("2"));
        assert_eq!(home.get("backup").unwrap().texts_of("source"), ["/a", "/b"]);
        assert!(home.get("backup").unwrap().get("exclude-caches").unwrap().is_true());
    }

    #[test]
    fn mistake_is_told_with_its_line_and_without_the_text() {
        for (format, text) in [
            (Format::Toml, "a = 1\npassword = t0psecret\n"),
            (Format::Yaml, "a: 1\npassword: \"t0psecret\n"),
            (Format::Json, "{\"a\": 1,\n\"password\": t0psecret}"),
            (Format::Hcl, "a = 1\npassword = = t0psecret\n"),
        ] {
            let message = format.read(text).unwrap_err().to_string();
            assert!(message.contains("line 2") && !message.contains("t0psecret"), "{message}");
        }
    }

    #[test]
    fn template_without_quotes_is_refused_with_its_line() {
        for text in ["home:\n  tag: {{ .Tag }}\n", "exclude:\n  - {{ .Hostname }}\n"] {
            let message = Format::Yaml.read(text).unwrap_err().to_string();
            assert!(message.contains("quotes") && message.contains("line 2"), "{message}");
        }
    }

    #[test]
    fn anchors_of_yaml_are_merged() {
        let node = Format::Yaml.read("base: &base\n  keep: 7\nhome:\n  <<: *base\n  own: x\n").unwrap();
        assert_eq!(node.get("home").unwrap().text_of("keep").as_deref(), Some("7"));
    }
}

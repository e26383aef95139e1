//! The blocks of a Markdown text: what documentation shows, for tests to try.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The language that it is marked with, as `sh`; empty if with none.
    pub language: String,
    /// What else it is marked with, as `not-here` in `sh,not-here`.
    pub tags: Vec<String>,
    /// What stands in it.
    pub text: String,
    /// The line of its first mark, from 1.
    pub line: usize,
}

impl Block {
    /// Whether it is marked with this besides its language.
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }

    /// Returns what follows `KEY-` in the mark that begins so, as `3` in `console,exit-3`.
    pub fn tagged(&self, key: &str) -> Option<&str> {
        self.tags.iter().find_map(|tag| tag.strip_prefix(key)?.strip_prefix('-'))
    }

    /// Returns the commands in it, each with the number of its line and with what it is shown to print.
    ///
    /// In a `console` every command follows `$ `, and its output follows it. In other blocks each line is one. A line that is
    /// indented, or follows one with a backslash at its end, belongs to the command before it.
    pub fn commands(&self) -> Vec<Command> {
        let is_console = self.language == "console";
        let mut commands: Vec<Command> = Vec::new();
        let mut goes_on = false;
        for (number, line) in (self.line + 1..).zip(self.text.lines()) {
            let begins = if is_console { line.strip_prefix("$ ") } else { Some(line) };
            let is_rest = goes_on || (!is_console && line.starts_with(' ') && !commands.is_empty());
            match (commands.last_mut(), begins) {
                (Some(last), _) if is_rest => last.text.push_str(&format!("\n{line}")),
                (_, Some(text)) if text.trim().is_empty() || text.starts_with('#') => continue,
                (_, Some(text)) => commands.push(Command { line: number, text: text.to_owned(), output: Vec::new() }),
                (Some(last), None) => last.output.push(line.to_owned()),
                (None, None) => panic!("line {number}: output without a command"),
            }
            goes_on = line.ends_with('\\');
        }
        commands
    }
}

/// A command that documentation shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its line, from 1.
    pub line: usize,
    /// Its words.
    pub text: String,
    /// The lines that it is shown to print.
    pub output: Vec<String>,
}

/// Returns the fenced blocks of a text, in order.
pub fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(markdown.lines());
    while let Some((line, text)) = lines.next() {
        let Some(marks) = text.trim_start().strip_prefix("```") else { continue };
        let mut marks = marks.trim().split(',').map(str::to_owned);
        let language = marks.next().unwrap_or_default();
        let content: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
        blocks.push(Block { language, tags: marks.collect(), text: content.join("\n") + "\n", line });
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_marks() {
        let found = blocks("text\n```ini\n[a]\nb = c\n```\n```sh,not-here,exit-3\nls\n```\n");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].language.as_str(), found[0].text.as_str(), found[0].line), ("ini", "[a]\nb = c\n", 2));
        assert!(found[1].has_tag("not-here") && !found[0].has_tag("not-here"));
        assert_eq!(found[1].tagged("exit"), Some("3"));
    }

    #[track_caller]
    fn check(markdown: &str, expected: &[(usize, &str, &[&str])]) {
        let commands = blocks(markdown)[0].commands();
        let found: Vec<_> =
            commands.iter().map(|command| (command.line, command.text.as_str(), command.output.clone())).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, text, output)| (*line, *text, output.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn output_follows_the_command_in_a_console() {
        check("```console\n$ one\nout\n\n$ two \\\n  more\n```", &[(2, "one", &["out", ""]), (5, "two \\\n  more", &[])]);
    }

    #[test]
    fn each_line_of_a_script_is_a_command_unless_it_goes_on() {
        check(
            "```sh\n# why\none   # because\ntwo \\\n3\nfour\n  five\n```",
            &[(3, "one   # because", &[]), (4, "two \\\n3", &[]), (6, "four\n  five", &[])],
        );
    }
}

//! Columns of text that fit the terminal.
//!
//! Pure: cells in, lines out. A cell's color is not part of its text, so that it does not count for the width.

use crate::{
    output::{Look, Paint},
    text,
};

/// The columns between two cells.
const GAP: usize = 2;
/// No column is made narrower than this to fit.
const NARROWEST: usize = 6;

/// One cell.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    paint: Option<Paint>,
}

impl Cell {
    /// Returns a cell in a color.
    pub fn painted(text: impl AsRef<str>, paint: Paint) -> Self {
        Self { text: text::printable(text.as_ref()), paint: Some(paint) }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns all of its text, in its color.
    pub fn shown(&self, look: &Look) -> String {
        self.paint.map_or_else(|| self.text.clone(), |paint| look.paint(paint, &self.text))
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text::printable(text.as_ref()), paint: None }
    }
}

/// Lays out a table: a line of headings, then the rows. In a terminal the widest columns give way until all fits.
pub fn lines<const N: usize>(headings: [&str; N], rows: Vec<[Cell; N]>, look: &Look) -> Vec<String> {
    let rows = [headings.map(|heading| Cell::painted(heading, Paint::Faint))].into_iter().chain(rows).collect::<Vec<_>>();
    let mut widths = std::array::from_fn(|column| rows.iter().map(|row| text::width(&row[column].text)).max().unwrap_or(0));
    if let Some(columns) = look.columns {
        narrow(&mut widths, columns);
    }
    rows.iter().map(|row| line(row, &widths, look)).collect()
}

/// Whether a table fits the terminal without anything being cut.
pub fn fits<const N: usize>(headings: &[&str; N], rows: &[[Cell; N]], look: &Look) -> bool {
    let width_of = |column: usize| {
        let cells = rows.iter().map(|row| text::width(&row[column].text));
        cells.chain([text::width(headings[column])]).max().unwrap_or(0)
    };
    let width = (0..N).map(width_of).sum::<usize>() + GAP * N.saturating_sub(1);
    look.columns.is_none_or(|columns| width <= columns)
}

fn narrow<const N: usize>(widths: &mut [usize; N], columns: usize) {
    let room = columns.saturating_sub(GAP * N.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

fn line<const N: usize>(row: &[Cell; N], widths: &[usize; N], look: &Look) -> String {
    let mut line = String::new();
    let mut owed = 0;
    for (cell, columns) in row.iter().zip(widths) {
        let shown = text::cut_end(&cell.text, *columns);
        let rest = columns - text::width(&shown);
        if !shown.is_empty() {
            line.extend(std::iter::repeat_n(' ', owed));
            line += &cell.paint.map_or_else(|| shown.clone(), |paint| look.paint(paint, &shown));
            owed = rest + GAP;
        } else {
            owed += rest + GAP;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(columns: Option<usize>) -> Look {
        Look { columns, ..Look::PLAIN }
    }

    #[test]
    fn columns_line_up_and_lines_have_no_blank_end() {
        let rows = vec![["home".into(), "".into(), "x".into()], ["写真".into(), "done".into(), "".into()]];
        assert_eq!(lines(["TASK", "STATE", "NEXT"], rows, &look(None)), ["TASK  STATE  NEXT", "home         x", "写真  done"]);
    }

    #[test]
    fn the_widest_column_gives_way_in_a_narrow_terminal() {
        let rows = vec![["home".into(), "a description that is long".into()]];
        assert_eq!(lines(["TASK", "ABOUT"], rows, &look(Some(20))), ["TASK  ABOUT", "home  a description…"]);
    }

    #[test]
    fn a_terminal_without_room_still_gets_a_table() {
        let rows = vec![["home-backup".into(), "repository".into()]];
        assert_eq!(lines(["TASK", "ABOUT"], rows, &look(Some(1))), ["TASK    ABOUT", "home-…  repos…"]);
    }
}

//! Runs as progress bars on a terminal, a few lines a run, drawn in place on stderr.
//!
//! What they say is decided in [`super::progress_text`]; indicatif moves the cursor, limits the rate and clears them in the end.

use std::{collections::BTreeMap, io, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use prestic_proto::run::{Run, RunId, RunState};

use super::{View, progress_text};
use crate::{clock, output::Look, system, text::printable};

/// How often the mark moves that shows that we are alive.
const TICK: Duration = Duration::from_millis(120);
/// The columns of the mark, which are not the text's.
const MARK_COLUMNS: usize = 2;

/// Shows a bar for each run that is under way.
pub struct Bars {
    all: MultiProgress,
    bars: BTreeMap<RunId, ProgressBar>,
    look: Look,
    name_columns: usize,
}

impl Bars {
    /// Returns bars for a terminal that looks like this.
    pub fn new(look: Look) -> Self {
        Self { all: MultiProgress::with_draw_target(system::bar_target()), bars: BTreeMap::new(), look, name_columns: 0 }
    }

    fn draw(&mut self, run: &Run) {
        self.name_columns = self.name_columns.max(progress_text::name_columns(run));
        let bar = self.bars.entry(run.id).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new_spinner());
            bar.set_style(style(&self.look));
            bar.enable_steady_tick(TICK);
            bar
        });
        // Asked for each time: the user may have resized the terminal.
        let columns = system::bar_columns().or(self.look.columns).unwrap_or(usize::MAX).saturating_sub(MARK_COLUMNS);
        let look = Look { columns: Some(columns), ..self.look };
        let indent = " ".repeat(MARK_COLUMNS);
        bar.set_message(
            progress_text::terminal_lines(run, self.name_columns, clock::now(), &look).join(&format!("\n{indent}")),
        );
    }
}

impl View for Bars {
    fn moved(&mut self, run: &Run) -> io::Result<()> {
        if let RunState::Finished(finished) = &run.state {
            if let Some(bar) = self.bars.remove(&run.id) {
                bar.finish_and_clear();
                self.all.remove(&bar);
            }
            if !self.bars.is_empty() {
                // The summaries come when all is over, which may be hours from now.
                self.notice(&printable(&format!("{} {}", run.task, finished.outcome)));
            }
            return Ok(());
        }
        self.draw(run);
        Ok(())
    }

    fn progressed(&mut self, run: &Run) -> io::Result<()> {
        self.draw(run);
        Ok(())
    }

    fn notice(&mut self, text: &str) {
        // Talk that nobody listens to is no error.
        let _ = self.all.println(text);
    }

    fn close(&mut self) {
        for bar in std::mem::take(&mut self.bars).into_values() {
            bar.finish_and_clear();
        }
    }
}

fn style(look: &Look) -> ProgressStyle {
    let template = if look.has_color { "{spinner:.cyan} {msg}" } else { "{spinner} {msg}" };
    let marks: &[&str] = if look.has_unicode {
        &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "]
    } else {
        &["|", "/", "-", "\\", " "]
    };
    ProgressStyle::with_template(template).expect("the template is constant and valid").tick_strings(marks)
}

//! Charts: columns or a line over time, drawn as SVG, with the same numbers in a table below. Pure.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::web::words::{self, Moment};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 210.0;
/// Where the drawing begins: left of it stand the numbers, below it the dates. There is room for the larger letters of a small
/// drawing.
const LEFT: f64 = 100.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 182.0;
const RIGHT: f64 = 634.0;
/// The widest column.
const WIDEST_COLUMN: f64 = 24.0;

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One column each, side by side: what happened each time.
    Columns,
    /// A line through them, in proportion to time: what there was.
    Line,
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Duration,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at: DateTime<Utc>,
    /// How much.
    pub value: u64,
    /// The name of its color; empty for the usual one.
    pub state: &'static str,
    /// The page that tells more.
    pub address: Option<String>,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// How.
    pub form: Form,
    /// In what.
    pub unit: Unit,
    /// Its values, oldest first.
    pub points: &'a [Point],
}

impl Unit {
    fn text(self, value: u64) -> String {
        match self {
            Self::Bytes => prestic_proto::words::bytes(value),
            Self::Duration => prestic_proto::words::duration_ms(value),
        }
    }

    /// Returns a round value as it stands beside the axis, where there is little room: `2 min`, not `2 min 00 s`.
    fn axis_text(self, value: u64) -> String {
        match self {
            Self::Bytes => self.text(value),
            Self::Duration => self.text(value).trim_end_matches(" 00 s").trim_end_matches(" 00 min").to_owned(),
        }
    }

    /// Returns a round value that is not less than the greatest one.
    fn top(self, greatest: u64) -> u64 {
        let steps: Vec<u64> = match self {
            Self::Bytes => {
                let units = (0..6).map(|power| 1u64 << (10 * power));
                units.flat_map(|unit| [1, 2, 4, 10, 20, 40, 100, 200, 400].map(|step| step * unit)).collect()
            }
            Self::Duration => {
                let seconds = [1, 2, 4, 10, 20, 40, 60, 120, 240, 600, 1200, 2400, 3600, 7200, 14_400, 28_800, 43_200, 86_400];
                seconds.map(|seconds| seconds * 1000).to_vec()
            }
        };
        steps.into_iter().find(|step| *step >= greatest.max(1)).unwrap_or(greatest)
    }
}

/// Draws a chart.
pub fn show(chart: &Chart<'_>, moment: &Moment) -> Markup {
    let Some((first, last)) = chart.points.first().zip(chart.points.last()) else { return html! {} };
    let greatest = chart.points.iter().map(|point| point.value).max().unwrap_or_default();
    let top = chart.unit.top(greatest);
    let y = |value: u64| BOTTOM - (BOTTOM - TOP) * value as f64 / top as f64;
    let date = |at| moment.at(at).format("%Y-%m-%d").to_string();
    let described = format!(
        "{} values from {} to {}, at most {}, the last one {}",
        chart.points.len(),
        date(first.at),
        date(last.at),
        chart.unit.text(greatest),
        chart.unit.text(last.value)
    );
    html! {
        figure.chart {
            figcaption { strong { (chart.title) } }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ (chart.title) ": " (described) } {
                title { (chart.title) }
                desc { (described) }
                @for value in [0, top / 2, top] {
                    line.axis x1=(LEFT) x2=(RIGHT) y1=(y(value)) y2=(y(value)) {}
                    text x=(LEFT - 6.0) y=(y(value) + 4.0) text-anchor="end" { @if value == 0 { "0" } @else { (chart.unit.axis_text(value)) } }
                }
                @match chart.form {
                    Form::Columns => { (columns(chart, &y, moment)) }
                    Form::Line => { (line(chart, &y)) }
                }
                text x=(LEFT) y=(HEIGHT - 8.0) { (date(first.at)) }
                @if date(first.at) != date(last.at) { text x=(RIGHT) y=(HEIGHT - 8.0) text-anchor="end" { (date(last.at)) } }
            }
            (table(chart, moment))
        }
    }
}

fn columns(chart: &Chart<'_>, y: &impl Fn(u64) -> f64, moment: &Moment) -> Markup {
    let room = (RIGHT - LEFT) / chart.points.len() as f64;
    let width = (room * 0.75).min(WIDEST_COLUMN);
    html! {
        @for (index, point) in chart.points.iter().enumerate() {
            @let x = LEFT + room * (index as f64 + 0.5) - width / 2.0;
            // What is there can be seen, however small it is.
            @let height = if point.value == 0 { 0.0 } else { (BOTTOM - y(point.value)).max(1.5) };
            rect.column x=(rounded(x)) y=(rounded(BOTTOM - height)) width=(rounded(width)) height=(rounded(height)) data-state=[(!point.state.is_empty()).then_some(point.state)] {
                title { (words::absolute_text(moment, point.at)) ": " (chart.unit.text(point.value)) }
            }
        }
    }
}

fn line(chart: &Chart<'_>, y: &impl Fn(u64) -> f64) -> Markup {
    let begin = chart.points.first().map(|point| point.at).unwrap_or_default();
    let span = chart.points.last().map(|point| (point.at - begin).num_seconds()).unwrap_or_default();
    let x = |at: DateTime<Utc>| match span {
        0 => f64::midpoint(LEFT, RIGHT),
        span => LEFT + (RIGHT - LEFT) * (at - begin).num_seconds() as f64 / span as f64,
    };
    let places: Vec<String> =
        chart.points.iter().map(|point| format!("{} {}", rounded(x(point.at)), rounded(y(point.value)))).collect();
    let path = places.join(" L");
    let (first, last) = (chart.points.first(), chart.points.last());
    html! {
        @if let Some((first, last)) = first.zip(last).filter(|_| places.len() > 1) {
            path.area d={ "M" (path) " L" (rounded(x(last.at))) " " (BOTTOM) " L" (rounded(x(first.at))) " " (BOTTOM) " Z" } {}
            path.line d={ "M" (path) } {}
        } @else {
            @for point in chart.points { circle.column cx=(rounded(x(point.at))) cy=(rounded(y(point.value))) r="4" {} }
        }
    }
}

fn table(chart: &Chart<'_>, moment: &Moment) -> Markup {
    html! {
        details {
            summary { "Show as a table" }
            div.scroll tabindex="0" role="region" aria-label={ (chart.title) " as a table" } {
                table.list {
                    thead { tr { th scope="col" { "When" } th.number scope="col" { (chart.title) } } }
                    tbody {
                        @for point in chart.points.iter().rev() {
                            tr {
                                td { @match &point.address {
                                    Some(address) => { a href=(address) { (words::absolute(moment, point.at)) } }
                                    None => { (words::absolute(moment, point.at)) }
                                } }
                                td.number { (chart.unit.text(point.value)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::samples::{at, moment};

    fn point(hours: i64, value: u64) -> Point {
        Point { at: at(hours), value, state: "", address: None }
    }

    fn shown(form: Form, points: &[Point]) -> String {
        show(&Chart { title: "Data <added>", form, unit: Unit::Bytes, points }, &moment()).into_string()
    }

    #[test]
    fn top_of_the_axis_is_round() {
        for (unit, greatest, top) in [
            (Unit::Bytes, 0, 1),
            (Unit::Bytes, 1500, 2048),
            (Unit::Bytes, 1 << 30, 1 << 30),
            (Unit::Bytes, (1 << 40) + 1, 2 << 40),
            (Unit::Bytes, u64::MAX, u64::MAX),
            (Unit::Duration, 61_000, 120_000),
            (Unit::Duration, 999_000_000, 999_000_000),
        ] {
            assert_eq!(unit.top(greatest), top, "{greatest}");
        }
    }

    #[test]
    fn numbers_beside_the_axis_are_short() {
        let texts = [500, 30_000, 60_000, 600_000, 3_600_000, 14_400_000].map(|value| Unit::Duration.axis_text(value));
        assert_eq!(texts, ["0.5 s", "30 s", "1 min", "10 min", "1 h", "4 h"]);
    }

    #[test]
    fn greatest_value_reaches_up_in_proportion() {
        let shown = shown(Form::Columns, &[point(0, 1 << 20), point(1, 2 << 20)]);
        assert!(shown.contains("height=\"81\"") && shown.contains("height=\"162\""), "{shown}");
    }

    #[test]
    fn line_runs_from_edge_to_edge_and_one_value_is_a_dot() {
        let both = shown(Form::Line, &[point(0, 0), point(10, 1 << 20)]);
        assert!(both.contains("d=\"M100 182 L634 20\""), "{both}");
        assert!(shown(Form::Line, &[point(0, 5)]).contains("<circle"));
    }

    #[test]
    fn chart_says_in_words_what_it_shows() {
        let shown = shown(Form::Columns, &[point(0, 1 << 20), point(48, 2 << 20)]);
        assert!(
            shown.contains("<desc>2 values from 2026-11-01 to 2026-11-03, at most 2.0 MiB, the last one 2.0 MiB</desc>"),
            "{shown}"
        );
        assert!(shown.contains("Show as a table") && !shown.contains("<added>"), "{shown}");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(shown(Form::Line, &[]), "");
    }
}

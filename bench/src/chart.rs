//! The chart of the README: how far each figure is from what it is held to, on a scale of doublings.

use std::fmt::Write as _;

use crate::figures::Row;

const WIDTH: f64 = 860.0;
/// Where bars begin, and how much room they have.
const LEFT: f64 = 400.0;
const SPAN: f64 = 380.0;
const LINE: f64 = 22.0;
const TOP: f64 = 44.0;
/// How many times too bad or too good a figure can be before its bar ends at the edge.
const LEAST: f64 = 0.25;
const MOST: f64 = 16.0;

/// Colours that can be read on white and on black; those who prefer it dark get lighter ones.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-weight:600;font-size:13px}\
.pass{fill:#2f81f7}.short{fill:#d1242f}.hold{stroke:#57606a;stroke-width:1.5}.grid{stroke:#57606a;stroke-opacity:.25}\
@media(prefers-color-scheme:dark){text{fill:#9198a1}.hold{stroke:#9198a1}.grid{stroke:#9198a1}.short{fill:#f85149}}";

/// Draws all figures that are held to something, as SVG.
pub fn draw(rows: &[Row]) -> String {
    let held: Vec<(&Row, f64)> = rows
        .iter()
        .filter_map(|row| Some((row, row.hold?.margin(row.value, row.ratio))))
        .filter(|(_, margin)| !margin.is_nan())
        .collect();
    let height = TOP + LINE * held.len() as f64 + 12.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
        aria-label=\"How many times better each figure is than it must be\">\n<style>{STYLE}</style>\n\
        <text class=\"title\" x=\"8\" y=\"18\">How many times better than it must be (right of the line: pass)</text>\n"
    );
    for tick in [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0] {
        let (x, class) = (place(tick), if tick == 1.0 { "hold" } else { "grid" });
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/>",
            height - 8.0
        );
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{tick}×</text>", TOP - 8.0);
    }
    for (number, (row, margin)) in held.iter().enumerate() {
        svg += &bar(TOP + LINE * number as f64, row, *margin);
    }
    svg + "</svg>\n"
}

fn bar(y: f64, row: &Row, margin: f64) -> String {
    let (hold, end) = (place(1.0), place(margin));
    let (x, width) = (hold.min(end), (end - hold).abs().max(1.0));
    let class = if row.ok == Some(true) { "pass" } else { "short" };
    let text = y + LINE * 0.68;
    format!(
        "<text x=\"{:.1}\" y=\"{text:.1}\" text-anchor=\"end\">{}</text>\n\
        <rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"2\"/>\n\
        <text x=\"{:.1}\" y=\"{text:.1}\">{}×</text>\n",
        LEFT - 10.0,
        escaped(&label(row)),
        y + 4.0,
        LINE - 8.0,
        x + width + 6.0,
        crate::figures::readable(margin),
    )
}

/// Its name, and the yardstick where it is held to one.
fn label(row: &Row) -> String {
    let yardstick = row.yardstick.as_deref().and_then(|yardstick| yardstick.split(':').next());
    match (row.hold, yardstick) {
        (Some(crate::figures::Hold::RatioAtLeast(_)), Some(yardstick)) => format!("{} ({yardstick})", row.name),
        _ => row.name.clone(),
    }
}

fn place(margin: f64) -> f64 {
    LEFT + SPAN * (margin.clamp(LEAST, MOST) / LEAST).log2() / (MOST / LEAST).log2()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Hold;

    #[test]
    fn what_passes_is_right_of_the_line_and_what_falls_short_left() {
        let row = |value| Row::new("a <b>", value, "ms").held_to(Hold::AtMost(10.0));
        let svg = draw(&[row(5.0), row(20.0), Row::new("not held", 1.0, "ms")]);
        assert_eq!((svg.matches("class=\"pass\"").count(), svg.matches("class=\"short\"").count()), (1, 1));
        assert!(svg.contains("a &lt;b>") && !svg.contains("not held"), "{svg}");
        assert!(place(0.5) < place(1.0) && place(1.0) < place(2.0));
    }

    #[test]
    fn no_bar_leaves_the_picture() {
        assert!(place(1e9) <= LEFT + SPAN && place(0.0) >= LEFT && place(f64::INFINITY) <= LEFT + SPAN);
    }
}

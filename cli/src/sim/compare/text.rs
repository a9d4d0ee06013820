//! A comparison as text.

use super::difference::{Compared, Comparison};
use crate::sim::csv_line::cell;
use crate::sim::report::numbers::{number_shown, shown};

/// What differs, for people; if nothing does, that.
pub(super) fn table(comparison: &Comparison) -> String {
    let Comparison { a, b, .. } = comparison;
    let rows: Vec<[String; 5]> = comparison.differing().map(row).collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        rows.iter()
            .chain([&HEAD.map(str::to_owned)])
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    });
    let mut text = format!("A: {a}\nB: {b}\n");
    if !rows.is_empty() {
        text.push('\n');
        for row in [HEAD.map(str::to_owned)].iter().chain(&rows) {
            let [name, values @ ..] = row;
            let values: Vec<String> =
                values.iter().zip(&widths[1..]).map(|(value, width)| format!("  {value:>width$}")).collect();
            text.push_str(&format!("{name:<width$}{}\n", values.concat(), width = widths[0]));
        }
        text.push('\n');
    }
    text + &verdict(comparison) + "\n"
}

/// All figures, for a document.
pub(super) fn markdown(comparison: &Comparison) -> String {
    let Comparison { a, b, .. } = comparison;
    let mut text = format!("- A: `{a}`\n- B: `{b}`\n\n| {} |\n|---|---:|---:|---:|---:|\n", HEAD.join(" | "));
    for figure in &comparison.figures {
        text.push_str(&format!("| {} |\n", row(figure).join(" | ")));
    }
    text + "\n" + &verdict(comparison) + "\n"
}

/// All figures, for a spreadsheet.
///
/// # Errors
/// None that a writer to memory has.
pub(super) fn csv(comparison: &Comparison) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["figure", "a", "b", "difference", "ratio"])?;
    for Compared { figure, a, b, difference, ratio } in &comparison.figures {
        let number = |number: &Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        writer.write_record([figure, &cell(a), &cell(b), &number(difference), &number(ratio)])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// In a sentence whether the two are the same.
pub(super) fn verdict(comparison: &Comparison) -> String {
    let all = comparison.figures.len();
    match (comparison.equal, comparison.differing().count()) {
        (true, _) => format!("Equal: all {all} figures, and every delivery."),
        (false, 0) => format!("All {all} figures are equal, but not every message or delivery."),
        (false, differing) => format!("Not equal: {differing} of {all} figures differ."),
    }
}

/// The cells of a row.
pub(super) fn row(figure: &Compared) -> [String; 5] {
    let difference = figure.difference.map_or_else(String::new, |difference| {
        if difference > 0.0 { format!("+{}", number_shown(difference)) } else { number_shown(difference) }
    });
    let ratio = figure.ratio.map_or_else(String::new, |ratio| format!("{} ×", number_shown(ratio)));
    [figure.figure.clone(), shown(&figure.a), shown(&figure.b), difference, ratio]
}

pub(super) const HEAD: [&str; 5] = ["figure", "A", "B", "B − A", "B / A"];

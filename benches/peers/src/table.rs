//! Tables in Markdown: one measure a line, both sides, and how they compare.

/// What is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Better {
    /// More of it.
    More,
    /// Less of it.
    Less,
    /// Neither: it tells how the two differ.
    Neither,
}

/// Prints the head of a table.
pub(crate) fn head() {
    println!("| measure | chinwag | iroh-gossip | better by |");
    println!("|---|---:|---:|---:|");
}

/// Prints one line of it.
pub(crate) fn line(measure: &str, chinwag: f64, iroh: f64, better: Better) {
    let ratio = match better {
        Better::More => Some(chinwag / iroh),
        Better::Less => Some(iroh / chinwag),
        Better::Neither => None,
    };
    let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} ×"));
    println!("| {measure} | {} | {} | {ratio} |", number(chinwag), number(iroh));
}

/// With three significant digits or more, and thousands set apart.
pub(crate) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let plain = format!("{value:.digits$}");
    let (whole, fraction) =
        plain.split_once('.').map_or((&*plain, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 && digit.is_ascii_digit() && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    fraction.map_or(grouped.clone(), |fraction| format!("{grouped}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short_and_readable() {
        let cases =
            [(1_234_567.8, "1,234,568"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.012")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!([number(-123.0), number(-1234.0), number(0.0)], ["-123", "-1,234", "0.000"]);
    }
}

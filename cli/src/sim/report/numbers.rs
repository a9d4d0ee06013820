//! Figures as people read them.

use serde_json::Value;

use crate::numbers::thousands;

/// A figure with as many digits as matter; a dash if it was not measured.
pub(in crate::sim) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let whole = number.as_u64().and_then(|number| usize::try_from(number).ok());
            let other = || number.as_f64().map_or_else(|| number.to_string(), number_shown);
            whole.map_or_else(other, thousands)
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The same of a number.
pub(in crate::sim) fn number_shown(number: f64) -> String {
    let size = number.abs();
    let decimals = match size {
        _ if number.fract() == 0.0 => 0,
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.001.. => 4,
        _ => 6,
    };
    let text = format!("{size:.decimals$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
    let sign = if number < 0.0 { "−" } else { "" };
    rest.map_or_else(|| format!("{sign}{whole}"), |rest| format!("{sign}{whole}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_matter() {
        for (number, text) in [
            (0.0, "0"),
            (1234567.0, "1,234,567"),
            (1234.5, "1,234"),
            (0.01234, "0.0123"),
            (0.00446, "0.0045"),
            (0.00004, "0.000040"),
            (-2.5, "−2.50"),
            (14.25, "14.2"),
        ] {
            assert_eq!(number_shown(number), text);
        }
        assert_eq!(
            (shown(&Value::Null), shown(&"x".into()), shown(&9_007_199_254_740_993_u64.into())),
            ("–".into(), "x".into(), "9,007,199,254,740,993".into())
        );
    }
}

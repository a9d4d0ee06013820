//! Figures for a spreadsheet.

use serde_json::Value;

use crate::sim::listing::Listing;

/// A line with the names of the figures and one with the figures; what was not measured is empty, and an object or a
/// list is JSON.
///
/// # Errors
/// None that a writer to memory has.
pub(super) fn of(figures: &Listing) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(figures.iter().map(|(name, _)| name))?;
    writer.write_record(figures.iter().map(|(_, value)| cell(value)))?;
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// A value as it stands in a cell.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_back_what_was_written() {
        let text = r#"{"nodes":9,"none":null,"why":"a, \"b\"","bytes":{"A":1,"B":2}}"#;
        let line = of(&serde_json::from_str(text).unwrap()).unwrap();
        let mut reader = csv::Reader::from_reader(line.as_bytes());
        assert_eq!(reader.headers().unwrap(), vec!["nodes", "none", "why", "bytes"]);
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(record, vec!["9", "", "a, \"b\"", r#"{"A":1,"B":2}"#]);
    }
}

//! What a simulation leaves: figures in every format, a folder that can be run again, a page, and a comparison.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, Program, said};

fn simulated(arguments: &str) -> String {
    let (text, code) = said(&format!("sim --nodes 8 --warm 2s --rounds 3 {arguments}"));
    assert_eq!(code, 0, "{text}");
    text
}

fn text_of(folder: &str, name: &str) -> String {
    fs::read_to_string(Path::new(folder).join(name)).unwrap()
}

#[test]
fn every_format_tells_the_same_figures() {
    let json: Value = serde_json::from_str(&simulated("--format json")).unwrap();
    let text = simulated("--format csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let values = reader.records().next().unwrap().unwrap();
    assert_eq!(names.len(), json.as_object().unwrap().len());
    for (name, value) in names.iter().zip(&values) {
        let is_of_the_machine =
            name.starts_with("real_") || ["cpu_seconds", "peak_rss_bytes"].contains(&name);
        let expected = match &json[name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => json[name].to_string(),
        };
        assert!(is_of_the_machine || value == expected, "{name}: {value} and {expected}");
    }
    let (markdown, table) = (simulated("--format markdown"), simulated("--format table"));
    for text in [&markdown, &table] {
        assert!(text.contains("of 21 due") && text.contains("exactly once"), "{text}");
    }
    let rows = markdown.lines().filter(|line| line.starts_with('|'));
    let cells: Vec<usize> = rows.map(|row| row.matches('|').count()).collect();
    assert!(cells.len() > 9 && cells.iter().all(|count| *count == 4), "{markdown}");
}

#[test]
fn a_folder_says_all_and_is_the_same_every_time() {
    let folder = Folder::new("same");
    let (one, other) = (folder.path("one"), folder.path("other"));
    let told = simulated(&format!("--seed 5 --out {one}"));
    assert!(told.ends_with("report.html"), "{told}");
    simulated(&format!("--out {other} --seed 5 --format json"));
    for name in
        ["run.json", "distributions.json", "messages.csv", "deliveries.csv", "packets.csv", "report.html"]
    {
        assert_eq!(text_of(&one, name), text_of(&other, name), "{name}");
    }
    let run: Value = serde_json::from_str(&text_of(&one, "run.json")).unwrap();
    assert_eq!(run["command"], "chinwag sim --nodes 8 --rounds 3 --warm 2s --seed 5");
    let figures: Value = serde_json::from_str(&text_of(&one, "result.json")).unwrap();
    let rows = |name: &str| -> Vec<csv::StringRecord> {
        let text = text_of(&one, name);
        csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).collect()
    };
    let copies: u64 = rows("messages.csv").iter().map(|row| row[7].parse::<u64>().unwrap()).sum();
    assert_eq!((rows("messages.csv").len(), Value::from(copies)), (3, figures["copies"].clone()));
    // The author and seven others, each of whom heard it from somebody.
    let deliveries = rows("deliveries.csv");
    assert_eq!(deliveries.len(), 8);
    assert!(
        deliveries[0][1].is_empty() && deliveries[1..].iter().all(|row| !row[1].is_empty()),
        "{deliveries:?}"
    );
    let sent = rows("packets.csv").iter().filter(|row| &row[4] == "BROADCAST").count();
    assert!(sent >= 7, "{sent}");
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_from_outside() {
    let folder = Folder::new("page");
    let out = folder.path("out");
    simulated(&format!("--kill-sweep 0.2,0.5 --out {out}"));
    let page = text_of(&out, "report.html");
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let parsed = roxmltree::Document::parse_with_options(&page, options).unwrap();
    let titles: Vec<&str> = parsed
        .descendants()
        .filter(|node| node.has_tag_name("h2"))
        .filter_map(|title| title.text())
        .collect();
    let expected = [
        "The broadcast tree",
        "Who said what to whom",
        "Extra copies",
        "Survival",
        "Delivery over time",
        "Hops",
        "Bytes by kind of message",
        "All figures",
    ];
    assert_eq!(titles, expected);
    assert_eq!(parsed.descendants().filter(|node| node.has_tag_name("svg")).count(), 8);
    for outside in ["http", "src=", "url(", "@import", "<link", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let footer = parsed.descendants().find(|node| node.has_tag_name("footer")).unwrap();
    let footer: String =
        footer.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
    assert!(footer.contains("chinwag sim --nodes 8") && footer.contains("seed 1"), "{footer}");
}

#[test]
fn progress_is_told_to_a_terminal_or_a_log_alone() {
    let run = |verbose: &str| {
        let mut program = Program::start(&format!("{verbose} sim --nodes 8 --warm 2s --rounds 3"));
        program.rest();
        program.errors()
    };
    assert_eq!(run(""), "");
    let log = run("-v");
    assert_eq!(log.matches("messages are said").count(), 3, "{log}");
}

#[test]
fn what_was_kept_runs_again_and_a_difference_is_told() {
    let folder = Folder::new("again");
    let (out, new) = (folder.path("out"), folder.path("new"));
    simulated(&format!("--seed 3 --out {out}"));
    let (text, code) = said(&format!("sim again {out} --out {new}"));
    assert!(code == 0 && text.contains("The same: "), "{text}");
    assert_eq!(text_of(&out, "report.html"), text_of(&new, "report.html"));
    let tampered = text_of(&out, "result.json").replace("\"messages\": 3", "\"messages\": 4");
    fs::write(Path::new(&out).join("result.json"), tampered).unwrap();
    fs::write(Path::new(&out).join("messages.csv"), text_of(&out, "messages.csv") + "\n").unwrap();
    // Also if what is compared with is replaced.
    let (text, code) = said(&format!("sim again {out} --out {out}"));
    assert!(
        code == 1 && text.contains("messages: 4 before, 3 now") && text.contains("messages.csv"),
        "{text}"
    );
    assert_eq!(text_of(&out, "messages.csv"), text_of(&new, "messages.csv"));
    // Another version may draw otherwise; what counts is what happened.
    let old = text_of(&out, "run.json").replace("\"chinwag ", "\"chinwag 0.0-");
    fs::write(Path::new(&out).join("run.json"), old).unwrap();
    let (text, code) = said(&format!("sim again {out}"));
    assert!(code == 0 && text.contains("Kept by chinwag 0.0-") && text.contains("The same: "), "{text}");
    let (_, code) = said(&format!("sim again {}", folder.path("nothing")));
    assert_eq!(code, 1);
}

#[test]
fn equal_runs_are_equal_and_of_others_the_differences_are_named() {
    let folder = Folder::new("compare");
    let [tree, same, flood, page] = ["tree", "same", "flood", "page.html"].map(|name| folder.path(name));
    simulated(&format!("--out {tree}"));
    simulated(&format!("--out {same}"));
    simulated(&format!("--strategy flood --out {flood}"));
    let (text, code) = said(&format!("sim compare {tree} {same}"));
    assert!(code == 0 && text.contains("Equal: all "), "{text}");
    let (text, _) = said(&format!("sim compare {tree} {flood} --html {page}"));
    assert!(text.contains("Not equal: ") && text.contains("\ncopies_per_delivery "), "{text}");
    let (text, _) = said(&format!("sim compare {tree} {flood} --format json"));
    let comparison: Value = serde_json::from_str(&text).unwrap();
    let figures = comparison["figures"].as_array().unwrap();
    let copies = figures.iter().find(|figure| figure["figure"] == "copies").unwrap();
    let [a, b, difference, ratio] =
        ["a", "b", "difference", "ratio"].map(|key| copies[key].as_f64().unwrap());
    assert!(a >= 21.0 && b > a && difference == b - a && ratio == b / a, "{copies}");
    assert_eq!(comparison["equal"], false);
    let (text, _) = said(&format!("sim compare {tree} {flood} --format csv"));
    let rows = csv::Reader::from_reader(text.as_bytes()).into_records().map(Result::unwrap).count();
    assert_eq!(rows, figures.len());
    let (text, _) = said(&format!("sim compare {tree} {flood} --format markdown"));
    assert_eq!(text.lines().filter(|line| line.starts_with('|')).count(), figures.len() + 2);
    let page = fs::read_to_string(page).unwrap();
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let parsed = roxmltree::Document::parse_with_options(&page, options).unwrap();
    let curves = parsed
        .descendants()
        .filter(|node| node.attribute("class").is_some_and(|class| class.starts_with("curve")));
    assert_eq!(curves.count(), 2);
    assert!(!page.contains("http") && !page.contains("url("));
}

//! `chinwag bench`: short measurements, whose figures have to fit together.

use serde_json::Value;

use crate::support::said;

fn measured(arguments: &str) -> Value {
    let (text, code) = said(&format!("bench --seconds 1 --format json {arguments}"));
    assert_eq!(code, 0, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn whole(figures: &Value, name: &str) -> u64 {
    figures[name].as_u64().unwrap_or_else(|| panic!("{name} is {}", figures[name]))
}

fn positive(figures: &Value, name: &str) -> f64 {
    let figure = figures[name].as_f64().unwrap_or_else(|| panic!("{name} is {}", figures[name]));
    assert!(figure > 0.0, "{name} is {figure}");
    figure
}

#[test]
fn one_speaks_and_all_others_hear_it_once() {
    let figures = measured("--links 3 --window 50");
    assert_eq!((whole(&figures, "peers"), whole(&figures, "lost")), (4, 0));
    assert!(whole(&figures, "messages") > 50, "more than go at once: {figures}");
    assert_eq!(whole(&figures, "deliveries"), 3 * whole(&figures, "messages"));
    let [rate, middle, most] =
        ["deliveries_per_second", "p50_ms", "max_ms"].map(|name| positive(&figures, name));
    assert!(rate <= whole(&figures, "deliveries") as f64 && middle <= most, "{figures}");
    assert!(positive(&figures, "bytes_per_delivery") > 256.0);
    if cfg!(target_os = "linux") {
        let each = positive(&figures, "cpu_seconds_per_million_deliveries");
        let all = positive(&figures, "cpu_seconds");
        assert!((all - each * whole(&figures, "deliveries") as f64 / 1e6).abs() < 0.001, "{figures}");
        assert!(whole(&figures, "peak_rss_bytes") > 1 << 20);
    }
}

#[test]
fn a_network_that_finds_itself_keeps_to_a_rate() {
    let figures = measured("--peers 6 --rate 60 --size 100 --retained 0");
    assert_eq!((whole(&figures, "peers"), whole(&figures, "lost")), (6, 0));
    let messages = whole(&figures, "messages");
    assert!((50..=70).contains(&messages), "about 60 in a second: {figures}");
    assert_eq!(whole(&figures, "deliveries"), 5 * messages);
}

#[test]
fn links_at_rest_say_nothing() {
    let (text, code) = said("bench --seconds 1 --links 3 --rate 0");
    assert_eq!(code, 0, "{text}");
    assert!(text.ends_with("Nothing was said.") && text.contains("of one processor"), "{text}");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    for line in ["--links 0", "--peers 1", "--links 3 --peers 3", "--overlay tree", "--size 5", "--seconds 0"]
    {
        let (_, code) = said(&format!("bench {line}"));
        assert_eq!(code, 2, "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn where_one_process_may_not_open_enough_files_others_take_peers_in() {
    let line =
        "ulimit -n 200 && ulimit -Hn 200 && exec \"$0\" bench --seconds 1 --links 60 --rate 20 --format json";
    let output =
        std::process::Command::new("sh").args(["-c", line, env!("CARGO_BIN_EXE_chinwag")]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(whole(&figures, "processes") > 2, "{figures}");
    assert_eq!((whole(&figures, "peers"), whole(&figures, "lost")), (61, 0));
    assert_eq!(whole(&figures, "deliveries"), 60 * whole(&figures, "messages"));
    assert!(positive(&figures, "p50_ms") < 1000.0, "{figures}");
}

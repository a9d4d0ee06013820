//! Scenarios that once failed, as the minimiser left them, are played again. Add a file, and say in its `about` why.
#![cfg(test)]

use std::fs;
use std::path::Path;

use chinwag_memory::Scenario;

#[test]
fn what_once_failed_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions");
    let mut played = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let scenario = Scenario::from_toml(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(!scenario.about.is_empty(), "{} does not say why it is here", path.display());
        assert_eq!(scenario.play().unwrap().failure, None, "{}", path.display());
        played += 1;
    }
    assert!(played >= 1, "no scenario in {}", folder.display());
}

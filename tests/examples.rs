//! Every example runs to its end, and that well.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const PATIENCE: u32 = 300;
const STEP: Duration = Duration::from_millis(100);

#[test]
fn every_example_runs_to_its_end() {
    let built = built_examples();
    let mut running: Vec<(PathBuf, Child)> = Vec::new();
    for source in sources() {
        let program = built.join(source.file_stem().unwrap()).with_extension(std::env::consts::EXE_EXTENSION);
        assert!(
            program.exists(),
            "{} is not built: run `cargo test` or `cargo build --examples`",
            program.display()
        );
        let child = Command::new(&program).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        running.push((program, child));
    }
    assert!(running.len() >= 5, "only {} examples were found", running.len());
    for (program, mut child) in running {
        let ended = wait(&mut child);
        assert!(ended.is_some_and(|status| status.success()), "{}: {ended:?}", program.display());
    }
}

/// A loop is little enough to be seen at once.
#[test]
fn no_file_of_an_example_has_eighty_lines() {
    let files = sources().into_iter().flat_map(|source| {
        if source.is_dir() {
            std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()).collect()
        } else {
            vec![source]
        }
    });
    let lengths = files.map(|file| (std::fs::read_to_string(&file).unwrap().lines().count(), file));
    let (long, short): (Vec<_>, Vec<_>) = lengths.partition(|(length, _)| *length >= 80);
    assert!(long.is_empty() && short.len() >= 6, "{long:?} {short:?}");
}

/// How it ended, if it did in time.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    for _ in 0..PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        #[expect(clippy::disallowed_methods, reason = "a process is waited for")]
        std::thread::sleep(STEP);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// Each is a file, or a folder of files.
fn sources() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Where cargo puts examples: beside the folder of the tests.
fn built_examples() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples")
}

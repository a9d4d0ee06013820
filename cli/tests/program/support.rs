//! Runs the program and waits, never for ever, for what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take. Machines under test may be slow; a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running program, killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Program {
    /// Starts the program with these arguments, separated by spaces.
    pub(crate) fn start(arguments: &str) -> Self {
        Self::start_with(arguments, Stdio::piped())
    }

    pub(crate) fn start_with(arguments: &str, stdout: Stdio) -> Self {
        Self::run(&mut Command::new(env!("CARGO_BIN_EXE_chinwag")), arguments, stdout)
    }

    /// Starts the program in a network namespace.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_in(namespace: &str, arguments: &str) -> Self {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", namespace, env!("CARGO_BIN_EXE_chinwag")]);
        Self::run(&mut inside, arguments, Stdio::piped())
    }

    fn run(command: &mut Command, arguments: &str, stdout: Stdio) -> Self {
        let mut child = command
            .args(arguments.split_whitespace())
            .env_remove("CHINWAG_LOG")
            .env_remove("CHINWAG_NAME")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map_or_else(|| channel().1, lines);
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdin, stdout, stderr }
    }

    /// Starts `chinwag chat --json` and returns it with the address at which it listens.
    pub(crate) fn chat(name: &str, arguments: &str) -> (Self, String) {
        let mut program = Self::start(&format!("chat --json --name {name} {arguments}"));
        let listening = program.event("listening");
        let address = listening["address"].as_str().unwrap_or_default().to_owned();
        (program, address)
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.type_bytes(format!("{line}\n").as_bytes());
    }

    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin.flush().unwrap();
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// The next line of its standard output; `None` at the end.
    pub(crate) fn line(&mut self) -> Option<String> {
        self.line_within(PATIENCE)
    }

    fn line_within(&mut self, patience: Duration) -> Option<String> {
        match self.stdout.recv_timeout(patience) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing was said for {patience:?}"),
        }
    }

    /// The next event of that kind. Those before it are passed over.
    pub(crate) fn event(&mut self, kind: &str) -> Value {
        self.event_within(kind, PATIENCE)
    }

    /// The same, where it is known to take long.
    pub(crate) fn event_within(&mut self, kind: &str, patience: Duration) -> Value {
        let mut passed = Vec::new();
        while let Some(line) = self.line_within(patience) {
            let event: Value = serde_json::from_str(&line).expect(&line);
            if event["event"] == kind {
                return event;
            }
            passed.push(line);
        }
        panic!("it ended without {kind}: {passed:#?}\n{}", self.errors());
    }

    /// All that it says until the end.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line()).collect()
    }

    /// The kinds of the events until the end.
    pub(crate) fn rest_of_events(&mut self) -> Vec<Value> {
        self.rest().iter().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    /// What stands on its standard error, at its end.
    pub(crate) fn errors(&mut self) -> String {
        let mut errors = String::new();
        loop {
            match self.stderr.recv_timeout(PATIENCE) {
                Ok(line) => errors.push_str(&(line + "\n")),
                Err(RecvTimeoutError::Disconnected) => return errors,
                Err(RecvTimeoutError::Timeout) => panic!("standard error stays open"),
            }
        }
    }

    /// Its exit code, once it has ended by itself.
    pub(crate) fn exit_code(&mut self) -> i32 {
        // The ends of both pipes say that it has ended, so that the wait is short.
        self.rest();
        self.errors();
        self.child.wait().unwrap().code().expect("it was killed")
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A short while.
#[expect(
    clippy::disallowed_methods,
    reason = "what happens in another process cannot be waited for otherwise"
)]
pub(crate) fn pause() {
    thread::sleep(Duration::from_millis(20));
}

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "the test of a timeout has to look at the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let start = now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        pause();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Waits until all `programs` are linked with `count` peers each.
pub(crate) fn wait_until_linked(programs: &mut [&mut Program], count: usize) {
    for program in programs {
        wait_for("not linked in time", || {
            program.type_line("/stats");
            program.event("stats")["linked"] == count
        });
    }
}

/// A folder of a test's own, gone when this is dropped.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chinwag-program-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the program prints, and how it ends.
pub(crate) fn said(arguments: &str) -> (String, i32) {
    let mut program = Program::start(arguments);
    let lines = program.rest();
    (lines.join("\n"), program.exit_code())
}

//! One process of the program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Instant;

/// Something a node said: which one, when, and what.
pub(crate) type Said = (usize, Instant, String);

/// A node, killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
}

impl Process {
    /// Starts one that hands on all it says under `number`.
    pub(crate) fn start(number: usize, say: Sender<Said>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chinwag-maelstrom"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if say.send((number, crate::network::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        self.stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        self.stdin.flush().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

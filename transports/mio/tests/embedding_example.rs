//! The example that lives in somebody else's `Poll` talks over TCP while its timer and its other socket work.
#![cfg(test)]

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{io::Read, thread};

use chinwag::{Config, Event};
use chinwag_mio::{MioDriver, Options, epoch_now, random_seed};

const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the program, whatever becomes of the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

#[test]
fn it_ticks_and_talks_in_one_poll() {
    let config = Config::new("ann".parse().unwrap(), epoch_now());
    let mut ann = MioDriver::new(config, random_seed(), Options::default()).unwrap();
    let address = ann.listen("127.0.0.1:0", None).unwrap();
    ann.with_node(|node, now| node.broadcast(now, "hello, you there")).unwrap();
    let handle = ann.handle();
    let (tell, told) = channel();
    let turner = thread::spawn(move || {
        ann.run(|_, event| {
            let _not_awaited = tell.send(event).is_err();
            ControlFlow::Continue(())
        })
    });

    let mut program = Running(example().arg(address.to_string()).stdout(Stdio::piped()).spawn().unwrap());
    let mut output = program.0.stdout.take().unwrap();
    // The greeting waits for the first peer; once it has gone out, and the program's timer has gone off, all is seen.
    while !matches!(told.recv_timeout(PATIENCE).unwrap(), Event::WaitingSent { count: 1 }) {}
    let (written, read) = channel();
    let reader = thread::spawn(move || {
        let (mut text, mut bytes) = (String::new(), [0; 1024]);
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
            let _not_awaited = written.send(text.clone()).is_err();
        }
        text
    });
    let is_all = |text: &str| text.contains("tick 3\n") && text.contains("ann: hello, you there\n");
    while !is_all(&read.recv_timeout(PATIENCE).unwrap()) {}
    // It goes on for as long as anybody is linked, and then ends well.
    assert!(program.0.try_wait().unwrap().is_none());
    handle.shutdown();
    turner.join().unwrap().unwrap();
    let text = reader.join().unwrap();
    assert!(program.0.wait().unwrap().success(), "{text}");
    let ticks: Vec<_> = text.lines().filter(|line| line.starts_with("tick ")).take(3).collect();
    assert_eq!(ticks, ["tick 1", "tick 2", "tick 3"], "{text}");
}

/// The program, where cargo puts examples: beside the folder of the tests.
fn example() -> Command {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap().join("examples/embed_mio");
    let program = built.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        program.exists(),
        "{} is not built: run `cargo test`, or `cargo build --examples`",
        program.display()
    );
    Command::new(program)
}

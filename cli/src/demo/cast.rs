//! The five peers: real nodes on real sockets, each in a thread of its own.

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::Context as _;
use chinwag::{Address, Command, Config, Dialect, Dialects, Event, PeerId, Strategy};
use chinwag_mio::{Handle, MioDriver, Options, epoch_now, random_seed};

use crate::clock;

/// One of the five.
#[derive(Debug)]
pub(super) struct Actor {
    /// Who it is.
    pub(super) name: PeerId,
    /// How it speaks.
    pub(super) dialect: Dialect,
    /// Where it listens.
    pub(super) address: Address,
    handle: Handle,
    thread: JoinHandle<anyhow::Result<()>>,
}

/// Something that one of the five was told by its node.
#[derive(Debug)]
pub(super) struct Told {
    /// Which of the five.
    pub(super) who: usize,
    /// When.
    pub(super) at: Instant,
    /// What.
    pub(super) event: Event,
}

impl Actor {
    /// Starts the peer number `who` on a free port of this machine; its events go to `stage`.
    ///
    /// # Errors
    /// When the system has no port or thread for it.
    pub(super) fn start(
        who: usize,
        name: &str,
        dialect: Dialect,
        strategy: Strategy,
        stage: Sender<Told>,
    ) -> anyhow::Result<Self> {
        let name = PeerId::new(name)?;
        let mut config = Config::new(name.clone(), epoch_now());
        config.utc_offset_secs = jiff::Zoned::now().offset().seconds();
        config.strategy = strategy;
        if dialect == Dialect::Classic {
            config.dialects = Dialects::Classic;
        }
        let mut driver = MioDriver::new(config, random_seed(), Options::default())?;
        let address = driver.listen("127.0.0.1:0", None)?;
        let handle = driver.handle();
        let thread = std::thread::Builder::new().name(name.to_string()).spawn(move || {
            driver.run(|_, event| {
                // Once nobody watches, the play is over.
                match stage.send(Told { who, at: clock::now(), event }) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            })?;
            Ok(())
        });
        let thread = thread.context("the system gives no thread for another peer")?;
        Ok(Self { name, dialect, address, handle, thread })
    }

    /// Has it do something.
    ///
    /// # Errors
    /// When its thread has ended.
    pub(super) fn bid(&self, command: Command) -> anyhow::Result<()> {
        self.handle.send(command).with_context(|| format!("{} cannot act", self.name))
    }

    /// Has it leave.
    pub(super) fn dismiss(&self) {
        self.handle.shutdown();
    }

    /// Waits until it has left.
    ///
    /// # Errors
    /// What went wrong in its thread.
    pub(super) fn wait(self) -> anyhow::Result<()> {
        match self.thread.join() {
            Ok(ended) => ended.with_context(|| format!("{} had to stop", self.name)),
            Err(_) => anyhow::bail!("the thread of {} panicked", self.name),
        }
    }
}

//! Cases over real TCP on the loopback interface: a driver for each node, all turned by one thread.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{Address, Command, Config, Event, PeerId};
use chinwag_memory::conformance::{Harness, HarnessError, Listen};
use chinwag_mio::{MioDriver, Options, random_seed};

use crate::real_time::Stopwatch;

#[derive(Default)]
pub(crate) struct Tcp {
    drivers: BTreeMap<PeerId, MioDriver>,
}

impl Harness for Tcp {
    fn start(&mut self, config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError> {
        let name = config.id.clone();
        let mut driver = MioDriver::new(config, random_seed(), Options::default())?;
        let address = match listen {
            Listen::Nowhere => None,
            Listen::Anywhere => Some(driver.listen("127.0.0.1:0", None)?),
            Listen::At(address) => Some(driver.listen(&address.to_string(), None)?),
        };
        self.drivers.insert(name, driver);
        Ok(address)
    }

    fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError> {
        Ok(self.drivers.get(node).ok_or("it does not run")?.handle().send(command)?)
    }

    fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError> {
        self.drivers.remove(node);
        Ok(())
    }

    fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError> {
        let (watch, mut told) = (Stopwatch::start(), Vec::new());
        while watch.elapsed() < duration {
            for (name, driver) in &mut self.drivers {
                driver.poll(Some(Duration::from_millis(1)))?;
                told.extend(core::iter::from_fn(|| driver.next_event()).map(|event| (name.clone(), event)));
            }
        }
        Ok(told)
    }
}

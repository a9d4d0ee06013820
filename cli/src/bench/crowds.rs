//! The peers of a process, spread evenly over its threads.

use std::ops::Range;
use std::sync::Arc;

use chinwag::{Address, Config, PeerId};
use chinwag_mio::epoch_now;
use serde::{Deserialize, Serialize};

use super::course::Course;
use super::crowd::Crowd;
use super::pace::Pace;
use crate::arguments::{BenchArguments, Shape};

/// The most links of a peer that finds its neighbours itself: while it meets others it has more than neighbours.
const MESH_LINKS: usize = 64;

/// What peers are, wherever they are.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct Plan {
    pub(super) shape: Shape,
    rate: Option<u32>,
    size: usize,
    retained: usize,
    threads: usize,
    floods: bool,
}

impl Plan {
    /// As the command line will have it.
    ///
    /// # Errors
    /// Where a number is too large for this machine.
    pub(super) fn of(arguments: &BenchArguments) -> anyhow::Result<Self> {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let shape = arguments.shape();
        Ok(Self {
            shape,
            rate: arguments.rate,
            size: usize::try_from(arguments.size)?,
            retained: usize::try_from(arguments.retained)?,
            threads: arguments.threads.map_or_else(processors, usize::from).min(shape.peers()),
            floods: arguments.overlay == crate::arguments::Spreading::Flood,
        })
    }

    /// The peers at these `places` among all, and whom to join, if the first of all is among them. The authors are the
    /// first of each thread.
    ///
    /// # Errors
    /// When the system has no room for them.
    pub(super) fn crowds(
        &self,
        course: &Arc<Course>,
        places: Range<usize>,
        mut contact: Option<Address>,
    ) -> anyhow::Result<(Vec<Crowd>, Option<Address>)> {
        let mut crowds = Vec::new();
        for thread in 0..self.threads {
            let authors = places.clone().skip(thread).step_by(self.threads);
            let authors = authors.take_while(|place| *place < self.shape.authors());
            let pace = Pace::new(self.rate, self.shape.authors(), authors);
            crowds.push(Crowd::new(Arc::clone(course), pace, self.size)?);
        }
        for (place, thread) in places.zip((0..self.threads).cycle()) {
            let Some(crowd) = crowds.get_mut(thread) else { continue };
            let (config, needs, links) = self.peer(place)?;
            crowd.add(config, needs, links)?;
            // Who is linked with the first alone need not be found by others.
            let is_found = place == 0 || matches!(self.shape, Shape::Mesh(_));
            let address = if is_found { crowd.listen()? } else { None };
            match &contact {
                Some(contact) => crowd.join_later(Address::clone(contact)),
                None => contact = address,
            }
        }
        Ok((crowds, contact))
    }

    /// A peer, with how many others it needs to be linked, and with how many it may be.
    fn peer(&self, place: usize) -> anyhow::Result<(Config, usize, usize)> {
        let mut config = Config::new(PeerId::new(&format!("peer {place}"))?, epoch_now());
        config.max_history = self.retained;
        // Where fewer are retained than are known again, each is hashed for those of the old program, and there are none.
        config.classic_window = config.classic_window.min(self.retained.max(10));
        Ok(match self.shape {
            Shape::Star(links) => {
                config.target_neighbours = 0;
                let links = if place == 0 { links } else { 1 };
                config.max_links = links.max(config.max_links);
                config.max_peers = links.max(config.max_peers);
                (config, links, links)
            }
            Shape::Mesh(peers) => {
                config.strategy =
                    if self.floods { chinwag::Strategy::Flood } else { chinwag::Strategy::Tree };
                (config, 4.min(peers - 1), MESH_LINKS)
            }
        })
    }
}

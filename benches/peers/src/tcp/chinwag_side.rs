//! Our side: `chinwag-mio`, in the very loops of `chinwag bench`.

use std::sync::Arc;

use chinwag::{Address, Config, PeerId};
use chinwag_mio::epoch_now;

use super::course::Course;
use super::crowd::Crowd;
use super::pace::Pace;
use super::stage::Running;
use super::work::{Shape, TEXT, Work};
use crate::process::processors;

pub(super) fn start(work: Work, course: &Arc<Course>) -> anyhow::Result<Running> {
    let mut running = Running::new();
    for crowd in crowds(work, course)? {
        running.spawn(move || crowd.run())?;
    }
    Ok(running)
}

/// The peers, spread evenly over threads; the authors are the first of each.
fn crowds(work: Work, course: &Arc<Course>) -> anyhow::Result<Vec<Crowd>> {
    let (shape, threads) = (work.shape(), processors());
    let mut crowds = Vec::new();
    for thread in 0..threads {
        let places = (thread..shape.authors()).step_by(threads);
        crowds.push(Crowd::new(Arc::clone(course), Pace::new(work.rate(), shape.authors(), places), TEXT)?);
    }
    let mut contact = None;
    for place in 0..shape.peers() {
        let crowd = &mut crowds[place % threads];
        let mut config = Config::new(PeerId::new(&format!("peer {place}"))?, epoch_now());
        let (needs, links) = match shape {
            Shape::Star(links) => {
                config.target_neighbours = 0;
                let links = if place == 0 { links } else { 1 };
                config.max_links = links.max(config.max_links);
                config.max_peers = links.max(config.max_peers);
                (links, links)
            }
            Shape::Mesh(_) => (4, MESH_LINKS),
        };
        crowd.add(config, needs, links)?;
        // Who is linked with the first alone need not be found by others.
        let address = if place == 0 || matches!(shape, Shape::Mesh(_)) { crowd.listen()? } else { None };
        match &contact {
            Some(contact) => crowd.join_later(Address::clone(contact)),
            None => contact = address,
        }
    }
    Ok(crowds)
}

/// The most links of a peer that finds its neighbours itself: while it meets others it has more than neighbours.
const MESH_LINKS: usize = 64;

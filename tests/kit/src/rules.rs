//! What holds for a node in any world: after any inputs, sane or hostile.

use std::collections::BTreeSet;

use chinwag::{Action, LinkId};

use crate::Lab;

/// Holds an action against what the driver was told before.
pub(crate) fn check_action(lab: &Lab, action: &Action) {
    match action {
        Action::Dial { address } => {
            assert!(
                !lab.orderly || !lab.dialing.contains_key(address),
                "{address} is dialed while a dial to it is under way"
            );
            assert!(!lab.left, "{address} is dialed by who has left");
        }
        Action::Send { to, .. } => {
            let links: Vec<_> = to.iter().collect();
            assert!(!links.is_empty(), "a message for nobody is no action");
            assert_eq!(links.iter().collect::<BTreeSet<_>>().len(), links.len(), "{links:?}: each once");
            for link in &links {
                assert!(is_up(lab, *link), "{link:?} is not up, or was closed before");
            }
        }
        Action::Close { link } => assert!(is_up(lab, *link), "{link:?} is closed, and is not up"),
        Action::Emit(_) => {}
    }
}

fn is_up(lab: &Lab, link: LinkId) -> bool {
    lab.links.contains(&link) || lab.reused.contains(&link)
}

/// Holds a drained node against its configuration.
pub(crate) fn check_state(lab: &Lab) {
    let (node, config) = (&lab.node, lab.node.config());
    assert_eq!(node.now(), lab.now, "time is the latest it was ever told");
    assert!(
        node.next_deadline().is_none_or(|due| due > lab.now),
        "a drained node waits for something that lies ahead, not for {:?} at {:?}",
        node.next_deadline(),
        lab.now
    );
    assert!(lab.links.len() <= config.max_links, "{} links", lab.links.len());
    assert!(lab.dialing.len() <= config.max_links, "{} dials", lab.dialing.len());
    assert!(node.peers().count() <= config.max_peers, "{} peers", node.peers().count());
    assert!(node.linked() <= config.max_links + config.max_classic_peers, "{} linked", node.linked());
    assert!(node.waiting() <= config.max_waiting, "{} wait", node.waiting());
    assert!(node.undelivered() <= config.max_waiting, "{} have not arrived", node.undelivered());
    assert!(node.passive_view().count() <= config.passive_view, "{} known", node.passive_view().count());
    assert!(node.retained() <= config.max_history, "{} retained", node.retained());
    assert!(node.lagging() <= config.max_streams, "{} streams lag", node.lagging());
    assert!(node.versions().len() <= config.max_streams, "{} streams", node.versions().len());
    // One more than the limit is taken in while another one is asked to make room.
    let neighbours = node.active_view().count();
    assert!(neighbours <= config.max_neighbours + 1, "{neighbours} neighbours");
}

//! A node whose own network is gone for a while forgets nobody meanwhile, and finds back.
#![cfg(test)]

use chinwag::{Contact, Control, Message, PeerId};
use chinwag_memory::{ms, secs};
use chinwag_testkit::{Guest, Lab, at};

/// Five neighbours that came by themselves, and others known by hearsay; nobody was ever joined.
fn known_by_hearsay(room: usize) -> Lab {
    let mut lab = Lab::usual_but(|config| config.passive_view = room);
    let names = (0..5).map(|number| format!("neighbour {number}"));
    let links: Vec<_> = names
        .map(|name| lab.welcome(&Guest::native(&name, &format!("{name}:1").replace(' ', "-"))))
        .collect();
    let contact = |number| {
        Contact::new(PeerId::new(&format!("other {number}")).unwrap(), at(&format!("other-{number}:1")))
    };
    let peers = (0..32).map(contact).collect();
    lab.hear(links[0], Message::control(Control::Shuffle { number: 1, hops_left: 0, peers }));
    for link in links {
        lab.hang_up(link);
    }
    lab
}

#[test]
fn nobody_is_forgotten_while_nobody_can_be_reached() {
    let mut lab = known_by_hearsay(160);
    lab.wait_alone(secs(300));
    assert_eq!(lab.node.passive_view().count(), 37, "the five that were lost are known as well");
    let dials = lab.wait_alone(secs(3600)).len();
    assert!((100..5000).contains(&dials), "{dials} dials in an hour: neither given up nor hasty");
}

/// Where many die at once, the one whose place a lost neighbour took might be the only one known who lives.
#[test]
fn who_was_lost_takes_nobodys_place() {
    let others = known_by_hearsay(32)
        .node
        .passive_view()
        .filter(|known| known.peer().as_str().starts_with("other"))
        .count();
    assert_eq!(others, 32);
}

#[test]
fn who_is_back_finds_somebody_within_a_minute() {
    let mut lab = known_by_hearsay(160);
    lab.wait_alone(secs(300));
    let back = (0..600).find_map(|_| {
        lab.wait(ms(100));
        lab.dialing().next().cloned()
    });
    let address = back.expect("somebody is turned to");
    lab.reach(&address.to_string(), &Guest::native("somebody", &address.to_string()));
    assert_eq!(lab.node.linked(), 1);
}

/// Redialing those who were lost does not put off the addresses that the application gave.
#[test]
fn what_was_joined_is_tried_at_once_although_the_lost_are_looked_for_as_well() {
    let mut lab = Lab::usual_but(|config| config.passive_view = 1);
    let names = ["ann", "bob", "carl", "dora", "eve"];
    let links: Vec<_> =
        names.map(|name| lab.welcome(&Guest::native(name, &format!("{name}:1")))).into_iter().collect();
    lab.join("contact:1");
    let full = Guest::native("contact", "contact:1").meaning(chinwag::Intent::Full);
    for _ in 0..10 {
        if lab.is_dialing(&at("contact:1")) {
            lab.reach("contact:1", &full);
        }
        for link in lab.links().to_vec() {
            lab.hear(link, Message::control(Control::KeepAlive(1)));
        }
        lab.wait(ms(20));
    }
    assert!(!lab.is_dialing(&at("contact:1")), "there is no room");
    for link in links {
        lab.hang_up(link);
    }
    assert!(lab.wait_alone(secs(20)).contains(&at("contact:1")));
}

//! Peers that are killed in the middle of a conversation, each in turn, and come back.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Program, wait_for};

const PEERS: usize = 5;
/// How many things each says before somebody is killed, and again after it.
const TALK: usize = 10;

struct Peer {
    name: String,
    program: Program,
    address: String,
    /// What it heard in this run, in the order it came.
    heard: Vec<String>,
}

impl Peer {
    fn start(number: usize, arguments: &str) -> Self {
        let name = format!("p{number}");
        let (program, address) = Program::chat(&name, &format!("--history 10000 {arguments}"));
        Self { name, program, address, heard: Vec::new() }
    }

    /// Takes in what it has heard by now.
    fn listen(&mut self) {
        self.program.type_line("/stats");
        while let Some(line) = self.program.line() {
            let event: Value = serde_json::from_str(&line).unwrap();
            match event["event"].as_str() {
                Some("message") => self.heard.push(event["text"].as_str().unwrap().to_owned()),
                Some("stats") => return,
                _ => {}
            }
        }
        panic!("{} ended", self.name);
    }

    /// The same without an order.
    fn knows(&self) -> BTreeSet<String> {
        let heard: BTreeSet<String> = self.heard.iter().cloned().collect();
        assert_eq!(heard.len(), self.heard.len(), "{} heard something twice", self.name);
        heard
    }
}

/// Has everybody say some things, and gives all that was said.
fn talk(peers: &mut [Peer], round: usize, part: &str) -> Vec<String> {
    let mut said = Vec::new();
    for n in 0..TALK {
        for peer in &mut *peers {
            let text = format!("{} {round} {part} {n}", peer.name);
            peer.program.type_line(&text);
            said.push(text);
        }
    }
    said
}

#[test]
fn nothing_is_lost_that_anybody_alive_retained_whoever_is_killed() {
    let mut peers = vec![Peer::start(0, "")];
    let first = peers[0].address.clone();
    peers.extend((1..PEERS).map(|number| Peer::start(number, &format!("--join {first}"))));
    for peer in &mut peers {
        wait_for("not linked in time", || {
            peer.program.type_line("/stats");
            peer.program.event("stats")["linked"] == PEERS - 1
        });
    }
    // What at least one who lives has said or heard.
    let mut retained: BTreeSet<String> = BTreeSet::new();
    for round in 0..PEERS {
        retained.extend(talk(&mut peers, round, "before"));
        let victim = peers.remove(0);
        let (name, address) = (victim.name.clone(), victim.address.clone());
        victim.program.signal("KILL");
        drop(victim);
        retained.extend(talk(&mut peers, round, "after"));

        // The end of what the victim said may have died with it. What one has heard of it, all hear.
        let is_of = |text: &str, name: &str| text.split(' ').next() == Some(name);
        let last_words = format!("{name} {round} ");
        let mut heard_by_all = BTreeSet::new();
        wait_for("those who live do not agree on what was said", || {
            peers.iter_mut().for_each(Peer::listen);
            heard_by_all =
                peers.iter().flat_map(Peer::knows).filter(|text| text.starts_with(&last_words)).collect();
            let due = |peer: &Peer| {
                let mut due = retained.clone();
                due.retain(|text| !text.starts_with(&last_words) && !is_of(text, &peer.name));
                due.extend(heard_by_all.iter().cloned());
                due
            };
            peers.iter().all(|peer| peer.knows() == due(peer))
        });
        retained.retain(|text| !text.starts_with(&last_words) || heard_by_all.contains(text));
        println!("{name}: {} of {TALK} last words were heard", heard_by_all.len());

        // It comes back where it was, and hears all of it again.
        let number = name[1..].parse().unwrap();
        let mut back = Peer::start(number, &format!("--listen {address} --join {}", peers[0].address));
        let mut due = retained.clone();
        due.retain(|text| !is_of(text, &name));
        wait_for("who came back has not heard all that was said", || {
            back.listen();
            back.knows() == due
        });
        peers.push(back);
        for peer in &mut peers {
            wait_for("not linked again in time", || {
                peer.listen();
                peer.program.type_line("/peers");
                let known = peer.program.event("peers");
                let known = known["peers"].as_array().unwrap().iter();
                known.filter(|it| it["linked"] == true).count() == PEERS - 1
            });
        }
    }
}

//! More peers than one of them has neighbours.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Program, wait_for};

/// So many that nobody can be everybody's neighbour.
const PEERS: usize = 12;

/// Peers that all join through the first.
struct Crowd {
    peers: BTreeMap<String, Program>,
    first: String,
}

impl Crowd {
    fn gather(arguments: &str) -> Self {
        let (first, at) = Program::chat("p0", arguments);
        let mut peers = BTreeMap::from([("p0".to_owned(), first)]);
        for number in 1..PEERS {
            let name = format!("p{number}");
            let (peer, _) = Program::chat(&name, &format!("--join {at} {arguments}"));
            peers.insert(name, peer);
        }
        let mut crowd = Self { peers, first: at };
        for name in crowd.names() {
            wait_for("not linked in time", || !crowd.linked(&name).is_empty());
        }
        crowd
    }

    fn names(&self) -> Vec<String> {
        self.peers.keys().cloned().collect()
    }

    fn peer(&mut self, name: &str) -> &mut Program {
        self.peers.get_mut(name).unwrap()
    }

    /// The neighbours of a peer.
    fn linked(&mut self, name: &str) -> BTreeSet<String> {
        self.peer(name).type_line("/peers");
        let peers = self.peer(name).event("peers");
        let linked = peers["peers"].as_array().unwrap().iter().filter(|peer| peer["linked"] == true);
        linked.map(|peer| peer["peer"].as_str().unwrap().to_owned()).collect()
    }

    /// Has everybody say something, and checks that everybody else hears it once.
    fn all_hear_all(&mut self, text: &str) {
        let names = self.names();
        for name in &names {
            self.peer(name).type_line(&format!("{text} of {name}"));
        }
        for name in &names {
            let mut heard = BTreeSet::new();
            while heard.len() + 1 < names.len() {
                let message = self.peer(name).event("message");
                let said = message["text"].as_str().unwrap().to_owned();
                assert_eq!(said, format!("{text} of {}", message["from"].as_str().unwrap()));
                assert!(heard.insert(said.clone()), "{name} heard twice: {said}");
            }
            assert!(!heard.contains(&format!("{text} of {name}")));
        }
    }
}

#[test]
fn one_to_one_messages_reach_anybody_and_broadcasts_everybody_even_without_the_first_peer() {
    let mut crowd = Crowd::gather("");
    crowd.all_hear_all("hello");

    let mut strangers = 0;
    let last = format!("p{}", PEERS - 1);
    let linked = crowd.linked(&last);
    assert!(!linked.is_empty() && linked.len() <= 8, "{linked:?}");
    for to in crowd.names().iter().filter(|name| **name != last) {
        strangers += usize::from(!linked.contains(to));
        crowd.peer(&last).type_line(&format!("/msg {to} psst, {to}"));
        let sent = crowd.peer(&last).event("sent");
        let direct = crowd.peer(to).event("direct");
        assert_eq!(direct["from"], *last);
        assert_eq!(direct["text"], format!("psst, {to}"));
        let arrived = crowd.peer(&last).event("arrived");
        assert_eq!((&arrived["id"], &arrived["to"]), (&sent["id"], &sent["to"]));
    }
    assert!(strangers >= 3, "only {strangers} are no neighbours");
    crowd.peer(&last).type_line("/msg nobody is there one?");
    let sent = crowd.peer(&last).event("sent");
    let lost = crowd.peer(&last).event("undeliverable");
    assert_eq!(
        (&lost["id"], &lost["to"], &lost["reason"]),
        (&sent["id"], &"nobody".into(), &"no_way".into())
    );

    // All came through it, and nobody needs it.
    crowd.peer("p0").signal("KILL");
    crowd.peers.remove("p0");
    crowd.all_hear_all("still here");
}

#[test]
fn a_flood_reaches_everybody_once_too() {
    let mut crowd = Crowd::gather("--strategy flood");
    crowd.all_hear_all("hello");
    crowd.peer("p1").type_line("/stats");
    let stats = crowd.peer("p1").event("stats");
    // Which is what a tree is for.
    assert!(stats["node"]["duplicates"].as_u64().unwrap() >= PEERS as u64, "{stats}");
    assert!(crowd.first.starts_with("127.0.0.1:"));
}

#[test]
fn who_was_stopped_hears_what_was_said_meanwhile() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    let (mut cleo, _) = Program::chat("cleo", &format!("--join {at}"));
    cleo.event("peer_up");
    ann.type_line("before");
    for listener in [&mut bob, &mut cleo] {
        assert_eq!(listener.event("message")["text"], "before");
    }
    bob.signal("STOP");
    for number in 0..10 {
        ann.type_line(&format!("meanwhile {number}"));
    }
    let gone =
        std::iter::from_fn(|| Some(ann.event("peer_down"))).find(|gone| gone["peer"] == "bob").unwrap();
    assert_eq!(gone["reason"], "silent");
    cleo.type_line("he is gone");
    ann.event("message");
    bob.signal("CONT");
    let mut heard: Vec<String> =
        (0..11).map(|_| bob.event("message")["text"].as_str().unwrap().into()).collect();
    let of_cleo = heard.iter().position(|text| text == "he is gone").unwrap();
    heard.remove(of_cleo);
    let due: Vec<String> = (0..10).map(|number| format!("meanwhile {number}")).collect();
    assert_eq!(heard, due);
    bob.type_line("I am back");
    for listener in [&mut ann, &mut cleo] {
        let back = std::iter::from_fn(|| Some(listener.event("message"))).find(|said| said["from"] == "bob");
        assert_eq!(back.unwrap()["text"], "I am back");
    }
}

#[test]
fn a_newcomer_sees_as_many_of_the_last_messages_as_it_asks_for() {
    let (mut ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    bob.event("peer_up");
    for number in 0..60 {
        ann.type_line(&format!("line {number}"));
    }
    for _ in 0..60 {
        bob.event("message");
    }
    for (name, history, first) in [("few", "--history 5", 55), ("some", "", 10), ("all", "--history 1000", 0)]
    {
        let (mut newcomer, _) = Program::chat(name, &format!("--join {at} {history}"));
        if first > 0 {
            let gap = newcomer.event("gap");
            assert_eq!((&gap["author"], &gap["before_contact"]), (&"ann".into(), &true.into()));
            assert_eq!((&gap["from"], &gap["to"]), (&1.into(), &first.into()));
        }
        for number in first..60 {
            assert_eq!(newcomer.event("message")["text"], format!("line {number}"), "{name}");
        }
    }
    let (mut none, _) = Program::chat("none", &format!("--join {at} --history 0"));
    none.event("peer_up");
    // Whatever it is sent of what was said before has been sent by then.
    none.type_line("/msg ann psst");
    none.event("arrived");
    ann.type_line("now");
    assert_eq!(none.event("message")["text"], "now");
}

#[test]
fn what_is_piped_in_for_one_peer_arrives_before_it_leaves() {
    let (_ann, at) = Program::chat("ann", "");
    let (mut bob, _) = Program::chat("bob", &format!("--join {at}"));
    bob.event("peer_up");
    for end in ["", "/quit\n"] {
        // One that links with ann alone, so that it goes through her.
        let mut cleo = Program::start(&format!("chat --json --name cleo --no-listen --join {at}"));
        cleo.type_bytes(format!("/msg bob through ann\n{end}").as_bytes());
        cleo.end_input();
        assert_eq!(bob.event("direct")["text"], "through ann");
        let events = cleo.rest_of_events();
        let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"arrived") && !kinds.contains(&"undeliverable"), "{kinds:?}");
        assert_eq!(cleo.exit_code(), 0);
    }
    // With nobody to ask, there is something better to do than to wait.
    let (mut alone, _) = Program::chat("alone", "");
    alone.type_line("/msg bob are you there?");
    assert!(alone.event("error")["message"].as_str().unwrap().contains("/join"));
}

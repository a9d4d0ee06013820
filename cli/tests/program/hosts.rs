//! Peers on hosts of their own, with cables that can be cut: network namespaces, where the system lets us make them.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::{Program, wait_for, wait_until_linked};

const HOSTS: usize = 5;
/// How many things each says between two changes.
const TALK: usize = 10;

/// Hosts that a switch links. All of them are gone when this is dropped.
struct Hosts {
    prefix: String,
    count: usize,
}

impl Hosts {
    /// So many hosts, or why there cannot be any.
    fn new(count: usize) -> Result<Self, String> {
        let hosts = Self { prefix: format!("chinwag-{}", std::process::id()), count };
        let switch = hosts.switch();
        ip(&format!("netns add {switch}"))?;
        ip(&format!("-n {switch} link add bridge type bridge"))?;
        ip(&format!("-n {switch} link set bridge up"))?;
        for number in 0..count {
            let host = hosts.host(number);
            ip(&format!("netns add {host}"))?;
            ip(&format!("link add eth0 netns {host} type veth peer name port{number} netns {switch}"))?;
            ip(&format!("-n {switch} link set port{number} master bridge up"))?;
            ip(&format!("-n {host} addr add {}/24 dev eth0", address(number)))?;
            ip(&format!("-n {host} link set lo up"))?;
            ip(&format!("-n {host} link set eth0 up"))?;
        }
        Ok(hosts)
    }

    fn switch(&self) -> String {
        format!("{}-switch", self.prefix)
    }

    fn host(&self, number: usize) -> String {
        format!("{}-{number}", self.prefix)
    }

    /// Has what every host sends come late, and some of it not at all; or says why not.
    fn make_far(&self) -> Result<(), String> {
        (0..self.count).try_for_each(|number| {
            let host = self.host(number);
            ip(&format!("netns exec {host} tc qdisc add dev eth0 root netem delay 30ms 10ms loss 1%"))
        })
    }

    fn cut(&self, number: usize) {
        ip(&format!("-n {} link set port{number} down", self.switch())).unwrap();
    }

    fn mend(&self, number: usize) {
        ip(&format!("-n {} link set port{number} up", self.switch())).unwrap();
    }

    fn chat(&self, number: usize) -> Program {
        let launcher = format!("ip netns exec {}", self.host(number));
        let (own, first) = (address(number), address(0));
        let join = if number == 0 { String::new() } else { format!("--join {first}:5001") };
        let mut program = Program::start_through(
            &launcher,
            &format!("chat --json --name p{number} --listen {own}:5001 --history 10000 {join}"),
        );
        program.event("listening");
        program
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let hosts = (0..self.count).map(|number| self.host(number));
        for name in hosts.chain([self.switch()]) {
            // One that was never made cannot be deleted.
            let _ = ip(&format!("netns del {name}"));
        }
    }
}

fn address(number: usize) -> String {
    format!("10.99.0.{}", number + 1)
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split_whitespace()).output();
    let output = output.map_err(|error| format!("`ip` does not run: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("`ip {arguments}`: {told}")) }
}

/// A peer, and what it has said or heard.
struct Peer {
    program: Program,
    texts: BTreeSet<String>,
    linked: u64,
}

impl Peer {
    fn say(&mut self, text: String) {
        self.program.type_line(&text);
        assert!(self.texts.insert(text));
    }

    fn listen(&mut self) {
        self.program.type_line("/stats");
        while let Some(line) = self.program.line() {
            let event: Value = serde_json::from_str(&line).unwrap();
            match event["event"].as_str() {
                Some("message") => {
                    let text = event["text"].as_str().unwrap().to_owned();
                    assert!(self.texts.insert(text), "heard twice: {line}");
                }
                Some("stats") => {
                    self.linked = event["linked"].as_u64().unwrap();
                    return;
                }
                _ => {}
            }
        }
        panic!("a peer has ended");
    }
}

#[test]
fn cut_cables_between_hosts_lose_nothing() {
    let hosts = match Hosts::new(HOSTS) {
        Ok(hosts) => hosts,
        Err(reason) => {
            println!("skipped, as this system lets us make no hosts: {reason}");
            return;
        }
    };
    match hosts.make_far() {
        Ok(()) => println!("the hosts are 30 ms away, and 1 % of all packets are lost"),
        Err(reason) => println!("the hosts are near, as this system has no netem: {reason}"),
    }
    let mut peers: Vec<Peer> = (0..HOSTS)
        .map(|number| Peer { program: hosts.chat(number), texts: BTreeSet::new(), linked: 0 })
        .collect();
    let mut programs: Vec<_> = peers.iter_mut().map(|peer| &mut peer.program).collect();
    wait_until_linked(&mut programs, HOSTS - 1);

    let mut said = 0;
    let mut all_talk = |peers: &mut [Peer], when: &str| {
        for n in 0..TALK {
            for (number, peer) in peers.iter_mut().enumerate() {
                peer.say(format!("p{number} {when} {n}"));
                said += 1;
            }
        }
        said
    };
    // Two that nobody reaches; and then the one that all others joined.
    for cut_off in [[1, 2].as_slice(), &[0]] {
        all_talk(&mut peers, &format!("before {cut_off:?}"));
        cut_off.iter().for_each(|number| hosts.cut(*number));
        all_talk(&mut peers, &format!("during {cut_off:?}"));
        wait_for("the cut was not noticed", || {
            peers.iter_mut().for_each(Peer::listen);
            let linked =
                |number: usize| if cut_off.contains(&number) { 0 } else { HOSTS - cut_off.len() - 1 };
            peers.iter().enumerate().all(|(number, peer)| peer.linked == linked(number) as u64)
        });
        let apart = all_talk(&mut peers, &format!("apart {cut_off:?}"));
        assert!(peers.iter().all(|peer| peer.texts.len() < apart), "somebody heard through a cut cable");

        cut_off.iter().for_each(|number| hosts.mend(*number));
        wait_for("not everybody has heard everything after the cables were mended", || {
            peers.iter_mut().for_each(Peer::listen);
            peers.iter().all(|peer| peer.texts.len() == apart && peer.linked == HOSTS as u64 - 1)
        });
    }
    println!("{said} messages, each heard by everybody once");
}

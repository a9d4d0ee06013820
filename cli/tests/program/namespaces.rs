//! Peers on hosts of their own, which are network namespaces with a switch between them: what goes on there is slow and
//! gets lost (where the kernel has `netem`; a loose contact loses some in any case), and somebody trips over a cable.
//! Skipped, with the reason, where this may not make namespaces.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::support::{Program, now, pause, wait_until_linked};

const HOSTS: usize = 3;
/// How many things each says at a time.
const TALK: usize = 5;
/// How often there is no contact for a moment.
const FLICKERS: usize = 12;
/// How long it may take to find each other again, in seconds.
const AGAIN: u64 = 90;

/// Hosts and their switch, gone when this is dropped.
struct Lan {
    switch: String,
    hosts: Vec<String>,
}

impl Lan {
    fn new() -> Result<Self, String> {
        let name = |what: &str| format!("chinwag-{}-{what}", std::process::id());
        let hosts = (0..HOSTS).map(|number| name(&number.to_string())).collect();
        // From here on whatever there is will be gone in the end.
        let lan = Self { switch: name("switch"), hosts };
        run(&format!("ip netns add {}", lan.switch))?;
        run(&format!("ip -n {} link add lan type bridge", lan.switch))?;
        run(&format!("ip -n {} link set lan up", lan.switch))?;
        for (number, host) in lan.hosts.iter().enumerate() {
            run(&format!("ip netns add {host}"))?;
            run(&format!(
                "ip -n {} link add port{number} type veth peer name eth0 netns {host}",
                lan.switch
            ))?;
            run(&format!("ip -n {} link set port{number} master lan", lan.switch))?;
            run(&format!("ip -n {host} addr add {}/24 dev eth0", address(number)))?;
            run(&format!("ip -n {host} link set eth0 up"))?;
            run(&format!("ip -n {host} link set lo up"))?;
            lan.plug(number, "up")?;
        }
        Ok(lan)
    }

    /// Has all be late, and some lost, where the kernel can do that.
    fn make_slow(&self) -> Result<(), String> {
        (0..HOSTS).try_for_each(|number| {
            let netem = "root netem delay 20ms 5ms loss 2%";
            run(&format!("tc -n {} qdisc add dev port{number} {netem}", self.switch))
        })
    }

    /// Puts a cable in (`up`), or pulls it out (`down`).
    fn plug(&self, number: usize, how: &str) -> Result<(), String> {
        run(&format!("ip -n {} link set port{number} {how}", self.switch))
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for namespace in self.hosts.iter().chain([&self.switch]) {
            let _ = run(&format!("ip netns del {namespace}"));
        }
    }
}

fn address(number: usize) -> String {
    format!("10.77.0.{}", number + 1)
}

fn run(command: &str) -> Result<(), String> {
    let mut words = command.split_whitespace();
    let output = Command::new(words.next().unwrap_or_default()).args(words).output();
    let output = output.map_err(|error| format!("`{command}`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{command}`: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

struct Peer {
    program: Program,
    /// How often each text came.
    heard: BTreeMap<String, usize>,
}

impl Peer {
    fn start(lan: &Lan, number: usize) -> Self {
        let join = if number == 0 { String::new() } else { format!("--join {}:5001", address(0)) };
        let arguments =
            format!("chat --json --name p{number} --history 10000 --listen {}:5001 {join}", address(number));
        let mut program = Program::start_in(&lan.hosts[number], &arguments);
        program.event("listening");
        Self { program, heard: BTreeMap::new() }
    }

    /// Takes in what it has heard by now, and says with how many it is linked.
    fn listen(&mut self) -> u64 {
        self.program.type_line("/stats");
        while let Some(line) = self.program.line() {
            let event: Value = serde_json::from_str(&line).unwrap();
            match event["event"].as_str() {
                Some("message") => {
                    *self.heard.entry(event["text"].as_str().unwrap().to_owned()).or_default() += 1;
                }
                Some("gap") => panic!("something is lost: {line}"),
                Some("stats") => return event["linked"].as_u64().unwrap(),
                _ => {}
            }
        }
        panic!("it ended: {}", self.program.errors());
    }
}

fn talk(peers: &mut [Peer], when: &str, said: &mut Vec<(usize, String)>) {
    for n in 0..TALK {
        for (number, peer) in peers.iter_mut().enumerate() {
            let text = format!("p{number} {when} {n}");
            peer.program.type_line(&text);
            said.push((number, text));
        }
    }
}

/// Waits until `done` says so of all peers, with how many each is linked.
fn wait_until(peers: &mut [Peer], what: &str, mut done: impl FnMut(&[Peer], &[u64]) -> bool) {
    let start = now();
    loop {
        let linked: Vec<u64> = peers.iter_mut().map(Peer::listen).collect();
        if done(peers, &linked) {
            return;
        }
        assert!(start.elapsed().as_secs() < AGAIN, "{what}: linked {linked:?}");
        pause();
    }
}

#[test]
fn what_was_said_while_a_cable_was_cut_comes_once_when_it_is_back() {
    let lan = match Lan::new() {
        Ok(lan) => lan,
        Err(why) => return println!("skipped, as namespaces cannot be made here: {why}"),
    };
    if let Err(why) = lan.make_slow() {
        println!("without delay and loss, as the kernel has none: {why}");
    }
    let mut peers: Vec<Peer> = (0..HOSTS).map(|number| Peer::start(&lan, number)).collect();
    let mut said = Vec::new();
    wait_until_linked(&mut peers.iter_mut().map(|peer| &mut peer.program).collect::<Vec<_>>(), HOSTS - 1);
    talk(&mut peers, "before", &mut said);

    // A loose contact loses packets, which the system sends again, and breaks no connection.
    for flicker in 0..FLICKERS {
        lan.plug(flicker % HOSTS, "down").unwrap();
        talk(&mut peers, &format!("flicker {flicker}"), &mut said);
        lan.plug(flicker % HOSTS, "up").unwrap();
        pause();
    }

    lan.plug(HOSTS - 1, "down").unwrap();
    // Nobody knows of it yet.
    talk(&mut peers, "at once", &mut said);
    wait_until(&mut peers, "the cut is not noticed", |_, linked| linked == [1, 1, 0]);
    talk(&mut peers, "meanwhile", &mut said);
    lan.plug(HOSTS - 1, "up").unwrap();
    wait_until(&mut peers, "not linked again", |_, linked| linked == [2, 2, 2]);
    talk(&mut peers, "after", &mut said);

    let expected: Vec<BTreeMap<String, usize>> = (0..HOSTS)
        .map(|own| said.iter().filter(|(by, _)| *by != own).map(|(_, text)| (text.clone(), 1)).collect())
        .collect();
    wait_until(&mut peers, "not all was heard", |peers, _| {
        peers.iter().zip(&expected).all(|(peer, expected)| peer.heard.len() >= expected.len())
    });
    let heard: Vec<_> = peers.iter().map(|peer| peer.heard.clone()).collect();
    assert_eq!(heard, expected);
    assert_eq!(heard[0].len(), (4 + FLICKERS) * TALK * (HOSTS - 1));
}

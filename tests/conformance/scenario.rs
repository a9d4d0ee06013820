//! What a scenario file says, and how it is played.

use std::collections::BTreeMap;

use chinwag::Event;
use serde::Deserialize;

/// Who is there, what happens one after another, and what everybody has heard at the end.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it is about.
    #[serde(rename = "about")]
    _about: String,
    nodes: Vec<Node>,
    steps: Vec<Step>,
    /// For each name what it hears, in any order: `author: text` for a broadcast, `author > text` for a one-to-one
    /// message, `author TYPE body` for a message of another type.
    heard: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    name: String,
    /// Whether it speaks only the old program's dialect.
    #[serde(default)]
    classic: bool,
    /// Whether others can dial it.
    #[serde(default = "yes")]
    listens: bool,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    /// The first joins the second.
    Join(String, String),
    /// Waits until each of these is linked with so many peers.
    UntilLinked(BTreeMap<String, usize>),
    /// Waits until each of these has heard so many things.
    UntilHeard(BTreeMap<String, usize>),
    Broadcast(String, String),
    Direct(String, String, String),
    /// From, to, type, body.
    Custom(String, String, String, String),
    /// The first asks the second for its peers.
    Request(String, String),
    Leave(String),
}

/// A place where scenarios are played.
pub(crate) trait World {
    fn add(&mut self, name: &str, classic: bool, listens: bool);
    fn join(&mut self, who: &str, whom: &str);
    fn broadcast(&mut self, who: &str, text: &str);
    fn direct(&mut self, who: &str, whom: &str, text: &str);
    fn custom(&mut self, who: &str, whom: &str, msg_type: &str, body: &str);
    fn request(&mut self, who: &str, whom: &str);
    fn leave(&mut self, who: &str);
    /// With how many peers somebody is linked.
    fn linked(&self, who: &str) -> usize;
    /// What somebody has heard, spelled as in a scenario.
    fn heard(&self, who: &str) -> Vec<String>;
    /// Lets time pass until `so`; whether that came within a time that is ample.
    fn wait_until(&mut self, so: &dyn Fn(&Self) -> bool) -> bool;
    /// Lets time pass in which something unexpected could still come.
    fn linger(&mut self);
}

impl Scenario {
    /// What somebody is expected to hear.
    pub(crate) fn expected_mut(&mut self, who: &str) -> &mut Vec<String> {
        self.heard.get_mut(who).unwrap()
    }

    /// Plays it all, and holds what was heard against what is expected.
    pub(crate) fn play(&self, name: &str, mut world: impl World) {
        for node in &self.nodes {
            world.add(&node.name, node.classic, node.listens);
        }
        for (number, step) in self.steps.iter().enumerate() {
            take(&mut world, step, &format!("{name}, step {number}"));
        }
        let done = world.wait_until(&|world| {
            self.heard.iter().all(|(who, expected)| world.heard(who).len() >= expected.len())
        });
        world.linger();
        for (who, expected) in &self.heard {
            let (mut heard, mut expected) = (world.heard(who), expected.clone());
            heard.sort();
            expected.sort();
            assert_eq!(heard, expected, "{name}: {who} should have heard this (all came: {done})");
        }
    }
}

fn take(world: &mut impl World, step: &Step, at: &str) {
    match step {
        Step::Join(who, whom) => world.join(who, whom),
        Step::UntilLinked(counts) => {
            let linked =
                world.wait_until(&|world| counts.iter().all(|(who, count)| world.linked(who) == *count));
            let now: Vec<_> = counts.keys().map(|who| (who, world.linked(who))).collect();
            assert!(linked, "{at}: linked are {now:?} and not {counts:?}");
        }
        Step::UntilHeard(counts) => {
            let heard =
                world.wait_until(&|world| counts.iter().all(|(who, count)| world.heard(who).len() >= *count));
            let now: Vec<_> = counts.keys().map(|who| (who, world.heard(who))).collect();
            assert!(heard, "{at}: heard was {now:?} and not {counts:?}");
        }
        Step::Broadcast(who, text) => world.broadcast(who, text),
        Step::Direct(who, whom, text) => world.direct(who, whom, text),
        Step::Custom(who, whom, msg_type, body) => world.custom(who, whom, msg_type, body),
        Step::Request(who, whom) => world.request(who, whom),
        Step::Leave(who) => world.leave(who),
    }
}

/// How a scenario spells what a node told its application, if that is something heard.
pub(crate) fn spell(event: &Event) -> Option<String> {
    let (Event::Delivered(said) | Event::Direct(said) | Event::Custom(said)) = event else { return None };
    let how = match said.msg_type() {
        "BROADCAST" => ":",
        "DIRECT" => " >",
        other => &format!(" {other}"),
    };
    Some(format!("{}{how} {}", said.from(), said.body().to_display()))
}

const fn yes() -> bool {
    true
}

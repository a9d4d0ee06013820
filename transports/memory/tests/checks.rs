//! The checks find what they are for: nodes that break a promise, one each.

use chinwag::{Action, ChatNode, Content, Event, Input, Message, MessageId, PeerId, Post, Time};
use chinwag_memory::{
    AddError, Effects, LinkModel, Network, NetworkConfig, Node, NodeId, Promise, Start, Violation,
    config_for, secs,
};

/// A chat node that breaks a promise.
#[derive(Clone, Debug)]
struct Flawed {
    node: ChatNode,
    flaw: Flaw,
    kept: Vec<Event>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    None,
    /// Delivers the third message twice.
    Twice,
    /// Delivers the second message after the third.
    Swapped,
    /// Swallows the second message.
    Swallowed,
    /// Gives the second message up, and delivers it after the third nevertheless.
    GivenUp,
    /// Takes the second message for another text.
    Altered,
    /// Sends its third message under somebody else's name.
    Forging,
    /// Closes a link twice.
    ClosesTwice,
    /// Dials an address twice at once.
    DialsTwice,
    /// Wants to be called in the past.
    Late,
}

impl Node for Flawed {
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>) {
        let input = if self.flaw == Flaw::Altered { altered(input) } else { input };
        for action in self.node.handle(now, input) {
            match (&action, self.flaw) {
                (Action::Dial { address }, Flaw::DialsTwice) => effects.dial(address),
                (Action::Close { link }, Flaw::ClosesTwice) => effects.close(*link),
                (Action::Emit(event @ Event::Delivered(_)), flaw) => {
                    self.kept.push(event.clone());
                    match (flaw, self.kept.len()) {
                        (Flaw::Twice, 3) => effects.emit(event.clone()),
                        (Flaw::Swapped | Flaw::Swallowed, 2) => continue,
                        (Flaw::GivenUp, 2) => {
                            effects.emit(gap(event));
                            continue;
                        }
                        (Flaw::Swapped | Flaw::GivenUp, 3) => {
                            effects.act(action);
                            effects.emit(self.kept[1].clone());
                            continue;
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            effects.act(action);
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        if self.flaw == Flaw::Late { Some(Time::ZERO) } else { self.node.next_deadline() }
    }

    fn restarted(&self, start: &Start) -> Self {
        Self { node: self.node.restarted(start), flaw: self.flaw, kept: Vec::new() }
    }

    fn name(&self) -> Option<&PeerId> {
        // To the network, a forger is somebody else than its messages say.
        (self.flaw != Flaw::Forging).then(|| self.node.id())
    }
}

/// Says that the message that `event` delivers is missing.
fn gap(event: &Event) -> Event {
    let Event::Delivered(delivery) = event else { panic!("{event:?}") };
    let Some(MessageId::Native { stream, sequence }) = delivery.id() else { panic!("{delivery:?}") };
    Event::Gap { stream, from: sequence, to: sequence, before_contact: false }
}

fn altered(input: Input) -> Input {
    let Input::Received { link, message } = &input else { return input };
    let Content::Broadcast(post) = message.content() else { return input };
    if post.body.as_text().as_deref() != Some("number 2") {
        return input;
    }
    let content = Content::Broadcast(Post { body: "number two".into(), ..post.clone() });
    let message = Message::new(message.originator().clone(), message.time().clone(), content);
    Input::Received { link: *link, message }
}

fn add(network: &mut Network<Flawed>, name: &str, flaw: Flaw) -> Result<NodeId, AddError> {
    let mut config = config_for(name)?;
    network.add(None, true, |start| {
        config.listening = Some(start.address.clone());
        Ok(Flawed { node: ChatNode::new(config, start.seed)?, flaw, kept: Vec::new() })
    })
}

/// Ann says five things to bob; one of them has a flaw.
fn run(ann: Flaw, bob: Flaw) -> Result<u64, Violation> {
    let mut network = Network::of(NetworkConfig::new(1).link(LinkModel::stream()));
    let ann = add(&mut network, "ann", ann).expect("added");
    let bob = add(&mut network, "bob", bob).expect("added");
    let to = network.address(ann).clone();
    network.with_node(bob, |bob, now| bob.node.join(now, to)).expect("running").expect("joined");
    network.run_for(secs(2));
    for number in 1..=5 {
        let said = network.with_node(ann, |ann, now| ann.node.broadcast(now, format!("number {number}")));
        said.expect("running").expect("said");
        network.run_for(secs(1));
    }
    network.with_node(bob, |bob, now| bob.node.leave(now));
    network.run_for(secs(2));
    network.check().map(|checked| checked.in_order)
}

#[test]
fn without_a_flaw_all_is_well() {
    assert_eq!(run(Flaw::None, Flaw::None), Ok(5));
}

#[test]
fn each_flaw_is_found_by_the_check_that_should_find_it() {
    let found = |ann, bob| run(ann, bob).expect_err("a violation").promise;
    assert!(matches!(found(Flaw::None, Flaw::Twice), Promise::AtMostOnce { .. }));
    assert!(matches!(found(Flaw::None, Flaw::Swapped), Promise::NoSilentGap { missing: 2, .. }));
    assert!(matches!(found(Flaw::None, Flaw::Swallowed), Promise::NoSilentGap { missing: 2, .. }));
    assert!(matches!(found(Flaw::None, Flaw::GivenUp), Promise::AuthorOrder { .. }));
    assert!(matches!(found(Flaw::None, Flaw::Altered), Promise::Unaltered { .. }));
    assert!(matches!(found(Flaw::Forging, Flaw::None), Promise::NothingFromNowhere { .. }));
    assert!(matches!(found(Flaw::None, Flaw::ClosesTwice), Promise::KnownLinks { .. }));
    assert!(matches!(found(Flaw::None, Flaw::DialsTwice), Promise::OneDialAtATime { .. }));
    assert!(matches!(found(Flaw::Late, Flaw::None), Promise::DeadlinesAhead { .. }));
}

#[test]
fn a_violation_says_when_who_and_what() {
    let violation = run(Flaw::None, Flaw::Twice).expect_err("a violation");
    let text = violation.to_string();
    assert!(text.ends_with("node 1: delivered ann/1795374131000/3 twice"), "{text}");
}

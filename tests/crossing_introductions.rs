//! Two nodes that introduce themselves to each other at the same time, over one and the same datagram link, become
//! neighbours and hear each other, whatever is lost on the way.
#![cfg(test)]

use core::time::Duration;
use std::collections::VecDeque;

use chinwag::{
    Action, Address, ChatNode, Config, Epoch, Event, Input, LinkId, Message, PeerId, Seed, Semantics, Time,
};

const LINK: LinkId = LinkId::new(7);
const LATENCY: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(10);

/// The two ends, and what is on its way to each.
struct Pair {
    nodes: [ChatNode; 2],
    on_the_way: [VecDeque<(Time, Message)>; 2],
    heard: [Vec<String>; 2],
    linked: [bool; 2],
    sent: u32,
    /// Which of the first frames are lost.
    lost: u64,
}

impl Pair {
    fn new(seed: u64, lost: u64) -> Self {
        let node = |name: &str, port: u16| {
            let mut config = Config::new(PeerId::new(name).unwrap(), Epoch::new(1));
            config.listening = Some(Address::new("host", port).unwrap());
            ChatNode::new(config, Seed::new(seed).derive(port.into())).unwrap()
        };
        Self {
            nodes: [node("ann", 1), node("bob", 2)],
            on_the_way: Default::default(),
            heard: Default::default(),
            linked: [false; 2],
            sent: 0,
            lost,
        }
    }

    fn feed(&mut self, now: Time, who: usize, input: Input) {
        let actions: Vec<Action> = self.nodes[who].handle(now, input).collect();
        for action in actions {
            match action {
                Action::Dial { address } if !self.linked[who] => {
                    self.linked[who] = true;
                    let (link, dialed, semantics) = (LINK, Some(address), Semantics::Datagram);
                    self.feed(now, who, Input::LinkUp { link, dialed, semantics });
                }
                Action::Send { message, .. } => {
                    let is_lost = self.lost.checked_shr(self.sent).is_some_and(|lost| lost & 1 == 1);
                    self.sent += 1;
                    if !is_lost {
                        self.on_the_way[1 - who].push_back((now + LATENCY, message));
                    }
                }
                Action::Close { .. } => self.linked[who] = false,
                Action::Emit(Event::Delivered(post)) => {
                    self.heard[who].push(post.body().to_display().into_owned());
                }
                Action::Dial { .. } | Action::Emit(_) => {}
            }
        }
    }

    /// What happens next, if it does in time.
    fn step(&mut self, until: Time) -> bool {
        let arrives = |who: usize| self.on_the_way[who].front().map(|(at, _)| (*at, who, true));
        let due = |who: usize| self.nodes[who].next_deadline().map(|at| (at, who, false));
        let next = [arrives(0), arrives(1), due(0), due(1)].into_iter().flatten().min();
        let Some((at, who, arrives)) = next.filter(|(at, ..)| *at <= until) else { return false };
        let at = at.max(self.nodes[who].now());
        if !arrives {
            self.feed(at, who, Input::Tick);
        } else if let Some((_, message)) = self.on_the_way[who].pop_front() {
            if !self.linked[who] {
                self.linked[who] = true;
                let (link, dialed, semantics) = (LINK, None, Semantics::Datagram);
                self.feed(at, who, Input::LinkUp { link, dialed, semantics });
            }
            self.feed(at, who, Input::Received { link: LINK, message });
        }
        true
    }
}

#[test]
fn both_hear_each_other_whatever_of_the_first_frames_is_lost() {
    let mut losses = 0;
    for seed in 0..400_u64 {
        // Nothing at first; then any of the first four frames; then any of the first sixteen.
        let lost = if seed < 16 {
            0
        } else if seed < 80 {
            seed & 15
        } else {
            seed.wrapping_mul(0x9e37_79b9) & 0xffff
        };
        losses += lost.count_ones();
        let mut pair = Pair::new(seed, lost);
        for (who, name) in ["ann", "bob"].into_iter().enumerate() {
            let other = Address::new("host", 2 - u16::try_from(who).unwrap()).unwrap();
            pair.nodes[who].join(Time::ZERO, other).unwrap();
            pair.nodes[who].broadcast(Time::ZERO, format!("hello from {name}")).unwrap();
        }
        pair.feed(Time::ZERO, 0, Input::Tick);
        pair.feed(Time::ZERO, 1, Input::Tick);
        let mut steps = 0;
        while steps < 10_000 && pair.step(Time::ZERO + PATIENCE) {
            steps += 1;
        }
        assert!(steps < 10_000, "seed {seed}: no end of it");
        let heard = pair.heard.map(|heard| heard.join(", "));
        assert_eq!(heard, ["hello from bob", "hello from ann"], "seed {seed}, lost {lost:b}");
    }
    assert!(losses > 1000, "{losses} frames were lost");
}

//! Two nodes and no network: a driver is whatever carries out actions.

use chinwag::{
    Action, Address, ChatNode, Config, Epoch, Event, Input, LinkId, PeerId, Seed, Semantics, Time,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut nodes = Vec::new();
    for (index, name) in ["ann", "bob"].into_iter().enumerate() {
        let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
        config.listening = Some(Address::new(name, 1)?);
        nodes.push(ChatNode::new(config, Seed::new(index as u64))?);
    }
    nodes[0].join(Time::ZERO, Address::new("bob", 1)?)?;
    nodes[0].broadcast(Time::ZERO, "is anybody there?")?;
    nodes[1].broadcast(Time::ZERO, "hello, whoever comes")?;

    // The only link there is: number 1, at both ends.
    let link = LinkId::new(1);
    let semantics = Semantics::Stream;
    let mut inputs = vec![(0, Input::Tick), (1, Input::Tick)];
    while let Some((at, input)) = inputs.pop() {
        let other = 1 - at;
        for action in nodes[at].handle(Time::ZERO, input) {
            match action {
                Action::Dial { address } => {
                    inputs.insert(0, (other, Input::LinkUp { link, dialed: None, semantics }));
                    inputs.insert(0, (at, Input::LinkUp { link, dialed: Some(address), semantics }));
                }
                Action::Send { message, .. } => inputs.insert(0, (other, Input::Received { link, message })),
                Action::Close { .. } => {}
                Action::Emit(Event::Delivered(post)) => {
                    println!("{}: {}", post.from(), post.body().to_display())
                }
                Action::Emit(event) => println!("  ({event:?})"),
            }
        }
    }
    Ok(())
}

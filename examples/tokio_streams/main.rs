//! The node inside a tokio task: that task alone owns it, and each link has a task that reads and one that writes.
//!
//! Two nodes over TCP on loopback find each other, greet each other, and stop. `tokio_loop.rs` is the same over datagrams,
//! where there are no connections to look after.

mod links;

use std::collections::BTreeMap;

use chinwag::{Action, ChatNode, Config, Epoch, Event, Input, LinkId, PeerId, Seed, Time};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Duration, Instant, sleep};

use links::Links;

/// Runs `node` until nobody takes its events any more. Who holds a clone of `tell` can give it commands.
pub(crate) async fn run(
    mut node: ChatNode,
    listener: TcpListener,
    (tell, mut told): (Sender<Input>, Receiver<Input>),
    events: Sender<Event>,
) {
    let (start, mut input) = (Instant::now(), Input::Tick);
    let mut links = Links { queues: BTreeMap::new(), tell, last: LinkId::new(0) };
    loop {
        let now = Time::ZERO + start.elapsed();
        drop(node.handle(now, input));
        while let Some(action) = node.poll_action() {
            match action {
                Action::Dial { address } => links.dial(address),
                Action::Send { to, message } => {
                    links.send(&to, &message).into_iter().for_each(|input| drop(node.handle(now, input)));
                }
                Action::Close { link } => drop(links.queues.remove(&link)),
                Action::Emit(event) => {
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
            }
        }
        let due = node.next_deadline().map_or(Duration::from_secs(60), |due| due.saturating_since(now));
        input = tokio::select! {
            Some(input) = told.recv() => input,
            Ok((stream, _)) = listener.accept() => {
                links.accept(stream);
                Input::Tick
            }
            () = sleep(due) => Input::Tick,
        };
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (ann, bob) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let (to_ann, to_bob) = (ann.local_addr()?, bob.local_addr()?);
    let (tell, mut told) = channel(64);
    for (name, socket, other) in [("ann", ann, to_bob), ("bob", bob, to_ann)] {
        let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
        config.listening = Some(socket.local_addr()?.try_into()?);
        let mut node = ChatNode::new(config, Seed::new(other.port().into()))?;
        node.join(Time::ZERO, other.try_into()?)?;
        node.broadcast(Time::ZERO, format!("hello from {name}"))?;
        tokio::spawn(run(node, socket, channel(1024), tell.clone()));
    }
    let mut heard = 0;
    while heard < 2
        && let Some(event) = told.recv().await
    {
        println!("{event:?}");
        heard += usize::from(matches!(event, Event::Delivered(_)));
    }
    Ok(())
}

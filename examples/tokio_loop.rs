//! The node inside a tokio task, over datagrams: that task alone owns it, and others give it commands and take its events.
//!
//! Two nodes find each other on loopback, greet each other, and stop. `tokio_streams.rs` is the same over TCP.

use chinwag::{Action, ChatNode, Command, Config, DatagramLinks, Epoch, Event, Input, PeerId, Seed, Time};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Duration, Instant, sleep};

/// Runs `node` until nobody takes its events any more.
pub(crate) async fn run(
    mut node: ChatNode,
    socket: UdpSocket,
    mut commands: Receiver<Command>,
    events: Sender<Event>,
) {
    let (start, mut links, mut datagram) = (Instant::now(), DatagramLinks::new(), [0; 65_536]);
    let mut inputs = vec![Input::Tick];
    loop {
        let now = Time::ZERO + start.elapsed();
        inputs.drain(..).for_each(|input| drop(node.handle(now, input)));
        while let Some(action) = node.poll_action() {
            match action {
                Action::Dial { address } => drop(node.handle(now, links.dial(address))),
                Action::Send { to, message } => {
                    for remote in links.remotes(&to) {
                        // What the system has no room for is lost, as any datagram may be.
                        let _lost = socket.try_send_to(message.encoded(), remote).is_err();
                    }
                }
                Action::Close { link } => links.close(link),
                Action::Emit(event) => {
                    if events.send(event).await.is_err() {
                        return;
                    }
                }
            }
        }
        let due = node.next_deadline().map_or(Duration::from_secs(60), |due| due.saturating_since(now));
        tokio::select! {
            Some(command) = commands.recv() => inputs.push(Input::Command(command)),
            Ok((length, from)) = socket.recv_from(&mut datagram) => {
                inputs.extend(links.receive(&datagram[..length], from));
            }
            () = sleep(due) => inputs.push(Input::Tick),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (ann, bob) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    let (to_ann, to_bob) = (ann.local_addr()?, bob.local_addr()?);
    let (tell, mut told) = channel(64);
    for (name, socket, other) in [("ann", ann, to_bob), ("bob", bob, to_ann)] {
        let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
        config.listening = Some(socket.local_addr()?.try_into()?);
        let mut node = ChatNode::new(config, Seed::new(other.port().into()))?;
        node.join(Time::ZERO, other.try_into()?)?;
        let (command, commands) = channel(64);
        command.try_send(Command::Broadcast(format!("hello from {name}").as_str().into()))?;
        tokio::spawn(run(node, socket, commands, tell.clone()));
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

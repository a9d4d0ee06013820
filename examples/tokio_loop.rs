//! The node inside a tokio task: that task alone owns it, and each link has a task that reads and one that writes.
//!
//! Two nodes over TCP on loopback find each other, greet each other, and stop.

use std::collections::{BTreeMap, VecDeque};

use bytes::{Bytes, BytesMut};
use chinwag::framing::{Decoder, write_frame};
use chinwag::{
    Action, Address, ChatNode, Config, DialError, Epoch, Event, Input, LinkEnd, LinkId, PeerId, Seed,
    Semantics, Time,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Duration, Instant, sleep_until};

type Failure = Box<dyn std::error::Error + Send + Sync>;

enum Heard {
    Input(Input),
    Socket(TcpStream, Option<Address>),
}

/// Runs `node` until `done` says so.
async fn run(
    node: &mut ChatNode,
    listener: &TcpListener,
    mut done: impl FnMut(Event) -> bool,
) -> Result<(), Failure> {
    let start = Instant::now();
    let (tell, mut told) = channel(1024);
    let (mut links, mut next) = (BTreeMap::new(), 0);
    let mut inputs = VecDeque::from([Input::Tick]);
    loop {
        while let Some(input) = inputs.pop_front() {
            for action in node.handle(Time::ZERO + start.elapsed(), input) {
                match action {
                    Action::Dial { address } => drop(tokio::spawn(dial(address, tell.clone()))),
                    Action::Send { to, message } => to.iter().for_each(|link| {
                        let queue: Option<&Sender<Bytes>> = links.get(&link);
                        if queue.is_some_and(|queue| queue.try_send(message.encoded().clone()).is_err()) {
                            links.remove(&link);
                            inputs.push_back(Input::LinkDown { link, end: LinkEnd::TooSlow });
                        }
                    }),
                    Action::Close { link } => drop(links.remove(&link)),
                    Action::Emit(event) if done(event.clone()) => return Ok(()),
                    Action::Emit(_) => {}
                }
            }
        }
        let due =
            node.next_deadline().map_or(Duration::from_secs(60), |due| due.saturating_since(Time::ZERO));
        let heard = tokio::select! {
            Some(heard) = told.recv() => heard,
            accepted = listener.accept() => Heard::Socket(accepted?.0, None),
            () = sleep_until(start + due) => Heard::Input(Input::Tick),
        };
        inputs.push_back(match heard {
            Heard::Input(input) => input,
            Heard::Socket(stream, dialed) => {
                let link = LinkId::new(next);
                next += 1;
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                let (queue, frames) = channel(1024);
                tokio::spawn(write(frames, writer));
                tokio::spawn(read(link, reader, tell.clone()));
                links.insert(link, queue);
                Input::LinkUp { link, dialed, semantics: Semantics::Stream }
            }
        });
    }
}

async fn dial(address: Address, tell: Sender<Heard>) {
    let heard = match TcpStream::connect((address.host(), address.port())).await {
        Ok(stream) => Heard::Socket(stream, Some(address)),
        Err(_) => Heard::Input(Input::DialFailed { address, reason: DialError::Refused }),
    };
    let _ended = tell.send(heard).await;
}

async fn read(link: LinkId, mut stream: impl tokio::io::AsyncRead + Unpin, tell: Sender<Heard>) {
    let (mut decoder, mut bytes) = (Decoder::new(64 * 1024), [0; 16 * 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        decoder.push(&bytes[..count]);
        while let Some(decoded) = decoder.next() {
            let input = match decoded {
                Ok(message) => Input::Received { link, message },
                Err(error) => Input::Malformed { link, error },
            };
            // While the node is busy nobody is read, and so nothing piles up.
            let _ended = tell.send(Heard::Input(input)).await;
        }
    }
    let _ended = tell.send(Heard::Input(Input::LinkDown { link, end: LinkEnd::Closed })).await;
}

/// As many frames in a write as wait. Ends, and closes the link, once nobody holds the queue's other end.
async fn write(mut frames: Receiver<Bytes>, mut stream: impl tokio::io::AsyncWrite + Unpin) {
    let (mut waiting, mut bytes) = (Vec::new(), BytesMut::new());
    while frames.recv_many(&mut waiting, 64).await > 0 {
        waiting.drain(..).for_each(|frame| write_frame(&mut bytes, &frame));
        if stream.write_all_buf(&mut bytes).await.is_err() {
            return;
        }
    }
}

/// Joins `other`, says hello, and stays until a hello has come and ours has had time to leave.
async fn greet(name: &str, listener: TcpListener, other: Address) -> Result<String, Failure> {
    let mut config = Config::new(PeerId::new(name)?, Epoch::new(1));
    config.listening = Some(Address::try_from(listener.local_addr()?)?);
    let mut node = ChatNode::new(config, Seed::new(u64::from(other.port())))?;
    node.join(Time::ZERO, other)?;
    node.broadcast(Time::ZERO, format!("hello from {name}"))?;
    let mut heard = String::new();
    run(&mut node, &listener, |event| {
        if let Event::Delivered(post) = event {
            heard = format!("{name} heard: {}", post.body().to_display());
        }
        !heard.is_empty()
    })
    .await?;
    Ok(heard)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (ann, bob) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let (to_ann, to_bob) = (Address::try_from(ann.local_addr()?)?, Address::try_from(bob.local_addr()?)?);
    let (ann, bob) = tokio::try_join!(greet("ann", ann, to_bob), greet("bob", bob, to_ann))?;
    println!("{ann}\n{bob}");
    Ok(())
}

//! Ready-made messages of other peers.

use chinwag::{Address, Body, Content, Epoch, Hello, Message, Native, PeerId, Place, Post, Sequence};

/// What `who` says at a fixed time.
#[must_use]
pub fn message(who: &str, content: Content) -> Message {
    Message::new(PeerId::new(who).expect("a name"), Body::text("Sun Nov 22 19:02:11 2026"), content)
}

/// How a native peer that listens at its own name's port 5001 introduces itself.
#[must_use]
pub fn introduction(who: &str) -> Message {
    introduction_at(who, &place(who))
}

/// How a native peer that listens at this address introduces itself.
#[must_use]
pub fn introduction_at(who: &str, listening: &Address) -> Message {
    message(who, Content::Ping(hello(listening.clone())))
}

/// How such a peer answers an introduction.
#[must_use]
pub fn answer(who: &str) -> Message {
    message(who, Content::Pong(hello(place(who))))
}

/// What `who`, in its run 1, says to everybody as its `sequence`th message.
#[must_use]
pub fn numbered(who: &str, sequence: u64, text: &str) -> Message {
    message(who, Content::Broadcast(post(sequence, text)))
}

/// What `who` says to everybody in the old dialect.
#[must_use]
pub fn classic(who: &str, text: &str) -> Message {
    message(
        who,
        Content::Broadcast(Post { place: None, room: None, body: Body::text(text), signature: None }),
    )
}

/// What is said in run 1 at this place.
#[must_use]
pub fn post(sequence: u64, text: &str) -> Post {
    let sequence = Sequence::new(sequence).expect("counted from 1");
    Post {
        place: Some(Place { epoch: Epoch::new(1), sequence }),
        room: None,
        body: Body::text(text),
        signature: None,
    }
}

fn hello(listening: Address) -> Hello {
    let native = Some(Native::new(Epoch::new(1)));
    Hello { listening: Some(listening), native, others: Vec::new() }
}

fn place(host: &str) -> Address {
    Address::new(host, 5001).expect("an address")
}

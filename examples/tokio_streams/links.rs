//! The links: for each a queue of what goes out, a task that writes it, and one that reads.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use chinwag::framing::{Decoder, write_frame};
use chinwag::{Address, DialError, Input, LinkEnd, LinkId, Message, Recipients, Semantics};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// A link's number, and what is to be written on it.
type Begun = (LinkId, Receiver<Bytes>);

pub(crate) struct Links {
    pub(crate) queues: BTreeMap<LinkId, Sender<Bytes>>,
    pub(crate) tell: Sender<Input>,
    pub(crate) last: LinkId,
}

impl Links {
    pub(crate) fn dial(&mut self, address: Address) {
        let (tell, begun) = (self.tell.clone(), self.begin());
        tokio::spawn(async move {
            match TcpStream::connect((address.host(), address.port())).await {
                Ok(stream) => serve(begun, stream, Some(address), tell).await,
                Err(_) => drop(tell.send(Input::DialFailed { address, reason: DialError::Refused }).await),
            }
        });
    }

    pub(crate) fn accept(&mut self, stream: TcpStream) {
        tokio::spawn(serve(self.begin(), stream, None, self.tell.clone()));
    }

    /// Queues a message for each of these links, and gives the end of those whose queue is full.
    pub(crate) fn send(&mut self, to: &Recipients, message: &Message) -> Vec<Input> {
        let refuses = |queue: &Sender<Bytes>| queue.try_send(message.encoded().clone()).is_err();
        let full: Vec<_> = to.iter().filter(|link| self.queues.get(link).is_some_and(refuses)).collect();
        full.iter().for_each(|link| drop(self.queues.remove(link)));
        full.into_iter().map(|link| Input::LinkDown { link, end: LinkEnd::TooSlow }).collect()
    }

    fn begin(&mut self) -> Begun {
        self.queues.retain(|_, queue| !queue.is_closed());
        self.last = LinkId::new(self.last.get() + 1);
        let (queue, frames) = channel(1024);
        self.queues.insert(self.last, queue);
        (self.last, frames)
    }
}

/// One link, from its beginning to its end.
async fn serve((link, mut frames): Begun, stream: TcpStream, dialed: Option<Address>, tell: Sender<Input>) {
    let _nagle_stays = stream.set_nodelay(true).is_err();
    let (mut reader, mut writer) = stream.into_split();
    let _ended = tell.send(Input::LinkUp { link, dialed, semantics: Semantics::Stream }).await;
    // As many frames in a write as wait. Ends, and closes the link, once nobody holds the queue's other end.
    tokio::spawn(async move {
        let (mut waiting, mut bytes) = (Vec::<Bytes>::new(), BytesMut::new());
        while frames.recv_many(&mut waiting, 64).await > 0 {
            waiting.drain(..).for_each(|frame| write_frame(&mut bytes, &frame));
            if writer.write_all_buf(&mut bytes).await.is_err() {
                return;
            }
        }
    });
    let (mut decoder, mut bytes) = (Decoder::new(64 * 1024), [0; 16 * 1024]);
    while let Ok(count @ 1..) = reader.read(&mut bytes).await {
        for input in decoder.inputs(link, &bytes[..count]) {
            // While the node is busy nobody is read, and so nothing piles up.
            if tell.send(input).await.is_err() {
                return;
            }
        }
    }
    let _ended = tell.send(Input::LinkDown { link, end: LinkEnd::Closed }).await;
}

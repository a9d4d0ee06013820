//! The tasks of one link.

use bytes::{Bytes, BytesMut};
use chinwag::framing::{Decoder, write_frame};
use chinwag::{Address, DialError, Input, LinkEnd, LinkId, Semantics};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Sender, channel};

/// What the node's task is told: an input, and with a new link the queue for what goes out on it.
pub(crate) type Heard = (Input, Option<Sender<Bytes>>);

/// One link that is dialed.
pub(crate) async fn dial(link: LinkId, address: Address, tell: Sender<Heard>) {
    match TcpStream::connect((address.host(), address.port())).await {
        Ok(stream) => serve(link, stream, Some(address), tell).await,
        Err(_) => {
            let failed = Input::DialFailed { address, reason: DialError::Refused };
            let _ended = tell.send((failed, None)).await;
        }
    }
}

/// One link, from its beginning to its end.
pub(crate) async fn serve(link: LinkId, stream: TcpStream, dialed: Option<Address>, tell: Sender<Heard>) {
    let (queue, mut frames) = channel(1024);
    let _nagle_stays = stream.set_nodelay(true).is_err();
    let (mut reader, mut writer) = stream.into_split();
    let up = Input::LinkUp { link, dialed, semantics: Semantics::Stream };
    let _ended = tell.send((up, Some(queue))).await;
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
            if tell.send((input, None)).await.is_err() {
                return;
            }
        }
    }
    let _ended = tell.send((Input::LinkDown { link, end: LinkEnd::Closed }, None)).await;
}

//! What neighbours say to each other, and the tags of streams.

use chinwag::{Address, Contact, Content, Control, Epoch, Message, PeerId, Run, Sequence, StreamTag};
use serde::Deserialize;

#[test]
fn every_control_frame_means_what_its_vector_says_and_is_written_so() {
    let vectors: Vec<ControlVector> = serde_json::from_str(CONTROL).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for ControlVector { name, frame, encoded, message } in vectors {
        let read = Message::decode(frame.clone().into()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = message.content(&frame).map(Message::control);
        if let Some(expected) = &expected {
            assert_eq!(read, *expected, "{name}");
        }
        let written = expected.unwrap_or_else(|| read.clone());
        assert_eq!(written.encoded(), encoded.as_ref().unwrap_or(&frame), "{name}");
        assert_eq!((read.msg_type(), read.originator().as_str()), (message.kind.as_str(), "*"), "{name}");
        kinds.insert(message.kind);
    }
    assert_eq!(kinds.len(), 23, "a vector for every kind: {kinds:?}");
}

/// A number around a post gives away the very bytes of the post.
#[test]
fn a_wrapped_post_is_passed_on_as_it_came() {
    let post = r#"{"msg_type":"BROADCAST","msg":"caf\u00e9","originator":"ann","time":0,"epoch":1,"seq":17}"#;
    let wrapped = Message::decode(format!("[\"#\",7,1, {post} ]").into()).unwrap();
    let Content::Control(Control::Numbered { message, .. }) = wrapped.content() else {
        panic!("{wrapped:?}")
    };
    assert_eq!(message.encoded(), post);
    assert_eq!(wrapped.id().map(|id| id.to_string()).as_deref(), Some("ann/1/17"));
}

#[test]
fn every_tag_is_the_hash_of_its_stream() {
    let vectors: Vec<TagVector> = serde_json::from_str(TAGS).unwrap();
    assert!(vectors.len() >= 4, "the file is there");
    for TagVector { author, epoch, tag } in vectors {
        let real = StreamTag::of(&PeerId::new(&author).unwrap(), Epoch::new(epoch));
        assert_eq!(serde_json::to_string(&real).unwrap(), format!("\"{tag}\""), "{author} {epoch}");
    }
}

#[derive(Deserialize)]
struct ControlVector {
    name: String,
    frame: String,
    encoded: Option<String>,
    message: ExpectedControl,
}

#[derive(Deserialize)]
struct TagVector {
    author: String,
    epoch: u64,
    tag: String,
}

/// A control message, spelled out: runs with their streams' tags as plain numbers.
#[derive(Deserialize)]
struct ExpectedControl {
    kind: String,
    number: Option<u64>,
    hops_left: Option<u8>,
    peers: Option<Vec<(String, String, u16)>>,
    peer: Option<String>,
    tags: Option<Vec<String>>,
    runs: Option<Vec<(String, u64, u64)>>,
    credit: Option<u32>,
    count: Option<u32>,
    session: Option<u32>,
    beyond: Option<u64>,
    inner: Option<Box<Self>>,
    /// The number of the post inside, which stands in the frame.
    post: Option<String>,
}

impl ExpectedControl {
    /// `None` for what only the codec can make.
    fn content(&self, frame: &str) -> Option<Control> {
        let number = || self.number.unwrap();
        let peers = || contacts(self.peers.as_deref().unwrap());
        let tag = || self.tags.as_deref().unwrap().first().map(|tag| StreamTag::new(tag.parse().unwrap()));
        let place = || Sequence::new(number()).unwrap();
        let runs = || self.runs.as_deref().unwrap().iter().map(run).collect();
        Some(match self.kind.as_str() {
            "KEEPALIVE" => Control::KeepAlive(number()),
            "KEEPALIVE_REPLY" => Control::KeepAliveReply(number()),
            "DISCONNECT" => Control::Disconnect,
            "?" => Control::Unknown,
            "WALK" => Control::Walk { peer: peers().remove(0), hops_left: self.hops_left.unwrap() },
            "SHUFFLE" => {
                Control::Shuffle { number: number(), hops_left: self.hops_left.unwrap(), peers: peers() }
            }
            "PEERS" => Control::Peers { answers: number(), peers: peers() },
            "INSTEAD" => Control::Instead(peers().remove(0)),
            "BEACON" => Control::Beacon { root: tag().unwrap(), number: number() },
            "IHAVE" => Control::Have(runs()),
            "GRAFT" => Control::Graft(tag()),
            "PRUNE" => Control::Prune(tag()),
            "PULL" => Control::Pull { credit: self.credit.unwrap(), runs: runs() },
            "PULLED" => Control::Pulled(runs()),
            "CATCHUP" => Control::CatchUp { count: self.count.unwrap(), credit: self.credit.unwrap() },
            "SINCE" => Control::Since(runs()),
            "FIND" => Control::Find {
                number: number(),
                peer: PeerId::new(self.peer.as_ref().unwrap()).unwrap(),
                wide: false,
            },
            "FOUND" => Control::Found { number: number() },
            "ARRIVED" => Control::Arrived(tag().unwrap(), place()),
            "STUCK" => Control::Stuck(tag().unwrap(), place()),
            "ACK" => Control::Acknowledge {
                session: self.session.unwrap(),
                upto: number(),
                beyond: self.beyond.unwrap(),
            },
            "#" => {
                let message = match (&self.inner, &self.post) {
                    (Some(inner), None) => Message::control(inner.content(frame)?),
                    (None, Some(_)) => {
                        let inner = &frame[frame.find('{').unwrap()..=frame.rfind('}').unwrap()];
                        Message::decode(inner.to_owned().into()).unwrap()
                    }
                    _ => panic!("a number is around one thing"),
                };
                Control::Numbered { session: self.session.unwrap(), number: number(), message }
            }
            "SYNC" => return None,
            other => panic!("no kind is called {other}"),
        })
    }
}

fn run((tag, from, to): &(String, u64, u64)) -> (StreamTag, Run) {
    (StreamTag::new(tag.parse().unwrap()), Run::of(*from, *to).unwrap())
}

pub(crate) fn contacts(contacts: &[(String, String, u16)]) -> Vec<Contact> {
    contacts
        .iter()
        .map(|(name, host, port)| {
            Contact::new(PeerId::new(name).unwrap(), Address::new(host, *port).unwrap())
        })
        .collect()
}

const CONTROL: &str = include_str!("../vectors/control.json");
const TAGS: &str = include_str!("../vectors/tags.json");

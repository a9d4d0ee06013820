//! A peer of the old program, as it behaves on the wire: blocking sockets and a thread for each connection.
//!
//! One `recv` of 2,048 bytes per connection; whatever does not come with it is lost. Answers are dialed back. Its
//! weaknesses are part of it: ten messages remembered, peers never forgotten, echoes to whoever sent them.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

/// How many messages it remembers.
const REMEMBERED: usize = 10;
/// How many bytes it reads of a message.
const READ: usize = 2048;

/// A running peer; it stops when this is dropped.
pub(crate) struct ClassicPeer {
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    id: String,
    port: u16,
    stopping: AtomicBool,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    peers: BTreeMap<String, (String, u16)>,
    seen: VecDeque<(Value, Value)>,
    heard: Vec<String>,
}

impl ClassicPeer {
    pub(crate) fn start(id: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            id: id.to_owned(),
            port,
            stopping: AtomicBool::new(false),
            memory: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.stopping.load(Ordering::Acquire) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { shared, acceptor: Some(acceptor) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.shared.port
    }

    /// Pings whoever listens at this port of this machine.
    pub(crate) fn join(&self, port: u16) {
        self.shared.ping("127.0.0.1", port);
    }

    pub(crate) fn broadcast(&self, text: &str) {
        let to: Vec<_> = self.shared.memory.lock().unwrap().peers.values().cloned().collect();
        for (host, port) in to {
            self.shared.send(&host, port, "BROADCAST", json!(text));
        }
    }

    /// The names of the peers it knows.
    pub(crate) fn peers(&self) -> Vec<String> {
        self.shared.memory.lock().unwrap().peers.keys().cloned().collect()
    }

    /// The broadcasts it printed, as `who: what`.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.shared.memory.lock().unwrap().heard.clone()
    }
}

impl Drop for ClassicPeer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.shared.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let mut buffer = [0; READ];
        let Ok(count) = stream.read(&mut buffer) else { return };
        // What it cannot parse, or lacks one of the four keys, ends this connection and nothing else.
        let Ok(object) = serde_json::from_slice::<Value>(&buffer[..count]) else { return };
        let (Some(msg_type), Some(msg), Some(originator), Some(time)) = (
            object["msg_type"].as_str(),
            object.get("msg"),
            object["originator"].as_str(),
            object.get("time"),
        ) else {
            return;
        };
        match msg_type {
            "PING" if originator != self.id => {
                if let Some((host, port)) = address(msg) {
                    self.add_peer(originator, &host, port);
                    self.send(&host, port, "PONG", json!(["127.0.0.1", self.port]));
                }
            }
            "PONG" => {
                if let Some((host, port)) = address(msg) {
                    self.add_peer(originator, &host, port);
                }
            }
            "ADVERTISE" => self.advertise(originator),
            "ADVERTISE_REPLY" => {
                if let Some((host, port)) = address(&msg[1]) {
                    self.ping(&host, port);
                }
            }
            "BROADCAST" => self.take_broadcast(originator, msg, time, &object),
            _ => {}
        }
    }

    fn add_peer(&self, id: &str, host: &str, port: u16) {
        self.memory.lock().unwrap().peers.entry(id.to_owned()).or_insert((host.to_owned(), port));
    }

    fn advertise(&self, asker: &str) {
        let peers = self.memory.lock().unwrap().peers.clone();
        let Some((host, port)) = peers.get(asker) else { return };
        for (id, (their_host, their_port)) in peers.iter().filter(|(id, _)| *id != asker) {
            self.send(host, *port, "ADVERTISE_REPLY", json!([id, [their_host, their_port]]));
        }
    }

    fn take_broadcast(&self, originator: &str, msg: &Value, time: &Value, object: &Value) {
        let to: Vec<(String, u16)> = {
            let mut memory = self.memory.lock().unwrap();
            let key = (msg.clone(), time.clone());
            if originator == self.id || memory.seen.contains(&key) {
                return;
            }
            memory.seen.push_back(key);
            if memory.seen.len() > REMEMBERED {
                memory.seen.pop_front();
            }
            memory.heard.push(format!("{originator}: {}", msg.as_str().unwrap_or("?")));
            memory.peers.iter().filter(|(id, _)| *id != originator).map(|(_, it)| it.clone()).collect()
        };
        for (host, port) in to {
            deliver(&host, port, object);
        }
    }

    fn ping(&self, host: &str, port: u16) {
        self.send(host, port, "PING", json!(["127.0.0.1", self.port]));
    }

    fn send(&self, host: &str, port: u16, msg_type: &str, msg: Value) {
        let time = "Sun Nov 22 19:02:11 2026";
        deliver(
            host,
            port,
            &json!({ "msg_type": msg_type, "msg": msg, "originator": self.id, "time": time }),
        );
    }
}

/// One connection, one object. Nobody there is nobody's concern.
fn deliver(host: &str, port: u16, object: &Value) {
    if let Ok(mut stream) = TcpStream::connect((host, port)) {
        let _ = stream.write_all(object.to_string().as_bytes());
    }
}

fn address(value: &Value) -> Option<(String, u16)> {
    let port = u16::try_from(value[1].as_u64()?).ok()?;
    Some((value[0].as_str()?.to_owned(), port))
}

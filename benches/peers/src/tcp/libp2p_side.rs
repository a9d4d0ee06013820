//! libp2p's gossipsub: a swarm for each peer, each a task of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::StreamExt as _;
use libp2p::gossipsub::{
    Behaviour, Config, ConfigBuilder, Event, IdentTopic, MessageAuthenticity, MessageId, ValidationMode,
};
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, plaintext, tcp, yamux};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::course::{Course, Phase};
use super::links::links;
use super::pace::Pace;
use super::runtime::{on_a_runtime, wait_until};
use super::scores::Scores;
use super::stage::Running;
use super::tally::Tally;
use super::text;
use super::work::{Shape, TEXT, Work};

/// What is done for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Security {
    /// Messages are signed and checked, connections encrypted.
    Signed,
    /// Connections are encrypted.
    Encrypted,
    /// None.
    Plaintext,
}

pub(super) fn start(work: Work, course: &Arc<Course>, security: Security) -> anyhow::Result<Running> {
    let course = Arc::clone(course);
    let mut running = Running::new();
    running.spawn(move || on_a_runtime(run(work, course, security)))?;
    Ok(running)
}

async fn run(work: Work, course: Arc<Course>, security: Security) -> anyhow::Result<Tally> {
    let shape = work.shape();
    let topic = IdentTopic::new("chat");
    let mut swarms = Vec::new();
    for _ in 0..shape.peers() {
        let mut swarm = swarm(config(shape)?, security)?;
        swarm.behaviour_mut().subscribe(&topic)?;
        swarms.push(swarm);
    }
    let links = links(shape);
    let mut needs = vec![0; shape.peers()];
    for (one, other) in links {
        // Whoever is dialed by anybody listens.
        let address = listen(&mut swarms[one]).await?;
        swarms[other].dial(address)?;
        needs[one] += 1;
        needs[other] += 1;
    }
    let scores = Arc::new(Scores::new(&course)?);
    let (mut turns, mut peers) = (Vec::new(), JoinSet::new());
    for (place, (swarm, needs)) in swarms.into_iter().zip(needs).enumerate() {
        let (turn, is_told) = unbounded_channel();
        turns.push(turn);
        let peer = Peer { swarm, topic: topic.clone(), needs, place, course: Arc::clone(&course) };
        peers.spawn(peer.run(is_told, Arc::clone(&scores)));
    }
    give_turns(&turns, &course, Pace::new(work.rate(), shape.authors(), 0..shape.authors())).await;
    // Before anybody is gone, as others would notice that.
    let tally = scores.sum();
    peers.shutdown().await;
    tally
}

/// Until the course ends.
async fn give_turns(turns: &[UnboundedSender<Phase>], course: &Course, mut pace: Pace) {
    let mut phase = Phase::Join;
    while phase != Phase::Stop {
        let now = course.phase();
        if now != phase {
            phase = now;
            pace.begin();
        }
        let mut again = None;
        if phase.is_talk() {
            for place in pace.speakers(course) {
                // A peer that has ended says nothing: what it should have said is missing in the count.
                let _ = turns[place].send(phase);
            }
            again = pace.next(course);
        }
        wait_until(again).await;
    }
}

struct Peer {
    swarm: Swarm<Behaviour>,
    topic: IdentTopic,
    /// With how many others it is to be linked.
    needs: usize,
    place: usize,
    course: Arc<Course>,
}

impl Peer {
    async fn run(mut self, mut turns: UnboundedReceiver<Phase>, scores: Arc<Scores>) {
        let (mut linked, mut said) = (0, Vec::new());
        loop {
            tokio::select! {
                count = turns.recv_many(&mut said, AT_A_STRETCH) => {
                    if count == 0 {
                        return;
                    }
                    said.drain(..).for_each(|phase| self.say(phase));
                }
                event = self.swarm.select_next_some() => match event {
                    SwarmEvent::Behaviour(Event::Message { message, .. }) => {
                        scores.hear(self.place, str::from_utf8(&message.data).into_iter());
                    }
                    SwarmEvent::Behaviour(Event::Subscribed { .. }) => {
                        linked += 1;
                        if linked == self.needs {
                            self.course.note_ready(true);
                        }
                    }
                    _ => {}
                },
            }
        }
    }

    fn say(&mut self, phase: Phase) {
        let text = text::write(phase == Phase::Measure, self.course.micros(), TEXT);
        // What could not be said is missing in the count.
        if let Err(error) = self.swarm.behaviour_mut().publish(self.topic.hash(), text) {
            eprintln!("peer {} could not say something: {error}", self.place);
        }
    }
}

fn swarm(config: Config, security: Security) -> anyhow::Result<Swarm<Behaviour>> {
    let keys = Keypair::generate_ed25519();
    let author = match security {
        Security::Signed => MessageAuthenticity::Signed(keys.clone()),
        Security::Encrypted | Security::Plaintext => MessageAuthenticity::Author(keys.public().to_peer_id()),
    };
    let mut config = ConfigBuilder::from(config);
    config.validation_mode(match security {
        Security::Signed => ValidationMode::Strict,
        Security::Encrypted | Security::Plaintext => ValidationMode::Permissive,
    });
    let gossipsub = Behaviour::new(author, config.build()?).map_err(anyhow::Error::msg)?;
    let tcp = tcp::Config::new().nodelay(true);
    let builder = SwarmBuilder::with_existing_identity(keys).with_tokio();
    Ok(match security {
        Security::Signed | Security::Encrypted => builder
            .with_tcp(tcp, noise::Config::new, yamux::Config::default)?
            .with_behaviour(|_| gossipsub)?
            .build(),
        Security::Plaintext => builder
            .with_tcp(
                tcp,
                |keys: &Keypair| Ok::<_, Infallible>(plaintext::Config::new(keys)),
                yamux::Config::default,
            )?
            .with_behaviour(|_| gossipsub)?
            .build(),
    })
}

/// As it comes, but for what would lose messages or take longer without need; see `docs/benchmarks.md`.
fn config(shape: Shape) -> anyhow::Result<Config> {
    let mut config = ConfigBuilder::default();
    config
        .heartbeat_initial_delay(Duration::from_millis(500))
        .connection_handler_queue_len(QUEUED)
        .publish_queue_duration(QUEUED_FOR)
        .forward_queue_duration(QUEUED_FOR)
        .message_id_fn(|message| {
            let mut id = message.source.map_or_else(Vec::new, |source| source.to_bytes());
            id.extend(message.sequence_number.unwrap_or_default().to_be_bytes());
            MessageId::new(&id)
        });
    if let Shape::Star(links) = shape {
        config.mesh_n(links).mesh_n_high(links);
    }
    Ok(config.build()?)
}

async fn listen(swarm: &mut Swarm<Behaviour>) -> anyhow::Result<Multiaddr> {
    if let Some(address) = swarm.listeners().next() {
        return Ok(address.clone());
    }
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse()?)?;
    let wait = async {
        loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
                return address;
            }
        }
    };
    tokio::time::timeout(QUEUED_FOR, wait).await.context("libp2p does not listen")
}

/// How many messages are said at a stretch before the swarm is looked after again.
const AT_A_STRETCH: usize = 128;
/// How many messages may wait for a link: more than are ever on their way to one.
const QUEUED: usize = 100_000;
/// How long they may.
const QUEUED_FOR: Duration = Duration::from_secs(60);

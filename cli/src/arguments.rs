//! The command line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chinwag::{Address, AddressError, PeerId, Strategy};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Peer-to-peer chat: no server, no account.
///
/// Without a command it runs the demo.
#[derive(Parser, Debug)]
#[command(name = "chinwag", version, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) program: Option<Program>,
    /// Log to standard error: once for info, twice for debug, thrice for trace (CHINWAG_LOG says it finer)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

const AFTER_HELP: &str = "\
Start:  chinwag chat --name alice --listen 127.0.0.1:5001
        chinwag chat --name bob --join 127.0.0.1:5001        (in another terminal)

Exit codes: 0 fine, 1 failed, 2 wrong command line, 3 nobody there within --join-timeout,
            or within 10s of the end of input with something still to say, 130 interrupted.";

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Program {
    /// Chat: what you type goes to everybody, and what everybody says appears
    Chat(ChatArguments),
    /// Five peers on this machine find each other over TCP and talk, and it is shown who heard what
    Demo(DemoArguments),
    /// Broadcasts in a simulated network of many nodes, on a virtual clock
    Sim(SimArguments),
}

/// `chinwag chat`
#[derive(Args, Debug)]
pub(crate) struct ChatArguments {
    /// Who you are: 1 to 128 bytes that nobody else in the network uses [default: your login name and a number]
    #[arg(long, env = "CHINWAG_NAME")]
    pub(crate) name: Option<PeerId>,
    /// Where to listen for others. Port 0 takes a free one. 127.0.0.1 is reachable from this machine only;
    /// 0.0.0.0 from everywhere
    #[arg(long, value_name = "HOST:PORT", default_value_t)]
    pub(crate) listen: Bind,
    /// Where others should dial us, if that is not where we listen (behind a router, say)
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "no_listen")]
    pub(crate) advertise: Option<Address>,
    /// A peer to link with; may be given again and again
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) join: Vec<Address>,
    /// Do not listen: others cannot dial us, but whom we join can talk with us
    #[arg(long, conflicts_with = "listen")]
    pub(crate) no_listen: bool,
    /// Speak only the old Python program's dialect, as one of its peers would
    #[arg(long, conflicts_with = "no_listen")]
    pub(crate) classic: bool,
    /// Stay this long after the end of input (30s, 5m, …); without it, until everything is sent
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) linger: Option<Duration>,
    /// Give up with exit code 3 if nobody is linked with us within this time, and stay as long even if the input
    /// ends before. Without it wait for ever, or after the end of input 10s for somebody to say it to
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) join_timeout: Option<Duration>,
    /// How many of the last messages of the network to ask for when we come
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub(crate) history: u32,
    /// How what is said to everybody spreads
    #[arg(long, value_enum, default_value_t = Spreading::Tree)]
    pub(crate) strategy: Spreading,
    /// Tell everything as one JSON object a line (docs/json.md says which)
    #[arg(long)]
    pub(crate) json: bool,
}

/// `chinwag demo`
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// Type as one of the five when the script is over
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// How what is said to everybody spreads
    #[arg(long, value_enum, default_value_t = Spreading::Tree)]
    pub(crate) strategy: Spreading,
}

impl Default for DemoArguments {
    fn default() -> Self {
        Self { interactive: false, strategy: Spreading::Tree }
    }
}

/// `chinwag sim`
#[derive(Args, Clone, Debug)]
pub(crate) struct SimArguments {
    /// How many nodes
    #[arg(short, long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(crate) nodes: u32,
    /// How many messages are said to everybody, one at a time, each until it has settled
    /// [default: 10, or none with --joiner or --partition]
    #[arg(short, long, visible_alias = "messages", short_alias = 'm')]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rounds: Option<u32>,
    /// Who says them (in a partition, and before a joiner comes, a few take turns; before a joiner `single` holds)
    #[arg(long, value_enum, default_value_t = Senders::Random)]
    pub(crate) senders: Senders,
    /// How many nodes say something [default: with `rotate` one for every eight rounds, with `random` all; 10 before a
    /// joiner, 3 in each half of a partition]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) authors: Option<u32>,
    /// How long each text is, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=32_768))]
    pub(crate) size: u32,
    /// How messages spread
    #[arg(long, value_enum, default_value_t = Spreading::Tree)]
    pub(crate) strategy: Spreading,
    /// How nodes find their neighbours
    #[arg(long, value_enum, default_value_t = OverlayKind::Hyparview)]
    pub(crate) overlay: OverlayKind,
    /// With how many others each node of the random overlay is linked on average
    #[arg(short, long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=64))]
    pub(crate) degree: u32,
    /// In which virtual time all nodes of the hyparview overlay join, evenly spread; 0s: all at once
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) join_over: Duration,
    /// How long nothing is said after all have joined, in virtual time [default: 60s, or 10s if random]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) warm: Option<Duration>,
    /// Kill this share of the nodes (0 to 1) at the very moment of a message, never the one who says it
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) kill: Option<f64>,
    /// At which message to kill them, counted from 1 [default: the one after half of them]
    #[arg(long, value_name = "ROUND", requires = "kill", num_args = 0..=1, require_equals = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) kill_at_broadcast: Option<Option<u32>>,
    /// What links promise
    #[arg(long, value_enum, default_value_t = LinkKind::Stream)]
    pub(crate) semantics: LinkKind,
    /// Which share of the datagrams is lost (0 to 1), once all have joined
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) loss: f64,
    /// Which share of the datagrams arrives twice
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) duplication: f64,
    /// Which share of the datagrams is overtaken by others
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) reordering: f64,
    /// Lose, double and reorder datagrams while nodes join, too
    #[arg(long)]
    pub(crate) loss_from_start: bool,
    /// After --history messages one more node joins the first node, or one drawn at random, and catches up
    #[arg(long, value_enum, value_name = "CONTACT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "first", conflicts_with_all = ["partition", "kill"])]
    pub(crate) joiner: Option<Contact>,
    /// How many messages are said before the joiner comes
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) history: u32,
    /// How many of the last posts each node keeps for others [default: as ever]
    #[arg(long, value_name = "N")]
    pub(crate) retained: Option<u32>,
    /// How many of the last posts the joiner asks for [default: the whole history]
    #[arg(long, value_name = "N")]
    pub(crate) catch_up: Option<u32>,
    /// Cut the network into two halves for so long, in each of which a message a second is said, and heal it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "kill")]
    pub(crate) partition: Option<Duration>,
    /// What all chance follows from: the same seed gives the same run
    #[arg(short, long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// Who speaks in a simulation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Senders {
    /// Always the same node
    Single,
    /// Some nodes in turn
    Rotate,
    /// A node drawn for each message
    Random,
}

/// How messages spread in a simulation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spreading {
    /// Along trees
    Tree,
    /// To every neighbour but the one it came from
    Flood,
}

/// How the nodes of a simulation find their neighbours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OverlayKind {
    /// All join the first node, and the protocol does the rest
    Hyparview,
    /// A random graph that stays as it is
    Random,
}

/// What the links of a simulation promise.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LinkKind {
    /// Order, and no loss
    Stream,
    /// Nothing
    Datagram,
}

/// Whom a node joins that comes late.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contact {
    /// The first node
    First,
    /// One drawn at random
    Random,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "a share is a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share is a number from 0 to 1".to_owned()) }
}

/// How to print a result.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs: one JSON object
    Json,
}

impl From<Spreading> for Strategy {
    fn from(spreading: Spreading) -> Self {
        match spreading {
            Spreading::Tree => Self::Tree,
            Spreading::Flood => Self::Flood,
        }
    }
}

/// Where to listen: like an [`Address`], but port 0 means any free one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Bind {
    host: String,
    port: u16,
}

/// Why something is no [`Bind`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum BindError {
    /// The port is not a whole number from 0 to 65535.
    Port,
    /// Something else is wrong.
    Address(AddressError),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port => f.write_str("the port must be a whole number from 0 (any free one) to 65535"),
            Self::Address(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for BindError {}

impl Default for Bind {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 0 }
    }
}

impl FromStr for Bind {
    type Err = BindError;

    fn from_str(text: &str) -> Result<Self, BindError> {
        let (host, port) = text.rsplit_once(':').ok_or(BindError::Address(AddressError::NoPort))?;
        let port: u16 = port.parse().map_err(|_| BindError::Port)?;
        // Any port would do here: only the host is of interest.
        let address: Address = format!("{host}:1").parse().map_err(BindError::Address)?;
        Ok(Self { host: address.host().to_owned(), port })
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn port_0_is_for_listening_only() {
        assert_eq!("127.0.0.1:0".parse::<Bind>().unwrap().to_string(), "127.0.0.1:0");
        assert_eq!("[::]:5001".parse::<Bind>().unwrap().to_string(), "[::]:5001");
        assert_eq!("h:65536".parse::<Bind>(), Err(BindError::Port));
        assert_eq!("h".parse::<Bind>(), Err(BindError::Address(AddressError::NoPort)));
        assert_eq!(":1".parse::<Bind>(), Err(BindError::Address(AddressError::BadHost)));
        let parse = |join| Arguments::try_parse_from(["chinwag", "chat", "--join", join]);
        for bad in ["127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1"] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        assert!(parse("127.0.0.1:5001").is_ok());
    }

    #[test]
    fn a_simulation_takes_its_shares_and_its_old_names() {
        let parse = |line: &str| {
            let words = ["chinwag", "sim"].into_iter().chain(line.split_whitespace());
            Arguments::try_parse_from(words).map(|arguments| match arguments.program {
                Some(Program::Sim(sim)) => sim,
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(parse("--messages 7").unwrap().rounds, Some(7));
        assert_eq!(parse("-m 7 --joiner --history 5").unwrap().joiner, Some(Contact::First));
        assert_eq!(parse("--joiner=random").unwrap().joiner, Some(Contact::Random));
        for bad in
            ["--kill 1.1", "--loss -0.1", "--loss x", "--kill-at-broadcast=3", "--kill 0.1 --partition 5s"]
        {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn a_peer_of_the_old_kind_has_to_listen() {
        let parse = Arguments::try_parse_from(["chinwag", "chat", "--classic", "--no-listen"]);
        assert_eq!(parse.unwrap_err().exit_code(), 2);
    }
}

//! What a person, or a program, can type.

use std::fmt;

use chinwag::{Address, Body, PeerId};

use crate::arguments::Bind;

/// A line that was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// Nothing.
    Blank,
    /// Something to say to everybody.
    Say(String),
    /// Something to do.
    Command(Command),
}

/// Something to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    /// Link with whoever listens at these addresses.
    Join(Vec<Address>),
    /// Show who is here.
    Peers,
    /// Show one peer.
    Find(PeerId),
    /// Note where a peer listens, and link with it.
    Add {
        /// Its name.
        peer: PeerId,
        /// Where it listens.
        address: Address,
    },
    /// Say something to one peer.
    Message {
        /// To whom.
        to: PeerId,
        /// What.
        text: String,
    },
    /// Ask a peer for the peers it knows.
    Request(PeerId),
    /// Send one message of any type to whoever listens there.
    Send {
        /// Where to.
        to: Address,
        /// Its type.
        msg_type: String,
        /// What it says.
        body: Body,
    },
    /// Start to listen.
    Listen(Bind),
    /// Stop listening.
    Unlisten,
    /// Show what has been counted.
    Stats,
    /// Show the commands.
    Help,
    /// Leave.
    Quit,
}

/// How a command is written, and what it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Usage {
    /// As it is typed.
    pub(crate) written: &'static str,
    /// What it does.
    pub(crate) does: &'static str,
}

/// Every command, in the order in which a person wants to know them.
pub(crate) const COMMANDS: [Usage; 12] = [
    Usage { written: "/join HOST:PORT …", does: "link with whoever listens there" },
    Usage { written: "/peers", does: "with whom we are linked, who else is known, whom we try to reach" },
    Usage {
        written: "/msg NAME TEXT",
        does: "say something to one peer anywhere (quote a name with spaces)",
    },
    Usage { written: "/request NAME", does: "ask a peer for the peers it knows, and link with them" },
    Usage { written: "/find NAME", does: "what is known about one peer" },
    Usage { written: "/add NAME HOST:PORT", does: "note where a peer listens, and link with it" },
    Usage { written: "/listen [HOST:PORT]", does: "start to listen (port 0 takes a free one)" },
    Usage { written: "/unlisten", does: "stop listening; links that stand stay" },
    Usage { written: "/send HOST:PORT TYPE JSON", does: "send one raw message of any type" },
    Usage { written: "/stats", does: "what has been counted so far" },
    Usage { written: "/help", does: "this list; //text says a text that starts with a slash" },
    Usage { written: "/quit", does: "leave (so does end of input, Ctrl-D or Ctrl-C)" },
];

/// Why a line that starts with a slash is no command. Nothing was said to anybody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum CommandError {
    /// There is no such command.
    Unknown(String),
    /// The command is written otherwise.
    Usage(&'static str),
    /// Part of it is wrong.
    Wrong(String),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => {
                write!(f, "there is no command {word}: /help lists them, and //text says a text with a slash")
            }
            Self::Usage(written) => write!(f, "this is written {written}"),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for CommandError {}

impl Line {
    /// What `typed` means: a command if its first character other than white space is a slash, else a text.
    ///
    /// # Errors
    /// [`CommandError`] for a slash and anything that is no command.
    pub(crate) fn parse(typed: &str) -> Result<Self, CommandError> {
        let typed = typed.trim_end();
        let Some(after_slash) = typed.trim_start().strip_prefix('/') else {
            return Ok(if typed.is_empty() { Self::Blank } else { Self::Say(typed.to_owned()) });
        };
        if after_slash.starts_with('/') {
            return Ok(Self::Say(after_slash.to_owned()));
        }
        let (word, rest) = first_word(after_slash);
        Command::parse(word, rest).map(Self::Command)
    }
}

impl Command {
    fn parse(word: &str, rest: &str) -> Result<Self, CommandError> {
        let usage = usage_of(word).ok_or_else(|| CommandError::Unknown(format!("/{word}")))?;
        let misused = || CommandError::Usage(usage.written);
        let alone = |command| if rest.is_empty() { Ok(command) } else { Err(misused()) };
        match word {
            "join" if rest.is_empty() => Err(misused()),
            "join" => rest.split_whitespace().map(address).collect::<Result<_, _>>().map(Self::Join),
            "peers" => alone(Self::Peers),
            "msg" => {
                let (to, text) = name_and_rest(rest)?.ok_or_else(misused)?;
                if text.is_empty() { Err(misused()) } else { Ok(Self::Message { to, text: text.to_owned() }) }
            }
            "request" | "find" => match name_and_rest(rest)?.ok_or_else(misused)? {
                (peer, "") if word == "find" => Ok(Self::Find(peer)),
                (peer, "") => Ok(Self::Request(peer)),
                _ => Err(misused()),
            },
            "add" => {
                let (peer, at) = name_and_rest(rest)?.ok_or_else(misused)?;
                if at.is_empty() { Err(misused()) } else { Ok(Self::Add { peer, address: address(at)? }) }
            }
            "listen" if rest.is_empty() => Ok(Self::Listen(Bind::default())),
            "listen" => rest.parse().map(Self::Listen).map_err(|error| wrong(rest, &error)),
            "unlisten" => alone(Self::Unlisten),
            "send" => {
                let (to, rest) = first_word(rest);
                let (msg_type, json) = first_word(rest);
                if msg_type.is_empty() || json.is_empty() {
                    return Err(misused());
                }
                let body = Body::from_json(json).map_err(|error| {
                    CommandError::Wrong(format!("not JSON ({error}): a text stands in \"double quotes\""))
                })?;
                Ok(Self::Send { to: address(to)?, msg_type: msg_type.to_owned(), body })
            }
            "stats" => alone(Self::Stats),
            "help" => alone(Self::Help),
            "quit" => alone(Self::Quit),
            _ => Err(CommandError::Unknown(format!("/{word}"))),
        }
    }
}

fn usage_of(word: &str) -> Option<&'static Usage> {
    COMMANDS.iter().find(|usage| {
        let (name, _) = first_word(usage.written);
        name.strip_prefix('/') == Some(word)
    })
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// A name, in double quotes if there are spaces in it, and what follows; `None` where nothing stands.
fn name_and_rest(text: &str) -> Result<Option<(PeerId, &str)>, CommandError> {
    let (name, rest) = match text.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((name, rest)) => (name, rest.trim_start()),
        None => first_word(text),
    };
    if name.is_empty() {
        return Ok(None);
    }
    PeerId::new(name).map(|peer| Some((peer, rest))).map_err(|error| wrong(name, &error))
}

fn address(text: &str) -> Result<Address, CommandError> {
    text.parse().map_err(|error| wrong(text, &error))
}

fn wrong(text: &str, error: &dyn std::error::Error) -> CommandError {
    CommandError::Wrong(format!("{text}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(name: &str) -> PeerId {
        PeerId::new(name).unwrap()
    }

    fn command(typed: &str) -> Command {
        match Line::parse(typed) {
            Ok(Line::Command(command)) => command,
            other => panic!("{typed:?} is {other:?}"),
        }
    }

    #[test]
    fn text_is_said_and_slashes_are_not() {
        assert_eq!(Line::parse("  \r\n"), Ok(Line::Blank));
        assert_eq!(Line::parse("hello there \n"), Ok(Line::Say("hello there".into())));
        assert_eq!(Line::parse("//etc is a place"), Ok(Line::Say("/etc is a place".into())));
        assert_eq!(Line::parse("either/or"), Ok(Line::Say("either/or".into())));
        for typed in ["/", "/jion x:1", " /quitt", "/JOIN x:1"] {
            assert!(matches!(Line::parse(typed), Err(CommandError::Unknown(_))), "{typed}");
        }
    }

    #[test]
    fn commands_are_understood() {
        let at = |text: &str| text.parse::<Address>().unwrap();
        assert_eq!(command("/join h:1  [::1]:2"), Command::Join(vec![at("h:1"), at("[::1]:2")]));
        assert_eq!(command(" /peers "), Command::Peers);
        assert_eq!(
            command("/msg bob  hi  there"),
            Command::Message { to: peer("bob"), text: "hi  there".into() }
        );
        assert_eq!(command("/msg \"bob b\" hi"), Command::Message { to: peer("bob b"), text: "hi".into() });
        assert_eq!(command("/request bob"), Command::Request(peer("bob")));
        assert_eq!(command("/find \"bob b\""), Command::Find(peer("bob b")));
        assert_eq!(command("/add bob h:1"), Command::Add { peer: peer("bob"), address: at("h:1") });
        assert_eq!(command("/listen"), Command::Listen(Bind::default()));
        assert_eq!(
            command(r#"/send h:1 TEST {"a": [1, 2]}"#),
            Command::Send {
                to: at("h:1"),
                msg_type: "TEST".into(),
                body: Body::from_json(r#"{"a": [1, 2]}"#).unwrap()
            }
        );
        assert_eq!(command("/quit"), Command::Quit);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (typed, error) in [
            ("/join", "this is written /join HOST:PORT …"),
            ("/join h", "h: an address needs a port: write it as host:port, for example 127.0.0.1:5001"),
            ("/join h:0", "h:0: the port must be a whole number from 1 to 65535"),
            ("/join h:65536", "h:65536: the port must be a whole number from 1 to 65535"),
            ("/msg bob", "this is written /msg NAME TEXT"),
            ("/msg", "this is written /msg NAME TEXT"),
            ("/peers all", "this is written /peers"),
            ("/request a b", "this is written /request NAME"),
            ("/send h:1 TEST", "this is written /send HOST:PORT TYPE JSON"),
        ] {
            assert_eq!(Line::parse(typed).unwrap_err().to_string(), error, "{typed}");
        }
        let error = Line::parse("/send h:1 TEST hello").unwrap_err().to_string();
        assert!(error.starts_with("not JSON ("), "{error}");
        let long = format!("/msg {} hi", "x".repeat(PeerId::MAX_LEN + 1));
        assert!(matches!(Line::parse(&long), Err(CommandError::Wrong(_))));
    }

    #[test]
    fn every_command_in_the_help_exists() {
        for usage in COMMANDS {
            let (name, _) = first_word(usage.written);
            assert!(!matches!(Line::parse(name), Err(CommandError::Unknown(_))), "{name}");
        }
    }
}

//! `chinwag chat` and `chinwag demo`.

use std::time::Duration;

use chinwag::{Address, PeerId};
use clap::Args;

use super::{Bind, Spreading};

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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::arguments::Arguments;

    #[test]
    fn who_is_joined_has_a_port() {
        let parse = |join| Arguments::try_parse_from(["chinwag", "chat", "--join", join]);
        for bad in ["127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1"] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        assert!(parse("127.0.0.1:5001").is_ok());
    }

    #[test]
    fn a_peer_of_the_old_kind_has_to_listen() {
        let parse = Arguments::try_parse_from(["chinwag", "chat", "--classic", "--no-listen"]);
        assert_eq!(parse.unwrap_err().exit_code(), 2);
    }
}

//! When to stop: pure, so that it can be tested without waiting.

use std::time::{Duration, Instant};

use crate::exit::Exit;

/// How long to look for somebody who takes what was piped in, when no `--join-timeout` says it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait after the end of input for connections that are being made.
const DIALS: Duration = Duration::from_secs(5);

/// Decides when a session is over.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    started: Instant,
    join_timeout: Option<Duration>,
    linger: Duration,
    ever_linked: bool,
    input: Input,
    settled: Option<Instant>,
}

/// How it stands with the input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Input {
    /// There may be more.
    Open,
    /// There is more than can be taken, as nobody is there to say it to: since when.
    Held(Instant),
    /// There is no more: since when.
    Ended(Instant),
}

/// What there is to do now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Go on, and ask again at this moment at the latest (`None`: only when something happens).
    Stay(Option<Instant>),
    /// Leave politely.
    Leave(Exit),
}

/// How things stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    /// With how many peers we are linked.
    pub(crate) linked: usize,
    /// Whether something of ours still waits for somebody to take it.
    pub(crate) unsent: bool,
    /// Whether connections are being made, on which there may be something to send.
    pub(crate) busy: bool,
    /// Whether something that was said to one peer is still on its way.
    pub(crate) undelivered: bool,
}

impl Ending {
    /// A session that starts now.
    pub(crate) fn new(started: Instant, join_timeout: Option<Duration>, linger: Option<Duration>) -> Self {
        Self {
            started,
            join_timeout,
            linger: linger.unwrap_or(Duration::ZERO),
            ever_linked: false,
            input: Input::Open,
            settled: None,
        }
    }

    /// There will be no more input.
    pub(crate) fn input_ended(&mut self, now: Instant) {
        self.input = Input::Ended(now);
    }

    /// There is more input, which waits or does not wait any more until somebody is there to say it to.
    pub(crate) fn input_held(&mut self, now: Instant, held: bool) {
        self.input = match self.input {
            Input::Open if held => Input::Held(now),
            Input::Held(_) if !held => Input::Open,
            as_before @ (Input::Open | Input::Held(_) | Input::Ended(_)) => as_before,
        };
    }

    /// Whether to stay.
    pub(crate) fn verdict(&mut self, now: Instant, standing: Standing) -> Verdict {
        self.ever_linked |= standing.linked > 0;
        let lonely_until = self.lonely_until();
        if lonely_until.is_some_and(|until| now >= until) {
            return Verdict::Leave(Exit::NoPeer);
        }
        let (since, unsent) = match self.input {
            Input::Open => return Verdict::Stay(lonely_until),
            Input::Held(since) => (since, true),
            Input::Ended(since) => (since, standing.unsent || lonely_until.is_some()),
        };
        if unsent {
            self.settled = None;
            let until = lonely_until.or_else(|| since.checked_add(PATIENCE));
            return match until {
                Some(until) if now >= until => Verdict::Leave(Exit::NoPeer),
                _ => Verdict::Stay(until),
            };
        }
        for (waits, patience) in [(standing.busy, DIALS), (standing.undelivered, PATIENCE)] {
            let until = since.checked_add(patience);
            if waits && until.is_none_or(|until| now < until) {
                return Verdict::Stay(until);
            }
        }
        let settled = *self.settled.get_or_insert(now);
        match settled.checked_add(self.linger) {
            Some(until) if now >= until => Verdict::Leave(Exit::Fine),
            // `None`: longer than the clock can tell, for ever.
            until => Verdict::Stay(until),
        }
    }

    /// When `--join-timeout` runs out, if it still can.
    fn lonely_until(&self) -> Option<Instant> {
        if self.ever_linked { None } else { self.started.checked_add(self.join_timeout?) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Standing = Standing { linked: 0, unsent: false, busy: false, undelivered: false };
    const UNSENT: Standing = Standing { unsent: true, ..ALONE };
    const LINKED: Standing = Standing { linked: 1, ..ALONE };

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn start() -> Instant {
        crate::clock::now()
    }

    #[test]
    fn a_prompt_stays_for_ever() {
        let start = start();
        let mut ending = Ending::new(start, None, None);
        assert_eq!(ending.verdict(start + secs(100_000), ALONE), Verdict::Stay(None));
    }

    #[test]
    fn nobody_within_the_join_timeout_is_exit_3() {
        let start = start();
        let mut ending = Ending::new(start, Some(secs(5)), None);
        assert_eq!(ending.verdict(start, ALONE), Verdict::Stay(Some(start + secs(5))));
        assert_eq!(ending.verdict(start + secs(5), ALONE), Verdict::Leave(Exit::NoPeer));
        let mut met = Ending::new(start, Some(secs(5)), None);
        assert_eq!(met.verdict(start + secs(1), LINKED), Verdict::Stay(None));
        assert_eq!(met.verdict(start + secs(9), ALONE), Verdict::Stay(None));
        let mut ended = Ending::new(start, Some(secs(5)), None);
        ended.input_ended(start);
        assert_eq!(ended.verdict(start, ALONE), Verdict::Stay(Some(start + secs(5))));
        assert_eq!(ended.verdict(start + secs(5), ALONE), Verdict::Leave(Exit::NoPeer));
    }

    #[test]
    fn the_end_of_input_waits_until_everything_is_sent() {
        let start = start();
        let mut ending = Ending::new(start, None, None);
        ending.input_ended(start + secs(1));
        assert_eq!(ending.verdict(start + secs(1), UNSENT), Verdict::Stay(Some(start + secs(1) + PATIENCE)));
        assert_eq!(ending.verdict(start + secs(2), LINKED), Verdict::Leave(Exit::Fine));
        let mut nobody = Ending::new(start, None, None);
        nobody.input_ended(start);
        assert_eq!(nobody.verdict(start, UNSENT), Verdict::Stay(Some(start + PATIENCE)));
        assert_eq!(nobody.verdict(start + PATIENCE, UNSENT), Verdict::Leave(Exit::NoPeer));
    }

    #[test]
    fn lingering_starts_when_everything_is_sent() {
        let start = start();
        let mut ending = Ending::new(start, None, Some(secs(2)));
        ending.input_ended(start);
        assert_eq!(ending.verdict(start, UNSENT), Verdict::Stay(Some(start + PATIENCE)));
        assert_eq!(ending.verdict(start + secs(3), LINKED), Verdict::Stay(Some(start + secs(5))));
        assert_eq!(ending.verdict(start + secs(5), LINKED), Verdict::Leave(Exit::Fine));
    }

    #[test]
    fn connections_that_are_being_made_are_waited_for_a_while() {
        let start = start();
        let busy = Standing { busy: true, ..LINKED };
        let mut ending = Ending::new(start, None, None);
        ending.input_ended(start);
        assert_eq!(ending.verdict(start, busy), Verdict::Stay(Some(start + DIALS)));
        assert_eq!(ending.clone().verdict(start + secs(1), LINKED), Verdict::Leave(Exit::Fine));
        assert_eq!(ending.verdict(start + DIALS, busy), Verdict::Leave(Exit::Fine));
    }

    #[test]
    fn what_is_said_to_one_peer_is_given_time_to_arrive() {
        let start = start();
        let on_its_way = Standing { undelivered: true, ..LINKED };
        let mut ending = Ending::new(start, None, None);
        ending.input_ended(start);
        assert_eq!(ending.verdict(start + DIALS, on_its_way), Verdict::Stay(Some(start + PATIENCE)));
        assert_eq!(ending.clone().verdict(start + DIALS, LINKED), Verdict::Leave(Exit::Fine));
        assert_eq!(ending.verdict(start + PATIENCE, on_its_way), Verdict::Leave(Exit::Fine));
    }

    #[test]
    fn input_that_nobody_takes_does_not_wait_for_ever() {
        let start = start();
        let mut ending = Ending::new(start, None, None);
        ending.input_held(start, true);
        ending.input_held(start + secs(1), true);
        assert_eq!(ending.verdict(start + secs(1), UNSENT), Verdict::Stay(Some(start + PATIENCE)));
        ending.input_held(start + secs(2), false);
        assert_eq!(ending.verdict(start + PATIENCE, LINKED), Verdict::Stay(None));
        ending.input_held(start + secs(20), true);
        assert_eq!(ending.verdict(start + secs(20) + PATIENCE, UNSENT), Verdict::Leave(Exit::NoPeer));
    }

    #[test]
    fn an_absurd_linger_is_for_ever() {
        let start = start();
        let mut ending = Ending::new(start, None, Some(Duration::MAX));
        ending.input_ended(start);
        assert_eq!(ending.verdict(start, ALONE), Verdict::Stay(None));
    }
}

//! Lines for a person.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use chinwag::{Address, Delivery, DialError, Dialect, DownReason, Event, MessageId, PeerId};
use jiff::civil::DateTime;

use super::Render;
use super::company::{self, Company};
use super::palette::{Palette, Role};
use super::private::Private;
use super::reasons::undelivered;
use crate::notice::Notice;
use crate::sanitize;

/// Tells what a person wants to know, each thing once.
#[derive(Debug)]
pub(crate) struct Text {
    pub(super) palette: Palette,
    /// Whether what we say ourselves is shown (on a terminal it stands there already).
    echo: bool,
    me: PeerId,
    /// How often each refusal has been told of.
    refusals: BTreeMap<String, u32>,
    company: Company,
    private: Private,
    /// Whether it has been told that there is more than was asked for as a newcomer.
    older_told: bool,
}

impl Text {
    /// A person called `me` reads; `echo` if they do not see what they say otherwise.
    pub(crate) fn new(me: PeerId, palette: Palette, echo: bool) -> Self {
        Self {
            palette,
            echo,
            me,
            refusals: BTreeMap::new(),
            company: Company::default(),
            private: Private::default(),
            older_told: false,
        }
    }
}

impl Render for Text {
    fn render(&mut self, notice: &Notice<'_>, to: &mut String) {
        match notice {
            Notice::Listening(Some(address)) => self.note(to, &format!("listening at {}", shown(address))),
            Notice::Listening(None) => self.note(to, "not listening: others cannot dial us"),
            Notice::Event {
                event: Event::DialFailed { address, reason, retry_in, lost },
                repeats,
                there,
                asked,
                ..
            } => {
                if !asked && *lost == 0 {
                    // Who was lost has been told of, and who was only heard of is nobody's concern.
                    tracing::info!(%address, %reason, ?retry_in, "cannot reach a peer");
                    return;
                }
                let at = match there {
                    Some(peer) => format!("{} at {}", self.name(peer), shown(address)),
                    None => shown(address),
                };
                self.dial_failed(&at, *reason, *retry_in, *repeats, to);
                if *lost > 0 {
                    self.alarm(to, &format!("what waited for {at} is lost ({lost} in all)"));
                }
            }
            Notice::Event { event, linked, .. } => self.event(event, *linked, to),
            Notice::Custom(delivery) => self.custom(delivery, to),
            Notice::Unhandled(_) => {}
            Notice::Sent { id, to: peer, text } => {
                if peer.is_some() {
                    self.private.said(id, text);
                }
                if self.echo {
                    let peer = peer.map(|peer| sanitize::name(peer.as_str()));
                    self.said(to, &self.me, peer.as_deref(), text, None);
                }
            }
            Notice::Peers { peers, others, trying } => self.peers(peers, others, trying, to),
            Notice::Stats(counted) => self.stats(counted, to),
            Notice::Help => self.help(to),
            Notice::Error(message) => self.alarm(to, &sanitize::line(message)),
            Notice::Hint(hint) => hint.lines().for_each(|line| self.note(to, line)),
        }
    }

    fn is_for_people(&self) -> bool {
        true
    }
}

impl Text {
    fn event(&mut self, event: &Event, linked: usize, to: &mut String) {
        match event {
            _ if company::is_quiet(&mut self.company, crate::clock::now(), event) => {
                tracing::info!(?event, "no news");
            }
            Event::Delivered(delivery) => self.heard(to, None, delivery),
            Event::Direct(delivery) => self.heard(to, Some("you"), delivery),
            Event::Custom(delivery) => self.custom(delivery, to),
            Event::PeerUp { peer, address, dialect } => {
                let at = address.as_ref().map_or_else(|| "not listening".to_owned(), shown);
                let kind = match dialect {
                    Dialect::Native => "",
                    Dialect::Classic => ", in the old dialect",
                };
                self.note(to, &format!("{} is here ({at}{kind})", self.name(peer)));
            }
            Event::PeerDown { peer, reason } => {
                let left =
                    if linked == 0 && self.company.is_alone() { "; nobody else is here now" } else { "" };
                self.note(to, &format!("{} {}{left}", self.name(peer), gone(*reason)));
            }
            Event::Advertised { by, peer, address } => {
                tracing::info!(%by, %peer, %address, "told of a peer");
            }
            Event::Waiting { .. } => {
                self.note(to, "nobody is here: kept, and sent to the first who is");
            }
            Event::WaitingSent { count } => {
                let what = if *count == 1 { "message has" } else { "messages have" };
                self.note(to, &format!("{count} kept {what} been sent"));
            }
            Event::Gap { before_contact: true, stream, from, to: last } => {
                tracing::info!(%stream, from = from.get(), to = last.get(), "said before we were there");
                if !self.older_told {
                    self.older_told = true;
                    self.note(
                        to,
                        "there are older messages, which are not shown (--history N asks for more)",
                    );
                }
            }
            Event::Gap { stream, from, to: last, .. } => {
                let missing = last.get().saturating_sub(from.get()).saturating_add(1);
                let what = if missing == 1 { "message" } else { "messages" };
                self.alarm(to, &format!("{missing} {what} of {} did not arrive", self.name(stream.author())));
            }
            Event::TooLongForClassic { id, peers } => {
                let whose = if self.is_mine(id) { "your last message" } else { "a message" };
                let what = format!(
                    "{whose} was too long for {peers} peer(s) of the old program, which take 2,048 bytes; all \
                     others have it"
                );
                self.alarm(to, &what);
            }
            Event::ClassicQueueFull { peer, .. } => {
                let what = format!(
                    "{} runs the old program and takes messages slowly: one was not sent to it",
                    self.name(peer)
                );
                self.refused(what, to);
            }
            Event::Arrived { id, to: peer } => {
                self.private.settled(id);
                let arrived = format!("✓ to {}", name(peer));
                self.note(to, &self.palette.paint(Role::Faint, &arrived).to_string());
            }
            Event::Undeliverable { id, to: peer, reason } => {
                let words = self.private.settled(id).map_or_else(String::new, |words| format!(" ({words})"));
                let (peer, why) = (self.name(peer), undelivered(*reason));
                self.alarm(
                    to,
                    &format!("your message to {peer}{} has not arrived: {why}", sanitize::line(&words)),
                );
            }
            Event::NameConflict { peer } => {
                let what = format!(
                    "two peers are called {}: what either says may be taken for the other's",
                    self.name(peer)
                );
                self.alarm(to, &what);
            }
            Event::Rejected { peer, reason, .. } => {
                let from = peer.as_ref().map_or_else(|| "a stranger".to_owned(), |peer| self.name(peer));
                let reason = reason.to_string();
                self.refused(format!("refused from {from}: {}", sanitize::line(&reason)), to);
            }
            Event::CommandFailed { error } => self.alarm(to, &sanitize::line(&error.to_string())),
            Event::Left => self.note(to, "you have left"),
            other @ (Event::DialFailed { .. } | _) => tracing::debug!(?other, "an event without a text"),
        }
    }

    fn custom(&self, delivery: &Delivery, to: &mut String) {
        let what = format!(
            "{} from {}: {}",
            sanitize::name(delivery.msg_type()),
            self.name(delivery.from()),
            sanitize::line(&delivery.body().to_display())
        );
        self.note(to, &what);
    }

    /// The first failure in a row for one reason, then fewer and fewer.
    fn dial_failed(
        &self,
        at: &str,
        reason: DialError,
        retry_in: Option<Duration>,
        repeats: u32,
        to: &mut String,
    ) {
        match retry_in {
            None => self.alarm(to, &format!("cannot reach {at}: {reason}; not trying again")),
            Some(wait) if repeats == 0 => {
                let wait = approximately(wait);
                self.alarm(to, &format!("cannot reach {at}: {reason} (trying again, next in {wait})"));
            }
            Some(_) if matches!(repeats, 9 | 99 | 999) => {
                let times = repeats.saturating_add(1);
                self.alarm(to, &format!("still cannot reach {at} after {times} tries: {reason}"));
            }
            Some(_) => {}
        }
    }

    /// The first, tenth, hundredth … refusal of a kind; the table is bounded, as strangers fill it.
    fn refused(&mut self, what: String, to: &mut String) {
        const KINDS: usize = 256;
        if self.refusals.len() >= KINDS && !self.refusals.contains_key(&what) {
            tracing::info!(what, "refused");
            return;
        }
        let times = self.refusals.entry(what.clone()).or_insert(0);
        *times = times.saturating_add(1);
        match *times {
            1 => self.alarm(to, &what),
            10 | 100 | 1000 | 10_000 => {
                let times = *times;
                self.alarm(to, &format!("{what} ({times} times)"));
            }
            _ => {}
        }
    }

    /// A message of somebody else's. What was said before we came stands with the time that its author gave it.
    fn heard(&mut self, to: &mut String, private: Option<&str>, delivery: &Delivery) {
        let local = jiff::Zoned::now().datetime();
        let before = self.company.heard(crate::clock::now(), local, delivery);
        self.said(to, delivery.from(), private, &delivery.body().to_display(), before);
    }

    /// One message; what follows its first line is indented, so that no message can look like two.
    fn said(
        &self,
        to: &mut String,
        from: &PeerId,
        private: Option<&str>,
        text: &str,
        before: Option<DateTime>,
    ) {
        let now = jiff::Zoned::now().datetime();
        let at = company::clock(now, before.unwrap_or(now));
        let at = self.palette.paint(Role::Faint, &at);
        let mut lines = text.lines();
        let first = sanitize::line(lines.next().unwrap_or(""));
        let from = self.name(from);
        match private {
            Some(whom) => {
                let arrow = format!("→ {whom}");
                let arrow = self.palette.paint(Role::Private, &arrow);
                put(to, format_args!("{at} {from} {arrow}: {first}"));
            }
            None => put(to, format_args!("{at} {from}: {first}")),
        }
        for line in lines {
            let bar = self.palette.paint(Role::Faint, "│");
            put(to, format_args!("      {bar} {}", sanitize::line(line)));
        }
    }

    pub(super) fn note(&self, to: &mut String, what: &str) {
        put(to, format_args!("{} {what}", self.palette.paint(Role::Faint, "--")));
    }

    pub(super) fn alarm(&self, to: &mut String, what: &str) {
        put(to, format_args!("{} {what}", self.palette.paint(Role::Alarm, "!!")));
    }

    pub(super) fn name(&self, peer: &PeerId) -> String {
        let safe = name(peer);
        self.palette.paint(Role::Name(peer.as_str()), &safe).to_string()
    }

    fn is_mine(&self, id: &MessageId) -> bool {
        match id {
            MessageId::Native { stream, .. } | MessageId::Direct { stream, .. } => {
                *stream.author() == self.me
            }
            MessageId::Classic(_) => false,
        }
    }
}

pub(super) fn put(to: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(to, "{line}");
}

pub(super) fn name(peer: &PeerId) -> std::borrow::Cow<'_, str> {
    sanitize::name(peer.as_str())
}

pub(super) fn shown(address: &Address) -> String {
    sanitize::name(&address.to_string()).into_owned()
}

fn gone(reason: DownReason) -> &'static str {
    match reason {
        DownReason::Left => "has left",
        DownReason::Closed => "hung up",
        DownReason::Broken => "is gone: the connection broke",
        DownReason::Silent => "is gone: not heard for too long",
        DownReason::TooSlow => "is gone: reads too slowly",
        DownReason::Unreachable => "is gone: cannot be dialed any more",
        DownReason::Misbehaved => "was sent away: too much that made no sense",
        DownReason::Parted => "has neighbours enough, and hears you through others",
        _ => "is gone",
    }
}

pub(super) fn approximately(wait: Duration) -> String {
    let seconds = wait.as_secs_f64().ceil();
    if seconds <= 1.0 { "a second".to_owned() } else { format!("{seconds} s") }
}

#[cfg(test)]
mod tests;

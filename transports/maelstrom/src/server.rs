//! What clients of the workbench ask, and who else says something.

use chinwag::{Epoch, Seed, Time};

use crate::envelope::{Broadcast, Done, Frames, Head, Init, Line, Refusal, Refused, Values, line};
use crate::member::Member;

/// A node of the workbench, but for the clock and the streams: lines come in with the time, and lines go out.
///
/// No line makes it fail: what cannot be read, or is not for it, is reported ([`Turn::complaint`]), and answered where
/// somebody waits for an answer.
#[derive(Debug)]
pub struct Server {
    epoch: Epoch,
    seed: Seed,
    member: Option<(String, Member)>,
}

/// What is to be done after something has come in.
#[derive(Debug, Default)]
pub struct Turn {
    /// The lines to say, without line breaks.
    pub lines: Vec<String>,
    /// What was wrong, for people.
    pub complaint: Option<String>,
}

impl Server {
    /// One that does not know yet who it is. `epoch` is the time of day, in milliseconds since 1970, at
    /// [`Time::ZERO`]; `seed` is what chance there is.
    #[must_use]
    pub const fn new(epoch: Epoch, seed: Seed) -> Self {
        Self { epoch, seed, member: None }
    }

    /// Takes in a line.
    pub fn take_in(&mut self, now: Time, text: &str) -> Turn {
        let mut turn = Turn::default();
        match serde_json::from_str::<Line<'_>>(text) {
            Ok(said) => match serde_json::from_str::<Head<'_>>(said.body.get()) {
                Ok(head) => self.serve(now, &said, &head, &mut turn),
                Err(error) => turn.complaint = Some(format!("a body without a type: {error}")),
            },
            Err(error) => turn.complaint = Some(format!("a line that is none of the workbench's: {error}")),
        }
        turn.lines.extend(self.turn(now));
        turn
    }

    /// Does what has become due, and gives back the lines that are to be said now.
    pub fn turn(&mut self, now: Time) -> Vec<String> {
        self.member.as_mut().map_or_else(Vec::new, |(_, member)| member.turn(now))
    }

    /// When [`turn`](Self::turn) has something to do, if nothing comes in before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.member.as_ref()?.1.next_deadline()
    }

    fn serve(&mut self, now: Time, said: &Line<'_>, head: &Head<'_>, turn: &mut Turn) {
        let body = said.body.get();
        if let Ok(Frames { frames }) = serde_json::from_str(body) {
            // Before `init` nobody is meant by it. Who sent it will try again.
            if let Some((_, member)) = &mut self.member {
                member.receive(now, &said.src, &frames);
            }
            return;
        }
        let answer = match &mut self.member {
            None => match &*head.kind {
                "init" => self.begin(now, body),
                _ => Err((
                    Refusal::NotYet,
                    "this node was not told yet who it is: `init` comes first".to_owned(),
                )),
            },
            Some((name, member)) => match &*head.kind {
                "init" => Err((Refusal::Malformed, format!("this node is {name} already"))),
                // Who talks to whom is what the nodes find out.
                "topology" => Ok("topology_ok"),
                "broadcast" => serde_json::from_str::<Broadcast<'_>>(body)
                    .map_err(anyhow::Error::from)
                    .and_then(|asked| member.broadcast(now, asked.message))
                    .map(|()| "broadcast_ok")
                    .map_err(|error| {
                        (Refusal::Malformed, format!("that cannot be said to everybody: {error:#}"))
                    }),
                "read" => Ok("read_ok"),
                other => Err((Refusal::NotSupported, format!("there is no request {other:?} here"))),
            },
        };
        self.answer(said, head, answer, turn);
    }

    fn answer(
        &self,
        said: &Line<'_>,
        head: &Head<'_>,
        answer: Result<&'static str, (Refusal, String)>,
        turn: &mut Turn,
    ) {
        let (own, client) = (&*said.dest, &*said.src);
        if let Err((_, text)) = &answer {
            turn.complaint = Some(text.clone());
        }
        let Some(in_reply_to) = head.msg_id else { return };
        turn.lines.push(match (answer, &self.member) {
            (Ok(kind @ "read_ok"), Some((_, member))) => {
                line(own, client, &Values { kind, in_reply_to, messages: member.seen.values() })
            }
            (Ok(kind), _) => line(own, client, &Done { kind, in_reply_to }),
            (Err((refusal, text)), _) => {
                line(own, client, &Refused { kind: "error", in_reply_to, code: refusal as u8, text: &text })
            }
        });
    }

    fn begin(&mut self, now: Time, body: &str) -> Result<&'static str, (Refusal, String)> {
        let malformed = |error: anyhow::Error| (Refusal::Malformed, format!("{error:#}"));
        let init: Init = serde_json::from_str(body).map_err(|error| malformed(error.into()))?;
        let member =
            Member::new(&init.node_id, &init.node_ids, now, self.epoch, self.seed).map_err(malformed)?;
        self.member = Some((init.node_id, member));
        Ok("init_ok")
    }
}

//! When to look at links that are to be silent no longer, or to be done with their handshake.

use crate::Time;
use crate::ctx::Ctx;
use crate::timers::{Timer, TimerKey};

/// When links are looked at next. One timer serves all, so that a node that wakes for one deals with several.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Watch {
    #[default]
    Off,
    Looking,
    At(Time, TimerKey),
}

impl Watch {
    /// Has links looked at no later than `deadline`.
    pub(super) fn by(&mut self, ctx: &mut Ctx, deadline: Time) {
        match self {
            Self::Looking => return,
            Self::At(at, _) if *at <= deadline => return,
            Self::At(_, key) => ctx.timers.cancel(*key),
            Self::Off => {}
        }
        *self = Self::At(deadline, ctx.timers.set(ctx.now, deadline, Timer::LookAtLinks));
    }
}

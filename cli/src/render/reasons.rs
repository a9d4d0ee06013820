//! What reasons are called in JSON.

use chinwag::{DialError, DownReason, Rejection};

pub(crate) fn dial_reason(reason: DialError) -> &'static str {
    match reason {
        DialError::Refused => "refused",
        DialError::Unreachable => "unreachable",
        DialError::Unresolvable => "unresolvable",
        DialError::TimedOut => "timed_out",
        DialError::NoRoom => "no_room",
        DialError::NoAnswer => "no_answer",
        DialError::Myself => "myself",
        DialError::SameName => "same_name",
        DialError::SomebodyElse => "somebody_else",
        DialError::Dialect => "dialect",
        DialError::Other | _ => "other",
    }
}

pub(crate) fn down_reason(reason: DownReason) -> &'static str {
    match reason {
        DownReason::Left => "left",
        DownReason::Closed => "closed",
        DownReason::Broken => "broken",
        DownReason::Silent => "silent",
        DownReason::TooSlow => "too_slow",
        DownReason::Unreachable => "unreachable",
        DownReason::Misbehaved => "misbehaved",
        _ => "other",
    }
}

pub(crate) fn rejection(reason: &Rejection) -> &'static str {
    match reason {
        Rejection::Malformed(_) => "malformed",
        Rejection::ForgedOwnName => "forged_own_name",
        Rejection::Stranger => "stranger",
        Rejection::OutOfTurn => "out_of_turn",
        Rejection::Silent => "silent",
        Rejection::SameName => "same_name",
        Rejection::Full => "full",
        Rejection::Dialect => "dialect",
        Rejection::NotForMe => "not_for_me",
        Rejection::AbsurdSequence => "absurd_sequence",
        _ => "other",
    }
}

//! What reasons are called in JSON, and in words where the core's own are about dialing.

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
        DialError::NoWay => "no_way",
        DialError::Other | _ => "other",
    }
}

/// Why something said to one peer did not arrive, and what to do.
pub(crate) fn undelivered(reason: DialError) -> String {
    match reason {
        DialError::NoWay => {
            "nobody knows a way to them: is the name right, and are they here? (The old program has no one-to-one messages)"
                .to_owned()
        }
        DialError::TimedOut => {
            "they did not answer in time: it may have arrived all the same; ask before you say it again"
                .to_owned()
        }
        DialError::Dialect => {
            "they run the old program, which has no one-to-one messages: say it to everybody".to_owned()
        }
        DialError::SomebodyElse => {
            "somebody else listens where they did: are they still here, under this name?".to_owned()
        }
        DialError::Other => {
            "you left, or the connection failed, before they said that they have it".to_owned()
        }
        DialError::Refused
        | DialError::Unreachable
        | DialError::Unresolvable
        | DialError::NoRoom
        | DialError::NoAnswer
        | DialError::Myself
        | DialError::SameName
        | _ => format!("they cannot be reached ({reason}): say it again when they are back"),
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
        DownReason::Parted => "parted",
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

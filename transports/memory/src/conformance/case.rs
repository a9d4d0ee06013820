//! What a case says: who is there, what happens one after another, and what everybody has been told at the end.

use std::collections::BTreeMap;

use chinwag::Semantics;
use serde::Deserialize;

use super::play::Play;
use super::{Failed, Harness};

/// Something that a loop is put through.
#[derive(Clone, Debug)]
pub struct Case {
    name: &'static str,
    pub(super) script: Script,
}

/// A case's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    pub(super) about: String,
    /// Whether it holds only where links are streams.
    #[serde(default)]
    pub(super) streams: bool,
    /// Whether nodes are linked only with those that they join, and that join them.
    #[serde(default)]
    pub(super) only_joined: bool,
    /// Whether nodes never give up a link for being silent.
    #[serde(default)]
    pub(super) keep_silent: bool,
    pub(super) nodes: Vec<Cast>,
    pub(super) steps: Vec<Step>,
    /// For each name what it is told after its last start; how that is spelled is said in `words`.
    pub(super) heard: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cast {
    pub(super) name: String,
    /// Whether it speaks only the old program's dialect.
    #[serde(default)]
    pub(super) classic: bool,
    /// Whether others can dial it.
    #[serde(default = "yes")]
    pub(super) listens: bool,
    /// Whether it waits for its `start`.
    #[serde(default)]
    pub(super) later: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Step {
    /// Starts one that waits for it, or was killed.
    Start(String),
    Kill(String),
    /// The first joins the second.
    Join(String, String),
    Broadcast(String, String),
    Direct(String, String, String),
    /// From, to, type, body.
    Custom(String, String, String, String),
    /// The first asks the second for its peers.
    Request(String, String),
    Leave(String),
    /// Waits until each of these is linked with so many peers.
    UntilLinked(BTreeMap<String, usize>),
    /// Waits until each of these has been told so many things.
    UntilHeard(BTreeMap<String, usize>),
    /// Lets so many milliseconds pass.
    Pass(u64),
}

impl Case {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it is about, in a sentence.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.script.about
    }

    /// Whether it holds over links that promise this: over datagrams, last words may be lost, nobody tells of an end, and there
    /// are no peers of the old program.
    #[must_use]
    pub fn is_for(&self, semantics: Semantics) -> bool {
        let classic = self.script.nodes.iter().any(|cast| cast.classic);
        semantics == Semantics::Stream || !self.script.streams && !classic
    }

    /// Plays it on a harness on which no node runs yet, and says how many things nodes were told.
    ///
    /// # Errors
    /// [`Failed`], which says what went otherwise than it should.
    pub fn play(&self, harness: &mut impl Harness) -> Result<usize, Failed> {
        Play::new(self, harness).run()
    }
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../conformance/", $name, ".json")))),*]
    };
}

/// Every case, the simple ones first.
#[must_use]
#[expect(
    clippy::missing_panics_doc,
    clippy::expect_used,
    reason = "the files come with the crate, and a test reads them"
)]
pub fn cases() -> Vec<Case> {
    let files = files![
        "two_meet",
        "three_in_a_row",
        "same_words_twice",
        "first_words_wait",
        "one_who_does_not_listen",
        "every_frame_once",
        "over_a_third",
        "direct_to_a_far_one",
        "longest_words",
        "burst",
        "everybody_at_once",
        "late_joiner",
        "two_islands",
        "asking_for_peers",
        "old_and_new",
        "one_leaves",
        "last_words",
        "nobody_listens_yet",
        "ends_are_told",
        "killed_between_others",
        "killed_and_back",
    ];
    let parse = |(name, text)| Case { name, script: serde_json::from_str(text).expect("a case's file") };
    files.map(parse).into()
}

const fn yes() -> bool {
    true
}

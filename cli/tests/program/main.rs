//! The real program, spoken to as a person or another program would: over its standard input and output.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../../../transports/mio/tests/tcp/common/classic.rs"]
mod classic;
mod support;

mod bench;
mod chatting;
mod demo_and_sim;
mod endings;
mod hostile;
mod joining;
mod kills;
#[cfg(target_os = "linux")]
mod namespaces;
mod network;
mod old_program;
mod plain_text;
mod results;
mod scenarios;
mod traces;

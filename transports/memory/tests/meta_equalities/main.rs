//! What may differ between two runs without making a difference.
//!
//! | equal | where |
//! |---|---|
//! | two runs of one seed | `same_seed` |
//! | the timer wheel and the heap | `engine` |
//! | debug and release, on every machine: both builds check one hash | `engine` |
//! | a network and its snapshots, taken anywhere, that go on | `engine` |
//! | messages as values and as bytes in chunks | `fidelity` |
//! | one thread, two and three | `threads` |
//! | watched, in each of the ways there are, and not | `observers` |

mod engine;
mod fidelity;
mod observers;
mod same_seed;
#[path = "../support/mod.rs"]
mod support;
mod threads;

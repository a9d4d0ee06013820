//! A reference model of the whole protocol: what a network of chat nodes is put through, what it promises meanwhile,
//! and what must be true of it once everything that was wrong is right again.

mod books;
mod overlay;
mod scenario;
mod world;

pub use books::{Counts, Tally};
pub use scenario::{Move, Scenario, Views, scenario, scenario_of};
pub use world::{Outcome, World};

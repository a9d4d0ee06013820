//! Many scenarios, each made of a seed: what they found, and whether they tried what they should; and the smallest
//! scenario that still shows what one of them found.

mod minimise;
mod survey;

pub use minimise::{Minimised, minimise};
pub use survey::{Found, Survey, Verdict};

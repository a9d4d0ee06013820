//! What the simulated sockets are like, and the driver on them.

mod calls;
mod mistakes;
mod swarm;
mod trace;
mod watched;

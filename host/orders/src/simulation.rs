//! Simulated worlds that prove the order core: one seed gives a broker, a disk, runs, people and a swarm of faults, and a
//! witness that keeps books of its own says after every step whether a promise was broken.
//!
//! The core that is driven here is the very one that the host runs. Nothing in here shares code with it.

mod acts;
mod agenda;
mod broker;
mod dice;
mod fault;
mod guest;
mod life;
mod network;
mod oracle;
mod plan;
mod process;
mod proof;
mod rest;
mod seeds;
mod shrink;
mod spoken;
mod store;
mod story;
mod truth;
mod wire;
mod witness;
mod world;

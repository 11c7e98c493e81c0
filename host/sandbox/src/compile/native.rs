//! The one place where machine code is loaded, and the only `unsafe` of the crate.
//!
//! Nothing reaches it but an [`Authentic`]: code that this host's own compile child just wrote to its pipe, or code
//! from the cache whose HMAC under the host's key was verified. Uploaded bytes never do.

use super::cache::Authentic;
use wasmtime::component::Component;

/// Loads machine code that this host made.
#[allow(
    unsafe_code,
    reason = "the engine cannot tell genuine machine code from forged: `Authentic` is the proof"
)]
pub(super) fn load(engine: &wasmtime::Engine, code: &Authentic) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs whatever machine code it is given, so the code must come from `precompile_component`
    // unchanged. `Authentic` is made in two places: from the output of our own compile child, and from a cache file
    // after its HMAC-SHA256 under the host's key was verified over the whole blob. Another engine version or other
    // settings are refused by the engine itself.
    unsafe { Component::deserialize(engine, code.bytes()) }
}

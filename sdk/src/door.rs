//! The one way out of the sdk: the component's imports in a component, the test desk everywhere else.
//!
//! Both sides offer the same functions over the sdk's own types.

#[cfg(target_family = "wasm")]
mod imports;
#[cfg(target_family = "wasm")]
mod wire;

#[cfg(target_family = "wasm")]
pub(crate) use imports::*;
#[cfg(target_family = "wasm")]
pub(crate) use wire::{manifest, notice, order_update, values};

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::door::*;

//! The example strategies as components, for the gallery and for tests.
//!
//! `build.rs` compiles them; this crate only hands out the bytes and knows nothing of what runs them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// One strategy of the gallery.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Its package's name.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// Every example strategy, simplest first.
pub const GALLERY: &[Example] = &[
    Example { name: "buy-and-hold", summary: "Buys once and holds.", bytes: BUY_AND_HOLD },
    Example {
        name: "sma-crossover",
        summary: "Holds while a fast average stands above a slow one, and is flat while it does not.",
        bytes: SMA_CROSSOVER,
    },
    Example {
        name: "bracket-exit",
        summary: "Enters, then keeps a target and a stop-loss around the position until one of them fills.",
        bytes: BRACKET_EXIT,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// `\0asm`, version 13, layer 1: a component and not a core module.
    const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 13, 0, 1, 0];
    /// What every tenant loads should stay small.
    const LARGEST: usize = 256 * 1024;

    #[test]
    fn every_example_is_a_small_component() {
        for example in GALLERY {
            assert!(example.bytes.starts_with(&COMPONENT), "{}", example.name);
            assert!(example.bytes.len() < LARGEST, "{} has {} bytes", example.name, example.bytes.len());
        }
    }
}

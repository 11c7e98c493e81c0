//! Guests for tests, as components: strategies that misbehave in one way each, and some whose doings tests can read.
//!
//! `build.rs` compiles `programs/examples/*` and writes the odd ones by hand; what each does stands at the top of its
//! source. This crate knows nothing of what runs them.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

include!(concat!(env!("OUT_DIR"), "/components.rs"));

/// Every guest with its name: well-formed strategies first, then those that must be refused at upload.
pub const ALL: &[(&str, &[u8])] = &[
    ("spin", SPIN),
    ("grasp", GRASP),
    ("hoard", HOARD),
    ("flood", FLOOD),
    ("trap", TRAP),
    ("fail", FAIL),
    ("slow-start", SLOW_START),
    ("probe", PROBE),
    ("echo", ECHO),
    ("many-params", MANY_PARAMS),
    ("scalper", SCALPER),
    ("chain", CHAIN),
    ("liar", LIAR),
    ("parity", PARITY),
    ("rearm", REARM),
    ("foreign-import", FOREIGN_IMPORT),
    ("evil-door", EVIL_DOOR),
    ("wrong-world", WRONG_WORLD),
    ("not-component", NOT_COMPONENT),
];

/// Those of [`ALL`] that are strategies and must be accepted at upload.
pub const ACCEPTED: &[(&str, &[u8])] = ALL.split_at(15).0;

/// Those of [`ALL`] that must be refused at upload.
pub const REFUSED: &[(&str, &[u8])] = ALL.split_at(15).1;

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8] = b"\0asm";
    const COMPONENT: &[u8] = &[13, 0, 1, 0];

    #[test]
    fn every_guest_but_the_core_module_is_a_component() {
        for (name, bytes) in ALL {
            assert!(bytes.starts_with(MAGIC), "{name}");
            assert_eq!(bytes[4..8] == *COMPONENT, *name != "not-component", "{name}");
        }
    }

    #[test]
    fn what_must_be_refused_begins_where_strategies_end() {
        assert_eq!(REFUSED[0].0, "foreign-import");
        assert_eq!(ACCEPTED.len() + REFUSED.len(), ALL.len());
    }

    #[test]
    fn the_foreign_import_really_imports_a_socket() {
        let needle = b"wasi:sockets/tcp";
        assert!(FOREIGN_IMPORT.windows(needle.len()).any(|window| window == needle));
    }
}

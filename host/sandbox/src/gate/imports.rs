//! What a component asks for and offers, against what is linked and needed. Names the way out.

use crate::failure::{Refusal, name, names};
use crate::wasi;

const PACKAGE: &str = "bulkhead:strategy/";
/// The package's own interfaces that a strategy may import.
const OWN: &[&str] = &["broker", "portfolio", "market", "pnl", "log", "state", "clock", "types", "manifest"];
const GUEST: &str = "bulkhead:strategy/guest";
const OWN_VERSION: &str = "0.1.";
const WASI_VERSION: &str = "0.2.";

/// Refuses imports that nothing is linked for, the telling ones first: a network library brings files along.
pub(super) fn check_imports(imports: &[String]) -> Result<(), Refusal> {
    let mut foreign: Vec<_> =
        imports.iter().filter(|import| !is_linked(import)).map(String::as_str).collect();
    foreign.sort_by_key(|import| !is_network(import));
    let Some(first) = foreign.first() else { return Ok(()) };
    let remedy = remedy(first);
    Err(Refusal::new(format!("it imports {}", names(foreign.into_iter())), remedy))
}

/// Refuses a component that does not export the guest interface.
pub(super) fn check_exports(exports: &[String]) -> Result<(), Refusal> {
    let guest = |export: &&String| split(export) == (GUEST, version(export));
    let found = exports.iter().find(guest);
    let reason = match found {
        Some(export) if version(export).starts_with(OWN_VERSION) => return Ok(()),
        Some(export) => format!("it exports {}, but this host speaks {GUEST}@0.1.0", name(export)),
        None if exports.is_empty() => format!("it exports nothing, but a strategy exports {GUEST}@0.1.0"),
        None => {
            let named = names(exports.iter().map(String::as_str));
            format!("it exports {named}, but a strategy exports {GUEST}@0.1.0")
        }
    };
    let remedy = "build it against the world `bulkhead:strategy/strategy`, best with the sdk's export macro";
    Err(Refusal::new(reason, remedy))
}

fn is_linked(import: &str) -> bool {
    let (name, version) = split(import);
    match name.strip_prefix(PACKAGE) {
        Some(interface) => OWN.contains(&interface) && version.starts_with(OWN_VERSION),
        None => wasi::INTERFACES.contains(&name) && version.starts_with(WASI_VERSION),
    }
}

fn remedy(import: &str) -> &'static str {
    let (name, _) = split(import);
    if is_network(import) {
        "strategies have no network; use the market and broker interfaces"
    } else if name.starts_with("wasi:filesystem/") {
        "strategies have no files; keep small values in the state interface"
    } else if wasi::INTERFACES.contains(&name) {
        "this host speaks WASI 0.2; build for wasm32-wasip2"
    } else if name.starts_with("wasi:") {
        "of WASI only io, cli, clocks and random are there; remove what needs it"
    } else if name.starts_with(PACKAGE) {
        "this host speaks bulkhead:strategy@0.1.0; build with the sdk of that version"
    } else {
        "a strategy may import bulkhead:strategy and what Rust's std needs of WASI; remove the dependency that brings it in"
    }
}

fn is_network(import: &str) -> bool {
    import.starts_with("wasi:sockets/") || import.starts_with("wasi:http/")
}

fn split(name: &str) -> (&str, &str) {
    name.split_once('@').unwrap_or((name, ""))
}

fn version(name: &str) -> &str {
    split(name).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(import: &str) -> String {
        check_imports(&[import.to_owned()]).unwrap_err().to_string()
    }

    #[test]
    fn a_foreign_import_is_named_with_the_way_out() {
        let sockets = said("wasi:sockets/tcp@0.2.6");
        assert_eq!(
            sockets,
            "it imports wasi:sockets/tcp@0.2.6: strategies have no network; use the market and broker interfaces"
        );
        assert!(said("wasi:filesystem/types@0.2.6").contains("no files"));
        assert!(said("wasi:http/outgoing-handler@0.2.0").contains("no network"));
        assert!(said("wasi:cli/environment@0.3.0").contains("WASI 0.2"));
        assert!(said("bulkhead:strategy/broker@9.0.0").contains("sdk of that version"));
        assert!(said("bulkhead:strategy/broker").contains("sdk of that version"));
        assert!(said("evil:thing/here@1.0.0").contains("remove the dependency"));
    }

    #[test]
    fn long_names_and_long_lists_are_cut_and_nothing_moves_the_terminal() {
        let long: Vec<String> =
            (0..1_000).map(|number| format!("\u{1b}[2J{number}{}", "x".repeat(100_000))).collect();
        for said in [check_imports(&long).unwrap_err(), check_exports(&long).unwrap_err()] {
            assert!(said.reason.len() < 2_000 && said.reason.contains("and 992 more"), "{said}");
            assert!(!said.reason.contains('\u{1b}'), "{said}");
        }
    }

    #[test]
    fn what_std_needs_and_the_package_itself_pass() {
        let imports = ["wasi:io/streams@0.2.6", "wasi:cli/stderr@0.2.0", "bulkhead:strategy/clock@0.1.0"];
        check_imports(&imports.map(str::to_owned)).unwrap();
    }

    #[test]
    fn a_missing_or_foreign_export_is_named() {
        check_exports(&["bulkhead:strategy/guest@0.1.0".to_owned()]).unwrap();
        let none = check_exports(&[]).unwrap_err().to_string();
        assert!(none.contains("exports nothing"), "{none}");
        let other = check_exports(&["wasi:cli/run@0.2.6".to_owned()]).unwrap_err().to_string();
        assert!(other.contains("wasi:cli/run@0.2.6") && other.contains(GUEST), "{other}");
        let newer = check_exports(&["bulkhead:strategy/guest@2.0.0".to_owned()]).unwrap_err().to_string();
        assert!(newer.contains("speaks bulkhead:strategy/guest@0.1.0"), "{newer}");
    }
}

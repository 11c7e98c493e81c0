//! Says what a file is that is no component.

use crate::failure::Refusal;

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
const BUILD: &str =
    "compile the strategy with `cargo build --release --target wasm32-wasip2` and upload that file";

/// Refuses everything but a component, naming what it is instead.
pub(super) fn check(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.starts_with(COMPONENT) {
        return Ok(());
    }
    let (what, remedy) = name(bytes);
    Err(Refusal::new(what, remedy))
}

fn name(bytes: &[u8]) -> (&'static str, &'static str) {
    let is = |magic: &[u8]| bytes.starts_with(magic);
    if bytes.is_empty() {
        ("the upload is empty", BUILD)
    } else if is(CORE_MODULE) {
        (
            "this is a core WebAssembly module, not a component",
            "build it for wasm32-wasip2, which makes components",
        )
    } else if is(b"\0asm") {
        ("this is WebAssembly of an unknown version", BUILD)
    } else if is(b"\x7fELF") {
        ("this is native machine code (ELF), not WebAssembly", BUILD)
    } else if is(b"\x1f\x8b") {
        ("this is a gzip archive", "unpack it and upload the .wasm file inside")
    } else if is(b"PK\x03\x04") {
        ("this is a zip archive", "unpack it and upload the .wasm file inside")
    } else if is(b"\xff\xfe") || is(b"\xfe\xff") {
        ("this is UTF-16 text, not WebAssembly", BUILD)
    } else if is_text(bytes) {
        (
            "this is WebAssembly text, not a binary",
            "turn it into a binary with `wasm-tools parse` and upload that",
        )
    } else if std::str::from_utf8(bytes).is_ok() {
        ("this is text, not WebAssembly", BUILD)
    } else {
        ("this is not WebAssembly", BUILD)
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    start.starts_with(b"(component") || start.starts_with(b"(module") || start.starts_with(b";;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_named() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "empty"),
            (CORE_MODULE, "core WebAssembly module"),
            (b"\0asm\x09\0\0\0", "unknown version"),
            (b"\x7fELF\x02\x01", "ELF"),
            (b"\x1f\x8b\x08", "gzip"),
            (b"PK\x03\x04", "zip"),
            (b"\xff\xfe(\0", "UTF-16"),
            (b"  (component)", "WebAssembly text"),
            (b"\x80\x81\x82", "not WebAssembly"),
        ];
        for (bytes, words) in cases {
            let said = check(bytes).unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
        check(COMPONENT).unwrap();
    }
}

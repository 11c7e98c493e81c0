//! Strategies made from a few lines of WebAssembly text, for what no honest compiler puts out.
//!
//! Every handler answers well unless its body is given. Memory: results at 8192, the manifest at 16, its name at 1024,
//! its instrument and its one-minute bars at 1088; the allocator hands out what lies above 16 KiB.
#![allow(dead_code, reason = "each test binary uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up should stop")]

use std::fmt::Write;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;
use wit_parser::abi::{AbiVariant, WasmType};

/// The interface that every strategy exports.
const GUEST: &str = "bulkhead:strategy/guest@0.1.0";

/// A world with more imports than the strategy's own.
const WASI: &str = "
package wasi:io@0.2.6 {
  interface error { resource error; }
  interface poll { resource pollable { block: func(); } }
  interface streams {
    use error.{error};
    variant stream-error { last-operation-failed(error), closed }
    resource output-stream { write: func(contents: list<u8>) -> result<_, stream-error>; }
  }
}
package wasi:cli@0.2.6 {
  interface exit { exit: func(status: result); }
  interface stdout { use wasi:io/streams@0.2.6.{output-stream}; get-stdout: func() -> output-stream; }
}
package wasi:clocks@0.2.6 {
  interface monotonic-clock { use wasi:io/poll@0.2.6.{pollable}; subscribe-duration: func(when: u64) -> pollable; }
}
package wasi:random@0.2.6 {
  interface random { get-random-bytes: func(len: u64) -> list<u8>; }
}
";

/// A strategy under construction.
pub(crate) struct Made {
    bodies: Vec<(&'static str, String)>,
    imports: String,
    more: String,
    wasi: Vec<&'static str>,
    encoding: StringEncoding,
    allocator: &'static str,
}

pub(crate) fn made() -> Made {
    Made {
        bodies: Vec::new(),
        imports: String::new(),
        more: String::new(),
        wasi: Vec::new(),
        encoding: StringEncoding::UTF8,
        allocator: BUMP,
    }
}

/// Hands memory out and never takes any back; what is not aligned to 16 is made so.
const BUMP: &str = "
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at)";

impl Made {
    /// What a handler does: `describe`, `start`, `on-ticks` …
    pub(crate) fn body(mut self, handler: &'static str, body: impl Into<String>) -> Self {
        self.bodies.push((handler, body.into()));
        self
    }

    /// `write` of the log as `$log`: level, pointer, length.
    pub(crate) fn imports(mut self, text: &str) -> Self {
        self.imports.push_str(text);
        self
    }

    /// More of the core module: data, functions, tables.
    pub(crate) fn more(mut self, text: impl AsRef<str>) -> Self {
        self.more.push_str(text.as_ref());
        self
    }

    /// An interface of WASI that the world shall import.
    pub(crate) fn wasi(mut self, interface: &'static str) -> Self {
        self.wasi.push(interface);
        self
    }

    pub(crate) fn encoding(mut self, encoding: StringEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Another body of `cabi_realloc`: old pointer, old size, alignment, new size.
    pub(crate) fn allocator(mut self, body: &'static str) -> Self {
        self.allocator = body;
        self
    }

    /// The component.
    pub(crate) fn component(self) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir("../../wit").unwrap();
        let world = if self.wasi.is_empty() {
            resolve.select_world(&[package], Some("strategy")).unwrap()
        } else {
            let imports: String =
                self.wasi.iter().map(|interface| format!("  import {interface};\n")).collect();
            let world = format!("world made {{\n{imports}  include bulkhead:strategy/strategy@0.1.0;\n}}");
            let made = resolve.push_str("made.wit", &format!("package test:made;\n{world}\n{WASI}")).unwrap();
            resolve.select_world(&[made], Some("made")).unwrap()
        };
        let mut module = wat::parse_str(self.module(&resolve)).unwrap();
        embed_component_metadata(&mut module, &resolve, world, self.encoding).unwrap();
        ComponentEncoder::default().module(&module).unwrap().validate(true).encode().unwrap()
    }

    fn module(&self, resolve: &Resolve) -> String {
        let (_, guest) = resolve
            .interfaces
            .iter()
            .find(|(_, interface)| interface.name.as_deref() == Some("guest"))
            .unwrap();
        let mut text = format!(
            "(module {}\n(memory (export \"memory\") 2)\n(global $free (mut i32) (i32.const 16384))\n\
             (func $realloc (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {})\n\
             (data (i32.const 16) \"\\00\\04\\00\\00\\04\\00\\00\\00\\00\\04\\00\\00\\01\\00\\00\\00\")\n\
             (data (i32.const 48) \"\\40\\04\\00\\00\\01\\00\\00\\00\\1f\\00\\00\\00\\58\\04\\00\\00\\01\\00\\00\\00\")\n\
             (data (i32.const 1024) \"made\")\n\
             (data (i32.const 1088) \"\\4c\\04\\00\\00\\08\\00\\00\\00\\00\\00\\00\\00NSE:INFY\\00\\00\\00\\00\\00\")\n{}\n",
            self.imports, self.allocator, self.more
        );
        for (name, function) in &guest.functions {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            let types = |types: &[WasmType]| {
                types.iter().map(|ty| if *ty == WasmType::I64 { "i64 " } else { "i32 " }).collect::<String>()
            };
            let given =
                self.bodies.iter().find(|(handler, _)| handler == name).map(|(_, body)| body.as_str());
            let body = given.unwrap_or(match name.as_str() {
                "describe" => "(i32.const 16)",
                "on-ticks" | "on-candles" => {
                    "(i32.store8 (i32.const 8192) (i32.const 0)) (i32.store (i32.const 8196) (local.get 0)) (i32.const 8192)"
                }
                _ => "(i32.store8 (i32.const 8192) (i32.const 0)) (i32.const 8192)",
            });
            writeln!(
                text,
                "(func (export \"{GUEST}#{name}\") (param {}) (result {}) {body})",
                types(&signature.params),
                types(&signature.results)
            )
            .unwrap();
        }
        text.push(')');
        text
    }
}

/// The answer of a handler that went well.
pub(crate) const FINE: &str = "(i32.store8 (i32.const 8192) (i32.const 0)) (i32.const 8192)";
/// The import of the log.
pub(crate) const LOG: &str =
    r#"(import "bulkhead:strategy/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;
/// The import of the clock's time.
pub(crate) const NOW: &str = r#"(import "bulkhead:strategy/clock@0.1.0" "now" (func $now (result i64)))"#;

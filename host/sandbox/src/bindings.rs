//! The WIT package as Rust, generated. Private: the crate's own types stand at its edge.
#![allow(missing_docs, reason = "generated code")]
#![allow(unused_qualifications, reason = "generated code")]
#![allow(unreachable_pub, reason = "generated code")]

wasmtime::component::bindgen!({ path: "../../wit", world: "strategy", imports: { default: trappable } });

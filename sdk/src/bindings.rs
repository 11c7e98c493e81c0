//! The generated side of `wit/`: the only place where the sdk meets the component model.
//!
//! Nothing but `door` and `export!` may name what is in here; authors never see it.
#![allow(clippy::all, missing_docs, unsafe_code, unreachable_pub, reason = "generated code")]

wit_bindgen::generate!({
    path: "../wit",
    world: "strategy",
    pub_export_macro: true,
    default_bindings_module: "sdk::__private::bindings",
});

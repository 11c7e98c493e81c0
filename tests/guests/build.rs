//! Compiles every guest program to a component, makes the odd ones by hand, and hands out the bytes.

#[path = "../../example-strategies/compile.rs"]
mod compile;

use std::path::PathBuf;

const PROGRAMS: [&str; 16] = [
    "spin",
    "grasp",
    "hoard",
    "flood",
    "trap",
    "fail",
    "slow-start",
    "probe",
    "echo",
    "many-params",
    "scalper",
    "chain",
    "liar",
    "parity",
    "rearm",
    "foreign-import",
];

/// What no Rust source gives, as text. `evil-door` imports what nobody offers, `wrong-world` is a healthy
/// component of another world, `not-component` is a core module.
const BY_HAND: [(&str, &str); 3] = [
    ("evil-door", r#"(component (import "evil:door/open@1.0.0" (instance (export "knock" (func)))))"#),
    (
        "wrong-world",
        r#"(component
            (core module $m (func (export "answer") (result i32) i32.const 42))
            (core instance $i (instantiate $m))
            (func (export "answer") (result u32) (canon lift (core func $i "answer"))))"#,
    ),
    ("not-component", r#"(module (func (export "answer") (result i32) i32.const 42))"#),
];

fn main() {
    compile::watch(&["tests/guests/programs", "example-strategies/compile.rs"]);
    println!("cargo::rerun-if-changed=build.rs");
    let folder = compile::build(&["-p", "guest-programs", "--examples"]).join("examples");
    let program = |name: &'static str| (name, folder.join(format!("{}.wasm", name.replace('-', "_"))));
    let by_hand = BY_HAND.iter().map(|(name, text)| (*name, assemble(name, text)));
    let components: Vec<_> = PROGRAMS.map(program).into_iter().chain(by_hand).collect();
    compile::hand_out(&components);
}

fn assemble(name: &str, text: &str) -> PathBuf {
    let output = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(name);
    let bytes = wat::parse_str(text).unwrap_or_else(|why| panic!("{name}: {why}"));
    std::fs::write(&output, bytes).unwrap_or_else(|why| panic!("cannot write {}: {why}", output.display()));
    output
}

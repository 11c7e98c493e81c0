//! Compiles every example strategy to a component and hands out its bytes.

mod compile;

const STRATEGIES: [&str; 3] = ["buy-and-hold", "sma-crossover", "bracket-exit"];

fn main() {
    let sources = STRATEGIES.map(|name| format!("example-strategies/{name}"));
    compile::watch(&sources.each_ref().map(String::as_str));
    println!("cargo::rerun-if-changed=compile.rs");
    println!("cargo::rerun-if-changed=build.rs");
    let packages = STRATEGIES.map(|name| ["-p", name]).concat();
    let folder = compile::build(&packages);
    let file = |name: &str| folder.join(format!("{}.wasm", name.replace('-', "_")));
    compile::hand_out(&STRATEGIES.map(|name| (name, file(name))));
}

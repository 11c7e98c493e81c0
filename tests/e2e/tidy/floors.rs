//! Packages are floors: what each may name, of ours and of others'.

use super::tree::{dependencies, files, manifest, sources};

/// Each package and the packages of ours it may name. Arrows only go down.
const FLOORS: [(&str, &[&str]); 16] = [
    ("host/market", &[]),
    ("host/ledger", &["market"]),
    ("host/orders", &["market"]),
    ("host/kite", &["market"]),
    ("host/sandbox", &["market"]),
    ("host/exchange", &["market"]),
    ("host/kite-sim", &["market", "ledger", "exchange"]),
    ("host/tenant", &["market", "kite", "ledger", "orders"]),
    ("host", &["market", "ledger", "sandbox", "kite-sim", "tenant", "example-strategies"]),
    ("sdk", &["sdk-macros"]),
    ("sdk/macros", &[]),
    ("example-strategies", &[]),
    ("example-strategies/buy-and-hold", &["sdk"]),
    ("example-strategies/sma-crossover", &["sdk"]),
    ("example-strategies/bracket-exit", &["sdk"]),
    ("tests/guests/programs", &["sdk"]),
];

/// Packages that are pure, and the outside packages they may use: data, errors, seeded chance. No I/O, no clock, no thread.
const PURE: [(&str, &[&str]); 4] = [
    ("host/market", &["serde", "thiserror", "time"]),
    ("host/ledger", &["serde", "thiserror"]),
    ("host/orders", &["serde", "thiserror"]),
    ("host/exchange", &["serde", "thiserror", "rand", "rand_chacha"]),
];

/// Libraries that one package alone may know.
const ONE_OWNER: [(&str, &[&str]); 5] = [
    ("sqlx", &["host/tenant"]),
    ("object_store", &["host/tenant"]),
    ("wasmtime", &["host/sandbox"]),
    ("wasmtime-wasi", &["host/sandbox"]),
    ("axum", &["host", "host/kite-sim"]),
];

/// Dependencies that are named by nothing in the source and needed all the same.
const SILENT: [(&str, &str); 0] = [];

fn ours() -> Vec<String> {
    let name = |(package, _): &(&str, &[&str])| {
        manifest(package)["package"]["name"].as_str().expect("a package has a name").to_owned()
    };
    FLOORS.iter().map(name).chain(["guests".to_owned(), "e2e".to_owned()]).collect()
}

#[test]
fn every_arrow_goes_down() {
    let ours = ours();
    for (package, allowed) in FLOORS {
        for kind in ["dependencies", "build-dependencies"] {
            for name in dependencies(package, kind).iter().filter(|name| ours.contains(name)) {
                assert!(
                    allowed.contains(&name.as_str()),
                    "{package} must not name {name}: arrows only go down"
                );
            }
        }
    }
}

#[test]
fn nothing_imports_the_tests() {
    for (package, _) in FLOORS {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let found = dependencies(package, kind);
            assert!(!found.iter().any(|name| name == "e2e"), "{package} names the tests");
            // The guests that tests run are bytes; only tests may have them.
            let guests = found.iter().any(|name| name == "guests");
            assert!(kind == "dev-dependencies" || !guests, "{package} ships the guests of the tests");
        }
    }
}

#[test]
fn every_package_of_the_workspace_has_its_floor() {
    let workspace = manifest(".");
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let outside = ["tests", "tests/guests"];
    for member in members.iter().map(|member| member.as_str().unwrap()).filter(|m| !outside.contains(m)) {
        assert!(FLOORS.iter().any(|(package, _)| *package == member), "{member} stands on no floor");
    }
}

#[test]
fn pure_packages_use_nothing_that_could_reach_outside() {
    for (package, allowed) in PURE {
        let ours = ours();
        for name in dependencies(package, "dependencies").iter().filter(|name| !ours.contains(name)) {
            assert!(allowed.contains(&name.as_str()), "{package} is pure and must not use {name}");
        }
        // What simulates the world around a pure package is compiled for its tests alone.
        let shipped = files(&format!("{package}/src"), "rs").into_iter();
        for (path, text) in shipped.filter(|(path, _)| !path.contains("/simulation/")) {
            for word in ["std::fs", "std::net", "std::thread", "std::env", "Instant::now", "SystemTime"] {
                assert!(!text.contains(word), "{path} is of a pure package and names {word}");
            }
        }
    }
}

#[test]
fn every_outside_library_is_known_where_it_belongs() {
    for (library, owners) in ONE_OWNER {
        for (package, _) in FLOORS.iter().filter(|(package, _)| !owners.contains(package)) {
            let named = dependencies(package, "dependencies").iter().any(|name| name == library);
            assert!(!named, "{package} names {library}, which only {owners:?} may");
        }
    }
}

#[test]
fn every_dependency_is_used() {
    let mut unused = Vec::new();
    for (package, _) in FLOORS {
        let text: String =
            sources().into_iter().filter(|(path, _)| belongs(path, package)).map(|(_, text)| text).collect();
        for kind in ["dependencies", "dev-dependencies"] {
            for name in dependencies(package, kind) {
                let word = name.replace('-', "_");
                let named = [format!("{word}::"), format!("use {word}"), format!("{word};")];
                let silent = SILENT.contains(&(package, name.as_str()));
                if !silent && !named.iter().any(|named| text.contains(named.as_str())) {
                    unused.push(format!("{package}: {name}"));
                }
            }
        }
    }
    assert!(unused.is_empty(), "dependencies that no file names:\n{}", unused.join("\n"));
}

/// True for a file of the package itself and not of a package in a folder of its.
fn belongs(path: &str, package: &str) -> bool {
    let inner = FLOORS.iter().map(|(other, _)| *other).chain(["tests/guests"]);
    let owner = inner.filter(|other| path.starts_with(&format!("{other}/"))).max_by_key(|other| other.len());
    owner == Some(package)
}

#[test]
fn sql_stands_in_the_store_and_nowhere_else() {
    for (path, text) in sources() {
        let store = path.starts_with("host/tenant/src/store");
        let spoils = path.starts_with("host/tenant/tests") || path.starts_with("host/tests");
        if store || path.starts_with("tests/e2e/tidy") || spoils {
            continue;
        }
        for line in text.lines().map(|line| line.split("//").next().unwrap_or_default().to_lowercase()) {
            for statement in ["\"select ", "\"insert into ", "\"delete from ", "\"update ", "sqlx::"] {
                let inside_tenant = path.starts_with("host/tenant/src/") && statement == "sqlx::";
                assert!(!line.contains(statement) || inside_tenant, "{path} holds SQL: {line}");
            }
        }
    }
}

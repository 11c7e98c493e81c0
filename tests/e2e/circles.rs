//! Inside a package, as between packages: files name each other in one direction only.
//!
//! Reads every path that begins with `crate::` or `super::`, follows re-exports to the file where the name stands, and
//! fails on files that reach each other. Tests are left out: they may look at everything. What it does not see: a parent
//! that names a child by its bare name, `child::Thing`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module's path from the crate's root; the root itself is empty.
type Module = Vec<String>;

/// The source of one crate by module.
struct Crate {
    sources: BTreeMap<Module, String>,
}

#[test]
fn no_files_of_a_package_name_each_other_in_a_circle() {
    let packages = [
        "host/market",
        "host/ledger",
        "host/kite",
        "host/sandbox",
        "host/exchange",
        "host/kite-sim",
        "host/tenant",
        "host",
        "sdk",
        "tests",
    ];
    let circles: Vec<String> =
        packages.iter().flat_map(|package| Crate::read(package).circles(package)).collect();
    assert!(circles.is_empty(), "files name each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_of_three_files_is_found() {
    let source = |text: &str| text.to_owned();
    let sources = BTreeMap::from([
        (vec![], source("mod a; mod b; mod c; pub use c::C;")),
        (vec!["a".to_owned()], source("use crate::b::{self, B};")),
        (vec!["b".to_owned()], source("use crate::C;")),
        (vec!["c".to_owned()], source("fn c() { super::a::go() }")),
        (vec!["d".to_owned()], source("#[cfg(test)]\nmod tests { use crate::a; }")),
    ]);
    let circles = Crate { sources }.circles("x");
    assert_eq!(circles, ["x: a, b, c"]);
}

impl Crate {
    fn read(package: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(package).join("src");
        let mut sources = BTreeMap::new();
        let mut folders = vec![source.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs")
                    && stem != "tests"
                    && !stem.ends_with("_test")
                {
                    sources.insert(
                        module_of(&source, &path),
                        without_comments(&std::fs::read_to_string(&path).unwrap()),
                    );
                }
            }
        }
        Self { sources }
    }

    /// The files that reach each other, each group as one line.
    fn circles(&self, package: &str) -> Vec<String> {
        let arrows: BTreeMap<&Module, BTreeSet<Module>> =
            self.sources.iter().map(|(module, text)| (module, self.named_by(module, text))).collect();
        let reach: BTreeMap<&Module, BTreeSet<Module>> =
            self.sources.keys().map(|module| (module, reachable(module, &arrows))).collect();
        let mut groups = BTreeSet::new();
        for module in self.sources.keys().filter(|module| reach[*module].contains(*module)) {
            let group: Vec<String> = reach[module]
                .iter()
                .filter(|other| reach.get(other).is_some_and(|theirs| theirs.contains(module)))
                .map(|other| if other.is_empty() { "lib".to_owned() } else { other.join("/") })
                .collect();
            groups.insert(format!("{package}: {}", group.join(", ")));
        }
        groups.into_iter().collect()
    }

    /// The modules whose items a source names. The root's list of modules and re-exports is a table of contents.
    fn named_by(&self, module: &Module, text: &str) -> BTreeSet<Module> {
        let mut named = BTreeSet::new();
        for (path, reexport) in paths(module, text) {
            let target = self.resolve(&path, 0);
            if target != *module && !reexport && !target.is_empty() {
                named.insert(target);
            }
        }
        named
    }

    /// The module in which the thing at a path stands, through re-exports.
    fn resolve(&self, path: &[String], depth: usize) -> Module {
        let mut module = Module::new();
        for (index, part) in path.iter().enumerate() {
            let mut child = module.clone();
            child.push(part.clone());
            if self.sources.contains_key(&child) {
                module = child;
                continue;
            }
            let text = self.sources.get(&module).map_or("", String::as_str);
            let onward = reexports(&module, text).into_iter().find(|path| path.last() == Some(part));
            if let Some(mut onward) = onward.filter(|onward| depth < 8 && *onward != path[..=index]) {
                onward.extend_from_slice(&path[index + 1..]);
                return self.resolve(&onward, depth + 1);
            }
            break;
        }
        module
    }
}

fn module_of(source: &Path, path: &Path) -> Module {
    let relative = path.strip_prefix(source).unwrap().with_extension("");
    let parts = relative.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "lib").collect()
}

/// The text without comments and without the tests at its end.
fn without_comments(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Every path from the crate's root that a text names, and whether it is only handed on.
fn paths(module: &Module, text: &str) -> Vec<(Vec<String>, bool)> {
    let code = without_comments(text);
    let mut found = Vec::new();
    for opening in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(opening) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' || before == '$' {
                continue;
            }
            let line_start = code[..at].rfind([';', '}']).map_or(0, |end| end + 1);
            let reexport =
                code[line_start..at].contains("pub use") || code[line_start..at].contains("pub(crate) use");
            let (base, rest) = base_of(module, &code[at..]);
            let mut tree = Vec::new();
            expand(&base, rest, &mut tree);
            found.extend(tree.into_iter().map(|path| (path, reexport)));
        }
    }
    found
}

/// Where `crate::`, `self::` or a row of `super::` begins, and what follows.
fn base_of<'a>(module: &Module, text: &'a str) -> (Module, &'a str) {
    if let Some(rest) = text.strip_prefix("crate::") {
        return (Module::new(), rest);
    }
    let (mut base, mut rest) = (module.clone(), text.strip_prefix("self::").unwrap_or(text));
    while let Some(onward) = rest.strip_prefix("super::") {
        base.pop();
        rest = onward;
    }
    (base, rest)
}

/// The paths of a use tree, `a::{b, c::D}` and the like. Answers what follows it.
fn expand<'a>(base: &[String], text: &'a str, found: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut inner) = text.strip_prefix('{') {
        loop {
            inner = inner.trim_start().trim_start_matches(',').trim_start();
            if inner.is_empty() || inner.starts_with('}') {
                return inner.strip_prefix('}').unwrap_or(inner);
            }
            let before = inner.len();
            inner = expand(base, inner, found);
            if inner.len() == before {
                return inner;
            }
        }
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let mut path = base.to_vec();
    if word != "self" && word != "*" && !word.is_empty() {
        path.push(word.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) if !word.is_empty() => expand(&path, rest, found),
        _ => {
            found.push(path);
            let renamed = rest.trim_start().strip_prefix("as ").map(|name| name.trim_start());
            renamed.map_or(rest, |name| name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_'))
        }
    }
}

/// Paths that a module hands on under its own name.
fn reexports(module: &Module, text: &str) -> Vec<Vec<String>> {
    let code = without_comments(text);
    let mut found = Vec::new();
    for keyword in ["pub use ", "pub(crate) use ", "pub(super) use "] {
        for (at, _) in code.match_indices(keyword) {
            let tree = &code[at + keyword.len()..];
            let relative = !["crate::", "super::", "self::"].iter().any(|opening| tree.starts_with(opening));
            let (base, rest) = if relative { (module.clone(), tree) } else { base_of(module, tree) };
            expand(&base, rest, &mut found);
        }
    }
    found
}

fn reachable(from: &Module, arrows: &BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<Module> = arrows.get(from).into_iter().flatten().cloned().collect();
    while let Some(module) = next.pop() {
        if seen.insert(module.clone()) {
            next.extend(arrows.get(&module).into_iter().flatten().cloned());
        }
    }
    seen
}

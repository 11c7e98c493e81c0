//! How source text is read for the house rules: where functions begin and end, what names are declared.

/// First line (from 1) and length of every function, by indentation: rustfmt closes each at its own column.
pub(super) fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        if !is_function(code) || code.ends_with(';') || code.ends_with('}') {
            continue;
        }
        let indent = " ".repeat(line.len() - code.len());
        let ends = |line: &&str| {
            line.strip_prefix(indent.as_str())
                .is_some_and(|rest| rest == "}" || rest.starts_with(") -> ") && rest.ends_with(';'))
        };
        let length = lines[start..].iter().position(ends).map(|end| end + 1);
        found.push((start + 1, length.unwrap_or(usize::MAX)));
    }
    found
}

/// The name that a line declares, whatever stands before it.
pub(super) fn declared_name(line: &str) -> Option<String> {
    let code = without_visibility(line.trim_start());
    let code = without_words(code, &["const fn", "async fn", "unsafe fn"]).map_or(code, |rest| rest);
    let kinds = [
        "fn ",
        "struct ",
        "enum ",
        "trait ",
        "mod ",
        "type ",
        "const ",
        "static ",
        "union ",
        "macro_rules! ",
    ];
    let rest = kinds.iter().find_map(|kind| code.strip_prefix(kind)).unwrap_or(code);
    let declares = rest.len() < line.trim_start().len();
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (declares && !name.is_empty()).then_some(name)
}

/// The words of a name, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake.split('_').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_function(code: &str) -> bool {
    let mut code = without_visibility(code);
    while let Some(rest) =
        ["default ", "const ", "async ", "unsafe ", "extern \"C\" "].iter().find_map(|w| code.strip_prefix(w))
    {
        code = rest;
    }
    code.starts_with("fn ")
}

fn without_visibility(code: &str) -> &str {
    let Some(rest) = code.strip_prefix("pub") else { return code };
    match rest.strip_prefix('(') {
        Some(inside) => inside.split_once(") ").map_or(code, |(_, rest)| rest),
        None => rest.strip_prefix(' ').unwrap_or(code),
    }
}

/// What follows one of these pairs of words, the last of each pair included.
fn without_words<'a>(code: &'a str, pairs: &[&str]) -> Option<&'a str> {
    pairs.iter().find_map(|pair| code.starts_with(pair).then(|| &code[pair.len() - 2..]))
}

#[test]
fn every_way_to_write_a_function_is_seen() {
    let text = "pub(super) async fn one() {\n    x\n}\nconst fn two(\n    a: u8,\n) -> u8 {\n    a\n}\nfn three();\n";
    assert_eq!(functions(text), [(1, 3), (4, 5)]);
}

#[test]
fn every_declared_name_is_seen() {
    let cases = [
        ("pub(super) const fn helper_of() {", Some("helper_of")),
        ("pub struct Utils {", Some("Utils")),
        ("    async fn processor(&self) {", Some("processor")),
        ("const MISC: u8 = 1;", Some("MISC")),
        ("    pub(crate) managers: Vec<u8>,", Some("managers")),
        ("    let manager = 1;", None),
    ];
    for (line, expected) in cases {
        assert_eq!(declared_name(line).as_deref(), expected, "{line}");
    }
}

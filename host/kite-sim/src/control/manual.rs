//! `GET /sim/`: what the control API can do, for people.

/// The manual, as plain text.
const TEXT: &str = include_str!("manual.txt");

pub(super) async fn page() -> &'static str {
    TEXT
}

#[cfg(test)]
mod tests {
    use super::TEXT;

    /// The words in quotes after each `mark` of a source text.
    fn quoted<'a>(source: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
        source.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn the_manual_names_every_path_of_the_control_api() {
        let paths: Vec<_> = quoted(include_str!("../control.rs"), ".route(\"").collect();
        assert!(paths.len() > 20, "{paths:?}");
        for path in paths {
            let path = path.replace("user_id", "userId");
            assert!(path.trim_end_matches('/') == "/sim" || TEXT.contains(&path), "{path}");
        }
    }

    #[test]
    fn the_manual_names_every_kind_of_fault() {
        let variants = |source: &'static str, name: &str| {
            let body = source.split(&format!("enum {name} {{")).nth(1).unwrap().split("\n}").next().unwrap();
            let names =
                body.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty());
            names.map(|line| line.trim_end_matches(',').to_owned()).collect::<Vec<_>>()
        };
        let mut kinds = variants(include_str!("../faults.rs"), "FaultKind");
        kinds.extend(variants(include_str!("../ticker/frame.rs"), "Malformed"));
        assert!(kinds.len() >= 18, "{kinds:?}");
        for kind in kinds {
            let word = kind[..1].to_lowercase() + &kind[1..];
            assert!(TEXT.contains(&format!("         {word} ")), "{word}");
        }
    }
}

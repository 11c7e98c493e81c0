//! What the fuzzers put foreign bytes through, and what must hold of everything that comes out.
//!
//! Only in tests and under a fuzzer; a product has no such doors. Each takes bytes as the wire would bring them, reads them
//! as the client would, and panics when a promise is broken. Knows the readers and no socket.

mod answers;
mod books;
mod feed;

pub use answers::answers;
pub use books::{instruments, orders, positions, trades};
pub use feed::{postbacks, ticker_text, ticks};

/// Stands for an access token: whatever says it has leaked it.
const TOKEN: &str = "t0k3n";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::fs;
    use std::path::PathBuf;

    /// Bounds of what is committed: more files find no more and cost every clone.
    const FILES_MAX: usize = 50;
    const BYTES_MAX: u64 = 100 << 10;

    type Door = fn(&[u8]);
    const DOORS: [(&str, Door); 8] = [
        ("orders", orders),
        ("trades", trades),
        ("positions", positions),
        ("instruments", instruments),
        ("ticks", ticks),
        ("ticker_text", ticker_text),
        ("postbacks", postbacks),
        ("answers", answers),
    ];

    fn corpus(name: &str) -> Vec<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        files.map(|file| file.unwrap().path()).collect()
    }

    #[test]
    fn what_the_fuzzers_found_goes_through_every_door_of_its_own() {
        for (name, door) in DOORS {
            let files = corpus(name);
            assert!(files.len() >= 3, "the corpus of {name} has only {} files", files.len());
            for file in files {
                door(&fs::read(&file).unwrap());
            }
        }
    }

    #[test]
    fn what_is_good_for_one_door_harms_no_other() {
        for file in DOORS.iter().flat_map(|(name, _)| corpus(name)) {
            let bytes = fs::read(&file).unwrap();
            for (_, door) in DOORS {
                door(&bytes);
                door(&bytes[..bytes.len() / 2]);
            }
        }
    }

    /// The shapes of `tests/shapes`, and which of the answers' readers takes each.
    const SHAPES: [(&str, u8); 20] = [
        ("full_profile", 0),
        ("margins", 1),
        ("margins_equity", 2),
        ("holdings", 3),
        ("auctions", 4),
        ("holdings_compact", 5),
        ("holdings_summary", 6),
        ("positions", 7),
        ("gtts", 8),
        ("alerts", 9),
        ("alert_history", 10),
        ("basket_margins", 11),
        ("order_margins", 11),
        ("charges", 12),
        ("quote", 13),
        ("ohlc", 13),
        ("trigger_range", 13),
        ("historical_oi", 14),
        ("grant", 15),
        ("autoslice", 16),
    ];

    fn shape(name: &str) -> Value {
        let path = format!("{}/tests/shapes/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
    }

    /// Where every value of a JSON text stands.
    fn places(value: &Value, place: &str, found: &mut Vec<String>) {
        found.push(place.to_owned());
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| places(value, &format!("{place}/{name}"), found))
            }
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, value)| places(value, &format!("{place}/{at}"), found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// The text with one value after another turned into something else.
    fn each_turned_odd(whole: &Value, mut door: impl FnMut(Vec<u8>)) {
        let odd = [
            json!(null),
            json!(true),
            json!(-1),
            json!(1e300),
            json!("odd"),
            json!([null]),
            json!({"a": {}}),
        ];
        let mut found = Vec::new();
        places(whole, "", &mut found);
        for place in found {
            for value in &odd {
                let mut turned = whole.clone();
                *turned.pointer_mut(&place).unwrap() = value.clone();
                door(turned.to_string().into_bytes());
            }
        }
    }

    #[test]
    fn every_field_of_every_shape_may_be_anything() {
        for (name, number) in SHAPES {
            each_turned_odd(&shape(name), |body| answers(&[&[0, 0, number][..], &body].concat()));
        }
        for (name, door) in [("orders", orders as Door), ("trades", trades)] {
            let rows = shape(name)["data"].as_array().unwrap().iter().take(4).cloned().collect::<Vec<_>>();
            each_turned_odd(&rows.into(), |body| door(&body));
        }
        each_turned_odd(&shape("positions")["data"], |body| positions(&body));
    }

    #[test]
    fn the_corpora_stay_small() {
        let files: Vec<PathBuf> = DOORS.iter().flat_map(|(name, _)| corpus(name)).collect();
        let bytes: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert!(files.len() <= FILES_MAX && bytes <= BYTES_MAX, "{} files, {bytes} bytes", files.len());
    }
}

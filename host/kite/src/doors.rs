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

    #[test]
    fn the_corpora_stay_small() {
        let files: Vec<PathBuf> = DOORS.iter().flat_map(|(name, _)| corpus(name)).collect();
        let bytes: u64 = files.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert!(files.len() <= FILES_MAX && bytes <= BYTES_MAX, "{} files, {bytes} bytes", files.len());
    }
}

//! How a limit of the gate is refused, in the same words everywhere. Counts nothing itself.

use crate::failure::{Refusal, TEXT_BYTES, quoted};
use crate::limits::Limits;
use wasmparser::BinaryReaderError;

const SMALLER: &str = "make the strategy smaller, or split it into several";
pub(super) const REBUILD: &str = "build it again for wasm32-wasip2; the file may have been cut on its way";

/// Refuses a count above its limit, in words.
pub(super) fn within<T: PartialOrd + std::fmt::Display>(
    what: &str,
    count: T,
    limit: T,
) -> Result<(), Refusal> {
    if count <= limit {
        return Ok(());
    }
    Err(Refusal::new(format!("the component has {count} {what}: at most {limit} are allowed"), SMALLER))
}

/// Refuses a name that is longer than any honest one, without repeating it.
pub(super) fn check_name(what: &str, name: &str, limits: &Limits) -> Result<(), Refusal> {
    within(&format!("bytes in the name of one {what}"), name.len(), limits.name_bytes)
}

/// The parser could not make sense of it.
pub(super) fn malformed(error: BinaryReaderError) -> Refusal {
    let error = quoted(&error.to_string(), TEXT_BYTES);
    Refusal::new(format!("the component is damaged: {error}"), REBUILD)
}

//! Frames: some entries with a head that says how many events and bytes they are. A journal is frames one after another, so
//! two stretches of it that lie side by side are one.
//!
//! Large frames are compressed (deflate, fast): a start holds a whole history and much text. Ticks are small already, as
//! differences, and frames of a few of them would grow.

use super::bytes::{Bytes, Malformed, malformed, put_number};
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use std::borrow::Cow;
use std::io::Read;

/// The first byte of every frame. Journals of earlier releases are lines of JSON, which begin otherwise.
const VERSION: u8 = 1;

/// A machine begins with the first entry: nothing before is needed to read it.
const BEGINS: u8 = 1;
const COMPRESSED: u8 = 2;

/// From how many bytes on compression is tried.
const COMPRESS_FROM_BYTES: usize = 1 << 10;

/// The most bytes that a frame may unfold to: more than the largest start, which holds the state and the bars of a run.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// One frame.
pub(super) struct Frame<'a> {
    pub(super) begins: bool,
    pub(super) events: u64,
    /// As it was compressed.
    is_compressed: bool,
    bytes: &'a [u8],
}

/// Puts a frame behind what is there.
pub(super) fn put(out: &mut Vec<u8>, begins: bool, events: u64, entries: &[u8]) {
    let compressed = (entries.len() >= COMPRESS_FROM_BYTES).then(|| compress(entries)).flatten();
    let flags = u8::from(begins) * BEGINS + u8::from(compressed.is_some()) * COMPRESSED;
    let entries = compressed.as_deref().unwrap_or(entries);
    out.extend_from_slice(&[VERSION, flags]);
    put_number(out, events);
    put_number(out, entries.len() as u64);
    out.extend_from_slice(entries);
}

/// The next frame.
pub(super) fn take<'a>(from: &mut Bytes<'a>) -> Result<Frame<'a>, Malformed> {
    match from.byte()? {
        VERSION => {}
        b'{' => return Err(malformed("it was written by an earlier release, which recorded no answers")),
        _ => return Err(malformed("it was written by another release of the host")),
    }
    let flags = from.byte()?;
    if flags & !(BEGINS | COMPRESSED) != 0 {
        return Err(malformed("a frame has marks that nobody knows"));
    }
    let events = from.number()?;
    let bytes = from.slice()?;
    Ok(Frame { begins: flags & BEGINS != 0, events, is_compressed: flags & COMPRESSED != 0, bytes })
}

impl<'a> Frame<'a> {
    /// Its entries.
    pub(super) fn entries(&self) -> Result<Cow<'a, [u8]>, Malformed> {
        if !self.is_compressed {
            return Ok(Cow::Borrowed(self.bytes));
        }
        let mut entries = Vec::new();
        let mut unfolding = DeflateDecoder::new(self.bytes).take(FRAME_BYTES_MAX as u64 + 1);
        unfolding.read_to_end(&mut entries).map_err(|_| malformed("a frame does not unfold"))?;
        if entries.len() > FRAME_BYTES_MAX {
            return Err(malformed("a frame unfolds to more than any run can have heard"));
        }
        Ok(Cow::Owned(entries))
    }
}

/// None where it does not help.
fn compress(entries: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::new();
    DeflateEncoder::new(entries, Compression::fast()).read_to_end(&mut compressed).ok()?;
    (compressed.len() < entries.len()).then_some(compressed)
}

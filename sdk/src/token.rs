//! What stands for an instrument in events. Knows no symbol.

/// The broker's number for an instrument, valid for the day.
pub type Token = u32;

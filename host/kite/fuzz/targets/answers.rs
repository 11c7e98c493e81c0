//! Foreign bytes through the door `answers`. What must hold of them is said there.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kite::doors::answers(bytes));

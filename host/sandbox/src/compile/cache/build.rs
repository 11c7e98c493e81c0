//! Which build of the host this is: compiled code of another one is as foreign as that of another engine.
//!
//! Known by the running executable's own bytes, since every build calls itself by the same version.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::OnceLock;

/// The executable that runs, even after its file was replaced.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Everything of the engine and of this build that compiled code depends on. Nothing when the executable cannot be
/// read: then no code can be told from that of another build.
pub(super) fn fingerprint(engine: &wasmtime::Engine) -> Option<[u8; 32]> {
    let mut hash = compatibility(engine);
    hash.0.update(build()?);
    Some(hash.0.finalize().into())
}

/// The engine's version and every setting that changes code.
pub(crate) fn settings(engine: &wasmtime::Engine) -> [u8; 32] {
    compatibility(engine).0.finalize().into()
}

/// SHA-256 of this build in hex; empty when it cannot be read.
pub(crate) fn build_name() -> String {
    build().map(hex::encode).unwrap_or_default()
}

fn compatibility(engine: &wasmtime::Engine) -> Fingerprint {
    let mut hash = Fingerprint(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hash);
    hash
}

fn build() -> Option<[u8; 32]> {
    static BUILD: OnceLock<Option<[u8; 32]>> = OnceLock::new();
    *BUILD.get_or_init(|| {
        read()
            .inspect_err(|error| {
                tracing::warn!(error = %error, "{THIS_PROGRAM} cannot be read: no compiled code is kept");
            })
            .ok()
    })
}

fn read() -> io::Result<[u8; 32]> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(THIS_PROGRAM)?, &mut hash)?;
    Ok(hash.finalize().into())
}

/// The standard hashers are 64 bits wide; this one keeps all of it.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        u64::from_le_bytes([
            digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::limits::Limits;

    #[test]
    fn it_is_the_hash_of_the_program_that_runs_and_of_its_engine() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(build(), Some(Sha256::digest(program).into()));
        let of = |stack_bytes| {
            let engine = Engine::for_compiling(Limits { stack_bytes, ..Limits::default() }).unwrap();
            fingerprint(engine.raw()).unwrap()
        };
        assert_eq!(of(512 << 10), of(512 << 10));
    }
}

//! Compiled code on disk, authenticated before it is believed.
//!
//! A file is `HMAC-SHA256(key, name ‖ code) ‖ code`; its name is the hash of everything the code depends on, so that
//! a file moved to another name is as false as a changed one.

use crate::engine::Engine;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const MAC_BYTES: usize = 32;
/// No compiled strategy comes near this; a larger file is not ours.
const FILE_BYTES: u64 = 512 << 20;

/// Machine code that this host made.
pub(super) struct Authentic(Vec<u8>);

/// A folder of compiled code.
pub(super) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
    engine: [u8; 32],
}

/// What the cache holds for a component.
pub(super) enum Found {
    Code(Authentic),
    Nothing,
    Tampered(PathBuf),
}

impl Authentic {
    /// What came through the pipe of the child that was just started.
    pub(super) fn from_own_child(code: Vec<u8>) -> Self {
        Self(code)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Cache {
    pub(super) fn new(folder: PathBuf, key: [u8; 32], engine: &Engine) -> Self {
        Self { folder, key, engine: fingerprint(engine) }
    }

    pub(super) fn find(&self, component: &[u8]) -> Found {
        let path = self.path(component);
        let Ok(file) = File::open(&path) else { return Found::Nothing };
        let mut bytes = Vec::new();
        if file.take(FILE_BYTES).read_to_end(&mut bytes).is_err() || bytes.len() < MAC_BYTES {
            return Found::Tampered(path);
        }
        let code = bytes.split_off(MAC_BYTES);
        match self.mac(component, &code).verify_slice(&bytes) {
            Ok(()) => Found::Code(Authentic(code)),
            Err(_) => Found::Tampered(path),
        }
    }

    /// Writes whole or not at all: a new file, flushed, then renamed over the name.
    pub(super) fn keep(&self, component: &[u8], code: &[u8]) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.path(component);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let draft = path.with_extension(format!("{}-{number}.new", std::process::id()));
        let written = write(&draft, &self.mac(component, code).finalize().into_bytes(), code);
        let kept = written.and_then(|()| fs::rename(&draft, &path));
        if kept.is_err() {
            // The draft is worth nothing without its name; when it cannot be removed either, it does no harm.
            let _ = fs::remove_file(&draft);
        }
        kept?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, component: &[u8]) -> PathBuf {
        self.folder.join(format!("{}.cwasm", hex::encode(self.name(component))))
    }

    fn name(&self, component: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(component));
        hash.update(self.engine);
        hash.finalize().into()
    }

    fn mac(&self, component: &[u8], code: &[u8]) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key);
        let mut mac = mac.expect("an HMAC takes keys of every length");
        mac.update(&self.name(component));
        mac.update(code);
        mac
    }
}

fn write(path: &Path, mac: &[u8], code: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(mac)?;
    file.write_all(code)?;
    file.sync_all()
}

/// Everything of the engine and of this build that compiled code depends on.
fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hash = Fingerprint(Sha256::new());
    engine.raw().precompile_compatibility_hash().hash(&mut hash);
    hash.0.update(env!("CARGO_PKG_VERSION"));
    hash.0.finalize().into()
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

//! Compiled code on disk, authenticated before it is believed.
//!
//! A file is `HMAC-SHA256(key, name ‖ code) ‖ code`; its name is the hash of everything the code depends on, so that
//! a file moved to another name is as false as a changed one.

mod build;
mod folder;

pub(crate) use build::{build_name, settings};

use crate::engine::Engine;
use crate::limits::CompileLimits;
use build::fingerprint;
use folder::{DRAFT, KEPT};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Length of the code that authenticates a file; part of the format.
const MAC_BYTES: usize = 32;

/// Machine code that this host made.
pub(super) struct Authentic(Vec<u8>);

/// A folder of compiled code.
pub(super) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
    engine: Engine,
    fingerprint: OnceLock<Option<[u8; 32]>>,
    /// Of one file, and of all together.
    code_bytes: u64,
    all_bytes: u64,
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
    /// The folder belongs to this host alone: what a crash left half written in it goes, and so does what is too much.
    pub(super) fn new(folder: PathBuf, key: [u8; 32], engine: &Engine, limits: &CompileLimits) -> Self {
        let tidied =
            folder::clear_drafts(&folder).and_then(|()| folder::make_room(&folder, 0, limits.cache_bytes));
        if let Err(error) = tidied {
            tracing::warn!(folder = %folder.display(), error = %error, "compiled code cannot be tidied up");
        }
        Self {
            folder,
            key,
            engine: engine.clone(),
            fingerprint: OnceLock::new(),
            code_bytes: limits.output_bytes,
            all_bytes: limits.cache_bytes,
        }
    }

    pub(super) fn find(&self, component: &[u8]) -> Found {
        let Some(name) = self.name(component) else { return Found::Nothing };
        let path = self.path(name);
        let Ok(file) = File::open(&path) else { return Found::Nothing };
        let mut bytes = Vec::new();
        let most = self.code_bytes.saturating_add(MAC_BYTES as u64);
        if (&file).take(most).read_to_end(&mut bytes).is_err() || bytes.len() < MAC_BYTES {
            return Found::Tampered(path);
        }
        let code = bytes.split_off(MAC_BYTES);
        if self.mac(name, &code).verify_slice(&bytes).is_err() {
            return Found::Tampered(path);
        }
        if let Err(error) = folder::touch(&file) {
            tracing::warn!(path = %path.display(), error = %error, "compiled code keeps the time it was used before");
        }
        Found::Code(Authentic(code))
    }

    /// Writes whole or not at all: a new file, flushed, then renamed over the name. Older files make room for it.
    pub(super) fn keep(&self, component: &[u8], code: &Authentic) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Some(name) = self.name(component) else { return Ok(()) };
        let bytes = code.bytes().len().saturating_add(MAC_BYTES) as u64;
        if bytes > self.all_bytes {
            let limit = self.all_bytes;
            return Err(io::Error::other(format!(
                "it has {bytes} bytes: at most {limit} are kept of all together"
            )));
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        folder::make_room(&self.folder, bytes, self.all_bytes)?;
        let path = self.path(name);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let draft = path.with_extension(format!("{}-{number}.{DRAFT}", std::process::id()));
        let written = write(&draft, &self.mac(name, code.bytes()).finalize().into_bytes(), code.bytes());
        let kept = written.and_then(|()| fs::rename(&draft, &path));
        if kept.is_err() {
            // The draft is worth nothing without its name; when it cannot be removed now, the next start does it.
            let _ = fs::remove_file(&draft);
        }
        kept?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self, name: [u8; 32]) -> PathBuf {
        self.folder.join(format!("{}.{KEPT}", hex::encode(name)))
    }

    /// The hash of the component and of all that its code depends on beside it. Computed when it is first needed,
    /// because it reads the whole executable.
    fn name(&self, component: &[u8]) -> Option<[u8; 32]> {
        let fingerprint = (*self.fingerprint.get_or_init(|| fingerprint(self.engine.raw())))?;
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(component));
        hash.update(fingerprint);
        Some(hash.finalize().into())
    }

    fn mac(&self, name: [u8; 32], code: &[u8]) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.key);
        let mut mac = mac.expect("an HMAC takes keys of every length");
        mac.update(&name);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn cache(folder: &Path) -> Cache {
        let engine = Engine::for_compiling(Limits::default()).unwrap();
        let limits = CompileLimits { output_bytes: 1_000, cache_bytes: 250, ..CompileLimits::default() };
        Cache::new(folder.to_owned(), [7; 32], &engine, &limits)
    }

    #[test]
    fn the_folder_holds_no_more_than_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let code = || Authentic::from_own_child(vec![1; 68]);
        let kept = |component: &[u8]| matches!(cache.find(component), Found::Code(_));
        for (component, age_s) in [(&b"first"[..], 30), (b"second", 20)] {
            cache.keep(component, &code()).unwrap();
            let file = File::open(cache.path(cache.name(component).unwrap())).unwrap();
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - std::time::Duration::from_secs(age_s)).unwrap();
        }
        assert!(kept(b"first"), "both fit, and the first was used last");
        cache.keep(b"third", &code()).unwrap();
        assert!(kept(b"first") && kept(b"third") && !kept(b"second"));
        assert!(cache.keep(b"huge", &Authentic::from_own_child(vec![1; 300])).is_err());
        assert!(kept(b"first") && kept(b"third"), "what cannot be kept makes nothing go");
    }

    #[test]
    fn code_of_another_build_is_never_found() {
        let folder = tempfile::tempdir().unwrap();
        let (here, other, nameless) = (cache(folder.path()), cache(folder.path()), cache(folder.path()));
        other.fingerprint.set(Some([9; 32])).unwrap();
        nameless.fingerprint.set(None).unwrap();
        here.keep(b"component", &Authentic::from_own_child(vec![1])).unwrap();
        assert!(matches!(here.find(b"component"), Found::Code(_)));
        assert!(matches!(other.find(b"component"), Found::Nothing));
        assert!(
            matches!(nameless.find(b"component"), Found::Nothing),
            "a build without a name believes nothing"
        );
        fs::rename(
            here.path(here.name(b"component").unwrap()),
            other.path(other.name(b"component").unwrap()),
        )
        .unwrap();
        assert!(matches!(other.find(b"component"), Found::Tampered(_)), "under another name it is false");
    }
}

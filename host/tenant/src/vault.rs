//! Seals credentials at rest. The key lies outside the data folder; what is sealed is bound to the place it stands in.

use crate::broker_id::BrokerId;
use crate::chance;
use crate::error::OpenError;
use crate::store::Store;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const CANARY_FACT: &str = "vault-canary";
const CANARY: &[u8] = b"this key sealed this database";

/// Where something sealed stands. Sealed for one place, it opens in no other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    pub(crate) broker_id: &'a str,
    pub(crate) row: &'a str,
}

/// The key at work.
pub(crate) struct Vault {
    cipher: XChaCha20Poly1305,
}

impl Vault {
    /// Reads the key, or makes it at the first start, and proves that it is the one that sealed the rows.
    pub(crate) async fn open(key_file: &Path, data_dir: &Path, store: &Store) -> Result<Self, OpenError> {
        refuse_inside(key_file, data_dir)?;
        let key = match read_key(key_file)? {
            Some(key) => key,
            None if store.holds_sealed_rows().await? => return Err(lost_key(key_file)),
            None => make_key(key_file)?,
        };
        let vault = Self { cipher: XChaCha20Poly1305::new(key.as_slice().into()) };
        vault.prove(key_file, store).await?;
        Ok(vault)
    }

    /// Seals: nonce, then ciphertext with its tag.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let nonce = chance::bytes::<NONCE_BYTES>();
        let payload = Payload { msg: plain, aad: &place.bytes() };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.expect("sealing fails only beyond 256 GiB, and credentials are far shorter");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for this place; nothing else opens.
    pub(crate) fn unseal(&self, place: Place<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        self.cipher.decrypt(XNonce::from_slice(nonce), payload).ok().map(Zeroizing::new)
    }

    /// The same for text.
    pub(crate) fn unseal_text(&self, place: Place<'_>, sealed: &[u8]) -> Option<Zeroizing<String>> {
        let plain = self.unseal(place, sealed)?;
        std::str::from_utf8(&plain).ok().map(|text| Zeroizing::new(text.to_owned()))
    }

    async fn prove(&self, key_file: &Path, store: &Store) -> Result<(), OpenError> {
        let place = Place { table: "host_facts", column: "value", broker_id: "", row: CANARY_FACT };
        match store.host_fact(CANARY_FACT).await? {
            Some(sealed) if self.unseal(place, &sealed).is_some() => Ok(()),
            Some(_) => Err(OpenError::Key(format!(
                "{} is not the key that sealed this database: put the right key file back",
                key_file.display()
            ))),
            None => Ok(store.set_host_fact(CANARY_FACT, &self.seal(place, CANARY)).await?),
        }
    }
}

impl<'a> Place<'a> {
    /// Where a tenant's credential stands.
    pub(crate) fn credential(column: &'a str, id: &'a BrokerId) -> Self {
        Self { table: "credentials", column, broker_id: id.as_str(), row: "kite" }
    }

    /// Each part with its length before it, so that no two places give the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"bulkhead 1".to_vec();
        for part in [self.table, self.column, self.broker_id, self.row] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

fn refuse_inside(key_file: &Path, data_dir: &Path) -> Result<(), OpenError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(|why| failed(path, &why));
    if absolute(key_file)?.starts_with(absolute(data_dir)?) {
        let text = format!(
            "the key file {} lies inside the data folder: keep it elsewhere, or a copy of the folder gives the secrets away",
            key_file.display()
        );
        return Err(OpenError::Key(text));
    }
    Ok(())
}

fn read_key(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
    match std::fs::read(path) {
        Ok(bytes) if bytes.len() == KEY_BYTES => Ok(Some(Zeroizing::new(bytes))),
        Ok(bytes) => Err(OpenError::Key(format!(
            "{} has {} bytes, a key has {KEY_BYTES}: put the right key file back",
            path.display(),
            bytes.len()
        ))),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(failed(path, &why)),
    }
}

fn make_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|why| failed(folder, &why))?;
    }
    let key = Zeroizing::new(chance::bytes::<KEY_BYTES>().to_vec());
    let file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(path);
    let mut file = file.map_err(|why| failed(path, &why))?;
    file.write_all(&key).and_then(|()| file.sync_all()).map_err(|why| failed(path, &why))?;
    Ok(key)
}

fn lost_key(path: &Path) -> OpenError {
    OpenError::Key(format!(
        "the key file {} is missing, and the database holds what it sealed: put it back (a new key would lose every sign-in)",
        path.display()
    ))
}

fn failed(path: &Path, why: &std::io::Error) -> OpenError {
    OpenError::File { path: path.display().to_string(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Vec<Place<'static>> {
        let mut places = Vec::new();
        for broker_id in ["UK9394", "UK1234"] {
            for column in ["api_secret", "access_token"] {
                places.push(Place { table: "credentials", column, broker_id, row: "kite" });
            }
        }
        places
    }

    #[tokio::test]
    async fn what_is_sealed_for_one_place_opens_in_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("data")).await.unwrap();
        let vault = Vault::open(&dir.path().join("key"), &dir.path().join("data"), &store).await.unwrap();
        for (at, place) in places().into_iter().enumerate() {
            let sealed = vault.seal(place, b"secret");
            for (other, elsewhere) in places().into_iter().enumerate() {
                assert_eq!(vault.unseal(elsewhere, &sealed).is_some(), at == other);
            }
            let mut bent = sealed;
            *bent.last_mut().unwrap() ^= 1;
            assert!(vault.unseal(place, &bent).is_none());
        }
    }

    #[tokio::test]
    async fn a_lost_or_wrong_key_is_refused_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (data, key) = (dir.path().join("data"), dir.path().join("key"));
        let store = Store::open(&data).await.unwrap();
        Vault::open(&key, &data, &store).await.map(drop).unwrap();
        std::fs::remove_file(&key).unwrap();
        let lost = Vault::open(&key, &data, &store).await.err().unwrap().to_string();
        assert!(lost.contains("missing"), "{lost}");
        assert!(!key.exists());
        std::fs::write(&key, [7; 32]).unwrap();
        let wrong = Vault::open(&key, &data, &store).await.err().unwrap().to_string();
        assert!(wrong.contains("not the key"), "{wrong}");
        let inside = Vault::open(&data.join("key"), &data, &store).await.err().unwrap().to_string();
        assert!(inside.contains("inside the data folder"), "{inside}");
    }
}

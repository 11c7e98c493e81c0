//! The object storage behind a URL: a folder, S3, Google Cloud Storage or Azure Blob.
//!
//! `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix`. Account and keys come as
//! options with the names that `object_store` documents (`azure_storage_account_name`, `aws_access_key_id` …), which are
//! also the names of the usual environment variables. For Azurite: `azure_storage_use_emulator=true` alone, or
//! `azure_storage_account_name`, `azure_storage_account_key`, `azure_storage_endpoint` and `azure_allow_http=true`.

use super::changed::Seen;
use crate::log::LogFileName;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, buffered::BufWriter, parse_url_opts};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::Url;

/// Environment variables that configure a storage begin with one of these.
const ENV_PREFIXES: [&str; 4] = ["AZURE_", "AZURITE_", "AWS_", "GOOGLE_"];
/// One failed call may take so long with its retries; after that the archive's own backoff takes over.
const REQUEST_TIMEOUT: &str = "30 seconds";

/// A storage that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The URL or its options say something that is not understood.
    #[error("cannot use `{url}` as log archive: {source}; write file:///folder, s3://, gs:// or az://")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong.
        source: object_store::Error,
    },
    /// A URL is shown and logged, so no secret may stand in it.
    #[error(
        "the log archive's URL must carry no credentials and no query: give them as AZURE_…, AWS_… or GOOGLE_… variables"
    )]
    SecretInUrl,
    /// A call to the storage failed.
    #[error("the log archive did not take {object}: {source}")]
    Storage {
        /// Which object.
        object: String,
        /// What went wrong.
        source: object_store::Error,
    },
    /// The local file could not be opened.
    #[error("{file} cannot be read for the log archive: {source}")]
    Unreadable {
        /// Which file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The copy broke off on its way.
    #[error("copying {object} to the log archive broke off: {source}")]
    Copy {
        /// Which object.
        object: String,
        /// What went wrong.
        source: std::io::Error,
    },
}

/// One object storage with the prefix under which the logs go.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    prefix: ObjectPath,
    url: String,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Storage({})", self.url)
    }
}

impl Storage {
    /// Opens the storage with options from the process environment. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL or the options are not understood.
    pub fn from_env(url: &Url) -> Result<Self, ArchiveError> {
        let ours = |name: &str| ENV_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        Self::open(url, std::env::vars().filter(|(name, _)| ours(name)))
    }

    /// Opens the storage with these options. Nothing is sent yet.
    ///
    /// # Errors
    /// When the URL or the options are not understood.
    pub fn open(
        url: &Url,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ArchiveError> {
        install_crypto_provider();
        if url.password().is_some() || url.query().is_some() {
            return Err(ArchiveError::SecretInUrl);
        }
        let shown = url.to_string();
        let wrong = |source| ArchiveError::Url { url: shown.clone(), source };
        let defaults = [("timeout".to_owned(), REQUEST_TIMEOUT.to_owned())];
        let options = defaults.into_iter().chain(options);
        let (store, prefix) = parse_url_opts(url, options).map_err(wrong)?;
        Ok(Self { store: Arc::from(store), prefix, url: shown })
    }

    /// Where it is. Holds no credentials.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// True when the object of a log file has its size and was put there after the file last changed.
    pub(super) async fn holds(&self, file: &Seen) -> Result<bool, ArchiveError> {
        let object = self.object(&file.name);
        match self.store.head(&object).await {
            Ok(meta) => {
                Ok(meta.size == file.bytes && SystemTime::from(meta.last_modified) >= file.changed_at)
            }
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(source) => Err(ArchiveError::Storage { object: object.to_string(), source }),
        }
    }

    /// Puts the first `size` bytes of a log file, as one whole object.
    pub(super) async fn put(&self, name: &LogFileName, file: &Path, size: u64) -> Result<(), ArchiveError> {
        let object = self.object(name);
        let broken = |source| ArchiveError::Copy { object: object.to_string(), source };
        let unreadable = |source| ArchiveError::Unreadable { file: name.to_string(), source };
        let mut file = tokio::fs::File::open(file).await.map_err(unreadable)?.take(size);
        let mut writer = BufWriter::new(Arc::clone(&self.store), object.clone());
        let copied = tokio::io::copy(&mut file, &mut writer).await;
        let outcome = match copied {
            Ok(_) => writer.shutdown().await,
            Err(error) => {
                // The copy failed; that the half-made object cannot be dropped either says nothing new.
                let _ = writer.abort().await;
                Err(error)
            }
        };
        outcome.map_err(broken)
    }

    /// The whole object of a log file.
    #[cfg(test)]
    pub(super) async fn get(&self, name: &LogFileName) -> Result<Vec<u8>, object_store::Error> {
        Ok(self.store.get(&self.object(name)).await?.bytes().await?.to_vec())
    }

    /// `{broker_id}/logs/{broker_id}_{date}.log` under the prefix.
    fn object(&self, name: &LogFileName) -> ObjectPath {
        self.prefix.clone().join(name.broker_id()).join("logs").join(name.to_string())
    }
}

/// The HTTP client is built without a crypto provider of its own. Whoever installed one first keeps it.
fn install_crypto_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

//! Asking a running host.

use super::{Ask, LINE_BYTES_MAX, Said, open_folder, short_path};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// How long the host may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A running host was not asked, or did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// No host runs on this data folder.
    #[error("no host runs on this data folder")]
    NobodyThere,
    /// It was asked, and what became of it is not known.
    #[error("the host did not answer ({0}): whether it did what was asked, its log says")]
    NoAnswer(String),
    /// The socket cannot be used.
    #[error("the running host cannot be asked: {0}")]
    Closed(io::Error),
}

/// Asks, and waits for the answer.
pub(crate) async fn ask(data_dir: &Path, asked: &Ask) -> Result<Said, AskError> {
    let folder = match open_folder(data_dir) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(AskError::NobodyThere),
        Err(error) => return Err(AskError::Closed(error)),
    };
    let mut socket = match UnixStream::connect(short_path(&folder)).await {
        Ok(socket) => socket,
        Err(error) if is_nobody(&error) => return Err(AskError::NobodyThere),
        Err(error) => return Err(AskError::Closed(error)),
    };
    let line = serde_json::to_string(asked).map_err(|error| AskError::NoAnswer(error.to_string()))? + "\n";
    let exchanged = tokio::time::timeout(ANSWER_WITHIN, async {
        socket.write_all(line.as_bytes()).await?;
        let mut answer = String::new();
        BufReader::new(socket.take(LINE_BYTES_MAX)).read_line(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    });
    let answer = match exchanged.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(AskError::NoAnswer(error.to_string())),
        Err(_) => return Err(AskError::NoAnswer(format!("not within {} s", ANSWER_WITHIN.as_secs()))),
    };
    serde_json::from_str(&answer).map_err(|error| AskError::NoAnswer(error.to_string()))
}

/// No socket, or one that a host left behind which did not end in good order.
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

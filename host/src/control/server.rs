//! Answering whoever asks at the socket.

use super::{Ask, LINE_BYTES_MAX, SOCKET, Said, open_folder, short_path};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// For the owner of the folder alone.
const SOCKET_MODE: u32 = 0o600;

/// How long somebody who has opened the socket may take to ask.
const ASK_WITHIN: Duration = Duration::from_secs(10);

/// Questions answered at once; more wait.
const ASKED_AT_ONCE: usize = 8;

/// How long to wait where the system gives no further socket.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// The open socket. Whoever holds the data folder may open it; what an earlier host left behind gives way.
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
    _folder: File,
}

impl Door {
    /// Opens the socket in a data folder that this process has locked.
    pub(crate) fn open(data_dir: &Path) -> io::Result<Self> {
        let folder = open_folder(data_dir)?;
        let (path, short) = (data_dir.join(SOCKET), short_path(&folder));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&short)?;
        std::fs::set_permissions(&path, Permissions::from_mode(SOCKET_MODE))?;
        Ok(Self { listener, path, _folder: folder })
    }

    /// Answers for ever. To be dropped when the host ends.
    pub(crate) async fn answer<F>(self, answer: impl Fn(Ask) -> F + Clone + Send + 'static)
    where
        F: Future<Output = Said> + Send + 'static,
    {
        let turns = Arc::new(Semaphore::new(ASKED_AT_ONCE));
        loop {
            let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((socket, _)) => {
                    let answer = answer.clone();
                    tokio::spawn(async move {
                        if let Err(error) = serve(socket, answer).await {
                            tracing::warn!("an operator's question came to nothing: {error}");
                        }
                        drop(turn);
                    });
                }
                Err(error) => {
                    tracing::error!("the control socket takes nobody just now: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve<F>(mut socket: UnixStream, answer: impl Fn(Ask) -> F) -> io::Result<()>
where
    F: Future<Output = Said>,
{
    let (reader, mut writer) = socket.split();
    let mut line = String::new();
    let read = tokio::time::timeout(ASK_WITHIN, async {
        BufReader::new(reader.take(LINE_BYTES_MAX)).read_line(&mut line).await
    });
    read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let said = match serde_json::from_str(&line) {
        Ok(asked) => answer(asked).await,
        Err(error) => {
            Said { done: false, text: format!("this host does not understand the question: {error}") }
        }
    };
    let text = serde_json::to_string(&said)? + "\n";
    writer.write_all(text.as_bytes()).await?;
    writer.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::super::{AskError, KillAsk, ask};
    use super::*;

    fn kill(reason: &str) -> Ask {
        let (tenant, run, reason) = (Some("UK9394".to_owned()), None, reason.to_owned());
        Ask::Kill(KillAsk { tenant, run, on: true, flatten: false, reason })
    }

    async fn echo(asked: Ask) -> Said {
        Said { done: true, text: format!("{asked:?}") }
    }

    #[tokio::test]
    async fn what_is_asked_arrives_and_the_answer_comes_back_however_deep_the_folder_lies() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("x".repeat(120)).join("y".repeat(120));
        std::fs::create_dir_all(&deep).unwrap();
        let serving = tokio::spawn(Door::open(&deep).unwrap().answer(echo));
        let mode = std::fs::metadata(deep.join(SOCKET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SOCKET_MODE);
        let said = ask(&deep, &kill("a drill")).await.unwrap();
        assert!(said.done && said.text.contains("a drill") && said.text.contains("UK9394"), "{said:?}");
        serving.abort();
        let _ = serving.await;
        assert!(matches!(ask(&deep, &kill("")).await, Err(AskError::NobodyThere)));
        assert!(!deep.join(SOCKET).exists(), "a host that ends takes its socket along");
    }

    #[tokio::test]
    async fn a_socket_that_a_killed_host_left_behind_is_nobody_and_gives_way() {
        let dir = tempfile::tempdir().unwrap();
        drop(std::os::unix::net::UnixListener::bind(dir.path().join(SOCKET)).unwrap());
        assert!(matches!(ask(dir.path(), &kill("")).await, Err(AskError::NobodyThere)));
        let serving = tokio::spawn(Door::open(dir.path()).unwrap().answer(echo));
        assert!(ask(dir.path(), &kill("")).await.unwrap().done);
        serving.abort();
    }

    #[tokio::test]
    async fn a_question_that_is_none_gets_an_answer_and_ends_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let serving = tokio::spawn(Door::open(dir.path()).unwrap().answer(echo));
        let mut socket = UnixStream::connect(dir.path().join(SOCKET)).await.unwrap();
        socket.write_all(b"{\"ask\":\"dance\"}\n").await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("\"done\":false") && answer.contains("does not understand"), "{answer}");
        assert!(ask(dir.path(), &kill("")).await.unwrap().done);
        serving.abort();
    }
}

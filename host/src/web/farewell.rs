//! How a connection is closed: the client hears the last answer even while it is still sending.
//!
//! A socket closed with bytes unread resets the connection, and the reset overtakes the answer that says why. So the
//! host ends its own side first, then reads and forgets what still comes, within bounds. Knows no request.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long a closed connection is read on, in milliseconds.
const LINGER_MS: u64 = 2_000;

/// How much is read on, in bytes.
const LINGER_BYTES_MAX: usize = 64 << 20;

/// What is read at once, in bytes.
const PIECE_BYTES: usize = 16 << 10;

/// A stream that says goodbye before it hangs up.
pub(crate) struct Lingering<S> {
    stream: S,
    linger: Duration,
    farewell: Option<Farewell>,
}

/// A goodbye under way.
struct Farewell {
    deadline: Pin<Box<Sleep>>,
    read_bytes: usize,
}

impl<S> Lingering<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, linger: Duration::from_millis(LINGER_MS), farewell: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let farewell = match &mut this.farewell {
            Some(farewell) => farewell,
            none => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                let deadline = Box::pin(tokio::time::sleep(this.linger));
                none.insert(Farewell { deadline, read_bytes: 0 })
            }
        };
        let mut piece = [0; PIECE_BYTES];
        while farewell.read_bytes < LINGER_BYTES_MAX && farewell.deadline.as_mut().poll(context).is_pending()
        {
            let mut piece = ReadBuf::new(&mut piece);
            // Whether it ends here or broke off: there is nobody left to tell.
            let Ok(()) = ready!(Pin::new(&mut this.stream).poll_read(context, &mut piece)) else { break };
            if piece.filled().is_empty() {
                break;
            }
            farewell.read_bytes += piece.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn what_is_still_coming_is_read_until_the_other_end_has_finished() {
        let (near, mut far) = duplex(64);
        let mut near = Lingering::new(near);
        let closing = tokio::spawn(async move { near.shutdown().await });
        far.write_all(&[b'x'; 10_000]).await.unwrap();
        assert_eq!(far.read(&mut [0]).await.unwrap(), 0, "our side has ended");
        drop(far);
        closing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn who_never_finishes_is_left_in_the_end() {
        let (near, _far) = duplex(64);
        let mut near = Lingering { linger: Duration::from_millis(50), ..Lingering::new(near) };
        let closing = tokio::time::timeout(Duration::from_secs(30), near.shutdown());
        closing.await.expect("it did not wait for ever").unwrap();
    }

    #[tokio::test]
    async fn who_never_stops_sending_is_left_when_enough_was_read() {
        let endless = tokio::io::join(tokio::io::repeat(b'x'), tokio::io::sink());
        let linger = Duration::from_secs(3_600);
        let mut near = Lingering { linger, ..Lingering::new(endless) };
        near.shutdown().await.unwrap();
        assert!(near.farewell.unwrap().read_bytes >= LINGER_BYTES_MAX);
    }
}

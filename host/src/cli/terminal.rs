//! What the verbs share of the terminal: diagnostics, a word on standard output, the wish to stop.
//!
//! Knows no verb.

use crate::exit::{EXIT_AT_ONCE, Exit};
use anyhow::{Context, anyhow};
use std::io::Write;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What is told where nobody says.
const FILTER_DEFAULT: &str = "info,sqlx=warn";
/// Libraries that print addresses and headers when they are asked for details, and with them access tokens. Nobody hears
/// them beyond `info`, whatever the filter says.
const WIRES: [&str; 8] =
    ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "reqwest", "rustls", "tokio_rustls"];

/// Diagnostics go to standard error; `BULKHEAD_LOG` filters them as `tracing` filters do.
///
/// # Errors
/// When `BULKHEAD_LOG` is no filter.
pub(crate) fn start_diagnostics(json: bool) -> Result<(), Exit> {
    let given = std::env::var_os("BULKHEAD_LOG");
    let given =
        given.map(|text| text.into_string().map_err(|_| anyhow!("BULKHEAD_LOG is not UTF-8"))).transpose()?;
    // A second start in one process (tests) keeps the first.
    let _ = diagnostics(filter(given.as_deref())?, json, std::io::stderr).try_init();
    Ok(())
}

/// Says something on standard output. Whoever listened may be gone (`bulkhead demo | head`): no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Waits for SIGTERM or SIGINT. From then on a second one ends the process at once: whoever sends it does not want to
/// wait, and nothing depends on an orderly end.
pub(crate) async fn asked_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    either(&mut terminate, &mut interrupt).await;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        eprintln!("bulkhead: asked a second time: ending at once");
        std::process::exit(EXIT_AT_ONCE.into());
    });
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn filter(given: Option<&str>) -> anyhow::Result<EnvFilter> {
    let text = given.filter(|text| !text.trim().is_empty()).unwrap_or(FILTER_DEFAULT);
    EnvFilter::builder().parse(text).with_context(|| {
        format!("BULKHEAD_LOG=`{text}` is no filter: write levels with commas between, such as `info,tenant=debug`")
    })
}

fn diagnostics<W>(filter: EnvFilter, json: bool, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = if json { lines.json().boxed() } else { lines.with_target(false).boxed() };
    tracing_subscriber::registry().with(filter).with(filter_fn(may_be_told)).with(lines)
}

fn may_be_told(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() <= Level::INFO || !WIRES.contains(&library)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kite::{Connection, Egress, Endpoints, Secret};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const CANARY: &str = "canary-of-an-access-token";

    /// What was printed.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A broker that answers whatever it is asked with an empty success.
    async fn broker() -> Endpoints {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let _ = socket.read(&mut head).await;
                let body = r#"{"status":"success","data":true}"#;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}",
                    body.len()
                );
                let _ = socket.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
            }
        });
        Endpoints::at(url)
    }

    /// A sign-out and a ticker: both carry the token in their address.
    async fn show_the_token_to_the_wire() {
        let session =
            Connection::new(broker().await, Egress::Direct).unwrap().session("key", Secret::new(CANARY));
        let (_ticker, mut events) = session.ticker();
        session.logout().await.unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(5), events.recv()).await.unwrap().is_some());
    }

    fn everything() -> EnvFilter {
        filter(Some("trace,tungstenite=trace,hyper_util=trace")).unwrap()
    }

    #[tokio::test]
    async fn no_filter_makes_the_diagnostics_print_an_access_token() {
        for json in [false, true] {
            let paper = Paper::default();
            let writer = paper.clone();
            let told = diagnostics(everything(), json, move || writer.clone()).set_default();
            tracing::trace!(target: "tenant::feed", "all is told");
            show_the_token_to_the_wire().await;
            drop(told);
            let text = paper.text();
            assert!(text.contains("all is told"), "{text}");
            assert!(!text.contains(CANARY), "{text}");
        }
    }

    #[tokio::test]
    async fn without_the_cap_the_same_filter_would_print_it() {
        let paper = Paper::default();
        let writer = paper.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let told = tracing_subscriber::registry().with(everything()).with(lines).set_default();
        show_the_token_to_the_wire().await;
        drop(told);
        assert!(paper.text().contains(CANARY), "the canary sings no more: is the cap still needed?");
    }

    #[test]
    fn a_filter_that_is_none_is_refused_in_words() {
        for text in ["tenant=loud", "info,=,", "[[["] {
            let said = format!("{:#}", filter(Some(text)).unwrap_err());
            assert!(
                said.contains(&format!("BULKHEAD_LOG=`{text}`")) && said.contains("info,tenant=debug"),
                "{said}"
            );
        }
        for fine in [None, Some(""), Some("info,tenant=debug"), Some("off")] {
            filter(fine).unwrap();
        }
    }
}

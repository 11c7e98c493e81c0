//! The archive against a real folder, and against a real Azurite where one is given.

use super::*;
use crate::Clock;
use crate::log::{Level, LogFileName, LogLimits, TenantLog};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::Mac as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use url::Url;

const SOON: Duration = Duration::from_millis(50);

fn logs(folder: &Path) -> (LogWriter, TenantLog) {
    let writer = LogWriter::start(folder, LogLimits::default(), Clock::wall()).unwrap();
    let log = TenantLog::new("UK9394", &writer).unwrap();
    (writer, log)
}

fn folder_storage(folder: &Path) -> Storage {
    Storage::open(&Url::from_directory_path(folder).unwrap(), []).unwrap()
}

async fn until(mut done: impl FnMut() -> bool) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it happens within 20 s");
}

#[tokio::test]
async fn a_log_stands_in_the_archive_under_its_tenants_name_and_follows_its_file() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, log) = logs(here.path());
    let object = there.path().join(format!("UK9394/logs/UK9394_{}.log", writer.now().date()));
    let archive = Archive::start(folder_storage(there.path()), writer.clone(), SOON);
    let holds = |text: &str| std::fs::read_to_string(&object).is_ok_and(|all| all.contains(text));
    log.write(Level::Info, None, "first");
    until(|| holds("first")).await;
    log.write(Level::Info, None, "second");
    until(|| holds("second")).await;
    log.write(Level::Info, None, "last words");
    writer.close();
    let status = archive.close().await;
    assert!(holds("last words"));
    assert_eq!((status.waiting, status.error), (0, None));
}

#[tokio::test]
async fn what_is_there_already_is_not_sent_again_after_a_restart() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, log) = logs(here.path());
    log.write(Level::Info, None, "once");
    for expected in [1, 0] {
        let archive = Archive::start(folder_storage(there.path()), writer.clone(), Duration::from_secs(60));
        until(|| archive.status().complete_at.is_some()).await;
        assert_eq!(archive.close().await.uploads, expected);
    }
}

#[tokio::test]
async fn a_storage_that_is_down_holds_nothing_up_and_gets_everything_when_it_is_back() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let blocked = there.path().join("store");
    std::fs::write(&blocked, "a file where the folder should be").unwrap();
    let (writer, log) = logs(here.path());
    log.write(Level::Info, None, "spooled");
    let archive = Archive::start(folder_storage(&blocked), writer.clone(), SOON);
    until(|| archive.status().error.is_some()).await;
    assert_eq!(archive.status().waiting, 1);
    std::fs::remove_file(&blocked).unwrap();
    until(|| archive.status().complete_at.is_some()).await;
    assert_eq!((archive.status().error, archive.status().uploads), (None, 1));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_holds_up_none_behind_it_and_is_said() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, _log) = logs(here.path());
    let date = writer.now().date();
    let names = [format!("UK1234_{date}.log"), format!("UK9394_{date}.log")];
    std::fs::write(here.path().join(&names[1]), "kept").unwrap();
    let seen = |name: &String| Seen {
        name: LogFileName::parse(name).unwrap(),
        bytes: 4,
        changed_at: std::time::SystemTime::UNIX_EPOCH,
    };
    let (storage, status) = (folder_storage(there.path()), Arc::default());
    let mut worker = Worker { storage, writer, status, changed: Changed::default() };
    let (uploaded, waiting, error) = worker.upload(names.iter().map(seen).collect()).await;
    assert_eq!((uploaded, waiting), (1, 1));
    assert!(error.unwrap().contains(&names[0]));
    assert!(there.path().join(format!("UK9394/logs/{}", names[1])).exists());
}

#[test]
fn the_wait_grows_with_failures_up_to_its_bound() {
    let minute = Duration::from_secs(60);
    let waits: Vec<_> = [0, 1, 2, 5, 40].map(|n| wait_after(n, minute).as_secs()).into();
    assert_eq!(waits, [60, 1, 2, 16, 300]);
}

#[test]
fn an_unknown_address_is_refused_with_the_ones_that_are_known() {
    let said = |url: &str| Storage::open(&Url::parse(url).unwrap(), []).unwrap_err().to_string();
    assert!(said("ftp://example.org/logs").contains("az://"));
    for url in ["az://user:secret@container/logs", "az://container/logs?sig=secret"] {
        assert!(said(url).contains("must carry no credentials") && !said(url).contains("secret"), "{url}");
    }
}

/// Needs Azurite: set `BULKHEAD_AZURITE_URL` to its blob address, such as `http://127.0.0.1:10000`. The account is
/// Azurite's published one; the container `bulkhead-logs` is made by the test.
#[tokio::test]
#[ignore = "needs Azurite: `tests/run archive` starts it and runs this"]
async fn azure_blob_storage_holds_the_log_that_the_disk_holds() {
    let address = std::env::var("BULKHEAD_AZURITE_URL").expect("set BULKHEAD_AZURITE_URL");
    let url = Url::parse("az://bulkhead-logs/some/prefix").unwrap();
    let account = "devstoreaccount1";
    let options = [
        ("azure_storage_account_name", account.to_owned()),
        ("azure_storage_account_key", AZURITE_KEY.to_owned()),
        ("azure_storage_endpoint", format!("{}/{account}", address.trim_end_matches('/'))),
        ("allow_http", "true".to_owned()),
    ];
    make_container(&address);
    let storage = Storage::open(&url, options.map(|(name, value)| (name.to_owned(), value))).unwrap();
    let here = tempfile::tempdir().unwrap();
    let (writer, log) = logs(here.path());
    log.write(Level::Info, Some("r1"), "kept in the cloud");
    let archive = Archive::start(storage.clone(), writer.clone(), SOON);
    until(|| archive.status().complete_at.is_some() || archive.status().error.is_some()).await;
    assert_eq!(archive.status().error, None);
    let name = LogFileName::parse(&format!("UK9394_{}.log", writer.now().date())).unwrap();
    let on_disk = std::fs::read(here.path().join(name.to_string())).unwrap();
    assert_eq!(storage.get(&name).await.unwrap(), on_disk);
}

/// Published by Microsoft for its emulator; no secret.
const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Makes the container over Azure's REST interface: logs are put into one, and operators make it.
fn make_container(address: &str) {
    let host = address.trim_end_matches('/').strip_prefix("http://").expect("Azurite is served over http");
    let shape = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let now = time::OffsetDateTime::from_unix_timestamp(Clock::wall().now().seconds()).unwrap();
    let date = now.format(&shape).unwrap();
    let path = "/devstoreaccount1/bulkhead-logs";
    let headers = format!("x-ms-date:{date}\nx-ms-version:2021-08-06");
    let signed = format!("PUT{}{headers}\n/devstoreaccount1{path}\nrestype:container", "\n".repeat(12));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&BASE64.decode(AZURITE_KEY).unwrap()).unwrap();
    mac.update(signed.as_bytes());
    let signature = BASE64.encode(mac.finalize().into_bytes());
    let mut socket = std::net::TcpStream::connect(host).expect("Azurite listens there");
    write!(
        socket,
        "PUT {path}?restype=container HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\
         x-ms-date: {date}\r\nx-ms-version: 2021-08-06\r\nauthorization: SharedKey devstoreaccount1:{signature}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap_or_default();
    assert!(["201", "409"].contains(&status), "{answer}");
}

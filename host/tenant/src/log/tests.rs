//! The log as a whole, on a real folder with the real writer thread.

use super::*;
use crate::Clock;
use std::time::{Duration, Instant};

struct Desk {
    folder: tempfile::TempDir,
    clock: Clock,
    writer: LogWriter,
}

fn desk(limits: LogLimits) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::wall();
    let writer = LogWriter::start(folder.path(), limits, clock.clone()).unwrap();
    Desk { folder, clock, writer }
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

#[tokio::test]
async fn a_line_carries_time_level_tenant_and_run_in_the_file_of_its_day() {
    let desk = desk(LogLimits::default());
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    log.write(Level::Info, Some("r7"), "bought\n2026-11-23T09:15:00.000+05:30 ERROR UK1234 r1 forged");
    desk.writer.flush();
    let date = desk.clock.now().date();
    let text = std::fs::read_to_string(desk.folder.path().join(format!("UK9394_{date}.log"))).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("+05:30 INFO UK9394 r7 bought\\n2026-11-23T"), "{text}");
    assert_eq!(log.dates().await.unwrap(), [date]);
    let file = log.open(date).await.unwrap().unwrap();
    assert_eq!((file.bytes, file.name.to_string()), (text.len() as u64, format!("UK9394_{date}.log")));
    assert!(log.open(date.previous()).await.unwrap().is_none());
}

#[tokio::test]
async fn one_tenants_log_shows_nothing_of_anothers() {
    let desk = desk(LogLimits::default());
    let (mine, other) =
        (TenantLog::new("UK9394", &desk.writer).unwrap(), TenantLog::new("UK1234", &desk.writer).unwrap());
    let mut tail = mine.tail();
    other.write(Level::Error, None, "secret");
    mine.write(Level::Info, None, "mine");
    let lines = mine.read(desk.clock.now().date(), Filter::default()).await.unwrap();
    assert_eq!(texts(&lines), ["mine"]);
    let Some(TailItem::Line(line)) = tail.next().await else { panic!("a line was pushed") };
    assert_eq!(line.text, "mine");
}

#[tokio::test]
async fn a_reading_is_filtered_and_keeps_the_newest() {
    let desk = desk(LogLimits::default());
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    for n in 0..10 {
        log.write_of_run(Level::Info, if n % 2 == 0 { "even" } else { "odd" }, &format!("Line {n}"));
    }
    log.write(Level::Error, None, "it broke");
    let date = desk.clock.now().date();
    let read = async |filter: Filter| log.read(date, filter).await.unwrap();
    let two = read(Filter { limit: 2, run: Some("even".into()), ..Filter::default() }).await;
    assert_eq!(texts(&two), ["Line 6", "Line 8"]);
    let worst = read(Filter { level: Some(Level::Warn), ..Filter::default() }).await;
    assert_eq!(texts(&worst), ["it broke"]);
    assert_eq!(read(Filter { text: Some("line 3".into()), ..Filter::default() }).await.len(), 1);
    assert_eq!(log.read(date.previous(), Filter::default()).await.unwrap(), []);
}

#[tokio::test]
async fn the_file_rolls_at_ist_midnight() {
    let desk = desk(LogLimits::default());
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    log.write(Level::Info, None, "today");
    let today = desk.clock.now().date();
    desk.clock.shift_seconds(86_400);
    log.write(Level::Info, None, "tomorrow");
    assert_eq!(texts(&log.read(today, Filter::default()).await.unwrap()), ["today"]);
    let tomorrow = desk.clock.now().date();
    assert_eq!(texts(&log.read(tomorrow, Filter::default()).await.unwrap()), ["tomorrow"]);
    assert_eq!(log.dates().await.unwrap(), [today, tomorrow]);
}

#[tokio::test]
async fn files_older_than_they_are_kept_go_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::wall();
    let today = clock.now().date();
    let (kept, old) = (today.previous(), today.previous().previous());
    let names = [format!("UK9394_{old}.log"), format!("UK9394_{kept}.log"), "notes.txt".to_owned()];
    names.iter().for_each(|name| std::fs::write(folder.path().join(name), "x").unwrap());
    let stands = |name: &String| folder.path().join(name).exists();
    let forever = LogWriter::start(folder.path(), LogLimits::default(), clock.clone()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    forever.close();
    assert!(names.iter().all(stands));
    let limits = LogLimits { days_kept: Some(2), ..LogLimits::default() };
    let writer = LogWriter::start(folder.path(), limits, clock).unwrap();
    let give_up = Instant::now() + Duration::from_secs(10);
    while stands(&names[0]) {
        assert!(Instant::now() < give_up, "never deleted");
        std::thread::sleep(Duration::from_millis(10));
    }
    writer.close();
    assert!(stands(&names[1]) && stands(&names[2]));
}

#[tokio::test]
async fn a_flood_is_cut_and_reported_and_closing_loses_nothing_that_was_taken() {
    let desk = desk(LogLimits { lines_per_second: 50, ..LogLimits::default() });
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    for n in 0..5_000 {
        log.write_of_run(Level::Info, "r1", &format!("{n}"));
    }
    let suppressed = log.suppressed();
    assert!(suppressed >= 4_000, "{suppressed}");
    desk.writer.close();
    let filter = Filter { limit: 10_000, ..Filter::default() };
    let lines = log.read(desk.clock.now().date(), filter).await.unwrap();
    let (reports, kept): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.text.starts_with("suppressed "));
    assert_eq!(kept.len() as u64 + suppressed, 5_000);
    let number = |line: &&LogLine| line.text.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    assert_eq!(reports.iter().map(number).sum::<u64>(), suppressed);
}

#[tokio::test]
async fn a_flood_that_just_ends_is_reported_by_itself() {
    let desk = desk(LogLimits { lines_per_second: 1, ..LogLimits::default() });
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    (0..9).for_each(|_| log.write_of_run(Level::Info, "r1", "flood"));
    let mut tail = log.tail();
    desk.clock.shift_seconds(1);
    let told = tokio::time::timeout(Duration::from_secs(5), tail.next()).await.unwrap().unwrap();
    let TailItem::Line(line) = told else { panic!("the report is a line") };
    assert!(line.text.starts_with("suppressed "), "{}", line.text);
}

#[tokio::test]
async fn a_slow_watcher_is_told_how_many_lines_it_missed() {
    let desk = desk(LogLimits { tail_lines: 4, ..LogLimits::default() });
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    let mut tail = log.tail();
    (0..10).for_each(|n| log.write(Level::Info, None, &format!("{n}")));
    assert_eq!(tail.next().await, Some(TailItem::Missed(6)));
    let Some(TailItem::Line(line)) = tail.next().await else { panic!("then it goes on") };
    assert_eq!(line.text, "6");
}

#[test]
fn a_line_reaches_the_disk_by_itself_within_moments() {
    let desk = desk(LogLimits::default());
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    log.write(Level::Info, None, "soon");
    let path = desk.folder.path().join(format!("UK9394_{}.log", desk.clock.now().date()));
    let give_up = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&path).is_ok_and(|text| text.contains("soon")) {
        assert!(Instant::now() < give_up, "never flushed");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_folder_is_neither_read_nor_written() {
    let desk = desk(LogLimits::default());
    let date = desk.clock.now().date();
    let outside = desk.folder.path().join("outside");
    std::fs::write(&outside, "secret").unwrap();
    std::os::unix::fs::symlink(&outside, desk.folder.path().join(format!("UK9394_{date}.log"))).unwrap();
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    log.write(Level::Info, None, "through the link");
    assert!(log.open(date).await.unwrap_err().to_string().contains("not a plain file"));
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "secret");
}

#[tokio::test]
async fn a_run_that_floods_the_log_does_not_silence_what_the_host_says_of_its_orders() {
    let desk = desk(LogLimits { lines_per_second: 10, ..LogLimits::default() });
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    for n in 0..200 {
        log.write_of_run(Level::Info, "r1", "noise");
        if n % 10 == 0 {
            log.write(Level::Info, Some("r1"), &format!("order {n}"));
        }
    }
    let filter = Filter { text: Some("order".into()), ..Filter::default() };
    assert_eq!(log.read(desk.clock.now().date(), filter).await.unwrap().len(), 20);
}

#[tokio::test]
async fn runs_leave_places_in_the_queue_for_the_host() {
    let limits = LogLimits { queue_lines: 3, queue_lines_of_host: 3, ..LogLimits::default() };
    let desk = desk(limits);
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    log.write_of_run(Level::Info, "r1", "no place");
    log.write(Level::Info, None, "a place");
    assert_eq!(log.suppressed(), 1);
    desk.writer.flush();
    let lines = log.read(desk.clock.now().date(), Filter::default()).await.unwrap();
    assert!(texts(&lines).contains(&"a place") && !texts(&lines).contains(&"no place"));
}

#[tokio::test]
async fn lines_that_a_failing_disk_cost_are_counted_and_said_when_it_works_again() {
    let desk = desk(LogLimits::default());
    let log = TenantLog::new("UK9394", &desk.writer).unwrap();
    let date = desk.clock.now().date();
    let path = desk.folder.path().join(format!("UK9394_{date}.log"));
    std::fs::create_dir(&path).unwrap();
    (0..3).for_each(|_| log.write(Level::Info, None, "lost"));
    desk.writer.flush();
    std::fs::remove_dir(&path).unwrap();
    log.write(Level::Info, None, "kept");
    let give_up = Instant::now() + Duration::from_secs(10);
    while !std::fs::read_to_string(&path).is_ok_and(|text| text.contains("suppressed 3 lines")) {
        assert!(Instant::now() < give_up, "never said: {:?}", std::fs::read_to_string(&path));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(log.suppressed(), 3);
}

#[tokio::test]
async fn an_old_file_stays_until_the_archive_has_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::wall();
    let old = clock.now().date().previous();
    let names = ["UK9394", "UK1234"].map(|id| format!("{id}_{old}.log"));
    names.iter().for_each(|name| std::fs::write(folder.path().join(name), "four").unwrap());
    let archived = Arc::new(Mutex::new(std::collections::HashMap::new()));
    let mut files = disk::Files::new(folder.path().to_owned(), Some(1), Some(Arc::clone(&archived)));
    let stands = || names.iter().map(|name| folder.path().join(name).exists()).collect::<Vec<_>>();
    archived.lock().unwrap().insert(LogFileName::parse(&names[0]).unwrap(), 3);
    archived.lock().unwrap().insert(LogFileName::parse(&names[1]).unwrap(), 4);
    files.prune(clock.now().date());
    assert_eq!(stands(), [true, false], "the archive has three bytes of the first");
}

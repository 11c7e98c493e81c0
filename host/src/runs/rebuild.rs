//! A run as it was: its journal is read, proven, and given to a machine again, which must answer the same.
//!
//! What stands against it is said in words; then the run begins anew, and loses what only its memory held.

use super::bars::Bars;
use super::known::{Known, Row, held_after};
use super::prepare::{Made, NotReady, check_broker, line};
use super::subject::Subject;
use super::words;
use market::{Candle, Instrument, InstrumentToken, Money, Timestamp};
use sandbox::journal::{Entry, Reader, Recorder, Rerun};
use sandbox::{Machine, OrderUpdate, Program};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tenant::{JournalError, JournalPiece, JournalReading, RunLine, RunState};
use tokio::sync::mpsc;

/// Pieces that wait between the rows and the machine.
const PIECES_WAITING_MAX: usize = 64;

/// How often the run's reason says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// A run with everything that it had, and what it must be told.
pub(super) struct Rebuilt {
    pub(super) line: RunLine,
    pub(super) machine: Machine,
    pub(super) tokens: Vec<InstrumentToken>,
    pub(super) bars: Bars,
    pub(super) timers: BTreeMap<u64, Timestamp>,
    pub(super) recorder: Recorder,
    pub(super) known: Known,
    pub(super) changes: Vec<OrderUpdate>,
    pub(super) cash: Option<Money>,
}

/// A run that is being given its events again.
struct Again {
    rerun: Rerun,
    reader: Reader,
    known: Known,
    bars: Bars,
    instruments: Vec<Instrument>,
    finished: Vec<Candle>,
    read: Arc<AtomicU64>,
}

/// What a machine came to, or why it is not the run's.
type Came = Result<Again, String>;

/// Rebuilds the run, once the broker's line is live and its orders are settled.
pub(super) async fn rebuild(subject: &Subject, (program, params): &Made) -> Result<Rebuilt, NotReady> {
    let tenant = &subject.tenant;
    check_broker(tenant)?;
    // What a shard that has ended left a moment ago is durable first.
    tenant.write_gathered_of(&subject.run).await?;
    let line = line(tenant, &subject.run).await?;
    let Some(journal) = tenant.read_last_life(&subject.run.id).await? else {
        let heard_nothing = line.orders.is_empty() && tenant.last_event(&subject.run.id).await? == 0;
        return Err(if heard_nothing {
            NotReady::NeverBegan
        } else {
            NotReady::Anew(
                "its journal has no beginning: an earlier release wrote it, or it was lost".to_owned(),
            )
        });
    };
    let (events, most) = (journal.events(), subject.inner.limits.rebuild_events_max);
    if events > most {
        let text = format!(
            "its journal has {events} events, and at most {most} are given again (--rebuild-events-max)"
        );
        return Err(NotReady::Anew(text));
    }
    let bars = Bars::new(program.manifest().intervals(params));
    let again = play(subject, program, journal, bars).await?;
    let list = tenant.instruments().await?;
    check_instruments(&list, &again.instruments).map_err(NotReady::Anew)?;
    meet(again, line, tenant.cash().await.ok())
}

/// Reads here and plays off the tasks' threads, no more of them at once than there are processors.
async fn play(
    subject: &Subject,
    program: &Program,
    mut journal: JournalReading,
    bars: Bars,
) -> Result<Again, NotReady> {
    let _turn = subject.inner.cores.acquire().await;
    let events = journal.events();
    let read = Arc::new(AtomicU64::new(0));
    let again = Again {
        rerun: Rerun::new(program),
        reader: Reader::new(journal.first_event),
        known: Known::default(),
        bars,
        instruments: Vec::new(),
        finished: Vec::new(),
        read: Arc::clone(&read),
    };
    let (pieces, inbox) = mpsc::channel(PIECES_WAITING_MAX);
    let playing = tokio::task::spawn_blocking(move || again.hear_all(inbox));
    let mut said_at = Instant::now();
    loop {
        let piece = journal.next().await.map_err(not_read)?;
        let Some(piece) = piece else { break };
        // A machine that has gone another way hears nothing more.
        if pieces.send(piece).await.is_err() {
            break;
        }
        if said_at.elapsed() >= SAY_EVERY {
            said_at = Instant::now();
            let now = read.load(Ordering::Relaxed);
            say_how_far(subject, now, events).await?;
        }
    }
    drop(pieces);
    let came = playing.await.unwrap_or_else(|panic| Err(format!("the host fell over: {panic}")));
    came.map_err(NotReady::Anew)
}

async fn say_how_far(subject: &Subject, now: u64, events: u64) -> Result<(), NotReady> {
    let text = format!("rebuilding, {now} of {events} events");
    subject.tenant.set_run_state(&subject.run.id, RunState::Starting, Some(&text)).await?;
    Ok(())
}

/// A machine as it was, beside the rows as they are.
fn meet(again: Again, line: RunLine, cash: Option<Money>) -> Result<Rebuilt, NotReady> {
    let Again { rerun, reader, known, bars, instruments, .. } = again;
    let (machine, timers) = rerun.end().map_err(|error| NotReady::Anew(error.to_string()))?;
    let row = |order: &tenant::OrderRecord| Row {
        order: words::order(order.clone()),
        changed_at: order.updated_at,
    };
    let rows: Vec<Row> = line.orders.iter().map(row).collect();
    let changes = known.changes(&rows).map_err(NotReady::Anew)?;
    let held = machine.seen().map(|seen| seen.positions).unwrap_or_default();
    let by_journal = held_after(&held, &changes);
    let by_trades: Vec<_> = line.positions.iter().cloned().map(words::position).collect();
    let by_trades = held_after(&by_trades, &[]);
    if by_journal != by_trades {
        let text = format!("by its journal it holds {by_journal:?}, by its trades {by_trades:?}");
        return Err(NotReady::Anew(text));
    }
    let tokens = instruments.iter().map(|instrument| instrument.token).collect();
    let recorder = reader.into_recorder();
    Ok(Rebuilt { line, machine, tokens, bars, timers, recorder, known, changes, cash })
}

/// The run goes on with the instruments it began with; where the day's list says otherwise of one, it must begin anew.
fn check_instruments(list: &tenant::InstrumentList, began_with: &[Instrument]) -> Result<(), String> {
    for instrument in began_with {
        let symbol = &instrument.symbol;
        let Some(today) = list.by_symbol(symbol) else {
            return Err(format!("{symbol} is not on today's instrument list any more"));
        };
        let facts = |i: &Instrument| (i.token, i.tick_size, i.lot_size);
        if facts(today) != facts(instrument) {
            return Err(format!("{symbol} has another token, tick or lot size today than it began with"));
        }
    }
    Ok(())
}

fn not_read(error: JournalError) -> NotReady {
    match error {
        JournalError::Store(error) => error.into(),
        JournalError::Damaged { .. } | JournalError::Older { .. } => NotReady::Anew(error.to_string()),
    }
}

impl Again {
    fn hear_all(mut self, mut inbox: mpsc::Receiver<JournalPiece>) -> Came {
        let mut is_first = true;
        while let Some(piece) = inbox.blocking_recv() {
            self.hear(&piece, is_first)
                .map_err(|why| format!("piece {} of its journal: {why}", piece.number))?;
            is_first = false;
        }
        Ok(self)
    }

    fn hear(&mut self, piece: &JournalPiece, is_first: bool) -> Result<(), String> {
        let words = |error: sandbox::journal::Malformed| error.to_string();
        let bytes =
            if is_first { self.reader.last_life(&piece.bytes).map_err(words)? } else { &piece.bytes[..] };
        for entry in self.reader.entries(bytes) {
            let (seq, entry) = entry.map_err(words)?;
            self.rerun.take(seq, &entry).map_err(|error| error.to_string())?;
            self.known.take(&entry);
            match &entry {
                Entry::Start(beginning) => self.instruments.clone_from(&beginning.start.instruments),
                Entry::Ticks(ticks) => {
                    for tick in ticks {
                        self.bars.take(tick, &mut self.finished);
                    }
                    self.finished.clear();
                }
                Entry::Candles(candles) => candles.iter().for_each(|candle| self.bars.close(candle)),
                Entry::Event(_) | Entry::Traces(_) => {}
            }
            self.read.fetch_add(entry.events(), Ordering::Relaxed);
        }
        if self.reader.seq() != piece.event_seq {
            let (last, says) = (self.reader.seq(), piece.event_seq);
            return Err(format!("it ends with event {last} and says {says}"));
        }
        Ok(())
    }
}

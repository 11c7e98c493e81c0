//! A shard: one thread that owns the machines of its runs and lets each hear what waits for it.
//!
//! Run to completion over bounded queues: ticks come from one queue a tenant, everything else from one queue of
//! commands, and a subscription index says which runs a tick is for. Knows no tenant, only feed numbers.

use super::cell::{Cell, HAND_OVER, Opening, Turn};
use super::told::{Ask, Slot};
use market::{InstrumentToken, Tick, Timestamp};
use std::any::Any;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};
use tenant::Clock;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

/// Commands that may wait for one shard, in commands. Who sends waits; shards take them before anything else.
const COMMANDS_MAX: usize = 4_096;

/// Batches of ticks that may wait for one shard from one tenant, in batches.
pub(super) const TICK_BATCHES_MAX: usize = 256;

/// How often bars are ended that no tick has ended.
const SWEEP: Duration = Duration::from_millis(500);

/// A bar is ended by the clock this long after its time, so that late ticks still count.
const BAR_GRACE_SECONDS: i64 = 2;

/// How soon a run is tried again whose task lags.
const BLOCKED_RETRY: Duration = Duration::from_millis(1);

/// A batch of one tenant's ticks.
pub(super) type Ticks = Arc<[Tick]>;

/// What a shard can be told.
pub(super) enum Command {
    /// A tenant's ticks come from here.
    Feed { feed: u64, ticks: mpsc::Receiver<Ticks> },
    /// A run moves in.
    Open(Box<Opening>),
    /// A run is asked for something.
    Ask(Slot, Ask),
}

/// The outside of a shard.
#[derive(Clone)]
pub(super) struct ShardHandle {
    commands: mpsc::Sender<Command>,
    thread: Thread,
}

/// The inside.
struct Shard {
    clock: Clock,
    commands: mpsc::Receiver<Command>,
    feeds: Vec<(u64, mpsc::Receiver<Ticks>)>,
    cells: Vec<Option<Cell>>,
    free: Vec<usize>,
    places: HashMap<Slot, usize>,
    index: HashMap<(u64, InstrumentToken), Vec<usize>>,
    ready: VecDeque<usize>,
    is_ready: Vec<bool>,
    blocked: Vec<usize>,
    /// When each run's next timer is due: at most one entry a run.
    timers: BTreeSet<(Timestamp, usize)>,
    timer_of: Vec<Option<Timestamp>>,
    swept: Instant,
    /// When runs were last asked for the journals they owe, where any does.
    asked: Instant,
    owes_journals: bool,
}

impl ShardHandle {
    /// Starts the thread. It ends when every handle is gone.
    pub(super) fn start(number: usize, clock: Clock) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let shard = Shard::new(clock, inbox);
        let joined = thread::Builder::new().name(format!("shard-{number}")).spawn(move || shard.run())?;
        Ok((Self { commands, thread: joined.thread().clone() }, joined))
    }

    /// False when the thread has ended: no run may be put there.
    pub(super) fn is_alive(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Sends a command; waits while too many wait. False when the shard is gone.
    pub(super) async fn tell(&self, command: Command) -> bool {
        let sent = self.commands.send(command).await.is_ok();
        self.thread.unpark();
        sent
    }

    /// Wakes the shard: ticks are there, or a task has caught up.
    pub(super) fn wake(&self) {
        self.thread.unpark();
    }
}

impl Shard {
    fn new(clock: Clock, commands: mpsc::Receiver<Command>) -> Self {
        Self {
            clock,
            commands,
            feeds: Vec::new(),
            cells: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            index: HashMap::new(),
            ready: VecDeque::new(),
            is_ready: Vec::new(),
            blocked: Vec::new(),
            timers: BTreeSet::new(),
            timer_of: Vec::new(),
            swept: Instant::now(),
            asked: Instant::now(),
            owes_journals: false,
        }
    }

    fn run(mut self) {
        loop {
            if !self.take_commands() {
                return;
            }
            self.take_ticks();
            let now = self.clock.now();
            self.take_timers(now);
            self.sweep(now);
            self.ask_for_journals();
            for place in std::mem::take(&mut self.blocked) {
                self.mark(place);
            }
            self.turn_all(now);
            if self.ready.is_empty() {
                thread::park_timeout(self.pause(now));
            }
        }
    }

    /// False when nobody can command the shard any more.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Feed { feed, ticks }) => self.feeds.push((feed, ticks)),
                Ok(Command::Open(opening)) => self.open(*opening),
                Ok(Command::Ask(slot, Ask::Deliver(event))) => {
                    if let Some(&place) = self.places.get(&slot)
                        && let Some(cell) = &mut self.cells[place]
                    {
                        cell.post(event);
                        self.mark(place);
                    }
                }
                Ok(Command::Ask(slot, Ask::Drop)) => {
                    if let Some(&place) = self.places.get(&slot) {
                        self.for_cell(place, Cell::ask_to_drop);
                    }
                }
                #[cfg(test)]
                Ok(Command::Ask(slot, Ask::Panic)) => {
                    if let Some(&place) = self.places.get(&slot) {
                        self.for_cell(place, Cell::ask_to_panic);
                    }
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn take_ticks(&mut self) {
        let mut feeds = std::mem::take(&mut self.feeds);
        feeds.retain_mut(|(feed, ticks)| {
            loop {
                match ticks.try_recv() {
                    Ok(batch) => batch.iter().for_each(|tick| self.spread(*feed, tick)),
                    Err(TryRecvError::Empty) => return true,
                    Err(TryRecvError::Disconnected) => return false,
                }
            }
        });
        self.feeds = feeds;
    }

    /// Gives a tick to the runs that asked for its instrument, and to no other.
    fn spread(&mut self, feed: u64, tick: &Tick) {
        let Some(places) = self.index.get(&(feed, tick.token)) else { return };
        for &place in places {
            if let Some(cell) = &mut self.cells[place] {
                cell.hear(tick);
                if !std::mem::replace(&mut self.is_ready[place], true) {
                    self.ready.push_back(place);
                }
            }
        }
    }

    fn for_cell(&mut self, place: usize, ask: impl FnOnce(&mut Cell)) {
        if let Some(cell) = &mut self.cells[place] {
            ask(cell);
            self.mark(place);
        }
    }

    fn take_timers(&mut self, now: Timestamp) {
        while let Some(&(at, place)) = self.timers.first() {
            if at > now {
                return;
            }
            self.arm(place, None);
            self.mark(place);
        }
    }

    /// Puts the run's one entry where its next timer is due.
    fn arm(&mut self, place: usize, next: Option<Timestamp>) {
        let before = std::mem::replace(&mut self.timer_of[place], next);
        if before == next {
            return;
        }
        if let Some(before) = before {
            self.timers.remove(&(before, place));
        }
        if let Some(next) = next {
            self.timers.insert((next, place));
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        if self.swept.elapsed() < SWEEP {
            return;
        }
        self.swept = Instant::now();
        let over = now.plus_seconds(-BAR_GRACE_SECONDS);
        for place in 0..self.cells.len() {
            if self.cells[place].as_mut().is_some_and(|cell| cell.expire_bars(over)) {
                self.mark(place);
            }
        }
    }

    /// A run that heard something and then nothing more has a turn for its journal alone.
    fn ask_for_journals(&mut self) {
        if !self.owes_journals || self.asked.elapsed() < HAND_OVER {
            return;
        }
        (self.asked, self.owes_journals) = (Instant::now(), false);
        for place in 0..self.cells.len() {
            if self.cells[place].as_ref().is_some_and(Cell::owes_journal) {
                self.mark(place);
            }
        }
    }

    fn turn_all(&mut self, now: Timestamp) {
        for _ in 0..self.ready.len() {
            let Some(place) = self.ready.pop_front() else { return };
            self.is_ready[place] = false;
            let Some(cell) = &mut self.cells[place] else { continue };
            // A fault of the host in one run's turn is that run's end, and nobody else's.
            let turn = catch_unwind(AssertUnwindSafe(|| cell.turn(now))).unwrap_or_else(|panic| {
                cell.fell_over(panic_text(panic.as_ref()));
                Turn::Over
            });
            self.owes_journals |= cell.owes_journal();
            let next = cell.next_timer();
            match turn {
                Turn::Idle => self.arm(place, next),
                Turn::More => {
                    self.arm(place, next);
                    self.mark(place);
                }
                // It is tried again soon, whatever is due.
                Turn::Blocked => self.blocked.push(place),
                Turn::Over => self.close(place),
            }
        }
    }

    fn open(&mut self, opening: Opening) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.cells.push(None);
            self.is_ready.push(false);
            self.timer_of.push(None);
            self.cells.len() - 1
        });
        let cell = Cell::new(opening);
        for &token in cell.tokens() {
            self.index.entry((cell.feed(), token)).or_default().push(place);
        }
        let next = cell.next_timer();
        self.places.insert(cell.slot(), place);
        self.cells[place] = Some(cell);
        self.arm(place, next);
        self.mark(place);
    }

    /// Drops the machine. A store that has failed is never used again.
    fn close(&mut self, place: usize) {
        let Some(cell) = self.cells[place].take() else { return };
        self.places.remove(&cell.slot());
        for &token in cell.tokens() {
            if let Some(places) = self.index.get_mut(&(cell.feed(), token)) {
                places.retain(|other| *other != place);
                if places.is_empty() {
                    self.index.remove(&(cell.feed(), token));
                }
            }
        }
        self.arm(place, None);
        self.free.push(place);
        // What the machine holds may fall over as well on its way out.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(cell)));
    }

    fn mark(&mut self, place: usize) {
        if !std::mem::replace(&mut self.is_ready[place], true) {
            self.ready.push_back(place);
        }
    }

    fn pause(&self, now: Timestamp) -> Duration {
        let until_timer = self
            .timers
            .first()
            .map(|(at, _)| Duration::from_micros(u64::try_from(at.micros_since(now)).unwrap_or(0)));
        let longest = match (self.blocked.is_empty(), self.owes_journals) {
            (false, _) => BLOCKED_RETRY,
            (true, true) => HAND_OVER,
            (true, false) => SWEEP,
        };
        until_timer.map_or(longest, |until| until.min(longest))
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

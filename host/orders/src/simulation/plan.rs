//! What happens to one simulated world besides what follows by itself: drawn from the seed, and shortened to find the cause.

use super::dice::Dice;
use super::fault::{Fault, Faults};
use market::{Timestamp, TradingDate};

/// Something that somebody or something does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// A run is given an event, and asks for something.
    Ask,
    /// A person or the host closes a position.
    Exit,
    /// A person withdraws what stands.
    WithdrawByPerson,
    /// A person trades in the broker's app.
    TradeByHand,
    /// A person touches an order of ours there.
    TouchByHand,
    /// Somebody moves a kill switch.
    Switch,
    /// Somebody changes the limits.
    Limits,
    /// The day's result is told.
    DayResult,
    /// The process dies at the next boundary of its kind.
    Crash,
    /// A backup is made.
    Backup,
    /// The process dies, and the backup is brought back.
    Restore,
    /// A login elsewhere.
    OtherLogin,
    /// The trader goes to the broker's login page.
    Login,
    /// The trader comes back from there, signed in.
    SignIn,
    /// A person looks at the broker's pages and settles what was escalated.
    Settle,
    /// The wall clock jumps.
    ClockJump,
    /// The disk is full for a while.
    DiskFull,
    /// The ticker is down for a while.
    FeedGap,
    /// The broker is away for a while.
    BrokerDown,
    /// The machine sleeps.
    Suspend,
    /// A postback says that something changed.
    Stir,
    /// The broker kills all tokens.
    TokenFlush,
    /// The broker's book begins anew.
    BookTurn,
}

/// One act, at its time, with chance of its own: taking another one out changes nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) at: Timestamp,
    pub(super) act: Act,
    pub(super) seed: u64,
}

/// One seed's world.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) faults: Faults,
    pub(super) begins: Timestamp,
    /// Faults stop here.
    pub(super) calm_at: Timestamp,
    pub(super) runs: usize,
    pub(super) acts: Vec<Planned>,
}

/// A night's world begins so long before the market closes, but for some seconds.
const BEFORE_CLOSE_MICROS: i64 = 176_000_000;

/// Acts that come with a fault, how many at most, and what they are.
const WITH_FAULTS: [(Fault, i64, Act); 20] = [
    (Fault::Exits, 4, Act::Exit),
    (Fault::Withdrawals, 3, Act::WithdrawByPerson),
    (Fault::Person, 8, Act::TradeByHand),
    (Fault::PersonOnOurs, 4, Act::TouchByHand),
    (Fault::KillSwitch, 4, Act::Switch),
    (Fault::Limits, 2, Act::Limits),
    (Fault::DayResult, 4, Act::DayResult),
    (Fault::Crash, 4, Act::Crash),
    (Fault::CrashInWrite, 4, Act::Crash),
    (Fault::OldBackup, 1, Act::Backup),
    (Fault::OldBackup, 1, Act::Restore),
    (Fault::OtherLogin, 3, Act::OtherLogin),
    (Fault::Forbidden, 3, Act::Login),
    (Fault::ClockJump, 3, Act::ClockJump),
    (Fault::DiskFull, 3, Act::DiskFull),
    (Fault::FeedGap, 3, Act::FeedGap),
    (Fault::BrokerDown, 2, Act::BrokerDown),
    (Fault::Suspend, 2, Act::Suspend),
    (Fault::Stir, 3, Act::Stir),
    (Fault::Stir, 3, Act::Login),
];

impl Act {
    /// True for what cannot happen while the machine sleeps.
    pub(super) const fn is_of_machine(self) -> bool {
        match self {
            Self::Ask
            | Self::Exit
            | Self::WithdrawByPerson
            | Self::Switch
            | Self::Limits
            | Self::DayResult => true,
            Self::Crash
            | Self::Backup
            | Self::Restore
            | Self::Login
            | Self::SignIn
            | Self::Stir
            | Self::Settle => true,
            Self::TradeByHand | Self::TouchByHand | Self::OtherLogin | Self::ClockJump | Self::DiskFull => {
                false
            }
            Self::FeedGap | Self::BrokerDown | Self::Suspend | Self::TokenFlush | Self::BookTurn => false,
        }
    }
}

impl Plan {
    /// What the seed says.
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = Dice::apart(seed, 0);
        let faults = Faults::draw(&mut dice);
        let (begins, calm_at) = span(faults, &mut dice);
        let runs = usize::try_from(dice.between(1, 4)).unwrap_or(1);
        let mut plan = Self { seed, faults, begins, calm_at, runs, acts: Vec::new() };
        let asks = dice.between(2, if faults.has(Fault::Flood) { 60 } else { 25 });
        plan.scatter(Act::Ask, asks, &mut dice);
        for (fault, most, act) in WITH_FAULTS {
            if faults.has(fault) {
                let count = dice.between(1, most);
                plan.scatter(act, count, &mut dice);
            }
        }
        if faults.has(Fault::Night) {
            plan.night(&mut dice);
        }
        plan.acts.sort_by_key(|planned| planned.at);
        plan
    }

    fn scatter(&mut self, act: Act, count: i64, dice: &mut Dice) {
        let span = self.calm_at.micros_since(self.begins);
        // Half of all acts come close together: that is where races are.
        let before_close = self.faults.has(Fault::Night) && dice.chance(700);
        let crowd = dice.between(0, if before_close { BEFORE_CLOSE_MICROS } else { span });
        for _ in 0..count {
            let at =
                if dice.chance(500) { crowd + dice.between(0, 4_000_000) } else { dice.between(0, span) };
            let at = self.begins.plus_micros(at.min(span));
            self.acts.push(Planned { at, act, seed: dice.next() });
        }
    }

    /// Tokens die at six, the book begins anew, and somebody signs in before the market opens.
    fn night(&mut self, dice: &mut Dice) {
        let morning = self.begins.date().next();
        if dice.chance(500) {
            let at = self.begins.plus_micros(dice.between(100, 240) * 1_000_000);
            self.acts.push(Planned { at, act: Act::TokenFlush, seed: dice.next() });
        }
        let second = |hour: i64, dice: &mut Dice| hour * 3_600 + dice.between(0, 1_800);
        let turn = second(3, dice);
        let times = [(turn, Act::BookTurn), (6 * 3_600, Act::TokenFlush), (second(8, dice), Act::Login)];
        for (at, act) in times {
            self.acts.push(Planned { at: morning.at_seconds(at), act, seed: dice.next() });
        }
        let at = morning.at_seconds(9 * 3_600 + dice.between(0, 1_500));
        self.acts.push(Planned { at, act: Act::Settle, seed: dice.next() });
        for _ in 0..5 {
            let at = morning.at_seconds(9 * 3_600 + 15 * 60 + dice.between(0, 600));
            self.acts.push(Planned { at, act: Act::Ask, seed: dice.next() });
        }
    }
}

/// From when until when things go wrong.
fn span(faults: Faults, dice: &mut Dice) -> (Timestamp, Timestamp) {
    let tuesday = TradingDate::new(2026, 11, 24).unwrap_or(Timestamp::EPOCH.date());
    if faults.has(Fault::Night) {
        let begins = tuesday.at_seconds(15 * 3_600 + 27 * 60);
        return (begins, tuesday.next().at_seconds(9 * 3_600 + 30 * 60));
    }
    let minutes = dice.between(1, 12);
    let begins = if faults.has(Fault::Close) {
        tuesday.at_seconds(15 * 3_600 + 30 * 60 - dice.between(0, minutes * 60))
    } else {
        tuesday.at_seconds(9 * 3_600 + dice.between(10, 300) * 60)
    };
    (begins, begins.plus_seconds(minutes * 60))
}

#[test]
fn a_plan_follows_from_its_seed_and_lies_within_its_time() {
    for seed in 0..300 {
        let (one, two) = (Plan::of(seed), Plan::of(seed));
        assert_eq!((one.acts.len(), one.calm_at), (two.acts.len(), two.calm_at), "seed {seed}");
        let inside = one.acts.iter().all(|a| one.begins <= a.at && a.at <= one.calm_at);
        assert!(inside && !one.acts.is_empty(), "seed {seed}");
    }
}

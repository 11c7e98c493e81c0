//! What may go wrong in a simulated world, and how much of it one seed has. Knows nothing of how it goes wrong.

use super::dice::Dice;

/// Share of the kinds of faults that a seed has, of a thousand: little of everything hides more than much of something.
const SHARES: [u64; 5] = [0, 80, 200, 400, 700];
/// How often a fault strikes where it may, of a thousand.
const INTENSITIES: [u64; 4] = [15, 60, 180, 400];

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// One kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Fault { $($(#[$doc])* $name),+ }
        impl Fault {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

faults! {
    /// The broker did it, and its answer never arrives.
    AnswerLost,
    /// The answer takes longer than we wait.
    AnswerLate,
    /// The answer to a placed or withdrawn order comes twice.
    AnswerTwice,
    /// The request is on the way for up to half a minute.
    RequestLate,
    /// The request is lost on the way: nobody knows that.
    RequestLost,
    /// 500, 502, 503, 504; done or not.
    ServerError,
    /// 429 from a gateway before or behind the order system.
    TooMany,
    /// 403 although the session is good, or with the order placed.
    Forbidden,
    /// 200 with a body that says nothing.
    Garbage,
    /// The connection was never made.
    NotSent,
    /// 400 with a reason.
    Refused,
    /// The book is up to 90 seconds old.
    BookStale,
    /// The book has records that cannot be read.
    BookHole,
    /// The book could not be had.
    BookFails,
    /// The book takes seconds to arrive.
    BookSlow,
    /// An order is in the book only after the proof of its absence.
    ListedLate,
    /// `PUT ORDER REQ RECEIVED` for up to 100 seconds.
    StuckAtRisk,
    /// The risk system's no is in no book.
    RefusedUnlisted,
    /// The exchange says no after the broker said yes.
    RefusedLater,
    /// The ticker drops updates.
    UpdateDropped,
    /// The ticker says things twice.
    UpdateTwice,
    /// The ticker says things late, so they come out of order.
    UpdateLate,
    /// The ticker is faster than the answer.
    UpdateFirst,
    /// The ticker is down for a while.
    FeedGap,
    /// Fills come in parts.
    PartialFills,
    /// More is filled than was asked for.
    Overfill,
    /// A fill after the withdrawal was taken.
    FillAfterCancel,
    /// Withdrawals are taken and not carried out.
    CancelIgnored,
    /// A status word that nobody knows.
    UnknownWord,
    /// A second order carries our tag.
    TwinTag,
    /// The book has an order of another account.
    ForeignAccount,
    /// Two own orders meet and share a trade number.
    SharedTrade,
    /// A person trades beside us.
    Person,
    /// A person touches our orders.
    PersonOnOurs,
    /// A login elsewhere kills our token.
    OtherLogin,
    /// The broker cannot be reached for a while.
    BrokerDown,
    /// The process dies.
    Crash,
    /// The process dies within a write.
    CrashInWrite,
    /// An older backup is brought back.
    OldBackup,
    /// The disk takes nothing for a while.
    DiskFull,
    /// Writes take long.
    DiskSlow,
    /// The wall clock jumps.
    ClockJump,
    /// The machine sleeps.
    Suspend,
    /// Somebody moves a kill switch.
    KillSwitch,
    /// Somebody changes the limits.
    Limits,
    /// The day's result is told, and may pass the limit.
    DayResult,
    /// A run asks for more than it may.
    Flood,
    /// A run asks for nonsense.
    Nonsense,
    /// A run changes its orders.
    Changes,
    /// A run withdraws its orders.
    Withdrawals,
    /// A person or the host closes positions.
    Exits,
    /// Postbacks, true and forged, say that something changed.
    Stir,
    /// The market closes.
    Close,
    /// A night passes: tokens die, the book begins anew.
    Night,
}

/// The faults of one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Faults {
    mask: u64,
    /// How often each strikes where it may, of a thousand.
    pub(super) per_mille: u64,
}

impl Faults {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let share = *dice.pick(&SHARES);
        let mut faults = Self { mask: 0, per_mille: *dice.pick(&INTENSITIES) };
        for fault in Fault::ALL {
            faults.mask |= u64::from(dice.chance(share)) << (*fault as u32);
        }
        faults
    }

    pub(super) const NONE: Self = Self { mask: 0, per_mille: 0 };

    pub(super) const fn has(self, fault: Fault) -> bool {
        self.mask & (1 << fault as u32) != 0
    }

    /// True when the fault is there and strikes now.
    pub(super) const fn strikes(self, fault: Fault, dice: &mut Dice) -> bool {
        self.has(fault) && dice.chance(self.per_mille)
    }

    pub(super) const fn without(self, fault: Fault) -> Self {
        Self { mask: self.mask & !(1 << fault as u32), ..self }
    }

    pub(super) fn names(self) -> Vec<Fault> {
        Fault::ALL.iter().copied().filter(|fault| self.has(*fault)).collect()
    }
}

#[test]
fn a_fault_that_was_taken_out_never_strikes() {
    assert!(Fault::ALL.len() <= 64, "one bit each");
    let mut dice = Dice::of(3);
    let all = Faults { mask: u64::MAX, per_mille: 1_000 };
    assert!(all.strikes(Fault::Night, &mut dice));
    assert!(!all.without(Fault::Night).strikes(Fault::Night, &mut dice));
    assert!(Faults::NONE.names().is_empty());
}

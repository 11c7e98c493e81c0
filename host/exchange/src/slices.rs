//! Orders above the freeze quantity, cut into children that each fit (reference §7.3).

use crate::desk::Entry;
use crate::exchange::Exchange;
use crate::order::{OrderStatus, PlaceOrder};
use crate::refusal::{Refusal, RefusalKind};
use crate::validate::check_quantity;
use market::{Symbol, Variety};

/// Children of one order.
const MOST_CHILDREN: u32 = 10;
/// How a rejected row ends, and a refusal does not.
const SEE_THE_BOOK: &str = " Check the orderbook for open orders.";

/// What became of an order that may be cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It fitted: its id.
    Whole(String),
    /// It was cut.
    Slices {
        /// The number that its children name. No order has it.
        parent: String,
        /// An id or a refusal for each.
        children: Vec<Result<String, Refusal>>,
    },
}

impl Exchange {
    /// Places an order in as many parts as the freeze quantity asks for.
    ///
    /// # Errors
    /// When the request itself is wrong, or takes more parts than are allowed.
    pub fn place_sliced(&mut self, user: &str, command: PlaceOrder) -> Result<Placed, Refusal> {
        let slot = self.tradable_slot(&command.request.symbol)?;
        let listing = &self.tape.listings[slot];
        let (freeze, largest) = (listing.freeze_quantity, listing.largest_order());
        let quantity = command.request.quantity;
        // Only ordinary orders are cut: the parts of an iceberg must each fit, and a cover order is one with its stop.
        let is_cut = matches!(command.request.variety, Variety::Regular | Variety::Amo);
        if !is_cut || quantity <= freeze || freeze == 0 {
            return self.place(user, command).map(Placed::Whole);
        }
        // Before any part goes out: the last one alone would be wrong.
        check_quantity(quantity, listing)?;
        if quantity.div_ceil(largest) > MOST_CHILDREN {
            return Err(Refusal::input(format!(
                "Autoslice cuts an order into {MOST_CHILDREN} parts at most: the largest quantity is {}.",
                largest * MOST_CHILDREN
            )));
        }
        let parent = self.desk.unused_order_id(self.now);
        let parts = self.parts_of(&command.request.symbol, quantity).into_iter();
        let children = parts.map(|part| self.place_child(user, &command, part, &parent)).collect::<Vec<_>>();
        // What is wrong with every part is wrong with the order.
        match children.iter().find_map(|child| child.as_ref().err()) {
            Some(refusal) if is_of_the_whole(refusal) && children.iter().all(Result::is_err) => {
                Err(refusal.clone())
            }
            Some(_) | None => Ok(Placed::Slices { parent, children }),
        }
    }

    /// A quantity in parts of which none is larger than one order may be.
    pub(crate) fn parts_of(&self, symbol: &Symbol, quantity: u32) -> Vec<u32> {
        let slot = self.tape.slot_of(symbol);
        let largest = slot.map_or(quantity, |slot| self.tape.listings[slot].largest_order()).max(1);
        let full = std::iter::repeat_n(largest, (quantity / largest) as usize);
        full.chain(Some(quantity % largest).filter(|rest| *rest > 0)).collect()
    }

    fn place_child(
        &mut self,
        user: &str,
        whole: &PlaceOrder,
        quantity: u32,
        parent: &str,
    ) -> Result<String, Refusal> {
        let mut command = whole.clone();
        command.request.quantity = quantity;
        command.system_tags = vec!["autoslice".to_owned(), format!("autoslice:{parent}")];
        let id = self.place(user, command)?;
        // A child that risk refuses is refused at once, in words without the hint at the order book, and leaves no row.
        let rejected =
            |entry: &Entry| entry.order.order_id == id && entry.order.status == OrderStatus::Rejected;
        if !self.desk.entries.last().is_some_and(rejected) {
            return Ok(id);
        }
        let why = self.take_back_last().unwrap_or_default();
        let kind =
            if why.starts_with("Insufficient stock") { RefusalKind::Holding } else { RefusalKind::Margin };
        Err(Refusal::of(kind, why.strip_suffix(SEE_THE_BOOK).unwrap_or(&why)))
    }

    /// Undoes the row of the newest order, which was rejected and so changed nothing else. Its reason.
    fn take_back_last(&mut self) -> Option<String> {
        let (index, entry) = self.desk.take_last()?;
        self.accounts[entry.account].orders.retain(|other| *other != index);
        self.touched.orders.remove(&index);
        self.events.pop();
        entry.order.status_message
    }
}

/// What is wrong with the request, or with the seller, and not with the funds for one part.
fn is_of_the_whole(refusal: &Refusal) -> bool {
    matches!(refusal.kind, RefusalKind::Input | RefusalKind::Consent)
}

//! A position held as another product (reference §8.2).

use crate::exchange::{Exchange, unknown_account};
use crate::ledger::Units;
use crate::position::ConvertPosition;
use crate::product::ShownProduct;
use crate::refusal::{Refusal, RefusalKind};
use crate::validate::{check_product, check_quantity};
use market::{Money, Side};

impl Exchange {
    /// Holds a position as another product.
    ///
    /// # Errors
    /// When the position is smaller than that, the product does not exist there, shares would be owed, or funds are
    /// short.
    pub fn convert(&mut self, user: &str, wish: &ConvertPosition) -> Result<(), Refusal> {
        let account = self.account(user).ok_or_else(|| unknown_account(user))?;
        let slot = self.tradable_slot(&wish.symbol)?;
        let listing = &self.tape.listings[slot];
        check_product(wish.new_product, listing)?;
        check_quantity(wish.quantity, listing)?;
        if wish.old_product == wish.new_product {
            return Err(Refusal::input("Invalid `new_product`. The position is held as that already."));
        }
        let units = if wish.overnight { Units::Carried } else { Units::OfToday };
        let before = self.accounts[account].lines();
        let moving = (wish.side, wish.quantity, units);
        if !self.accounts[account].convert(slot, moving, (wish.old_product.into(), wish.new_product.into())) {
            return Err(Refusal::input("The quantity to convert exceeds the open position quantity."));
        }
        if let Err(refusal) = self.check_converted(account, slot, wish) {
            self.accounts[account].restore(before);
            return Err(refusal);
        }
        self.touched.accounts.insert(account);
        Ok(())
    }

    /// Nothing is owed after a conversion: no shares to those who buy from standing orders, and no money.
    fn check_converted(&self, account: usize, slot: usize, wish: &ConvertPosition) -> Result<(), Refusal> {
        for product in [ShownProduct::from(wish.old_product), wish.new_product.into()] {
            let sells = self.pending_on(account, slot, (product, Side::Sell), None);
            if self.accounts[account].deliverable(slot, product).is_some_and(|units| units < sells) {
                return Err(Refusal::of(
                    RefusalKind::Holding,
                    "Insufficient stock holding or there are pending sell orders for this stock. \
                     Check your holdings and the orderbook for open orders.",
                ));
            }
        }
        let net = self.funds_without(account, None).net;
        if net < Money::ZERO {
            let short = -net;
            return Err(Refusal::of(
                RefusalKind::Margin,
                format!("Insufficient funds. The conversion needs {short} more than is available."),
            ));
        }
        Ok(())
    }
}

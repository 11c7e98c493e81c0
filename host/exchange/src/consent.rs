//! Who may sell from the depository: an account whose holder has not signed once and for all says yes each day, share
//! by share (reference §8.3).
//!
//! Knows shares and quantities. How the holder is asked is the broker's business.

use crate::exchange::{Exchange, unknown_account};
use crate::product::ShownProduct;
use crate::refusal::{Refusal, RefusalKind};
use market::{OrderRequest, Product, Side};

const NOT_AUTHORISED: &str = "You are not authorised to sell these holdings yet. Authorise the holdings at the \
     depository and place the order again.";

impl Exchange {
    /// Whether an account's holder has signed for all sales to come. Every account's has, unless told otherwise.
    pub fn set_standing_consent(&mut self, user: &str, standing: bool) {
        if let Some(account) = self.account(user) {
            self.accounts[account].standing_consent = standing;
        }
    }

    /// The holder lets so many of each share be sold today, shares being named by their international numbers. More than
    /// is held counts as all of it.
    ///
    /// # Errors
    /// When one of them is not held; then none is authorised.
    pub fn authorise(&mut self, user: &str, shares: &[(String, u32)]) -> Result<(), Refusal> {
        let account = self.account(user).ok_or_else(|| unknown_account(user))?;
        let held = self.accounts[account].holdings(&self.tape);
        let mut granted = Vec::new();
        for (isin, quantity) in shares {
            let Some(holding) = held.iter().find(|holding| holding.isin == *isin) else {
                return Err(Refusal::input(format!("Invalid `isin`. {isin} is not among the holdings.")));
            };
            granted.push((self.tradable_slot(&holding.symbol)?, (*quantity).min(holding.quantity)));
        }
        for (slot, quantity) in granted {
            self.accounts[account].authorise(slot, quantity);
        }
        self.touched.accounts.insert(account);
        Ok(())
    }

    /// A sale from the depository needs its holder's consent. What is not held at all is another matter.
    pub(crate) fn check_consent(
        &self,
        account: usize,
        slot: usize,
        request: &OrderRequest,
    ) -> Result<(), Refusal> {
        let delivers = request.product == Product::Cnc && request.side == Side::Sell;
        let seller = &self.accounts[account];
        if !delivers || seller.standing_consent {
            return Ok(());
        }
        let promised = self.pending_on(account, slot, (ShownProduct::Cnc, Side::Sell), None);
        let wanted = i64::from(request.quantity) + promised;
        let deliverable = seller.deliverable(slot, ShownProduct::Cnc).unwrap_or(0);
        if wanted <= deliverable && wanted > seller.authorised_to_deliver(slot) {
            return Err(Refusal::of(RefusalKind::Consent, NOT_AUTHORISED));
        }
        Ok(())
    }
}

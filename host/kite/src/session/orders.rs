//! Orders and trades: the only calls that move money.
//!
//! `place`, `modify` and `cancel` are sent at most once. A place or modify never waits for its turn: a late order is worse than
//! none. A cancel does: a late one is better than none.

use super::Session;
use crate::answer::Answer;
use crate::connection::Size;
use crate::error::Error;
use crate::order_options::{OrderAddress, PlaceOptions};
use crate::order_params::{BrokerOrderId, Form, PlaceParams, modify_form};
use crate::placed::Placed;
use crate::rows::book::Book;
use crate::rows::order::OrderRow;
use crate::rows::trade::TradeRow;
use crate::throttle::Lane;
use market::{Change, OrderRequest, Variety};
use reqwest::Method;

impl Session {
    /// Sends a new order, at most once. Success means that the broker took it, no more than that.
    ///
    /// # Errors
    /// [`Error::outcome`] says whether the order certainly does not exist. If it does not say so, find the order by its
    /// tag in [`Session::orders`]; never send it again.
    pub async fn place(&self, params: &PlaceParams) -> Result<BrokerOrderId, Error> {
        let form = params.form()?;
        let variety = params.request.variety.as_str();
        accepted(&self.order_call(Method::POST, &["orders", variety], form, Lane::Order).await?)
    }

    /// Changes a standing order: what `change` leaves out stays as `current` has it.
    ///
    /// # Errors
    /// As [`Session::place`]; whether the change took effect shows in the order book.
    pub async fn modify(
        &self,
        id: &BrokerOrderId,
        current: &OrderRequest,
        change: &Change,
    ) -> Result<BrokerOrderId, Error> {
        let form = modify_form(current, change)?;
        let route = ["orders", current.variety.as_str(), id.as_str()];
        accepted(&self.order_call(Method::PUT, &route, form, Lane::Order).await?)
    }

    /// Withdraws a standing order. The variety must be the order's own.
    ///
    /// # Errors
    /// As [`Session::place`]; whether it was withdrawn shows in the order book.
    pub async fn cancel(&self, variety: Variety, id: &BrokerOrderId) -> Result<BrokerOrderId, Error> {
        let route = ["orders", variety.as_str(), id.as_str()];
        accepted(&self.order_call(Method::DELETE, &route, vec![], Lane::Withdrawal).await?)
    }

    /// Sends a new order to any desk, with whatever that desk needs, at most once. [`Session::place`] is for everything that
    /// a strategy may do; this is for a person who knows what the desk does with the order afterwards.
    ///
    /// # Errors
    /// As [`Session::place`]; of each child of a sliced order its own.
    pub async fn place_with(&self, params: &PlaceParams, options: &PlaceOptions) -> Result<Placed, Error> {
        let form = options.form(params)?;
        let route = ["orders", params.request.variety.as_str()];
        let answer = self.order_call(Method::POST, &route, form, Lane::Order).await?;
        answer.data::<Placed>().map(|placed| placed.without(&self.who.access_token))
    }

    /// Changes a standing order of any desk.
    ///
    /// # Errors
    /// As [`Session::modify`].
    pub async fn modify_at(
        &self,
        address: &OrderAddress,
        current: &OrderRequest,
        change: &Change,
    ) -> Result<BrokerOrderId, Error> {
        let form = address.change_form(current, change)?;
        let route = ["orders", address.variety.as_str(), address.id.as_str()];
        accepted(&self.order_call(Method::PUT, &route, form, Lane::Order).await?)
    }

    /// Withdraws a standing order of any desk; withdrawing the second leg of a cover order ends its position.
    ///
    /// # Errors
    /// As [`Session::cancel`].
    pub async fn cancel_at(&self, address: &OrderAddress) -> Result<BrokerOrderId, Error> {
        let route = ["orders", address.variety.as_str(), address.id.as_str()];
        let form = address.parent_field();
        accepted(&self.order_call(Method::DELETE, &route, form, Lane::Withdrawal).await?)
    }

    /// The day's orders, whoever placed them, each in its present state.
    ///
    /// # Errors
    /// As every call: see [`Error`]. A row that cannot be read is no error but stands in [`Book::unreadable`]: while there
    /// is one, no absence is proven.
    pub async fn orders(&self) -> Result<Book<OrderRow>, Error> {
        self.read_book(&["orders"], Size::Bulk).await
    }

    /// The states one order went through, oldest first.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn order_history(&self, id: &BrokerOrderId) -> Result<Book<OrderRow>, Error> {
        self.read_book(&["orders", id.as_str()], Size::Bulk).await
    }

    /// The day's fills.
    ///
    /// # Errors
    /// As [`Session::orders`].
    pub async fn trades(&self) -> Result<Book<TradeRow>, Error> {
        self.read_book(&["trades"], Size::Bulk).await
    }

    /// The fills of one order.
    ///
    /// # Errors
    /// As every call: see [`Error`].
    pub async fn order_trades(&self, id: &BrokerOrderId) -> Result<Book<TradeRow>, Error> {
        self.read_book(&["orders", id.as_str(), "trades"], Size::Bulk).await
    }

    async fn order_call(
        &self,
        method: Method,
        route: &[&str],
        form: Form,
        lane: Lane,
    ) -> Result<Answer, Error> {
        let fields = form.into_iter().map(|(name, value)| (name, value.into())).collect();
        self.send(method, route, fields, lane, Size::Small).await
    }
}

fn accepted(answer: &Answer) -> Result<BrokerOrderId, Error> {
    answer.data::<Placed>().map(|placed| placed.order_id)
}

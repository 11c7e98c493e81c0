"""Cases about alerts, which the Python client has no names for: they are asked over its own session."""

import json

import desk
from desk import asked_raw, case, data_of, error_of, last_price, move


def wish(**changes):
    alert = dict(name="far away", type="simple", lhs_exchange="NSE", lhs_tradingsymbol="INFY", lhs_attribute="LastTradedPrice",
                 operator=">=", rhs_type="constant", rhs_constant=90_000.5)
    alert.update(changes)
    return {name: value for name, value in alert.items() if value is not None}


def made(**changes):
    return data_of(asked_raw("POST", "/alerts", **wish(**changes)))


def one(uuid):
    return data_of(asked_raw("GET", f"/alerts/{uuid}"))


def crossed(level):
    last = last_price()
    move(level)
    move(last)


@case
def an_alert_is_made_and_listed():
    alert = made()
    assert alert["status"] == "enabled" and alert["alert_count"] == 0 and alert["user_id"] == desk.user
    assert alert["rhs_constant"] == 90_000.5 and alert["operator"] == ">=" and len(alert["uuid"]) == 36
    assert len(alert["created_at"]) == 19 and alert["disabled_reason"] == ""
    assert [row["uuid"] for row in data_of(asked_raw("GET", "/alerts"))] == [alert["uuid"]]


@case
def an_alert_is_changed():
    alert = made()
    changed = data_of(asked_raw("PUT", f"/alerts/{alert['uuid']}", **wish(name="nearer", rhs_constant=80_000)))
    assert (changed["uuid"], changed["name"], changed["rhs_constant"]) == (alert["uuid"], "nearer", 80_000)
    assert one(alert["uuid"])["name"] == "nearer"


@case
def alerts_are_deleted_several_at_a_time():
    gone = [made()["uuid"], made()["uuid"]]
    kept = made()["uuid"]
    data_of(asked_raw("DELETE", "/alerts", uuid=gone))
    alive = [row["uuid"] for row in data_of(asked_raw("GET", "/alerts")) if row["status"] != "deleted"]
    assert alive == [kept]


@case
def an_alert_that_is_met_counts_and_keeps_its_history():
    level = round(last_price() * 1.01)
    alert = made(rhs_constant=level)
    crossed(level + 1)
    assert one(alert["uuid"])["alert_count"] >= 1
    row = data_of(asked_raw("GET", f"/alerts/{alert['uuid']}/history"))[0]
    assert row["uuid"] == alert["uuid"] and row["type"] == "simple" and len(row["created_at"]) == 19
    assert row["meta"][0]["last_price"] >= level and row["meta"][0]["tradingsymbol"] == "INFY"
    assert 'LastTradedPrice("NSE:INFY") >= ' in row["condition"]


@case
def an_alert_that_is_not_met_stays_silent():
    alert = made(operator="<=", rhs_constant=round(last_price() * 0.9))
    crossed(round(last_price() * 1.01))
    assert one(alert["uuid"])["alert_count"] == 0
    assert data_of(asked_raw("GET", f"/alerts/{alert['uuid']}/history")) == []


@case
def an_alert_compares_two_instruments():
    alert = made(rhs_type="instrument", rhs_constant=None, rhs_exchange="NSE", rhs_tradingsymbol="TCS",
                 rhs_attribute="LastTradedPrice", operator=">")
    assert (alert["rhs_type"], alert["rhs_tradingsymbol"]) == ("instrument", "TCS")


@case
def an_alert_with_a_basket_places_it_once():
    level = round(last_price() * 1.01)
    params = dict(variety="regular", transaction_type="BUY", product="CNC", order_type="LIMIT", validity="DAY", quantity=1,
                  price=round(last_price() * 0.98), trigger_price=0, disclosed_quantity=0, tags=[])
    basket = dict(name="act", type="alert", tags=[],
                  items=[dict(type="insert", tradingsymbol="INFY", exchange="NSE", weight=1, params=params)])
    alert = made(type="ato", rhs_constant=level, basket=json.dumps(basket))
    assert alert["type"] == "ato"
    crossed(level + 1)
    crossed(level + 1)
    orders = desk.kite.orders()
    assert [(row["tradingsymbol"], row["product"], row["quantity"]) for row in orders] == [("INFY", "CNC", 1)]
    assert one(alert["uuid"])["status"] == "disabled"


def refused_alert(name, /, **changes):
    def run():
        error_of(asked_raw("POST", "/alerts", **wish(**changes)), 400, "InputException")
        assert data_of(asked_raw("GET", "/alerts")) == []
    desk.named(f"an_alert_with_{name}_is_an_input_exception", run)


refused_alert("no_name", name=None)
refused_alert("an_unknown_type", type="loud")
refused_alert("an_unknown_operator", operator="~")
refused_alert("an_unknown_instrument", lhs_tradingsymbol="NOSUCH")
refused_alert("no_value", rhs_constant=None)
refused_alert("an_ato_without_a_basket", type="ato")


@case
def an_unknown_alert_is_no_alert():
    answer = asked_raw("GET", "/alerts/00000000-0000-4000-8000-000000000000")
    assert 400 <= answer.status_code < 500 and answer.json()["status"] == "error"


@case
def an_alert_of_somebody_else_is_no_alert():
    uuid = made()["uuid"]
    desk.kite = desk.sign_in("WTOLD1")
    assert asked_raw("GET", f"/alerts/{uuid}").status_code >= 400
    assert uuid not in [row["uuid"] for row in data_of(asked_raw("GET", "/alerts"))]

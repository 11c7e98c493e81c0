-- An exit closes a position for a person or the host: it leaves under the kill switch too.
alter table orders add column is_exit integer not null default 0;
-- Somebody wants it withdrawn; kept until the order is final, over restarts.
alter table orders add column cancel_wanted integer not null default 0;
-- Changes and withdrawals that left for it, and when the last did: a restart must not give the day's calls back.
alter table orders add column calls integer not null default 0;
alter table orders add column last_call_at integer;
create index orders_by_last_call on orders (broker_id, last_call_at) where last_call_at is not null;

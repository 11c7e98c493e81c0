-- What was done, by whom, in an order that cannot be changed unseen: each row's hash covers the row before it.
-- Rows are only ever added at the end; what is older than it must be kept is removed from the front.
create table audit (
    broker_id       text    not null,
    -- Counts from 1 without a gap.
    number          integer not null,
    at              integer not null,
    actor           text    not null,
    action          text    not null,
    -- What it was done to: a run, a strategy, an order's number.
    subject         text    not null,
    -- JSON, as it was hashed.
    details         text    not null,
    hash            blob    not null check (length(hash) = 32),
    primary key (broker_id, number)
) strict, without rowid;
create index audit_by_subject on audit (broker_id, subject, number);

-- The same for the host itself: its starts and stops, and what its operator did to everybody.
create table host_audit (
    number          integer not null primary key,
    at              integer not null,
    actor           text    not null,
    action          text    not null,
    subject         text    not null,
    details         text    not null,
    hash            blob    not null check (length(hash) = 32)
) strict;

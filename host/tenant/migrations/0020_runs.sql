-- The wish to close what a run holds: 'asked' until nothing is left to close or nothing more can be done, then 'done'.
alter table runs add column square_off text check (square_off in ('asked', 'done'));
-- 1 where the host put the run down in good order: its next start is no sign of a crash loop.
alter table runs add column put_down integer not null default 0;

-- When the host had to start a run again that nobody had put down.
create table run_restarts (
    broker_id       text    not null,
    run_id          text    not null,
    number          integer not null,
    at              integer not null,
    primary key (broker_id, run_id, number),
    foreign key (broker_id, run_id) references runs (broker_id, id)
) strict;

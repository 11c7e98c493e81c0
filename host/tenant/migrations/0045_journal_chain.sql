-- Each piece is tied to the one before: hash = SHA-256(hash of the piece before, run, piece, first_seq, event_seq, time,
-- begins, events). Rows of earlier releases have none.
alter table journal add column first_seq integer;
alter table journal add column hash blob check (hash is null or length(hash) = 32);
-- 1 where a machine begins in the piece: a rebuild reads from the last of these.
alter table journal add column begins integer not null default 0;
create index journal_beginnings on journal (broker_id, run_id, piece) where begins = 1;

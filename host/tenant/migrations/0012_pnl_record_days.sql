-- How much a strategy recorded on a day is counted at every record.
create index pnl_records_by_day on pnl_records (broker_id, strategy_id, date);

//! What a stream tells: news in the shapes of the lists, and figures when they are others than before.
//!
//! Knows no connection.

use super::{Scope, Watch};
use crate::web::error::Problem;
use crate::web::fill;
use crate::web::halt;
use crate::web::shown::{Left, run_figures, shown_run};
use crate::web::view::live::{End, FiguresOfRun, Hello, Missed, StoreView, TodayFigures};
use axum::response::sse::Event;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tenant::News;
use tenant::log::LogLine;

/// What was told last, so that the same is not told twice.
#[derive(Debug, Default)]
pub(super) struct Memory {
    told: BTreeMap<&'static str, String>,
    /// Runs that have not ended, once they were looked for.
    active: Option<BTreeSet<String>>,
}

impl Watch {
    /// The first word.
    pub(super) fn greet(&mut self, resumed: bool) {
        let now = self.state.tenants.clock().now();
        let hello = Hello { today: now.date().to_string(), time: now.into(), resumed };
        self.push("hello", &hello);
    }

    /// The last word.
    pub(super) fn end(&mut self, reason: &'static str) {
        self.push("end", &End { reason });
        self.ended = true;
    }

    pub(super) fn missed(&mut self, count: u64) {
        self.push("missed", &Missed { count });
    }

    pub(super) fn line(&mut self, line: &Arc<LogLine>) {
        let wanted = match &self.scope {
            Scope::Log | Scope::All { .. } => true,
            Scope::Run(run) => line.run.as_ref() == Some(run),
        };
        if wanted {
            self.push("log", &fill::log_line(line));
        }
    }

    pub(super) async fn tell(&mut self, news: News) {
        let scope = self.scope.clone();
        let wants = |run_id: Option<&String>| match &scope {
            Scope::Log => false,
            Scope::All { .. } => true,
            Scope::Run(run) => run_id == Some(run),
        };
        match news {
            News::Order(order) if wants(Some(&order.run_id)) => self.push("order", &fill::order(order)),
            News::Trade(trade) if wants(trade.run_id.as_ref()) => self.push("trade", &fill::trade(trade)),
            News::Pnl(record) if wants(Some(&record.run_id)) => {
                self.push("pnl", &fill::pnl_record(record));
            }
            News::Run(record) if wants(Some(&record.id)) => {
                if let Some(active) = &mut self.memory.active {
                    if record.state.is_final() {
                        active.remove(&record.id);
                    } else {
                        active.insert(record.id.clone());
                    }
                }
                let shown = shown_run(&self.state, &self.tenant, record, Left::Count).await;
                self.push_if_read("state", shown);
            }
            // Figures of the day change with a fill; a run's own are looked up.
            News::Stats(stats) => match scope {
                Scope::All { .. } => {
                    self.push("stats", &fill::day(stats));
                    self.figures().await;
                }
                Scope::Run(_) => self.figures().await,
                Scope::Log => {}
            },
            News::Order(_) | News::Trade(_) | News::Pnl(_) | News::Run(_) => {}
        }
    }

    /// What changes without news: prices, the broker line, the kill switch.
    pub(super) async fn look_around(&mut self) {
        match &self.scope {
            Scope::Log => {}
            Scope::Run(run) => {
                if !self.memory.told.contains_key("greeted") {
                    self.memory.told.insert("greeted", String::new());
                    let run = run.clone();
                    self.first_state(&run).await;
                }
                self.figures().await;
            }
            Scope::All { .. } => {
                let broker = fill::broker(&self.tenant);
                self.push_if_new("broker", &broker);
                self.push_if_new("store", &StoreView { trouble: self.state.tenants.health().trouble() });
                let switch = halt::standing(&self.tenant).await;
                self.push_new_if_read("killSwitch", switch);
                let positions = self.tenant.positions(false).await.map_err(Problem::internal);
                let unknown_since = self.tenant.unknown_since();
                let shown = |list: Vec<_>| {
                    list.into_iter().map(|held| fill::position(held, unknown_since)).collect::<Vec<_>>()
                };
                self.push_new_if_read("positions", positions.map(shown));
                self.figures().await;
            }
        }
    }

    async fn first_state(&mut self, run: &str) {
        if let Ok(Some(record)) = self.tenant.run(run).await {
            let shown = shown_run(&self.state, &self.tenant, record, Left::Count).await;
            self.push_if_read("state", shown);
        }
    }

    async fn figures(&mut self) {
        match self.scope.clone() {
            Scope::Log => {}
            Scope::Run(run) => {
                let figures = run_figures(&self.state, &self.tenant, &run).await;
                self.push_new_if_read(
                    "figures",
                    figures.map(|figures| FiguresOfRun { run_id: run.clone(), figures }),
                );
            }
            Scope::All { .. } => {
                let figures = self.today().await;
                self.push_new_if_read("figures", figures);
            }
        }
    }

    async fn today(&mut self) -> Result<TodayFigures, Problem> {
        let report = fill::pnl(self.tenant.pnl_today().await.map_err(Problem::internal)?);
        let mut runs = Vec::new();
        for run_id in self.active_runs().await? {
            let figures = run_figures(&self.state, &self.tenant, &run_id).await?;
            runs.push(FiguresOfRun { run_id, figures });
        }
        Ok(TodayFigures { date: report.to, total: report.total, by_strategy: report.by_strategy, runs })
    }

    /// Looked for once; from then on news keep it.
    async fn active_runs(&mut self) -> Result<BTreeSet<String>, Problem> {
        if let Some(active) = &self.memory.active {
            return Ok(active.clone());
        }
        let runs = self.tenant.runs().await.map_err(Problem::internal)?;
        let active: BTreeSet<_> =
            runs.into_iter().filter(|run| !run.state.is_final()).map(|run| run.id).collect();
        self.memory.active = Some(active.clone());
        Ok(active)
    }

    fn push<T: Serialize>(&mut self, name: &'static str, value: &T) {
        if let Ok(event) = Event::default().event(name).json_data(value) {
            self.waiting.push_back(event);
        }
    }

    /// What cannot be read was logged; the client reads the lists, which say so.
    fn push_if_read<T: Serialize>(&mut self, name: &'static str, value: Result<T, Problem>) {
        match value {
            Ok(value) => self.push(name, &value),
            Err(_) => self.missed(1),
        }
    }

    fn push_if_new<T: Serialize>(&mut self, name: &'static str, value: &T) {
        let Ok(text) = serde_json::to_string(value) else { return };
        if self.memory.told.get(name) != Some(&text) {
            self.push(name, value);
            self.memory.told.insert(name, text);
        }
    }

    fn push_new_if_read<T: Serialize>(&mut self, name: &'static str, value: Result<T, Problem>) {
        match value {
            Ok(value) => self.push_if_new(name, &value),
            Err(_) => self.missed(1),
        }
    }
}

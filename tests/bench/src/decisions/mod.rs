//! One decision of an IVR: by its flow as a Wasm guest, and the same decision
//! asked of a local webhook and a local WebSocket peer, in the same run.
//!
//! The event is a key press in the stock `ivr-menu`: the flow leaves one menu
//! for another and asks for the next digit. What comes back is validated
//! against the call in all three cases.

mod guest;
mod menu;
mod peers;
mod usage;

use crate::report::{Bar, Report, percentile};
use std::time::Duration;

/// Runs of each measurement; the report holds their medians.
const RUNS: usize = 5;
/// Events per run through a guest.
const EVENTS: usize = 100_000;
/// Events per run to a call's task.
const TASK_EVENTS: usize = 30_000;
/// Requests per run to a peer.
const REQUESTS: usize = 10_000;
/// Calls that decide at the same time where a server with work is looked at.
const AT_ONCE: usize = 64;
/// Instances made per run.
const INSTANCES: usize = 5_000;
/// Calls alive at once.
const LIVE: usize = 10_000;

/// What asking a number of times cost.
pub(crate) struct Cost {
    /// Of each event, in microseconds.
    latency_us: Vec<f64>,
    /// Of all threads of this process over all events.
    cpu: Duration,
}

impl Cost {
    fn p(&mut self, percent: f64) -> f64 {
        percentile(&mut self.latency_us, percent)
    }

    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.latency_us.len() as f64
    }
}

/// Fills the report.
///
/// # Errors
/// The guest cannot be run, or a local peer cannot be reached.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let house = guest::House::open(LIVE)?;
    let mut webhook = peers::Webhook::start()?;
    let mut websocket = peers::WebSocket::start()?;
    let mut columns = Columns::default();
    for _ in 0..RUNS {
        let mut warm = house.warm(EVENTS)?;
        let mut task = house.task(TASK_EVENTS)?;
        let mut web = webhook.ask(REQUESTS)?;
        let mut socket = websocket.ask(REQUESTS)?;
        let task_busy = house.task_busy(EVENTS, AT_ONCE)?;
        let web_busy = webhook.busy(REQUESTS, AT_ONCE)?;
        let mut made = house.instances(INSTANCES)?;
        let (event, event_cpu) = (warm.p(50.0), warm.cpu_us());
        columns.push("decision.event_p50_us", event);
        columns.push("decision.event_p99_us", warm.p(99.0));
        columns.push("decision.event_cpu_us", event_cpu);
        columns.push("decision.instance_p50_us", percentile(&mut made, 50.0));
        columns.push("decision.task_event_p50_us", task.p(50.0));
        columns.push("decision.task_event_p99_us", task.p(99.0));
        columns.push("decision.task_event_cpu_us", task.cpu_us());
        for (name, peer) in [("webhook", &mut web), ("websocket", &mut socket)] {
            let (latency, cpu) = (peer.p(50.0), peer.cpu_us());
            columns.push(&format!("decision.{name}_p50_us"), latency);
            columns.push(&format!("decision.{name}_cpu_us"), cpu);
            columns.push(&format!("decision.{name}_latency_ratio"), latency / event);
            columns.push(&format!("decision.{name}_cpu_ratio"), cpu / event_cpu);
            columns.push(&format!("decision.{name}_task_latency_ratio"), latency / task.p(50.0));
            columns.push(&format!("decision.{name}_task_cpu_ratio"), cpu / task.cpu_us());
        }
        columns.push("decision.task_busy_cpu_us", task_busy);
        columns.push("decision.webhook_busy_cpu_us", web_busy);
        columns.push("decision.webhook_busy_cpu_ratio", web_busy / task_busy);
    }
    let empty = usage::resident()?;
    // Last, because ten thousand live calls fill the caches for what follows.
    for _ in 0..RUNS {
        let mut crowd = house.crowd(LIVE, empty)?;
        columns.push("decision.live_call_kib", crowd.kib_per_call);
        columns.push("decision.event_cold_p50_us", percentile(&mut crowd.cold_us, 50.0));
        columns.push("decision.event_cold_p99_us", percentile(&mut crowd.cold_us, 99.0));
    }
    columns.report(report);
    Ok(())
}

/// Runs by metric, in the order the metrics first came.
#[derive(Default)]
struct Columns(Vec<(String, Vec<f64>)>);

impl Columns {
    fn push(&mut self, metric: &str, value: f64) {
        match self.0.iter_mut().find(|(known, _)| known == metric) {
            Some((_, runs)) => runs.push(value),
            None => self.0.push((metric.to_owned(), vec![value])),
        }
    }

    fn report(self, report: &mut Report) {
        for (metric, runs) in self.0 {
            let unit = match metric.rsplit('_').next() {
                Some("us") => "us",
                Some("kib") => "KiB",
                _ => "times",
            };
            report.add(&metric, unit, &runs, bar(&metric));
        }
    }
}

fn bar(metric: &str) -> Bar {
    match metric {
        "decision.event_p50_us" => Bar::AtMost(5.0),
        "decision.event_p99_us" => Bar::AtMost(30.0),
        "decision.instance_p50_us" => Bar::AtMost(15.0),
        "decision.live_call_kib" => Bar::AtMost(64.0),
        "decision.event_cold_p50_us" => Bar::AtMost(15.0),
        "decision.webhook_latency_ratio" | "decision.webhook_cpu_ratio" => Bar::AtLeast(10.0),
        _ => Bar::None,
    }
}

//! What an operator looks at: metrics of everything, and what was said about a
//! call.

use crate::metrics::guests;
use crate::metrics::text::{Kind, Text};
use crate::metrics::transcoding;
use crate::metrics::trunks::{self, NamedTenant, NamedTrunk};
use crate::node::Node;
use std::collections::HashMap;
use strowger_api::{CallTrace, ControlError, TracedMessage, TrunkCalls};
use strowger_model::{CallId, TenantId, TrunkId};
use strowger_sip::{CallFigures, Heading, Trace, TraceEntry, TrunkState, TrunkStatus, ladder};

/// Metrics in the Prometheus text format.
pub async fn metrics(node: &Node) -> String {
    let mut text = Text::default();
    node.metrics.render(&mut text);
    server(node, &mut text);
    guests::render(node, &mut text);
    transcoding::render(&mut text, &node.media.transcoded());
    signalling(node, &mut text).await;
    let (trunks, tenants) = named(node).await;
    trunks::render(&mut text, &trunks, &tenants);
    text.finish()
}

fn server(node: &Node, text: &mut Text) {
    let writer = node.writer.counts();
    let (traces, trace_bytes) = node.traces.size();
    for (name, help, value) in [
        ("strowger_calls_live", "Calls that are not over.", node.calls.len() as u64),
        ("strowger_tenants", "Tenants served.", node.tenants.all().len() as u64),
        ("strowger_traces", "Calls whose trace is kept.", traces as u64),
        ("strowger_trace_bytes", "Memory that these take.", trace_bytes as u64),
        (
            "strowger_writer_pending",
            "Records, journal entries and facts that are not on disk yet.",
            writer.pending,
        ),
        (
            "strowger_writer_pending_milliseconds",
            "Since when at most: what a crash now would lose is younger.",
            writer.pending_ms,
        ),
    ] {
        text.single(name, Kind::Gauge, help, value);
    }
    for (name, help, value) in [
        ("strowger_writer_written_total", "Journal entries written.", writer.written),
        ("strowger_writer_batches_total", "Transactions they took.", writer.batches),
        ("strowger_writer_calls_refused_total", "Calls without a place.", writer.calls_refused),
        (
            "strowger_writer_entries_refused_total",
            "Journal entries without a place.",
            writer.entries_refused,
        ),
    ] {
        text.single(name, Kind::Counter, help, value);
    }
}

async fn signalling(node: &Node, text: &mut Text) {
    // Without signalling there are no figures of it.
    let Ok((usage, counters)) = node.sip.figures().await else { return };
    let help = "What happened on the wire, by reason.";
    let mut family = text.family("strowger_sip_events_total", Kind::Counter, help);
    for (count, value) in counters.iter() {
        family.sample(&[("event", count.name())], value);
    }
    let mut family = text.family("strowger_sip_in_use", Kind::Gauge, "Places taken in tables.");
    for (table, value) in [
        ("legs", usage.calls),
        ("client_transactions", usage.clients),
        ("server_transactions", usage.servers),
        ("registrations", usage.registrations),
        ("streams", usage.streams),
    ] {
        family.sample(&[("table", table)], value);
    }
}

async fn named(node: &Node) -> (Vec<NamedTrunk>, Vec<NamedTenant>) {
    let known = node.sip.trunk_statuses().await.unwrap_or_default();
    let mut known: HashMap<TrunkId, TrunkStatus> =
        known.into_iter().map(|status| (status.trunk, status)).collect();
    let (mut trunks, mut tenants) = (Vec::new(), Vec::new());
    for tenant in node.tenants.all() {
        let config = tenant.config();
        for trunk in &config.trunks {
            let Some(status) = known.remove(&trunk.id) else { continue };
            let registered = trunk
                .settings
                .register
                .then(|| node.trunk_state(trunk.id).is_some_and(|state| state.registered));
            let (tenant, name) = (config.name.clone(), trunk.settings.name.clone());
            trunks.push(NamedTrunk { tenant, name, registered, status });
        }
        let refused = node.sip.tenant_refusals(tenant.id).await.unwrap_or_default();
        tenants.push(NamedTenant { name: config.name.clone(), refused });
    }
    (trunks, tenants)
}

/// How every trunk of a tenant is doing.
pub async fn trunks(node: &Node, tenant: TenantId) -> Vec<strowger_api::TrunkStatus> {
    let Some(tenant) = node.tenants.get(tenant) else { return Vec::new() };
    // Without signalling nothing is known of them.
    let known = node.sip.trunk_statuses().await.unwrap_or_default();
    let config = tenant.config();
    let statuses = config.trunks.iter().map(|trunk| {
        let known = known.iter().find(|status| status.trunk == trunk.id);
        let (asks, registers) = (trunk.settings.proxy.is_some(), trunk.settings.register);
        let figures = known.map(|status| status.figures.clone()).unwrap_or_default();
        let live = known.map_or((0, 0), |status| (status.calls_in, status.calls_out));
        let refused = known.map(|status| status.refused.clone()).unwrap_or_default();
        strowger_api::TrunkStatus {
            trunk: trunk.id,
            registered: registers
                .then(|| node.trunk_state(trunk.id).is_some_and(|state| state.registered)),
            reachable: known.filter(|_| asks).map(|status| status.state == TrunkState::Up),
            live_calls: live.0 + live.1,
            state: known.map_or("unknown", |status| status.state.name()).to_owned(),
            reason: known.map_or("unknown", |status| status.reason.name()).to_owned(),
            since: known.map(|status| status.since),
            inbound: calls(&figures.inbound, live.0),
            outbound: calls(&figures.outbound, live.1),
            refused: refused
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(reason, count)| (reason.name().to_owned(), count))
                .collect(),
        }
    });
    statuses.collect()
}

fn calls(figures: &CallFigures, live: u32) -> TrunkCalls {
    let percent = (figures.answered * 100).checked_div(figures.calls);
    TrunkCalls {
        live,
        calls: figures.calls,
        answered: figures.answered,
        answered_percent: percent.and_then(|percent| u32::try_from(percent).ok()),
        ring_delay_ms: figures.ring_delay_ms.checked_div(figures.rang),
        failed: figures.failed.iter().map(|(cause, n)| ((*cause).to_owned(), *n)).collect(),
    }
}

/// What was said about a call of a tenant.
pub async fn call_trace(
    node: &Node,
    tenant: TenantId,
    call: CallId,
) -> Result<CallTrace, ControlError> {
    let (over, live) = node.traces.of(tenant, call).ok_or_else(|| {
        ControlError::NotFound(format!(
            "no trace of call {call} is kept: the server is set to keep none ([trace] in its \
             configuration), has been restarted since, or has kept newer calls instead"
        ))
    })?;
    let mut legs: Vec<Trace> = over.iter().map(|leg| (**leg).clone()).collect();
    // Without signalling nothing more is known of live legs.
    legs.extend(node.sip.traces(live).await.unwrap_or_default());
    let dropped = legs.iter().map(|leg| leg.dropped).sum();
    let entries = Trace::merged(legs);
    let messages = entries.iter().map(message).collect();
    Ok(CallTrace { ladder: ladder(&entries), messages, dropped })
}

fn message(entry: &TraceEntry) -> TracedMessage {
    TracedMessage {
        at: entry.at,
        heading: match entry.heading {
            Heading::In => "in",
            Heading::Out => "out",
        }
        .to_owned(),
        transport: entry.transport.via_name().to_owned(),
        local: entry.local.to_string(),
        remote: entry.remote.to_string(),
        sip_call_id: String::from_utf8_lossy(&entry.call_id).into_owned(),
        text: String::from_utf8_lossy(&entry.bytes).into_owned(),
    }
}

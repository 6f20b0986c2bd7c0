//! From signalling to calls: each event to the task that owns the leg, each new
//! call to a task of its own, or refused with the reason.

use super::message::CallMessage;
use super::parcel::{Contents, Parcel};
use super::registry::ON_ITS_WAY;
use super::speech::End;
use super::task;
use crate::clock;
use crate::node::{DIRECT_DIAL, Node};
use crate::tenants::config::{Destination, TenantConfig};
use crate::tenants::{Tenant, guests};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use strowger_acd::AcdInput;
use strowger_call::{CallLimits, CallSetup, Fallback, LegFacts};
use strowger_guest::Program;
use strowger_model::{Address, CallId, Cause, Direction, Timestamp, VersionId};
use strowger_sip::{DialogKey, Incoming, SipEvent, Source};
use strowger_store::CallFallback;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Hears signalling until it stops.
pub async fn run(node: Arc<Node>, mut events: mpsc::Receiver<SipEvent>) {
    while let Some(event) = events.recv().await {
        match event {
            SipEvent::Incoming(incoming) => offer(&node, *incoming).await,
            SipEvent::Registered { agent, tenant, contact, expires_s } => {
                node.phone_is_there(agent, true);
                node.events.tenant(
                    tenant,
                    "phone.registered",
                    || json!({"agent": agent, "contact": contact, "expires_s": expires_s}),
                );
                if let Some(tenant) = node.tenants.get(tenant) {
                    tenant.distribution.tell_soon(AcdInput::PhoneBack(agent)).await;
                }
            }
            SipEvent::Unregistered { agent, tenant } => {
                node.phone_is_there(agent, false);
                node.events.tenant(tenant, "phone.unregistered", || json!({"agent": agent}));
                if let Some(tenant) = node.tenants.get(tenant) {
                    tenant.distribution.tell_soon(AcdInput::PhoneGone(agent)).await;
                }
            }
            SipEvent::KeepContacts { agent, tenant, contacts } => {
                node.ledger.contacts(tenant, agent, &contacts);
            }
            SipEvent::TrunkRegistered { trunk, ok, status } => {
                node.trunk_registered(trunk, ok, status);
            }
            of_a_leg => {
                let Some(dialog) = of_a_leg.dialog() else { continue };
                let is_last = of_a_leg.is_last();
                if let Some((call, _)) = node.calls.leg(dialog) {
                    call.tell(CallMessage::Sip(dialog, of_a_leg));
                }
                if is_last {
                    node.calls.leave_leg(dialog);
                }
            }
        }
    }
}

/// Why a call is not taken.
struct Refusal {
    cause: Cause,
    counted_as: &'static str,
    /// For the caller, instead of the cause's phrase.
    phrase: Option<&'static str>,
}

/// Numbers in the world are not for every tenant's phones.
const NO_DIALLING_OUT: &str = "Dialling Out Is Not Allowed";

async fn offer(node: &Arc<Node>, incoming: Incoming) {
    let dialog = incoming.dialog;
    if let Err(refusal) = accept(node, incoming) {
        node.metrics.count_event(refusal.counted_as);
        let Refusal { cause, phrase, .. } = refusal;
        let told = match phrase {
            Some(phrase) => node.sip.reject(dialog, cause.sip_status(), Some(phrase.into())).await,
            None => node.sip.hang_up(dialog, cause).await,
        };
        if let Err(error) = told {
            tracing::error!(%error, "a refused call could not be told so");
        }
    }
}

/// A phone wants to take the place of a leg (RFC 3891): the call decides.
fn pick_up(
    node: &Arc<Node>,
    tenant: &Tenant,
    incoming: &Incoming,
    replaced: DialogKey,
) -> Result<(), Refusal> {
    let refused = |cause| refused(cause, "call.refused.replaces");
    let (trunk, agent) = match incoming.source {
        Source::Trunk { trunk, .. } => (Some(trunk), None),
        Source::Extension { agent, .. } => (None, Some(agent)),
    };
    if trunk.is_some() && !tenant.config().limits.trunks_transfer {
        return Err(refused(Cause::Forbidden));
    }
    let found = node.calls.leg(replaced).filter(|(call, _)| call.tenant == tenant.id);
    let (call, leg) = found.ok_or_else(|| refused(Cause::NotFound))?;
    let by = LegFacts {
        address: caller(&incoming.from),
        direction: Direction::Inbound,
        agent,
        trunk,
        answered_at: None,
        codec: None,
        held: false,
    };
    let dialog = incoming.dialog;
    let end = trunk.map_or(End::Phone, End::Trunk);
    let contents = Contents { dialog, media: None, end, kept: None };
    let parcel = Parcel::new(node.clone(), contents, Cause::Rejected);
    node.calls.enter_leg(dialog, &call, ON_ITS_WAY);
    // A call that has just ended drops the message, which refuses the phone.
    call.tell(CallMessage::PickUp(leg, by, parcel));
    Ok(())
}

/// Where a new call leads, with the number as it was dialled.
struct Led<'a> {
    to: Address,
    destination: Destination<'a>,
}

/// The flow that serves a call, and the version of it.
struct Served {
    flow: String,
    version: Option<VersionId>,
    program: Option<Program>,
}

fn refused(cause: Cause, counted_as: &'static str) -> Refusal {
    Refusal { cause, counted_as, phrase: None }
}

/// Takes a new call, step by step; the first that says no refuses it.
fn accept(node: &Arc<Node>, incoming: Incoming) -> Result<(), Refusal> {
    let now = clock::now();
    let tenant = node
        .tenants
        .get(incoming.source.tenant())
        .ok_or_else(|| refused(Cause::Forbidden, "call.refused.tenant"))?;
    if let Some(replaced) = incoming.replaces {
        return pick_up(node, &tenant, &incoming, replaced);
    }
    let config = tenant.config();
    let Led { to, destination } = lead(&config, &incoming)?;
    admit(node, &tenant, now)?;
    let call = CallId(Uuid::now_v7());
    let to_kind = destination.kind();
    let Served { flow, version, program } = serve(node, &destination, call);
    let disabled = version.and_then(|id| guests::admit(node, &tenant, (&flow, id), call));
    let program = disabled.map_or(Ok(program), Err);
    let (trunk, from_agent) = match incoming.source {
        Source::Trunk { trunk, .. } => (Some(trunk), None),
        Source::Extension { agent, .. } => (None, Some(agent)),
    };
    let offered = incoming.offer.as_ref().map(|offer| offer.codecs.clone()).unwrap_or_default();
    let setup = CallSetup {
        call,
        tenant: tenant.id,
        direction: Direction::Inbound,
        from: caller(&incoming.from),
        to,
        trunk,
        from_agent,
        flow,
        version,
        language: config.language.clone(),
        seed: rand::random(),
        now,
        limits: limits(&config),
        fallback: fallback(&config),
        facts: BTreeMap::from([
            ("timezone".to_owned(), config.timezone.clone()),
            ("to-kind".to_owned(), to_kind.to_owned()),
            ("sip-call-id".to_owned(), incoming.call_id.clone()),
        ]),
        journal: node.config.journal,
    };
    task::start(node, &tenant, setup, program, incoming.dialog, offered).map_err(|error| {
        tenant.call_ended();
        tracing::warn!(%error, "call refused");
        refused(Cause::Congestion, "call.refused.database")
    })
}

/// Looks up what was dialled.
fn lead<'a>(config: &'a TenantConfig, incoming: &Incoming) -> Result<Led<'a>, Refusal> {
    let nowhere = || refused(Cause::NotFound, "call.refused.number");
    let to: Address = incoming.to.parse().map_err(|_| nowhere())?;
    let is_phone = matches!(incoming.source, Source::Extension { .. });
    // Some carriers put the dialled number only into To.
    let destination = config
        .destination(to.as_str())
        .or_else(|| config.destination(&incoming.to_header))
        .or_else(|| config.beyond(to.as_str()).filter(|_| is_phone))
        .ok_or_else(nowhere)?;
    if matches!(destination, Destination::Forbidden) {
        let phrase = Some(NO_DIALLING_OUT);
        let counted_as = "call.refused.forbidden";
        return Err(Refusal { cause: Cause::Forbidden, counted_as, phrase });
    }
    Ok(Led { to, destination })
}

/// Counts the call in, if server and tenant have room for it. Whoever refuses it
/// after that counts it out again.
fn admit(node: &Node, tenant: &Tenant, now: Timestamp) -> Result<(), Refusal> {
    if node.drain.ordered().is_some() {
        return Err(refused(Cause::Congestion, "call.refused.draining"));
    }
    if node.calls.len() >= node.config.max_calls {
        return Err(refused(Cause::Congestion, "call.refused.capacity"));
    }
    if node.background.is_crowded(tenant.id) {
        return Err(refused(Cause::Congestion, "call.refused.share"));
    }
    tenant.admit_call(now).map_err(|_| refused(Cause::Congestion, "call.refused.quota"))
}

/// Which flow takes the call.
fn serve(node: &Node, destination: &Destination<'_>, call: CallId) -> Served {
    match destination {
        Destination::Flow(entry) => {
            let (version, program) = entry.version_for(call);
            Served { flow: entry.flow.name.clone(), version, program }
        }
        Destination::Extension | Destination::Outside => Served {
            flow: DIRECT_DIAL.to_owned(),
            version: None,
            program: Some(node.direct_dial().clone()),
        },
        // Nobody gets here who may not dial out.
        Destination::Unbound | Destination::Forbidden => {
            Served { flow: String::new(), version: None, program: None }
        }
    }
}

/// What one call of the tenant may use.
fn limits(config: &TenantConfig) -> CallLimits {
    CallLimits {
        call_ms: u64::from(config.limits.max_call_s) * 1_000,
        actions_per_turn: config.limits.guest.actions_per_event,
        ..CallLimits::default()
    }
}

/// What takes the call if its flow fails.
fn fallback(config: &TenantConfig) -> Fallback {
    match &config.fallback {
        CallFallback::Flow(_) => Fallback::Flow,
        CallFallback::Number(target) if target.is_e164() => {
            Fallback::Number(format!("number:{target}"))
        }
        CallFallback::Number(target) => Fallback::Number(format!("extension:{target}")),
        CallFallback::HangUp => Fallback::HangUp,
    }
}

/// Who calls; a caller who shows nothing usable is `anonymous`.
pub(super) fn caller(shown: &str) -> Address {
    shown.parse().or_else(|_| "anonymous".parse()).unwrap_or_else(|_| unreachable!("a valid name"))
}

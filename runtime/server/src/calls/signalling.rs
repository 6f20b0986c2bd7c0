//! From signalling to calls: each event to the task that owns the leg, each new
//! call to a task of its own, or refused with the reason.

use super::message::CallMessage;
use super::parcel::{Contents, Parcel};
use super::registry::ON_ITS_WAY;
use super::speech::End;
use super::task;
use crate::clock;
use crate::node::{DIRECT_DIAL, Node};
use crate::tenants::config::Destination;
use crate::tenants::{Tenant, guests};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use strowger_acd::AcdInput;
use strowger_call::{CallLimits, CallSetup, Fallback, LegFacts};
use strowger_model::{Address, CallId, Cause, Direction, VersionId};
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
                let data = json!({"agent": agent, "contact": contact, "expires_s": expires_s});
                node.events.tenant(tenant, "phone.registered", data);
                if let Some(tenant) = node.tenants.get(tenant) {
                    tenant.distribution.tell_soon(AcdInput::PhoneBack(agent)).await;
                }
            }
            SipEvent::Unregistered { agent, tenant } => {
                node.phone_is_there(agent, false);
                node.events.tenant(tenant, "phone.unregistered", json!({"agent": agent}));
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
    let refused = |cause| Refusal { cause, counted_as: "call.refused.replaces", phrase: None };
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

fn accept(node: &Arc<Node>, incoming: Incoming) -> Result<(), Refusal> {
    let refused = |cause, counted_as| Refusal { cause, counted_as, phrase: None };
    let now = clock::now();
    let tenant = node
        .tenants
        .get(incoming.source.tenant())
        .ok_or_else(|| refused(Cause::Forbidden, "call.refused.tenant"))?;
    if let Some(replaced) = incoming.replaces {
        return pick_up(node, &tenant, &incoming, replaced);
    }
    let config = tenant.config();
    let to: Address =
        incoming.to.parse().map_err(|_| refused(Cause::NotFound, "call.refused.number"))?;
    let is_phone = matches!(incoming.source, Source::Extension { .. });
    // Some carriers put the dialled number only into To.
    let destination = config
        .destination(to.as_str())
        .or_else(|| config.destination(&incoming.to_header))
        .or_else(|| config.beyond(to.as_str()).filter(|_| is_phone))
        .ok_or_else(|| refused(Cause::NotFound, "call.refused.number"))?;
    if matches!(destination, Destination::Forbidden) {
        let phrase = Some(NO_DIALLING_OUT);
        let counted_as = "call.refused.forbidden";
        return Err(Refusal { cause: Cause::Forbidden, counted_as, phrase });
    }
    if node.drain.ordered().is_some() {
        return Err(refused(Cause::Congestion, "call.refused.draining"));
    }
    if node.calls.len() >= node.config.max_calls {
        return Err(refused(Cause::Congestion, "call.refused.capacity"));
    }
    tenant.admit_call(now).map_err(|_| refused(Cause::Congestion, "call.refused.quota"))?;
    let to_kind = destination.kind();
    let call = CallId(Uuid::now_v7());
    let (flow, version, program) = match destination {
        Destination::Flow(entry) => {
            let (version, program) = entry.version_for(call);
            (entry.flow.name.clone(), version, program)
        }
        Destination::Unbound => (String::new(), None::<VersionId>, None),
        Destination::Extension | Destination::Outside => {
            (DIRECT_DIAL.to_owned(), None, Some(node.direct_dial().clone()))
        }
        Destination::Forbidden => {
            tenant.call_ended();
            return Err(refused(Cause::Forbidden, "call.refused.forbidden"));
        }
    };
    let (trunk, from_agent) = match incoming.source {
        Source::Trunk { trunk, .. } => (Some(trunk), None),
        Source::Extension { agent, .. } => (None, Some(agent)),
    };
    let disabled = version.and_then(|id| guests::admit(node, &tenant, (&flow, id), call));
    let program = disabled.map_or(Ok(program), Err);
    let facts = BTreeMap::from([
        ("timezone".to_owned(), config.timezone.clone()),
        ("to-kind".to_owned(), to_kind.to_owned()),
        ("sip-call-id".to_owned(), incoming.call_id.clone()),
    ]);
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
        limits: CallLimits {
            call_ms: u64::from(config.limits.max_call_s) * 1_000,
            actions_per_turn: config.limits.guest.actions_per_event,
            ..CallLimits::default()
        },
        fallback: match &config.fallback {
            CallFallback::Flow(_) => Fallback::Flow,
            CallFallback::Number(target) => Fallback::Number(if target.is_e164() {
                format!("number:{target}")
            } else {
                format!("extension:{target}")
            }),
            CallFallback::HangUp => Fallback::HangUp,
        },
        facts,
        journal: node.config.journal,
    };
    task::start(node, &tenant, setup, program, incoming.dialog, offered).map_err(|error| {
        tenant.call_ended();
        tracing::warn!(%error, "call refused");
        refused(Cause::Congestion, "call.refused.database")
    })
}

/// Who calls; a caller who shows nothing usable is `anonymous`.
pub(super) fn caller(shown: &str) -> Address {
    shown.parse().or_else(|_| "anonymous".parse()).unwrap_or_else(|_| unreachable!("a valid name"))
}

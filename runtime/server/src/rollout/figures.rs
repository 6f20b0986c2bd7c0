//! What one finished call says of the version of a flow that it began with, and
//! one decision or contact of a router's version.

use strowger_acd::{ContactEnded, Decision, RouterChoice};
use strowger_call::FaultKind;
use strowger_model::{Blame, CallRecord, ContactOutcome, VersionFigures, VersionId};

/// Kinds of fault that mean a budget was used up.
const BUDGETS: [&str; 5] = ["fuel", "deadline", "memory", "actions", "log"];

/// The version that a call began with, and the call as figures; none if the call
/// never had one. Only faults that are the guest's own count.
pub fn of_call(record: &CallRecord) -> Option<(VersionId, VersionFigures)> {
    let used = record.guest.versions.first()?;
    let fault = used.fault.as_deref().filter(|_| used.blame == Some(Blame::Guest));
    let abandoned =
        |visit: &strowger_model::QueueVisit| visit.outcome == Some(ContactOutcome::Abandoned);
    let figures = VersionFigures {
        calls: 1,
        traps: u64::from(fault == Some("trap")),
        budget_overruns: u64::from(fault.is_some_and(|kind| BUDGETS.contains(&kind))),
        fallbacks: u64::from(fault.is_some()),
        queued: u64::from(!record.queue_visits.is_empty()),
        abandons: u64::from(record.queue_visits.iter().any(abandoned)),
    };
    Some((used.version, figures))
}

/// A router's version that is the tenant's own.
pub fn version_of(router: &RouterChoice) -> Option<VersionId> {
    match router {
        RouterChoice::Version(version) => Some(*version),
        RouterChoice::Tenant | RouterChoice::Named(_) | RouterChoice::Stock => None,
    }
}

/// The version that decided, and the decision as figures, where decisions stand
/// for calls; none if it was no version of the tenant's own. Only faults that are
/// the router's own count.
pub fn of_decision(decision: &Decision) -> Option<(VersionId, VersionFigures)> {
    let ours = [FaultKind::Host.name(), FaultKind::Instantiation.name()];
    let fault = decision.fault_kind.as_deref().filter(|kind| !ours.contains(kind));
    let figures = VersionFigures {
        calls: 1,
        traps: u64::from(fault == Some("trap")),
        budget_overruns: u64::from(fault.is_some_and(|kind| BUDGETS.contains(&kind))),
        fallbacks: u64::from(fault.is_some()),
        ..VersionFigures::default()
    };
    Some((version_of(&decision.router)?, figures))
}

/// The version that was to decide about a contact, and the end of its wait as
/// figures.
pub fn of_contact(ended: &ContactEnded) -> Option<(VersionId, VersionFigures)> {
    let figures = VersionFigures {
        queued: 1,
        abandons: u64::from(ended.outcome == ContactOutcome::Abandoned),
        ..VersionFigures::default()
    };
    Some((version_of(ended.router.as_ref()?)?, figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_named_as_faults_are() {
        let kinds = [
            FaultKind::Fuel,
            FaultKind::Deadline,
            FaultKind::Memory,
            FaultKind::Actions,
            FaultKind::Log,
        ];
        assert_eq!(kinds.map(FaultKind::name), BUDGETS);
        assert_eq!(FaultKind::Trap.name(), "trap");
    }
}

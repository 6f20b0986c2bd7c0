//! What one finished call says of the version that it began with.

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

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_call::FaultKind;

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

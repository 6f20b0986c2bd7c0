//! Stock calls on a version that has served few calls or none: where it fails, and
//! what it does otherwise than the version in force.

use crate::played::{Noticed, PlayedFlow, Watched};
use crate::tenants::config::TenantConfig;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use strowger_api::{Difference, StockCalls, StockFinding};
use strowger_call::{CallLimits, Fault, FaultKind};
use strowger_guest::replay::{self, DryRunLimits, action_in_words};
use strowger_guest::{Budget, Program};
use strowger_testkit::{Script, StockCall, StockRun, stock_calls};

/// Fuel decides how long an event may take; a machine that is busy must not look
/// like a program that is slow.
const PATIENCE_MS: u64 = 10_000;
/// Time for all calls, as for recorded ones.
pub const TIME: Duration = Duration::from_secs(10);
/// Who is called if no number leads to the flow yet (Ofcom's, for drama).
const USUAL_NUMBER: &str = "+441632960100";

/// The call as the tenant's settings make it.
#[derive(Debug)]
pub struct Setting {
    flow: String,
    number: String,
    language: String,
    timezone: String,
    actions_per_turn: u32,
    /// The version in force.
    current: Option<(u32, Program)>,
}

impl Setting {
    /// Calls of `flow`, to be compared with what its version in force does.
    pub fn new(config: &TenantConfig, flow: &str, current: Option<(u32, Program)>) -> Self {
        let numbers = config.numbers.iter();
        let leads_here = numbers.filter(|(_, number)| number.flow.as_deref() == Some(flow));
        Self {
            flow: flow.to_owned(),
            number: leads_here
                .map(|(number, _)| number.as_str())
                .min()
                .unwrap_or(USUAL_NUMBER)
                .to_owned(),
            language: config.language.clone(),
            timezone: config.timezone.clone(),
            actions_per_turn: config.limits.guest.actions_per_event,
            current,
        }
    }

    fn script(&self, flow: PlayedFlow) -> Script {
        let actions_per_turn = self.actions_per_turn;
        Script::decided_by(flow)
            .flow(&self.flow)
            .to(&self.number)
            .language(&self.language)
            .timezone(&self.timezone)
            .limits(CallLimits { actions_per_turn, ..CallLimits::default() })
    }
}

/// Makes every stock call that there is time for.
pub fn run(program: &Program, budget: &Budget, setting: &Setting, time: Duration) -> StockCalls {
    let until = Instant::now() + time;
    let budget = Budget { deadline_ms: budget.deadline_ms.max(PATIENCE_MS), ..*budget };
    let mut found = StockCalls {
        compared_with: setting.current.as_ref().map(|(number, _)| *number),
        ..StockCalls::default()
    };
    let mut fuel = Vec::new();
    for call in stock_calls() {
        let Some(now) = play(&call, program, &budget, setting, until) else {
            found.cut_short = true;
            break;
        };
        let mut known = false;
        if let Some((_, current)) = &setting.current {
            let Some(before) = play(&call, current, &budget, setting, until) else {
                found.cut_short = true;
                break;
            };
            known = before.fails();
            compare(&call, before, program, &budget, &mut found);
        }
        found.calls += 1;
        fuel.extend_from_slice(&now.watched.borrow().fuel);
        let (faults, remarks) = now.findings(&call, known);
        found.faults.extend(faults);
        found.remarks.extend(remarks);
    }
    fuel.sort_unstable();
    found.fuel_p50 = fuel.get(fuel.len() / 2).copied().unwrap_or(0);
    found.fuel_max = fuel.last().copied().unwrap_or(0);
    found
}

/// A stock call on one version.
struct Played {
    run: StockRun,
    watched: Rc<RefCell<Watched>>,
}

/// Makes a call; none if that says nothing of the program, because time is up or
/// the server has no room for it.
fn play(
    call: &StockCall,
    program: &Program,
    budget: &Budget,
    setting: &Setting,
    until: Instant,
) -> Option<Played> {
    if Instant::now() >= until {
        return None;
    }
    let (flow, watched) = PlayedFlow::new(program.clone(), *budget).watched(until);
    let run = call
        .run(setting.script(flow))
        .inspect_err(|error| {
            tracing::error!(call = call.name(), error, "a stock call cannot be made");
        })
        .ok()?;
    let of_ours = |noticed: &Noticed| noticed.fault.as_ref().is_some_and(|f| is_ours(f.kind));
    let says_nothing = {
        let watched = watched.borrow();
        watched.out_of_time || watched.noticed.iter().any(of_ours)
    };
    (!says_nothing).then_some(Played { run, watched })
}

/// Puts the new version's answers beside those that the version in force has given,
/// as is done with a recorded call.
fn compare(
    call: &StockCall,
    before: Played,
    program: &Program,
    budget: &Budget,
    found: &mut StockCalls,
) {
    let journal = [(call.id(), before.run.journal)];
    let limits = DryRunLimits { calls: 1, time: TIME };
    let ran = replay::dry_run(program, budget, None, journal, limits);
    found.same += ran.same;
    for finding in ran.faults.into_iter().chain(ran.differing) {
        found.differing.push(Difference {
            call: finding.call,
            stock_call: Some(call.name().to_owned()),
            turn: finding.turn,
            recorded: finding.difference.recorded,
            replayed: finding.difference.replayed,
        });
    }
}

impl Played {
    fn fails(&self) -> bool {
        let watched = self.watched.borrow();
        let mut faults = watched.noticed.iter().filter_map(|noticed| noticed.fault.as_ref());
        faults.any(|fault| fault.kind != FaultKind::Returned) || self.fault_of_the_core().is_some()
    }

    /// Why the call's core has stopped the flow, or the call has not come to an end.
    fn fault_of_the_core(&self) -> Option<String> {
        let Some(record) = &self.run.record else {
            return Some("the call does not come to an end".to_owned());
        };
        let watched = self.watched.borrow();
        let known: Vec<String> = watched
            .noticed
            .iter()
            .filter_map(|noticed| noticed.fault.as_ref().map(Fault::to_string))
            .collect();
        record.guest.faults.iter().find(|fault| !known.contains(fault)).cloned()
    }

    /// Faults, and what only is worth a remark.
    fn findings(&self, call: &StockCall, known: bool) -> (Vec<StockFinding>, Vec<StockFinding>) {
        let finding = |turn, event: &str, message| StockFinding {
            stock_call: call.name().to_owned(),
            about: call.about().to_owned(),
            step: self.run.step_before(turn).to_owned(),
            turn,
            event: event.to_owned(),
            message,
            known,
        };
        let (mut faults, mut remarks) = (Vec::new(), Vec::new());
        let watched = self.watched.borrow();
        for Noticed { turn, event, fault, refused } in &watched.noticed {
            if let Some(fault) = fault {
                let meant = fault.kind == FaultKind::Returned;
                let list = if meant { &mut remarks } else { &mut faults };
                list.push(finding(*turn, event, fault.to_string()));
            } else if let Some(first) = refused.first() {
                let action = action_in_words(&first.action);
                let message = format!("{action} was refused: {}", first.reason);
                remarks.push(finding(*turn, event, message));
            }
        }
        if let Some(fault) = self.fault_of_the_core() {
            let turn = u32::try_from(watched.fuel.len()).unwrap_or(u32::MAX);
            faults.push(finding(turn, "", fault));
        }
        (faults, remarks)
    }
}

/// Failures that say nothing about the program: time, overload, a bug of ours.
fn is_ours(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Deadline | FaultKind::Host | FaultKind::Instantiation)
}

#[cfg(test)]
mod tests;

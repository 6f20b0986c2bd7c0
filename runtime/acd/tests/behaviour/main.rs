//! What a tenant's distribution does, one behaviour per file.

#[path = "../support/mod.rs"]
mod support;

mod against_a_plain_model;
mod ageing;
mod agent_states;
mod asking_only_when_needed;
mod configuration_changes;
mod expected_wait;
mod journal_of_decisions;
mod last_agent;
mod lazy_router;
mod leaving_while_busy;
mod longest_idle;
mod max_wait;
mod no_answer;
mod order_among_equals;
mod overflow;
mod phone_gone;
mod positions;
mod priority;
mod random_lives;
mod refused_requests;
mod relaxation;
mod restart;
mod router_faults;
mod skills;
mod stale_reports;
mod stuck_agents;
mod two_routers;
mod withdrawal;
mod wrap_up;

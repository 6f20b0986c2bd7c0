//! The whole system from outside, one behaviour per module.

mod agent_hears_caller_leave;
mod agent_phone_vanishes;
mod attended_transfer;
mod bad_uploads;
mod blind_transfer;
mod caller_leaves_anywhere;
mod digits_by_info;
mod digits_never_come;
mod direct_dial;
mod extension_calls;
mod faulty_flow_falls_back;
mod hold_and_resume;
mod killed_server;
mod numbers_and_prompts;
mod pick_up;
mod recording_cannot_be_written;
mod sipp_peer;
mod softphones;
mod support;
mod tenants_apart;
mod trunks_fail_over;

//! What one call and one turn of its guest may use.
//!
//! Every number is generous for an honest flow and small enough that a broken
//! or hostile one costs its tenant a call, not the operator a server.

use serde::{Deserialize, Serialize};

/// Limits of one call. They travel in the journal, so that a replay sees the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallLimits {
    /// Actions in one turn. An IVR step takes two or three.
    pub actions_per_turn: u32,
    /// Commands under way at once: sound, digits, recording, a wait and a few requests.
    pub commands_under_way: u32,
    /// Turns in one call: stops a flow that answers each completion with a
    /// command that completes at once.
    pub turns: u32,
    /// Events waiting for the guest while it works on one.
    pub events_waiting: u32,
    /// Longest wait for the guest's answer; far beyond its own deadline, so that
    /// only an answer that was lost is ever missed.
    pub turn_ms: u64,
    /// Sources of one `play`, prompt or treatment.
    pub sources_per_play: u32,
    /// Bytes of one source: three spoken minutes.
    pub source_bytes: u32,
    /// Most repetitions of a `play` that is not endless.
    pub play_times: u32,
    /// Attributes of a call.
    pub attributes: u32,
    /// Bytes of an attribute's name.
    pub attribute_name_bytes: u32,
    /// Bytes of an attribute's value.
    pub attribute_value_bytes: u32,
    /// Digits of one `gather`.
    pub gather_digits: u32,
    /// Targets of one `dial`.
    pub dial_targets: u32,
    /// Longest ringing of one target.
    pub dial_ms: u32,
    /// Legs a call may have over its whole life, agents who did not answer included.
    pub legs: u32,
    /// Skills asked for in one `enqueue`.
    pub skills: u32,
    /// Longest `sleep`, digit time-out and recording.
    pub timer_ms: u32,
    /// Bytes of a stored value's key.
    pub kv_key_bytes: u32,
    /// Bytes of a stored value.
    pub kv_value_bytes: u32,
    /// Bytes of a request's address.
    pub http_url_bytes: u32,
    /// Headers of a request.
    pub http_headers: u32,
    /// Bytes of one header, name and value.
    pub http_header_bytes: u32,
    /// Bytes of a request's body.
    pub http_body_bytes: u32,
    /// Longest wait for a response.
    pub http_ms: u32,
    /// Longest time without an answer (RFC 3261 §16.6 timer C: three minutes).
    pub unanswered_ms: u64,
    /// Longest call.
    pub call_ms: u64,
    /// How long a call may have nothing under way and nobody talking: after
    /// that its flow has forgotten the caller.
    pub idle_ms: u64,
    /// How long a flow may store and send things after the call has ended.
    pub after_end_ms: u64,
}

impl CallLimits {
    /// Whether a journal can leave them out.
    pub(crate) fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            actions_per_turn: 32,
            commands_under_way: 16,
            turns: 20_000,
            events_waiting: 64,
            turn_ms: 10_000,
            sources_per_play: 32,
            source_bytes: 2_048,
            play_times: 1_000,
            attributes: 64,
            attribute_name_bytes: 64,
            attribute_value_bytes: 1_024,
            gather_digits: 64,
            dial_targets: 8,
            dial_ms: 180_000,
            legs: 256,
            skills: 16,
            timer_ms: 86_400_000,
            kv_key_bytes: 256,
            kv_value_bytes: 16_384,
            http_url_bytes: 2_048,
            http_headers: 32,
            http_header_bytes: 4_096,
            http_body_bytes: 65_536,
            http_ms: 30_000,
            unanswered_ms: 180_000,
            call_ms: 4 * 3_600_000,
            idle_ms: 60_000,
            after_end_ms: 30_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Journals that were written say nothing of these, so they stay what they are:
    /// whoever wants other limits gives them to new calls and leaves `Default` alone.
    #[test]
    fn what_journals_leave_out_never_changes() {
        let usual = serde_json::to_string(&CallLimits::default()).unwrap();
        assert_eq!(
            usual,
            concat!(
                r#"{"actions_per_turn":32,"commands_under_way":16,"turns":20000,"#,
                r#""events_waiting":64,"turn_ms":10000,"sources_per_play":32,"#,
                r#""source_bytes":2048,"play_times":1000,"attributes":64,"#,
                r#""attribute_name_bytes":64,"attribute_value_bytes":1024,"#,
                r#""gather_digits":64,"dial_targets":8,"dial_ms":180000,"legs":256,"#,
                r#""skills":16,"timer_ms":86400000,"kv_key_bytes":256,"#,
                r#""kv_value_bytes":16384,"http_url_bytes":2048,"http_headers":32,"#,
                r#""http_header_bytes":4096,"http_body_bytes":65536,"http_ms":30000,"#,
                r#""unanswered_ms":180000,"call_ms":14400000,"idle_ms":60000,"#,
                r#""after_end_ms":30000}"#
            )
        );
    }
}

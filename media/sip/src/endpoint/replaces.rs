//! An INVITE that takes the place of another call of ours (RFC 3891 §3).

use super::Endpoint;
use crate::call::{Call, Phase, Replaces};
use crate::event::{DialogKey, Source};
use crate::random::parse_hex64;
use sipx_sip::{HeaderName, Request};

impl Endpoint {
    /// Which call an INVITE replaces, or how it is refused.
    pub(super) fn replaced(
        &self,
        request: &Request,
        caller: &Source,
    ) -> Result<Option<DialogKey>, u16> {
        let mut all = request.headers.get_all(&HeaderName::Replaces);
        let Some(first) = all.next() else { return Ok(None) };
        if all.next().is_some() {
            return Err(400);
        }
        let replaces = Replaces::parse(&first.value()).ok_or(400_u16)?;
        self.replaced_dialog(&replaces, caller).map(Some)
    }

    /// The call that a peer names; only calls of its own tenant can be named.
    pub(super) fn replaced_dialog(
        &self,
        replaces: &Replaces,
        caller: &Source,
    ) -> Result<DialogKey, u16> {
        let tag = parse_hex64(replaces.to_tag.as_bytes());
        let call = tag.and_then(|tag| self.tags.get(&tag)).and_then(|key| self.calls.get(key));
        let call = call.filter(|call| {
            call.source.tenant() == caller.tenant()
                && call.dialog.call_id == replaces.call_id.as_bytes()
                && names_other_end(call, replaces)
        });
        let call = call.ok_or(481_u16)?;
        match call.phase {
            Phase::Up if replaces.early_only => Err(486),
            Phase::Up | Phase::Calling => Ok(call.key),
            // Somebody else's ringing call cannot be taken from them here.
            Phase::Incoming => Err(481),
            Phase::Closing => Err(603),
        }
    }
}

fn names_other_end(call: &Call, replaces: &Replaces) -> bool {
    match &call.placed {
        Some(placed) if call.phase == Phase::Calling => {
            placed.tags.iter().any(|tag| replaces.is_from(Some(tag)))
        }
        _ => replaces.is_from(call.dialog.remote_tag.as_ref()),
    }
}

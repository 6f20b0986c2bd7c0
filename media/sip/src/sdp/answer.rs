//! Answering an offer, and reading the answer to ours.

use super::lines::{self, AudioLine};
use super::remote::{read_line, usable_audio};
use super::session::SessionError;
use super::words::{Direction, LocalMedia, Negotiated};
use sipx_sdp::{MediaDescription, SessionDescription};

/// One answer to an offer: its lines, which of them is ours, and what it means.
pub(super) struct Answer {
    pub(super) lines: Vec<MediaDescription>,
    pub(super) active: usize,
    pub(super) agreed: Negotiated,
}

/// Answers `offer`: the first usable audio line is taken with the first codec
/// of the offer that we speak, every other line is refused.
pub(super) fn answer(
    offer: &SessionDescription,
    local: &LocalMedia,
    wanted: Direction,
) -> Result<Answer, SessionError> {
    let (active, remote) = usable_audio(offer).ok_or(SessionError::NoCommonCodec)?;
    let codec = remote
        .codecs
        .iter()
        .copied()
        .find(|codec| local.codecs.contains(codec))
        .ok_or(SessionError::NoCommonCodec)?;
    let dtmf_payload = remote.dtmf_payload.filter(|_| local.telephone_event);
    let direction = remote.direction.and(wanted);
    let agreed = Negotiated {
        remote: remote.address,
        codec,
        dtmf_payload,
        dtmf_payload_in: dtmf_payload,
        direction,
        ptime_ms: remote.ptime_ms,
        rtcp_mux: remote.rtcp_mux,
    };
    let lines = offer
        .media
        .iter()
        .enumerate()
        .map(|(index, line)| {
            if index != active {
                return lines::refused(line);
            }
            lines::audio(&AudioLine {
                address: local.address,
                codecs: &[codec],
                dtmf_payload,
                direction,
                protocol: &line.protocol,
                rtcp_mux: remote.rtcp_mux,
            })
        })
        .collect();
    Ok(Answer { lines, active, agreed })
}

/// Reads the answer to an offer of ours whose audio was line `active`.
pub(super) fn read_answer(
    answer: &SessionDescription,
    local: &LocalMedia,
    active: usize,
    dtmf_offered: Option<u8>,
    wanted: Direction,
) -> Result<Negotiated, SessionError> {
    let line = answer.media.get(active).ok_or(SessionError::NoCommonCodec)?;
    let remote = read_line(answer, line).ok_or(SessionError::NoCommonCodec)?;
    let codec = remote
        .codecs
        .iter()
        .copied()
        .find(|codec| local.codecs.contains(codec))
        .ok_or(SessionError::NoCommonCodec)?;
    let dtmf_payload = remote.dtmf_payload.filter(|_| dtmf_offered.is_some());
    Ok(Negotiated {
        remote: remote.address,
        codec,
        dtmf_payload,
        dtmf_payload_in: dtmf_payload.and(dtmf_offered),
        direction: remote.direction.and(wanted),
        ptime_ms: remote.ptime_ms,
        // We never offer it, so an answer that claims it changes nothing.
        rtcp_mux: false,
    })
}

//! Reading the other side's description: which line is ours to use, and what it wants.

use super::session::SessionError;
use super::words::{Codec, Direction, RemoteMedia};
use crate::limits::{MAX_MEDIA_LINES, MAX_SDP_BYTES};
use sipx_sdp::rtpmap::Rtpmap;
use sipx_sdp::{Address, MediaDescription, SessionDescription};
use std::net::SocketAddr;

/// The packet time of G.711 if nobody says otherwise (RFC 3551 §4.2).
pub(super) const DEFAULT_PTIME_MS: u16 = 20;

/// Reads a body.
pub(super) fn parse(body: &[u8]) -> Result<SessionDescription, SessionError> {
    if body.len() > MAX_SDP_BYTES {
        return Err(SessionError::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| SessionError::Unreadable)?;
    let description = sipx_sdp::parse(text).map_err(|_| SessionError::Unreadable)?;
    if description.media.len() > MAX_MEDIA_LINES {
        return Err(SessionError::TooLarge);
    }
    Ok(description)
}

/// The first audio line that we can use, with what it says.
pub(super) fn usable_audio(description: &SessionDescription) -> Option<(usize, RemoteMedia)> {
    description
        .media
        .iter()
        .enumerate()
        .find_map(|(index, line)| read_line(description, line).map(|media| (index, media)))
}

/// What one line says, if it is plain RTP audio with a codec of ours.
pub(super) fn read_line(
    description: &SessionDescription,
    line: &MediaDescription,
) -> Option<RemoteMedia> {
    let plain = matches!(line.protocol.as_str(), "RTP/AVP" | "RTP/AVPF");
    if line.media != "audio" || line.port == 0 || !plain {
        return None;
    }
    let codecs = codecs(line);
    if codecs.is_empty() {
        return None;
    }
    let connection = line.connection.as_ref().or(description.connection.as_ref())?;
    let Address::Ip(ip) = connection.address else { return None };
    let declared = line.declared_direction().unwrap_or_else(|| description.direction());
    let mut direction = Direction::from(declared).mirrored();
    if ip.is_unspecified() {
        // Hold as RFC 2543 had it: nothing may be sent to 0.0.0.0 (RFC 3264 §8.4).
        direction = Direction::new(false, direction.receives());
    }
    Some(RemoteMedia {
        address: SocketAddr::new(ip, line.port),
        codecs,
        dtmf_payload: dtmf_payload(line),
        direction,
        ptime_ms: ptime(line),
        rtcp_mux: line.rtcp_mux(),
    })
}

fn codecs(line: &MediaDescription) -> Vec<Codec> {
    let mut found = Vec::with_capacity(2);
    for format in &line.formats {
        let Some(codec) = Codec::from_format(format) else { continue };
        // A static number may be mapped to what it already means, to nothing else.
        let as_known = line.rtpmap(format).is_none_or(|map| {
            Rtpmap::parse(map).is_ok_and(|map| {
                map.encoding().eq_ignore_ascii_case(codec.name())
                    && map.clock_rate() == 8000
                    && map.channels() == 1
            })
        });
        if as_known && !found.contains(&codec) {
            found.push(codec);
        }
    }
    found
}

fn dtmf_payload(line: &MediaDescription) -> Option<u8> {
    line.formats.iter().find_map(|format| {
        let payload: u8 = format.parse().ok().filter(|payload| (35..=127).contains(payload))?;
        let map = Rtpmap::parse(line.rtpmap(format)?).ok()?;
        // Browsers offer a second one at 48 kHz, which is of no use beside G.711.
        (map.encoding().eq_ignore_ascii_case("telephone-event") && map.clock_rate() == 8000)
            .then_some(payload)
    })
}

fn ptime(line: &MediaDescription) -> u16 {
    line.attribute("ptime")
        .and_then(|attribute| attribute.value.as_deref())
        .and_then(|value| value.trim().parse().ok())
        .filter(|ptime| (10..=200).contains(ptime))
        .unwrap_or(DEFAULT_PTIME_MS)
}

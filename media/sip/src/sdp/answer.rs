//! Answering an offer, and reading the answer to ours.

use super::lines::{self, AudioLine};
use super::remote::{read_line, usable_audio};
use super::session::SessionError;
use super::words::{
    Codec, CodecOrder, Direction, LocalMedia, MediaOptions, Negotiated, RemoteMedia, Security,
    Srtp, SrtpKey,
};
use sipx_sdp::{MediaDescription, SessionDescription};

/// One answer to an offer: its lines, which of them is ours, and what it means.
pub(super) struct Answer {
    pub(super) lines: Vec<MediaDescription>,
    pub(super) active: usize,
    pub(super) agreed: Negotiated,
}

/// What an offer of ours said, to read its answer by.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    pub(super) local: LocalMedia,
    pub(super) options: MediaOptions,
    pub(super) direction: Direction,
    pub(super) dtmf: Option<u8>,
    pub(super) dtmf_48k: Option<u8>,
    pub(super) opus: u8,
    pub(super) crypto: Vec<(u32, SrtpKey)>,
    /// Whether the keys stand on a plain line (RFC 8643): they need not be taken.
    pub(super) opportunistic: bool,
    pub(super) active: usize,
}

impl Offered {
    /// The payload type under which a codec was offered.
    pub(super) fn payload(&self, codec: Codec) -> u8 {
        if codec == Codec::Opus { self.opus } else { codec.payload_type() }
    }
}

/// Answers `offer`: one audio line is taken with one codec, every other line
/// is refused.
pub(super) fn answer(
    offer: &SessionDescription,
    local: &LocalMedia,
    options: &MediaOptions,
    security: Security,
    wanted: Direction,
) -> Result<Answer, SessionError> {
    let (active, remote) = usable_audio(offer, &local.codecs, security)?;
    let codec = choose(&remote, local, options.order).ok_or(SessionError::NoCommonCodec)?;
    let (crypto, srtp) = match remote.crypto.is_empty() {
        true => (None, None),
        false => match choose_key(&remote, options) {
            Some((tag, srtp)) => (Some((tag, srtp.ours.clone())), Some(srtp)),
            None if is_plain(offer.media.get(active)) => (None, None),
            None => return Err(SessionError::NoKey),
        },
    };
    let (dtmf_payload, dtmf_clock_hz) = digits(codec, &remote);
    let dtmf_payload = dtmf_payload.filter(|_| local.telephone_event);
    let direction = remote.direction.and(wanted);
    let payload = payload_of(codec, &remote);
    let agreed = Negotiated {
        remote: remote.address,
        codec,
        payload_out: payload,
        payload_in: payload,
        parameters: parameters_of(codec, &remote),
        dtmf_payload,
        dtmf_payload_in: dtmf_payload,
        dtmf_clock_hz,
        comfort_noise: remote.comfort_noise && options.comfort_noise,
        direction,
        ptime_ms: remote.ptime_ms,
        rtcp_mux: remote.rtcp_mux,
        rtcp: rtcp_of(&remote, remote.rtcp_mux),
        srtp,
    };
    let dtmf: Vec<_> = dtmf_payload.map(|payload| (payload, dtmf_clock_hz)).into_iter().collect();
    let crypto: Vec<_> = crypto.into_iter().collect();
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
                codecs: &[(codec, payload)],
                dtmf: &dtmf,
                comfort_noise: agreed.comfort_noise,
                direction,
                protocol: &line.protocol,
                rtcp_mux: remote.rtcp_mux,
                rtcp_port: options.rtcp_port.filter(|_| !remote.rtcp_mux),
                ptime_ms: options.ptime_ms.min(remote.maxptime_ms.unwrap_or(options.ptime_ms)),
                maxptime_ms: options.maxptime_ms,
                crypto: &crypto,
            })
        })
        .collect();
    Ok(Answer { lines, active, agreed })
}

/// Reads the answer to an offer of ours.
pub(super) fn read_answer(
    answer: &SessionDescription,
    offered: &Offered,
) -> Result<Negotiated, SessionError> {
    let line = answer.media.get(offered.active).ok_or(SessionError::NoCommonCodec)?;
    let remote =
        read_line(answer, line, offered.opportunistic).ok_or(SessionError::NoCommonCodec)?;
    // Who was offered keys must take one; who was offered none cannot.
    let srtp = match (offered.crypto.is_empty(), remote.crypto.first()) {
        (true, None) => None,
        (false, None) if offered.opportunistic => None,
        (false, Some((tag, theirs))) => {
            let same = |(ours, key): &&(u32, SrtpKey)| ours == tag && key.suite == theirs.suite;
            let (_, ours) = offered.crypto.iter().find(same).ok_or(SessionError::NoKey)?;
            Some(Srtp { ours: ours.clone(), theirs: theirs.clone() })
        }
        (true, Some(_)) | (false, None) => return Err(SessionError::NotSecure),
    };
    let codec = remote
        .codecs
        .iter()
        .copied()
        .find(|codec| offered.local.codecs.contains(codec))
        .ok_or(SessionError::NoCommonCodec)?;
    let (dtmf_payload, dtmf_clock_hz) = digits(codec, &remote);
    let dtmf_offered = if dtmf_clock_hz == 48_000 { offered.dtmf_48k } else { offered.dtmf };
    let dtmf_payload = dtmf_payload.filter(|_| dtmf_offered.is_some());
    let rtcp_mux = offered.options.rtcp_mux && remote.rtcp_mux;
    Ok(Negotiated {
        remote: remote.address,
        codec,
        payload_out: payload_of(codec, &remote),
        payload_in: offered.payload(codec),
        parameters: parameters_of(codec, &remote),
        dtmf_payload,
        dtmf_payload_in: dtmf_payload.and(dtmf_offered),
        dtmf_clock_hz,
        comfort_noise: offered.options.comfort_noise && remote.comfort_noise,
        direction: remote.direction.and(offered.direction),
        ptime_ms: remote.ptime_ms,
        rtcp_mux,
        rtcp: rtcp_of(&remote, rtcp_mux),
        srtp,
    })
}

/// Whether keys on this line need not be taken.
fn is_plain(line: Option<&MediaDescription>) -> bool {
    line.is_some_and(|line| matches!(line.protocol.as_str(), "RTP/AVP" | "RTP/AVPF"))
}

fn choose(remote: &RemoteMedia, local: &LocalMedia, order: CodecOrder) -> Option<Codec> {
    let (first, second) = match order {
        CodecOrder::Offerer => (&remote.codecs, &local.codecs),
        CodecOrder::Answerer => (&local.codecs, &remote.codecs),
    };
    first.iter().copied().find(|codec| second.contains(codec))
}

/// The first key of theirs whose suite we have one for (RFC 4568 §5.1.2).
fn choose_key(remote: &RemoteMedia, options: &MediaOptions) -> Option<(u32, Srtp)> {
    remote.crypto.iter().find_map(|(tag, theirs)| {
        let ours = options.keys.iter().find(|key| key.suite == theirs.suite)?;
        Some((*tag, Srtp { ours: ours.clone(), theirs: theirs.clone() }))
    })
}

fn payload_of(codec: Codec, remote: &RemoteMedia) -> u8 {
    match codec {
        Codec::Opus => remote.opus_payload.unwrap_or(codec.payload_type()),
        fixed => fixed.payload_type(),
    }
}

fn parameters_of(codec: Codec, remote: &RemoteMedia) -> Option<String> {
    remote.parameters.iter().find(|(of, _)| *of == codec).map(|(_, text)| text.clone())
}

/// Digit events use the codec's clock where there is a choice (RFC 4733 §2.1).
fn digits(codec: Codec, remote: &RemoteMedia) -> (Option<u8>, u32) {
    match (codec, remote.dtmf_payload_48k) {
        (Codec::Opus, Some(payload)) => (Some(payload), 48_000),
        _ => (remote.dtmf_payload, 8_000),
    }
}

fn rtcp_of(remote: &RemoteMedia, mux: bool) -> std::net::SocketAddr {
    if mux { remote.address } else { remote.rtcp }
}

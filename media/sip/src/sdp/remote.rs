//! Reading the other side's description: which line is ours to use, and what it wants.

use super::session::SessionError;
use super::words::{Codec, Direction, RemoteMedia, Security, SrtpKey};
use crate::limits::{MAX_MEDIA_LINES, MAX_SDP_BYTES};
use sipx_sdp::rtpmap::Rtpmap;
use sipx_sdp::{Address, MediaDescription, SessionDescription};
use std::net::SocketAddr;

/// The packet time of G.711 if nobody says otherwise (RFC 3551 §4.2).
pub(super) const DEFAULT_PTIME_MS: u16 = 20;
/// Payload type of comfort noise at 8 kHz (RFC 3389).
pub(super) const COMFORT_NOISE: u8 = 13;
/// Longest `crypto` or `fmtp` value kept; honest ones stay under 200 bytes.
const MAX_VALUE_BYTES: usize = 512;
/// `crypto` lines read; a peer has one per suite, and there are ten suites.
const MAX_CRYPTO_LINES: usize = 10;

/// Reads a body.
pub(super) fn parse(body: &[u8]) -> Result<SessionDescription, SessionError> {
    if body.len() > MAX_SDP_BYTES {
        return Err(SessionError::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| SessionError::Unreadable)?;
    // Not allowed anywhere (RFC 8866 §9, byte-string), and we repeat parts of it.
    if text.contains('\0') {
        return Err(SessionError::Unreadable);
    }
    let description = sipx_sdp::parse(text).map_err(|_| SessionError::Unreadable)?;
    if description.media.len() > MAX_MEDIA_LINES {
        return Err(SessionError::TooLarge);
    }
    Ok(description)
}

/// The audio line that we use, with what it says: the first encrypted one if
/// encryption is allowed, else the first plain one.
pub(super) fn usable_audio(
    description: &SessionDescription,
    codecs: &[Codec],
    security: Security,
) -> Result<(usize, RemoteMedia), SessionError> {
    let find = |secure: bool| {
        description.media.iter().enumerate().find_map(|(index, line)| {
            let mut media = read_line(description, line, security == Security::Offered)?;
            media.codecs.retain(|codec| codecs.contains(codec));
            let usable = !media.codecs.is_empty();
            (usable && media.crypto.is_empty() != secure).then_some((index, media))
        })
    };
    let secure = if security == Security::Plain { None } else { find(true) };
    let plain = if security == Security::Required { None } else { find(false) };
    match secure.or(plain) {
        Some(found) => Ok(found),
        None if security == Security::Required && find(false).is_some() => {
            Err(SessionError::NotSecure)
        }
        None => Err(SessionError::NoCommonCodec),
    }
}

/// What one line says, if it is RTP audio with a codec of ours. Keys on a plain
/// line are read if they are `opportunistic`ally taken.
pub(super) fn read_line(
    description: &SessionDescription,
    line: &MediaDescription,
    opportunistic: bool,
) -> Option<RemoteMedia> {
    let crypto = match line.protocol.as_str() {
        "RTP/AVP" | "RTP/AVPF" if opportunistic => crypto(line),
        "RTP/AVP" | "RTP/AVPF" => Vec::new(),
        "RTP/SAVP" | "RTP/SAVPF" => Some(crypto(line)).filter(|lines| !lines.is_empty())?,
        _ => return None,
    };
    if line.media != "audio" || line.port == 0 {
        return None;
    }
    let found = codecs(line);
    if found.is_empty() {
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
    let maxptime_ms = milliseconds(line, "maxptime");
    let wanted = milliseconds(line, "ptime").unwrap_or(DEFAULT_PTIME_MS);
    let noise = COMFORT_NOISE.to_string();
    Some(RemoteMedia {
        address: SocketAddr::new(ip, line.port),
        opus_payload: found.iter().find(|(codec, _)| *codec == Codec::Opus).map(|(_, p)| *p),
        parameters: found
            .iter()
            .filter_map(|(codec, payload)| Some((*codec, parameters(line, *payload)?)))
            .collect(),
        codecs: found.into_iter().map(|(codec, _)| codec).collect(),
        dtmf_payload: dtmf_payload(line, 8_000),
        dtmf_payload_48k: dtmf_payload(line, 48_000),
        comfort_noise: line.formats.contains(&noise),
        direction,
        ptime_ms: wanted.min(maxptime_ms.unwrap_or(wanted)),
        maxptime_ms,
        rtcp_mux: line.rtcp_mux(),
        rtcp: rtcp(line, SocketAddr::new(ip, line.port)),
        crypto,
    })
}

fn codecs(line: &MediaDescription) -> Vec<(Codec, u8)> {
    let mut found: Vec<(Codec, u8)> = Vec::with_capacity(2);
    for format in &line.formats {
        let Ok(payload) = format.parse::<u8>() else { continue };
        let Some(codec) = Codec::from_format(payload, line.rtpmap(format)) else { continue };
        if found.iter().all(|(known, _)| *known != codec) {
            found.push((codec, payload));
        }
    }
    found
}

fn dtmf_payload(line: &MediaDescription, clock_hz: u32) -> Option<u8> {
    line.formats.iter().find_map(|format| {
        let payload: u8 = format.parse().ok().filter(|payload| (35..=127).contains(payload))?;
        let map = Rtpmap::parse(line.rtpmap(format)?).ok()?;
        (map.encoding().eq_ignore_ascii_case("telephone-event") && map.clock_rate() == clock_hz)
            .then_some(payload)
    })
}

fn values<'a>(line: &'a MediaDescription, name: &'a str) -> impl Iterator<Item = &'a str> {
    line.attributes
        .iter()
        .filter(move |attribute| attribute.name == name)
        .filter_map(|attribute| attribute.value.as_deref())
        .filter(|value| value.len() <= MAX_VALUE_BYTES)
}

fn parameters(line: &MediaDescription, payload: u8) -> Option<String> {
    values(line, "fmtp").find_map(|value| {
        let (number, rest) = value.trim().split_once(' ')?;
        (number.parse() == Ok(payload)).then(|| rest.trim().to_owned())
    })
}

fn milliseconds(line: &MediaDescription, name: &str) -> Option<u16> {
    let value = values(line, name).next()?;
    value.trim().parse().ok().filter(|ms| (10..=200).contains(ms))
}

/// Where RTCP goes (RFC 3605); the port after RTP if it does not say.
fn rtcp(line: &MediaDescription, rtp: SocketAddr) -> SocketAddr {
    let said = values(line, "rtcp").next().and_then(|value| {
        let mut words = value.split_whitespace();
        let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
        let ip = words.nth(2).and_then(|ip| ip.parse().ok());
        Some(SocketAddr::new(ip.unwrap_or(rtp.ip()), port))
    });
    said.unwrap_or_else(|| SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1)))
}

/// The `crypto` lines that say `tag suite inline:key` and no more than we know
/// (RFC 4568 §9.1): session parameters change how keys are used.
fn crypto(line: &MediaDescription) -> Vec<(u32, SrtpKey)> {
    values(line, "crypto")
        .take(MAX_CRYPTO_LINES)
        .filter_map(|value| {
            let mut words = value.split_whitespace();
            let tag = words.next()?.parse().ok()?;
            let suite = words.next()?.to_owned();
            let key = words.next()?.strip_prefix("inline:")?;
            // Lifetime and a key index may follow the key.
            let key = key.split('|').next()?.to_owned();
            (words.next().is_none() && !key.is_empty()).then_some((tag, SrtpKey { suite, key }))
        })
        .collect()
}

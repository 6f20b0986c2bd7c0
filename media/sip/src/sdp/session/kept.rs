//! What of a session must outlive the process: enough to make the next offer in
//! it. Never a key.

use super::super::words::{
    Codec, CodecOrder, Direction, LocalMedia, MediaOptions, Negotiated, Srtp, SrtpKey,
};
use super::Session;
use crate::limits::MAX_MEDIA_LINES;
use serde::{Deserialize, Serialize};
use sipx_sdp::MediaDescription;
use std::net::SocketAddr;

/// How far the version in `o=` is set ahead: offers that came to nothing after
/// the record was made had numbers too, and a peer passes over one that it has
/// seen (RFC 3264 §8).
const VERSION_STEP: u64 = 16;
/// Longest word of a media line kept; `UDP/TLS/RTP/SAVPF` has 17 bytes.
const MAX_WORD: usize = 64;

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptSession {
    id: u64,
    version: u64,
    /// Of each media line what it is about, its protocol and its first format.
    lines: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    active: usize,
    at: SocketAddr,
    codecs: Vec<Codec>,
    telephone_event: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    options: Option<KeptOptions>,
    #[serde(default, skip_serializing_if = "is_default")]
    wanted: Direction,
    agreed: KeptMedia,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptOptions {
    #[serde(default, skip_serializing_if = "is_default")]
    order: CodecOrder,
    ptime_ms: u16,
    #[serde(default, skip_serializing_if = "is_default")]
    maxptime_ms: Option<u16>,
    #[serde(default, skip_serializing_if = "is_default")]
    rtcp_mux: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    rtcp_port: Option<u16>,
    #[serde(default, skip_serializing_if = "is_default")]
    comfort_noise: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptMedia {
    remote: SocketAddr,
    codec: Codec,
    #[serde(rename = "out")]
    payload_out: u8,
    #[serde(rename = "in")]
    payload_in: u8,
    #[serde(default, skip_serializing_if = "is_default")]
    parameters: Option<String>,
    #[serde(rename = "dtmf_out", default, skip_serializing_if = "is_default")]
    dtmf_payload: Option<u8>,
    #[serde(rename = "dtmf_in", default, skip_serializing_if = "is_default")]
    dtmf_payload_in: Option<u8>,
    #[serde(rename = "dtmf_hz")]
    dtmf_clock_hz: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    comfort_noise: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    direction: Direction,
    ptime_ms: u16,
    #[serde(default, skip_serializing_if = "is_default")]
    rtcp_mux: bool,
    /// If it is not the port after RTP.
    #[serde(default, skip_serializing_if = "is_default")]
    rtcp: Option<SocketAddr>,
    #[serde(default, skip_serializing_if = "is_default")]
    secure: bool,
}

/// What need not be said: it is what nothing said means.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Session {
    /// What must be kept; `None` before anything is agreed.
    pub(crate) fn keep(&self) -> Option<KeptSession> {
        let (local, agreed) = (self.local.as_ref()?, self.agreed.as_ref()?);
        Some(KeptSession {
            id: self.id,
            version: self.version,
            lines: self.shape.iter().map(line_text).collect(),
            active: self.active,
            at: local.address,
            codecs: local.codecs.clone(),
            telephone_event: local.telephone_event,
            options: kept_options(&self.options),
            wanted: self.wanted,
            agreed: KeptMedia {
                remote: agreed.remote,
                codec: agreed.codec,
                payload_out: agreed.payload_out,
                payload_in: agreed.payload_in,
                parameters: agreed.parameters.clone(),
                dtmf_payload: agreed.dtmf_payload,
                dtmf_payload_in: agreed.dtmf_payload_in,
                dtmf_clock_hz: agreed.dtmf_clock_hz,
                comfort_noise: agreed.comfort_noise,
                direction: agreed.direction,
                ptime_ms: agreed.ptime_ms,
                rtcp_mux: agreed.rtcp_mux,
                rtcp: Some(agreed.rtcp).filter(|at| *at != next_port(agreed.remote)),
                secure: agreed.srtp.is_some(),
            },
        })
    }
}

fn next_port(rtp: SocketAddr) -> SocketAddr {
    SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1))
}

fn kept_options(options: &MediaOptions) -> Option<KeptOptions> {
    let MediaOptions { order, ptime_ms, maxptime_ms, rtcp_mux, rtcp_port, comfort_noise, keys: _ } =
        *options;
    let kept = KeptOptions { order, ptime_ms, maxptime_ms, rtcp_mux, rtcp_port, comfort_noise };
    (kept.options() != MediaOptions::default()).then_some(kept)
}

impl KeptOptions {
    fn options(self) -> MediaOptions {
        let Self { order, ptime_ms, maxptime_ms, rtcp_mux, rtcp_port, comfort_noise } = self;
        let keys = Vec::new();
        MediaOptions { order, ptime_ms, maxptime_ms, rtcp_mux, rtcp_port, comfort_noise, keys }
    }
}

fn line_text(line: &MediaDescription) -> String {
    let format = line.formats.first().map_or("0", String::as_str);
    let words = [line.media.as_str(), line.protocol.as_str(), format];
    words.map(|word| word.chars().take(MAX_WORD).collect::<String>()).join(" ")
}

fn read_line(text: &str) -> Option<MediaDescription> {
    let mut words = text.split(' ');
    let mut word = || {
        let plain = |word: &&str| word.bytes().all(|byte| byte.is_ascii_graphic());
        words.next().filter(|word| (1..=MAX_WORD).contains(&word.len())).filter(plain)
    };
    let (media, protocol, format) = (word()?, word()?, word()?);
    let mut line = MediaDescription::audio(0, vec![format.to_owned()]);
    (line.media, line.protocol) = (media.to_owned(), protocol.to_owned());
    Some(line)
}

impl KeptSession {
    /// The session again; `None` if it makes no sense.
    pub(crate) fn restore(&self) -> Option<Session> {
        let shape: Vec<_> = self.lines.iter().map(|line| read_line(line)).collect::<Option<_>>()?;
        let fits = self.active < shape.len() && shape.len() <= MAX_MEDIA_LINES;
        let kept = &self.agreed;
        let payloads = [Some(kept.payload_in), Some(kept.payload_out), kept.dtmf_payload];
        let payloads = payloads.into_iter().chain([kept.dtmf_payload_in]).flatten();
        if payloads.into_iter().any(|payload| payload > 127) {
            return None;
        }
        if !fits || self.codecs.is_empty() || self.codecs.len() > Codec::KNOWN.len() {
            return None;
        }
        let mut session = Session::new(0);
        session.id = self.id & (u64::MAX >> 1);
        session.version = (self.version & (u64::MAX >> 2)) + VERSION_STEP;
        session.shape = shape;
        session.active = self.active;
        session.local = Some(self.local());
        session.options = self.options();
        session.wanted = self.wanted;
        let mut agreed = self.agreed();
        // Stands for keys that are gone: the next offer is encrypted again.
        let gone = || SrtpKey { suite: String::new(), key: String::new() };
        agreed.srtp = self.agreed.secure.then(|| Srtp { ours: gone(), theirs: gone() });
        session.agreed = Some(agreed);
        Some(session)
    }

    /// Our end.
    pub(crate) fn local(&self) -> LocalMedia {
        let (address, codecs) = (self.at, self.codecs.clone());
        LocalMedia { address, codecs, telephone_event: self.telephone_event }
    }

    /// What it differed in from plain G.711, without keys.
    pub(crate) fn options(&self) -> MediaOptions {
        self.options.map_or_else(MediaOptions::default, KeptOptions::options)
    }

    /// Whether it was encrypted, with keys that are gone.
    pub(crate) fn is_secure(&self) -> bool {
        self.agreed.secure
    }

    /// What held, without keys.
    pub(crate) fn agreed(&self) -> Negotiated {
        let kept = self.agreed.clone();
        Negotiated {
            remote: kept.remote,
            codec: kept.codec,
            payload_out: kept.payload_out,
            payload_in: kept.payload_in,
            parameters: kept.parameters,
            dtmf_payload: kept.dtmf_payload,
            dtmf_payload_in: kept.dtmf_payload_in,
            dtmf_clock_hz: kept.dtmf_clock_hz,
            comfort_noise: kept.comfort_noise,
            direction: kept.direction,
            ptime_ms: kept.ptime_ms,
            rtcp_mux: kept.rtcp_mux,
            rtcp: kept.rtcp.unwrap_or_else(|| next_port(kept.remote)),
            srtp: None,
        }
    }
}

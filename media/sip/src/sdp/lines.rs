//! Writing our descriptions, line by line.

use super::remote::COMFORT_NOISE;
use super::words::{Codec, Direction, SrtpKey};
use sipx_sdp::{Attribute, MediaDescription, SessionDescription};
use std::net::SocketAddr;

/// What we say of Opus: digits and speech survive loss, and small packets are fine.
const OPUS_PARAMETERS: &str = "minptime=10;useinbandfec=1";

/// One of our audio lines.
pub(super) struct AudioLine<'a> {
    pub(super) address: SocketAddr,
    /// With their payload types.
    pub(super) codecs: &'a [(Codec, u8)],
    /// Payload types of digit events with their clocks.
    pub(super) dtmf: &'a [(u8, u32)],
    pub(super) comfort_noise: bool,
    pub(super) direction: Direction,
    pub(super) protocol: &'a str,
    pub(super) rtcp_mux: bool,
    pub(super) rtcp_port: Option<u16>,
    pub(super) ptime_ms: u16,
    pub(super) maxptime_ms: Option<u16>,
    pub(super) crypto: &'a [(u32, SrtpKey)],
}

pub(super) fn audio(line: &AudioLine<'_>) -> MediaDescription {
    let mut formats: Vec<String> =
        line.codecs.iter().map(|(_, payload)| payload.to_string()).collect();
    if line.comfort_noise {
        formats.push(COMFORT_NOISE.to_string());
    }
    formats.extend(line.dtmf.iter().map(|(payload, _)| payload.to_string()));
    let mut media = MediaDescription::audio(line.address.port(), formats);
    media.protocol = line.protocol.to_owned();
    let attributes = &mut media.attributes;
    for (codec, payload) in line.codecs {
        let channels = if *codec == Codec::Opus { "/2" } else { "" };
        let map = format!("{payload} {}/{}{channels}", codec.name(), codec.clock_hz());
        attributes.push(Attribute::valued("rtpmap", map));
        match codec {
            Codec::Opus => {
                attributes.push(Attribute::valued("fmtp", format!("{payload} {OPUS_PARAMETERS}")));
            }
            // Silence frames would have to be understood by whoever they pass to.
            Codec::G729 => {
                attributes.push(Attribute::valued("fmtp", format!("{payload} annexb=no")));
            }
            Codec::Pcmu | Codec::Pcma | Codec::G722 => {}
        }
    }
    if line.comfort_noise {
        attributes.push(Attribute::valued("rtpmap", format!("{COMFORT_NOISE} CN/8000")));
    }
    for (payload, clock_hz) in line.dtmf {
        let map = format!("{payload} telephone-event/{clock_hz}");
        attributes.push(Attribute::valued("rtpmap", map));
        attributes.push(Attribute::valued("fmtp", format!("{payload} 0-15")));
    }
    attributes.push(Attribute::valued("ptime", line.ptime_ms.to_string()));
    if let Some(maxptime) = line.maxptime_ms {
        attributes.push(Attribute::valued("maxptime", maxptime.to_string()));
    }
    for (tag, key) in line.crypto {
        let value = format!("{tag} {} inline:{}", key.suite, key.key);
        attributes.push(Attribute::valued("crypto", value));
    }
    if let Some(port) = line.rtcp_port {
        attributes.push(Attribute::valued("rtcp", port.to_string()));
    }
    if line.rtcp_mux {
        attributes.push(Attribute::flag("rtcp-mux"));
    }
    attributes.push(Attribute::flag(line.direction.text()));
    media
}

/// A line that we do not want: same kind, same formats, port 0 (RFC 3264 §6).
pub(super) fn refused(line: &MediaDescription) -> MediaDescription {
    MediaDescription {
        media: line.media.clone(),
        port: 0,
        protocol: line.protocol.clone(),
        formats: line.formats.clone(),
        connection: None,
        attributes: Vec::new(),
        other: Vec::new(),
    }
}

/// A whole description around its lines.
pub(super) fn describe(
    address: SocketAddr,
    id: u64,
    version: u64,
    media: Vec<MediaDescription>,
) -> SessionDescription {
    let mut description = SessionDescription::new(address.ip(), id, version);
    description.media = media;
    description
}

//! Writing our descriptions, line by line.

use super::remote::DEFAULT_PTIME_MS;
use super::words::{Codec, Direction};
use sipx_sdp::{Attribute, MediaDescription, SessionDescription};
use std::net::SocketAddr;

/// One of our audio lines.
pub(super) struct AudioLine<'a> {
    pub(super) address: SocketAddr,
    pub(super) codecs: &'a [Codec],
    pub(super) dtmf_payload: Option<u8>,
    pub(super) direction: Direction,
    pub(super) protocol: &'a str,
    pub(super) rtcp_mux: bool,
}

pub(super) fn audio(line: &AudioLine<'_>) -> MediaDescription {
    let mut formats: Vec<String> =
        line.codecs.iter().map(|codec| codec.payload_type().to_string()).collect();
    formats.extend(line.dtmf_payload.map(|payload| payload.to_string()));
    let mut media = MediaDescription::audio(line.address.port(), formats);
    media.protocol = line.protocol.to_owned();
    let attributes = &mut media.attributes;
    for codec in line.codecs {
        attributes.push(Attribute::valued(
            "rtpmap",
            format!("{} {}/8000", codec.payload_type(), codec.name()),
        ));
    }
    if let Some(payload) = line.dtmf_payload {
        attributes.push(Attribute::valued("rtpmap", format!("{payload} telephone-event/8000")));
        attributes.push(Attribute::valued("fmtp", format!("{payload} 0-15")));
    }
    attributes.push(Attribute::valued("ptime", DEFAULT_PTIME_MS.to_string()));
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

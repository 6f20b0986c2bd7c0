//! The RTP side of a call's legs.

use super::{Legs, MOVE, NoLeg, stopped};
use crate::calls::speech::{self, End};
use strowger_engine::media::{CommandError, LegHandle, LegSpec, LegStats, RemoteParams};
use strowger_model::{CallRecord, Cause, LegId, LegMedia};
use strowger_sip::{Codec, DialogKey, LocalMedia, MediaOptions, Negotiated};

impl Legs {
    /// The RTP leg, if it is open.
    pub fn media(&self, leg: LegId) -> Option<&LegHandle> {
        self.legs.get(&leg)?.media.as_ref()
    }

    /// Makes a leg's media, if it has any, this call's.
    pub(super) async fn take_media(&mut self, leg: LegId) -> Result<(), String> {
        let spec = self.spec(leg);
        self.replace_media(leg, async move |media| media.move_to(spec).await).await
    }

    /// Takes a leg's media, if it has any, to another thread; its recording goes on.
    pub(in crate::calls) async fn regroup_media(
        &mut self,
        leg: LegId,
        group: u64,
    ) -> Result<(), String> {
        self.replace_media(leg, async move |media| media.regroup(group).await).await
    }

    pub(super) async fn replace_media(
        &mut self,
        leg: LegId,
        moving: impl AsyncFnOnce(&LegHandle) -> Result<LegHandle, CommandError>,
    ) -> Result<(), String> {
        let Some(media) = self.legs.get_mut(&leg).and_then(|entry| entry.media.take()) else {
            return Ok(());
        };
        let moved = tokio::time::timeout(MOVE, moving(&media)).await;
        let moved = moved.map_err(|late| late.to_string())?;
        let moved = moved.map_err(|error| error.to_string())?;
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.media = Some(moved);
        }
        Ok(())
    }

    pub(in crate::calls) fn spec(&self, leg: LegId) -> LegSpec {
        LegSpec {
            events: self.events.clone(),
            tag: u64::from(leg.0),
            group: self.call.0.as_u64_pair().1,
        }
    }

    pub(super) fn open(&self, leg: LegId) -> Result<LegHandle, NoLeg> {
        self.node
            .media
            .open(self.spec(leg))
            .map_err(|error| NoLeg { cause: Cause::Congestion, reason: error.to_string() })
    }

    pub(super) async fn local_media(
        &mut self,
        leg: LegId,
    ) -> Result<(DialogKey, LocalMedia), NoLeg> {
        let gone = || NoLeg { cause: Cause::Internal, reason: "the leg is gone".to_owned() };
        if self.legs.get(&leg).ok_or_else(gone)?.media.is_none() {
            let media = self.open(leg)?;
            if let Some(entry) = self.legs.get_mut(&leg) {
                entry.media = Some(media);
            }
        }
        let entry = self.legs.get(&leg).ok_or_else(gone)?;
        let media = entry.media.as_ref().ok_or_else(gone)?;
        let dialog = entry.dialog;
        let (local, options) = self.describe(leg, media, entry.end);
        if options != MediaOptions::default() {
            stopped(self.node.sip.set_media_options(dialog, options).await)?;
        }
        Ok((dialog, local))
    }

    /// What a leg is offered or answered.
    pub(super) fn describe(
        &self,
        leg: LegId,
        media: &LegHandle,
        end: End,
    ) -> (LocalMedia, MediaOptions) {
        let config = self.tenant.config();
        let others = || self.legs.iter().filter(|(id, _)| **id != leg).map(|(_, other)| other);
        let decided = others().any(|other| other.decided && !other.speaks.is_empty());
        let wanted = others().filter(|other| other.decided || !decided);
        let first: Vec<Codec> = wanted.flat_map(|other| other.speaks.iter().copied()).collect();
        let local = LocalMedia {
            address: media.local_address(),
            codecs: speech::codecs(&config, end, &first),
            telephone_event: true,
        };
        (local, speech::options(&config, decided))
    }

    pub(super) fn connect(&mut self, leg: LegId, negotiated: &Negotiated) {
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.speaks = vec![negotiated.codec];
            entry.decided = true;
        }
        let Some(media) = self.media(leg) else { return };
        let srtp = negotiated.srtp.as_ref();
        let keys = srtp.and_then(speech::keys);
        if srtp.is_some() && keys.is_none() {
            tracing::warn!(call = %self.call, leg = leg.0, "unusable SRTP keys: no media");
            return;
        }
        let remote = RemoteParams {
            srtp: keys,
            payload_type: negotiated.payload_out,
            payload_type_in: negotiated.payload_in,
            dtmf_payload: negotiated.dtmf_payload,
            dtmf_payload_in: negotiated.dtmf_payload_in,
            dtmf_clock_hz: negotiated.dtmf_clock_hz,
            ptime_ms: u32::from(negotiated.ptime_ms),
            send: negotiated.direction.sends(),
            receive: negotiated.direction.receives(),
            ..RemoteParams::new(negotiated.remote, speech::media_codec(negotiated.codec))
        };
        if let Err(error) = media.set_remote(remote) {
            tracing::warn!(call = %self.call, leg = leg.0, %error, "media not connected");
        }
    }

    pub(super) fn close_media(&mut self, leg: LegId) {
        self.rings_no_more(leg);
        if let Some(media) = self.legs.get_mut(&leg).and_then(|entry| entry.media.take()) {
            media.close();
            self.closed.push((leg, media));
        }
    }

    /// Completes a record with the trunk that carried each leg and how its media
    /// fared. Waits until the legs have ended, which takes one round of the media
    /// threads' wheel.
    pub async fn complete(&mut self, record: &mut CallRecord) {
        for entry in &mut record.legs {
            entry.trunk = self.trunks.get(&entry.leg).copied().or(entry.trunk);
        }
        for (leg, media) in self.closed.drain(..) {
            let stats = media.ended().await;
            if let Some(entry) = record.legs.iter_mut().find(|entry| entry.leg == leg) {
                entry.media = Some(figures(&stats));
            }
        }
    }
}

fn figures(stats: &LegStats) -> LegMedia {
    // Between 1.0 and 4.5.
    let mos_percent = (stats.mean_opinion_score() * 100.0).round() as u16;
    LegMedia {
        transcoded: stats.transcoding,
        srtp: stats.srtp.map(|profile| profile.sdp_name().to_owned()),
        packets_received: stats.received,
        packets_lost: stats.lost,
        packets_sent: stats.sent,
        jitter_ms: stats.jitter_ms,
        round_trip_ms: stats.round_trip_ms,
        mos_percent: (stats.received > 0).then_some(mos_percent),
    }
}

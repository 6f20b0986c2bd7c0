//! Legs that outlive a crash: what is kept of them, and going on with them.

use super::{Leg, Legs};
use crate::calls::kept;
use crate::calls::speech::{self, End};
use strowger_call::LegFate;
use strowger_engine::signalling::Stopped;
use strowger_model::{CallId, Cause, LegId};
use strowger_sip::{DialogRecord, LocalMedia, Source, TakeUp, TakeUpError};

impl Legs {
    /// Goes on with a leg of before a restart: signalling asks its other end
    /// whether it is there still, media flows meanwhile as it did.
    pub async fn take_up(&mut self, leg: LegId, record: DialogRecord) -> LegFate {
        let gone = LegFate::Gone { cause: Cause::ServerRestart };
        let dialog = self.node.sip.next_key();
        let (Some(local), Some(agreed)) = (record.local_media(), record.agreed()) else {
            let ended = self.node.sip.take_up(dialog, record, TakeUp::End(Cause::ServerRestart));
            log_lost(self.call, leg, ended.await);
            return gone;
        };
        let media = match self.node.media.open_at(local.address.port(), self.spec(leg)) {
            Ok(media) => media,
            Err(error) => {
                tracing::error!(call = %self.call, leg = leg.0, %error, "leg without media");
                let ended = self.node.sip.take_up(dialog, record, TakeUp::End(Cause::Congestion));
                log_lost(self.call, leg, ended.await);
                return gone;
            }
        };
        let end = match record.source() {
            Source::Trunk { trunk, .. } => End::Trunk(trunk),
            Source::Extension { .. } => End::Phone,
        };
        let local = LocalMedia { address: media.local_address(), ..local };
        let options = match record.is_secure() {
            true => speech::options(&self.tenant.config(), true),
            false => record.media_options().unwrap_or_default(),
        };
        let (speaks, decided, rings_at) = (vec![agreed.codec], true, None);
        let kept = Some(record.to_json().into());
        let media = Some(media);
        self.add(leg, Leg { dialog, media, end, speaks, decided, rings_at, kept });
        if !record.is_secure() {
            self.connect(leg, &agreed);
        }
        let taken =
            self.node.sip.take_up(dialog, record, TakeUp::GoOn { media: local, options }).await;
        if matches!(taken, Ok(Ok(()))) {
            return LegFate::Up { codec: agreed.codec.name().to_owned() };
        }
        log_lost(self.call, leg, taken);
        self.close_media(leg);
        self.by_dialog.remove(&dialog);
        self.legs.remove(&leg);
        self.node.calls.leave_leg(dialog);
        gone
    }

    /// Remembers what signalling needs to go on with a leg; for the journal.
    pub fn keep(&mut self, leg: LegId, record: &DialogRecord) -> String {
        let text = record.to_json();
        let body = kept::body(leg, &text);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.kept = Some(text.into());
        }
        body
    }

    /// The same for a leg that came from another call.
    pub fn kept(&self, leg: LegId) -> Option<String> {
        Some(kept::body(leg, self.legs.get(&leg)?.kept.as_ref()?))
    }
}

fn log_lost(call: CallId, leg: LegId, taken: Result<Result<(), TakeUpError>, Stopped>) {
    let error = match taken {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::warn!(%call, leg = leg.0, error, "a leg of before the restart is lost");
}

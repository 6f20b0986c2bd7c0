//! Legs that come from other calls or go to them.

use super::{Leg, Legs, NoLeg};
use crate::calls::message::CallMessage;
use crate::calls::parcel::{Contents, Parcel};
use crate::calls::registry::CallHandle;
use crate::calls::speech::End;
use strowger_model::{Cause, LegId};
use strowger_sip::{DialogKey, SipEvent};

impl Legs {
    /// The leg with this dialog. What is said of one that was given away goes
    /// to the call that has it.
    pub fn leg_of(&self, dialog: DialogKey, event: SipEvent) -> Option<(LegId, SipEvent)> {
        match (self.by_dialog.get(&dialog), self.given.get(&dialog)) {
            (Some(leg), _) => Some((*leg, event)),
            (None, Some(call)) => {
                call.tell(CallMessage::Sip(dialog, event));
                None
            }
            (None, None) => None,
        }
    }

    /// A leg came; it is the core's to take.
    pub fn arrived(&mut self, parcel: Parcel) {
        self.parcel = Some(parcel);
    }

    /// What nobody has taken is hung up.
    pub fn refuse_parcel(&mut self) {
        self.parcel = None;
    }

    /// Packs a leg for another call.
    pub fn give(&mut self, leg: LegId, to: &CallHandle) -> Option<(DialogKey, Parcel)> {
        let Leg { dialog, media, end, kept, .. } = self.legs.remove(&leg)?;
        self.by_dialog.remove(&dialog);
        self.given.insert(dialog, to.clone());
        let contents = Contents { dialog, media, end, kept };
        Some((dialog, Parcel::new(self.node.clone(), contents, Cause::Normal)))
    }

    pub(super) async fn take(&mut self, leg: LegId) -> Result<(), NoLeg> {
        let gone = || NoLeg { cause: Cause::Internal, reason: "nothing came".to_owned() };
        let Contents { dialog, media, end, kept } =
            self.parcel.take().and_then(Parcel::open).ok_or_else(gone)?;
        if let End::Trunk(trunk) = end {
            self.trunks.insert(leg, trunk);
        }
        let (rings_at, speaks, decided) = (None, Vec::new(), true);
        self.add(leg, Leg { dialog, media, end, speaks, decided, rings_at, kept });
        let moved = self.take_media(leg).await;
        moved.map_err(|reason| NoLeg { cause: Cause::Congestion, reason })
    }
}

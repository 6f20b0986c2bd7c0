//! A leg in a conference of its tenant.

use super::legs::Legs;
use crate::tenants::meeting::Conference;
use std::sync::Arc;
use strowger_engine::media::{CommandError, ConferenceSpec, Join};
use strowger_model::LegId;
use tokio::sync::mpsc;

/// A place in a conference; given back when dropped.
#[derive(Debug)]
pub struct Place {
    conference: Arc<Conference>,
    /// Whether the leg lives on the conference's thread for it.
    moved: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.conference.exit();
    }
}

impl Legs {
    /// Lets a leg take part. If the conference is mixed on another thread, the
    /// leg goes there.
    pub async fn join_conference(&mut self, leg: LegId, name: &str) -> Result<(), String> {
        let media = self.media(leg).cloned().ok_or("the caller has no media yet")?;
        let group = self.spec(leg).group;
        let conference = self.tenant().meeting.conference(name, || {
            // Nothing is recorded of the conference as such: each leg can be.
            let (events, _) = mpsc::channel(1);
            let spec = ConferenceSpec { events, tag: 0, group };
            let handle = self.node().media.conference(spec).map_err(|error| error.to_string())?;
            Ok::<_, String>(Conference::new(handle, group))
        })?;
        conference.enter()?;
        let mut place = Place { conference: conference.clone(), moved: false };
        let how = Join::default();
        match conference.handle.join(&media, how) {
            Err(CommandError::OtherGroup) => {
                self.regroup_media(leg, conference.group).await?;
                place.moved = true;
                let media = self.media(leg).ok_or("the caller has gone")?;
                conference.handle.join(media, how).map_err(|error| error.to_string())?;
            }
            joined => joined.map_err(|error| error.to_string())?,
        }
        self.set_place(Some(place));
        Ok(())
    }

    /// Ends a leg's part; it comes back to the thread of its call.
    pub async fn leave_conference(&mut self, leg: LegId) -> Result<(), String> {
        let Some(place) = self.set_place(None) else { return Ok(()) };
        let Some(media) = self.media(leg) else { return Ok(()) };
        place.conference.handle.leave(media).map_err(|error| error.to_string())?;
        if place.moved {
            self.regroup_media(leg, self.spec(leg).group).await?;
        }
        Ok(())
    }
}

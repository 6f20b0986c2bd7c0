//! A leg on its way from one call to another. It belongs to whoever holds the
//! parcel; one that nobody takes, because its call ended or did not want it, is
//! hung up.

use super::speech::End;
use crate::node::Node;
use std::sync::Arc;
use strowger_engine::media::LegHandle;
use strowger_model::Cause;
use strowger_sip::DialogKey;

/// See the module.
#[derive(Debug)]
pub struct Parcel {
    node: Arc<Node>,
    contents: Option<Contents>,
    /// Why it is hung up if nobody takes it.
    cause: Cause,
}

/// A leg as signalling and media know it.
#[derive(Debug)]
pub struct Contents {
    /// Its dialog.
    pub dialog: DialogKey,
    /// Its RTP leg, if one is open.
    pub media: Option<LegHandle>,
    /// Who is at its other end.
    pub end: End,
    /// What signalling needs to go on with it after a crash.
    pub kept: Option<Box<str>>,
}

impl Parcel {
    /// Packs a leg.
    pub fn new(node: Arc<Node>, contents: Contents, cause: Cause) -> Self {
        Self { node, contents: Some(contents), cause }
    }

    /// Whoever calls this owns the leg.
    pub fn open(mut self) -> Option<Contents> {
        self.contents.take()
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        let Some(contents) = self.contents.take() else { return };
        let (node, cause) = (self.node.clone(), self.cause);
        self.node.services.spawn(async move {
            drop(contents.media);
            // Without signalling there is nobody to tell.
            let _ = node.sip.hang_up(contents.dialog, cause).await;
        });
    }
}

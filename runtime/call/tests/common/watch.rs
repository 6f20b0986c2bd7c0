//! What must be true of every call, whatever happens to it.

use std::collections::BTreeMap;
use strowger_call::*;
use strowger_model::*;

/// Follows inputs and effects of one call.
pub struct Watch {
    /// Legs by whether they still live.
    legs: BTreeMap<LegId, bool>,
    bridged: Option<(LegId, LegId)>,
    /// The distribution believes that the caller waits.
    waiting: bool,
    told_left: bool,
    talking_to: Option<AgentId>,
    offers: BTreeMap<OfferId, AgentId>,
    recording: Option<RecordingId>,
    storing: bool,
    conference: Option<LegId>,
    parked: Option<String>,
    /// Whose transfer was accepted and is not decided.
    referring: Option<LegId>,
    pub finished: Option<CallRecord>,
    pub last_play: Option<PlayId>,
    playing: Option<(PlayId, LegId)>,
    /// The other side of every conversation is made up: only what the call
    /// promises by itself is checked.
    pub nonsense: bool,
}

impl Watch {
    pub fn recording(&self) -> Option<RecordingId> {
        self.recording
    }

    pub fn new(_: &CallSetup) -> Self {
        Self {
            legs: BTreeMap::from([(LegId(0), true)]),
            bridged: None,
            waiting: false,
            told_left: false,
            talking_to: None,
            offers: BTreeMap::new(),
            recording: None,
            storing: false,
            conference: None,
            parked: None,
            referring: None,
            finished: None,
            last_play: None,
            playing: None,
            nonsense: false,
        }
    }

    pub fn input(&mut self, input: &Input) {
        match input {
            Input::Leg(leg, LegInput::HungUp { .. } | LegInput::Failed { .. }) => {
                if let Some(lives) = self.legs.get_mut(leg) {
                    *lives = false;
                }
                self.ended(*leg);
            }
            Input::Queue(QueueInput::Offer { offer, agent, .. }) => {
                self.offers.insert(*offer, *agent);
            }
            Input::Queue(QueueInput::Ended { outcome, agent, .. }) => {
                self.waiting = false;
                self.told_left = false;
                if *outcome == ContactOutcome::Served && !self.nonsense {
                    self.talking_to = *agent;
                }
            }
            Input::SlotTaken => self.parked = None,
            Input::Media(MediaInput::ConferenceFailed { .. }) => self.conference = None,
            Input::Media(MediaInput::PlayEnded { play, .. })
                if self.playing.is_some_and(|(playing, _)| playing == *play) =>
            {
                self.playing = None;
            }
            Input::Media(
                MediaInput::RecordingEnded { recording, .. }
                | MediaInput::RecordingFailed { recording, .. },
            ) if self.recording == Some(*recording) => self.recording = None,
            _ => {}
        }
    }

    pub fn effect(&mut self, effect: &Effect) {
        assert!(self.finished.is_none(), "an effect after the last one: {effect:?}");
        match effect {
            Effect::Leg(leg, effect) => self.leg(*leg, effect),
            Effect::Media(effect) => self.media(effect),
            Effect::Queue(effect) if !self.nonsense => self.queue(effect),
            Effect::Give { leg, .. } => {
                assert_eq!(self.legs.insert(*leg, false), Some(true), "{leg} is given twice");
                assert!(self.bridged.is_none(), "a leg is given out of a conversation");
            }
            Effect::Park { slot } => {
                assert_eq!(self.parked.replace(slot.clone()), None, "parked twice");
            }
            Effect::Unpark { slot } => {
                assert_eq!(self.parked.take().as_ref(), Some(slot), "unparked without a slot");
            }
            Effect::Finished(record) => self.finished = Some((**record).clone()),
            _ => {}
        }
    }

    fn leg(&mut self, leg: LegId, effect: &LegEffect) {
        match effect {
            LegEffect::Originate { .. } => {
                let fresh = leg == LegId(0) || self.legs.insert(leg, true).is_none();
                assert!(fresh, "leg {leg} is dialled twice");
            }
            LegEffect::Take => {
                assert!(self.legs.insert(leg, true).is_none(), "leg {leg} is taken twice");
            }
            LegEffect::AcceptRefer | LegEffect::RejectRefer { .. } => {
                assert_eq!(self.legs.get(&leg), Some(&true), "{effect:?} for a dead leg");
                let accepted = *effect == LegEffect::AcceptRefer;
                let before = accepted.then(|| self.referring.replace(leg)).flatten();
                assert_eq!(before, None, "two transfers at once");
            }
            LegEffect::ReferProgress { status } => {
                assert_eq!(self.referring, Some(leg), "{effect:?} for no transfer");
                if *status >= 200 {
                    self.referring = None;
                }
            }
            LegEffect::HangUp { .. }
            | LegEffect::Cancel
            | LegEffect::Reject { .. }
            | LegEffect::LetGo => {
                self.ended(leg);
                assert_eq!(
                    self.legs.insert(leg, false),
                    Some(true),
                    "{leg} ends twice: {effect:?}"
                );
            }
            LegEffect::Ring | LegEffect::EarlyMedia | LegEffect::Answer => {
                assert_eq!(self.legs.get(&leg), Some(&true), "{effect:?} for a dead leg");
            }
        }
    }

    /// Whatever was heard or asked for there is over with the leg.
    fn ended(&mut self, leg: LegId) {
        self.playing.take_if(|(_, to)| *to == leg);
        self.referring.take_if(|asked| *asked == leg);
        self.conference.take_if(|joined| *joined == leg);
    }

    fn media(&mut self, effect: &MediaEffect) {
        match effect {
            MediaEffect::Play { leg, play, .. } => {
                assert!(self.playing.replace((*play, *leg)).is_none(), "two sounds at once");
                assert!(self.bridged.is_none(), "a sound over a conversation");
                assert!(self.legs[leg], "a sound for a dead leg");
                self.last_play = Some(*play);
            }
            MediaEffect::StopPlay { leg, play } => {
                let stopped = self.playing.take();
                assert_eq!(stopped, Some((*play, *leg)), "a stop for what does not play");
            }
            MediaEffect::Bridge { a, b } => {
                assert!(self.bridged.replace((*a, *b)).is_none(), "bridged twice");
            }
            MediaEffect::Unbridge { a, b } => {
                assert_eq!(self.bridged.take(), Some((*a, *b)), "parted without a bridge");
            }
            MediaEffect::Mute { leg, .. } | MediaEffect::Detect { leg, .. } => {
                assert!(self.legs[leg], "{effect:?} for a dead leg");
            }
            MediaEffect::ConferenceJoin { leg, .. } => {
                assert!(self.legs[leg], "a dead leg joins");
                assert_eq!(self.bridged, None, "a conference over a conversation");
                assert_eq!(self.playing, None, "a conference over a sound");
                assert!(self.conference.replace(*leg).is_none(), "two conferences at once");
            }
            MediaEffect::ConferenceLeave { leg } => {
                assert_eq!(self.conference.take(), Some(*leg), "left without a conference");
            }
            MediaEffect::RecordStart { recording, .. } => {
                let before = self.recording.replace(*recording);
                assert!(before.is_none() || self.storing, "two recordings at once");
                self.storing = false;
            }
            MediaEffect::RecordContinue { .. } => panic!("{effect:?} without a restart"),
            MediaEffect::RecordPause { recording }
            | MediaEffect::RecordResume { recording }
            | MediaEffect::RecordStop { recording } => {
                assert_eq!(self.recording, Some(*recording), "a recording that is not there");
                assert!(!self.storing, "a recording that was stopped already");
                self.storing = matches!(effect, MediaEffect::RecordStop { .. });
            }
        }
    }

    fn queue(&mut self, effect: &QueueEffect) {
        match effect {
            QueueEffect::Enqueue { .. } => {
                assert!(!self.waiting || self.told_left, "enqueued twice");
                self.waiting = true;
                self.told_left = false;
            }
            QueueEffect::Leave => {
                assert!(self.waiting && !self.told_left, "left without waiting");
                self.told_left = true;
            }
            // Ends wait and conversation alike; harmless where nothing is left.
            QueueEffect::CallerGone => {
                self.told_left = true;
                self.talking_to = None;
            }
            QueueEffect::Talking { .. } => panic!("{effect:?} without a restart"),
            QueueEffect::TalkEnded { agent, .. } => {
                assert_eq!(self.talking_to.take(), Some(*agent), "talk ended twice");
            }
            QueueEffect::Hold { agent } | QueueEffect::Resume { agent } => {
                assert_eq!(self.talking_to, Some(*agent));
            }
            QueueEffect::OfferRinging { offer }
            | QueueEffect::OfferAnswered { offer }
            | QueueEffect::OfferFailed { offer, .. } => {
                assert!(self.offers.contains_key(offer), "an offer nobody made");
            }
        }
    }

    /// The promises of a call that is over.
    pub fn assert_over(&self, journal: &[JournalEntry]) {
        let record = self.finished.as_ref().expect("the record was handed out");
        assert!(record.ended_at.is_some() && record.cause.is_some() && record.ended_by.is_some());
        for (leg, lives) in &self.legs {
            assert!(!lives, "leg {leg} was left behind");
        }
        for transfer in &record.transfers {
            assert!(transfer.ended_at.is_some() && transfer.sip_status.is_some());
        }
        for leg in &record.legs {
            assert!(leg.ended_at.is_some() && leg.cause.is_some(), "leg {} has no end", leg.leg);
        }
        for visit in &record.queue_visits {
            assert!(visit.left_at.is_some() && visit.outcome.is_some(), "a wait has no end");
        }
        assert!(!self.waiting || self.told_left, "the queue was not told");
        assert_eq!(self.talking_to, None, "an agent was left talking");
        assert_eq!(self.bridged, None, "media was left bridged");
        assert_eq!(self.parked, None, "the slot was left taken");
        for (index, entry) in journal.iter().enumerate() {
            assert_eq!(entry.seq as usize, index, "a gap in the journal");
        }
        assert_eq!(journal.first().map(|e| e.kind), Some(JournalKind::Setup));
        assert_eq!(journal.last().map(|e| e.kind), Some(JournalKind::End));
    }
}

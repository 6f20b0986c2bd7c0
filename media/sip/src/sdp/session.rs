//! The offer/answer machine of one dialog (RFC 3264, RFC 6337).

use super::answer;
use super::lines::{self, AudioLine};
use super::remote;
use super::words::{Direction, LocalMedia, Negotiated, RemoteMedia};
use sipx_sdp::{MediaDescription, SessionDescription};

/// Payload type under which we offer RFC 4733 events, as everybody does.
const DTMF_PAYLOAD: u8 = 101;

/// Why an offer or an answer is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not SDP.
    #[error("the session description cannot be read; send RFC 8866 with v=, o=, s=, t= and m=")]
    Unreadable,
    /// Over a limit of ours.
    #[error("the session description is too large; send at most 16 media lines in 16 KiB")]
    TooLarge,
    /// No audio line that we can use.
    #[error("no common codec; offer RTP/AVP audio with PCMU or PCMA and an IP address")]
    NoCommonCodec,
    /// An offer is already under way.
    #[error("an offer is already under way; wait for its answer")]
    OfferPending,
    /// There is nothing to answer.
    #[error("there is no offer to answer")]
    NoOffer,
}

#[derive(Clone, Debug)]
enum Exchange {
    Idle,
    /// Ours is out.
    Ours {
        local: LocalMedia,
        direction: Direction,
        dtmf: Option<u8>,
        active: usize,
    },
    /// Theirs waits for our answer.
    Theirs(Box<SessionDescription>),
}

/// The offers and answers of one dialog.
#[derive(Clone, Debug)]
pub struct Session {
    id: u64,
    version: u64,
    exchange: Exchange,
    /// The lines of the last exchange: later offers must keep their number and
    /// order (RFC 3264 §8).
    shape: Vec<MediaDescription>,
    active: usize,
    /// What we sent last, to keep the version while nothing changes.
    sent: Option<SessionDescription>,
    local: Option<LocalMedia>,
    /// What we want: narrower than `SendRecv` while we hold.
    wanted: Direction,
    agreed: Option<Negotiated>,
}

impl Session {
    /// A session that has agreed to nothing; `id` names it in our `o=` lines.
    pub fn new(id: u64) -> Self {
        Self {
            // Numbers of more than 63 bits are read as negative by some phones.
            id: id >> 1,
            version: 0,
            exchange: Exchange::Idle,
            shape: Vec::new(),
            active: 0,
            sent: None,
            local: None,
            wanted: Direction::SendRecv,
            agreed: None,
        }
    }

    /// What holds.
    pub fn agreed(&self) -> Option<&Negotiated> {
        self.agreed.as_ref()
    }

    /// Our end, once told.
    pub fn local(&self) -> Option<&LocalMedia> {
        self.local.as_ref()
    }

    /// Whether an offer, either way, waits for its answer.
    pub fn is_pending(&self) -> bool {
        !matches!(self.exchange, Exchange::Idle)
    }

    /// Whether an offer of theirs waits for our answer.
    pub fn is_offered(&self) -> bool {
        matches!(self.exchange, Exchange::Theirs(_))
    }

    /// Whether an offer of ours waits for its answer.
    pub fn is_offering(&self) -> bool {
        matches!(self.exchange, Exchange::Ours { .. })
    }

    /// What we want media to do from the next offer or answer on.
    pub fn want(&mut self, direction: Direction) {
        self.wanted = direction;
    }

    /// What we want media to do.
    pub fn wanted(&self) -> Direction {
        self.wanted
    }

    /// Makes an offer of everything `local` speaks.
    pub fn offer(&mut self, local: &LocalMedia) -> Result<String, SessionError> {
        if self.is_pending() {
            return Err(SessionError::OfferPending);
        }
        let dtmf = local.telephone_event.then(|| {
            // Once agreed the number must stay what it was (RFC 3264 §8.3.2).
            self.agreed.as_ref().and_then(|a| a.dtmf_payload_in).unwrap_or(DTMF_PAYLOAD)
        });
        let audio = lines::audio(&AudioLine {
            address: local.address,
            codecs: &local.codecs,
            dtmf_payload: dtmf,
            direction: self.wanted,
            protocol: "RTP/AVP",
            rtcp_mux: false,
        });
        let mut media: Vec<_> = self.shape.iter().map(lines::refused).collect();
        match media.get_mut(self.active) {
            Some(line) => *line = audio,
            None => media.push(audio),
        }
        let active = self.active.min(media.len() - 1);
        self.exchange =
            Exchange::Ours { local: local.clone(), direction: self.wanted, dtmf, active };
        Ok(self.write(local, media))
    }

    /// What an answer in a provisional response means. It binds nobody: another
    /// branch of a fork may still answer differently (RFC 3261 §13.2.1).
    pub fn preview_answer(&self, body: &[u8]) -> Result<Negotiated, SessionError> {
        let Exchange::Ours { local, direction, dtmf, active } = &self.exchange else {
            return Err(SessionError::NoOffer);
        };
        answer::read_answer(&remote::parse(body)?, local, *active, *dtmf, *direction)
    }

    /// Reads the answer to our offer.
    pub fn take_answer(&mut self, body: &[u8]) -> Result<Negotiated, SessionError> {
        let Exchange::Ours { local, direction, dtmf, active } = &self.exchange else {
            return Err(SessionError::NoOffer);
        };
        let description = remote::parse(body)?;
        let agreed = answer::read_answer(&description, local, *active, *dtmf, *direction)?;
        self.local = Some(local.clone());
        self.active = *active;
        self.shape = description.media;
        self.exchange = Exchange::Idle;
        self.agreed = Some(agreed.clone());
        Ok(agreed)
    }

    /// Reads an offer; [`Session::answer`] or [`Session::roll_back`] must follow.
    pub fn take_offer(&mut self, body: &[u8]) -> Result<RemoteMedia, SessionError> {
        if self.is_pending() {
            return Err(SessionError::OfferPending);
        }
        let description = remote::parse(body)?;
        let (_, media) = remote::usable_audio(&description).ok_or(SessionError::NoCommonCodec)?;
        self.exchange = Exchange::Theirs(Box::new(description));
        Ok(media)
    }

    /// Answers the pending offer.
    pub fn answer(&mut self, local: &LocalMedia) -> Result<(String, Negotiated), SessionError> {
        let Exchange::Theirs(offer) = &self.exchange else { return Err(SessionError::NoOffer) };
        let made = answer::answer(offer, local, self.wanted)?;
        self.exchange = Exchange::Idle;
        self.active = made.active;
        self.shape.clone_from(&made.lines);
        self.local = Some(local.clone());
        self.agreed = Some(made.agreed.clone());
        Ok((self.write(local, made.lines), made.agreed))
    }

    /// Forgets a pending offer; what held before still holds (RFC 3264 §8).
    pub fn roll_back(&mut self) {
        self.exchange = Exchange::Idle;
    }

    /// What we said last, word for word.
    pub fn last_sent(&self) -> Option<String> {
        self.sent.as_ref().map(SessionDescription::to_string_sdp)
    }

    fn write(&mut self, local: &LocalMedia, media: Vec<MediaDescription>) -> String {
        let mut description = lines::describe(local.address, self.id, self.version, media);
        match &self.sent {
            Some(sent) if *sent == description => {}
            Some(_) => {
                self.version += 1;
                description.origin.session_version = self.version;
            }
            None => {}
        }
        let text = description.to_string_sdp();
        self.sent = Some(description);
        text
    }
}

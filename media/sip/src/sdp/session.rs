//! The offer/answer machine of one dialog (RFC 3264, RFC 6337).

mod kept;

pub(crate) use kept::KeptSession;

use super::answer::{self, Offered};
use super::lines::{self, AudioLine};
use super::remote;
use super::words::{
    Codec, CodecOrder, Direction, LocalMedia, MediaOptions, Negotiated, RemoteMedia, Security,
    SrtpKey,
};
use sipx_sdp::{MediaDescription, SessionDescription};

/// Payload type under which we offer RFC 4733 events, as everybody does.
const DTMF_PAYLOAD: u8 = 101;
/// The same with the clock of Opus.
const DTMF_PAYLOAD_48K: u8 = 110;

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
    #[error("no common codec; offer audio over RTP with PCMU or PCMA and an IP address")]
    NoCommonCodec,
    /// Encryption is demanded and was not offered, or came unasked.
    #[error("media must be encrypted as agreed; offer or answer RTP/SAVP with a crypto line")]
    NotSecure,
    /// No key of ours fits their suites.
    #[error("no common crypto suite; offer AES_CM_128_HMAC_SHA1_80")]
    NoKey,
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
    Ours(Box<Offered>),
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
    options: MediaOptions,
    security: Security,
    /// What offers of theirs are read for.
    codecs: Vec<Codec>,
    /// Codecs of ours in the order that goes before the leg's; empty: the leg's.
    preferred: Vec<Codec>,
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
            options: MediaOptions::default(),
            security: Security::Plain,
            codecs: Codec::KNOWN.to_vec(),
            preferred: Vec::new(),
            wanted: Direction::SendRecv,
            agreed: None,
        }
    }

    /// What offers of theirs may be about: these codecs, encrypted or not. Any
    /// other one is refused when it is read.
    pub fn restrict(&mut self, codecs: &[Codec], security: Security) {
        self.codecs = codecs.to_vec();
        self.security = security;
    }

    /// Speaks only these codecs, and these in this order, whichever the leg
    /// speaks besides; empty: as the leg has them.
    pub fn prefer(&mut self, codecs: &[Codec]) {
        self.preferred = codecs.to_vec();
    }

    /// What is not plain G.711; holds from the next offer or answer on.
    pub fn set_options(&mut self, options: MediaOptions) {
        self.options = options;
    }

    /// What holds.
    pub fn agreed(&self) -> Option<&Negotiated> {
        self.agreed.as_ref()
    }

    /// Our end, once told.
    pub fn local(&self) -> Option<&LocalMedia> {
        self.local.as_ref()
    }

    /// Says where our end is from the next offer or answer on.
    pub(crate) fn set_local(&mut self, local: LocalMedia) {
        self.local = Some(local);
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
        matches!(self.exchange, Exchange::Ours(_))
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
        let local = &self.spoken(local);
        if local.codecs.is_empty() {
            return Err(SessionError::NoCommonCodec);
        }
        let offered = self.next_offer(local)?;
        let codecs: Vec<_> =
            local.codecs.iter().map(|&codec| (codec, offered.payload(codec))).collect();
        let mut dtmf = Vec::with_capacity(2);
        dtmf.extend(offered.dtmf.map(|payload| (payload, 8_000)));
        dtmf.extend(offered.dtmf_48k.map(|payload| (payload, 48_000)));
        let audio = lines::audio(&AudioLine {
            address: local.address,
            codecs: &codecs,
            dtmf: &dtmf,
            comfort_noise: self.options.comfort_noise,
            direction: self.wanted,
            protocol: match offered.crypto.is_empty() || offered.opportunistic {
                true => "RTP/AVP",
                false => "RTP/SAVP",
            },
            rtcp_mux: self.options.rtcp_mux,
            rtcp_port: self.options.rtcp_port,
            ptime_ms: self.options.ptime_ms,
            maxptime_ms: self.options.maxptime_ms,
            crypto: &offered.crypto,
        });
        let mut media: Vec<_> = self.shape.iter().map(lines::refused).collect();
        match media.get_mut(offered.active) {
            Some(line) => *line = audio,
            None => media.push(audio),
        }
        self.exchange = Exchange::Ours(Box::new(offered));
        Ok(self.write(local, media))
    }

    /// What is spoken of what the leg can speak.
    fn spoken(&self, local: &LocalMedia) -> LocalMedia {
        let mut spoken = local.clone();
        if !self.preferred.is_empty() {
            let preferred = self.preferred.iter().copied();
            spoken.codecs = preferred.filter(|codec| local.codecs.contains(codec)).collect();
        }
        spoken
    }

    fn next_offer(&self, local: &LocalMedia) -> Result<Offered, SessionError> {
        let before = self.agreed.as_ref();
        let opus = local.codecs.contains(&Codec::Opus);
        // Once agreed numbers must stay what they were (RFC 3264 §8.3.2).
        let before_opus = before.filter(|agreed| agreed.codec == Codec::Opus);
        let before_dtmf = |clock_hz| {
            before.filter(|a| a.dtmf_clock_hz == clock_hz).and_then(|a| a.dtmf_payload_in)
        };
        // What was agreed encrypted stays so; else policy decides.
        let encrypted = match before {
            Some(agreed) => agreed.srtp.is_some(),
            None => match self.security {
                Security::Plain | Security::Allowed => false,
                Security::Offered => !self.options.keys.is_empty(),
                Security::Required => true,
            },
        };
        let crypto: Vec<(u32, SrtpKey)> = match encrypted {
            true => (1..).zip(self.options.keys.iter().cloned()).collect(),
            false => Vec::new(),
        };
        if encrypted && crypto.is_empty() {
            return Err(SessionError::NoKey);
        }
        // A line that was encrypted by its own word stays so.
        let active = self.active.min(self.shape.len());
        let was_secure =
            self.shape.get(active).is_some_and(|line| line.protocol.starts_with("RTP/SAVP"));
        Ok(Offered {
            local: local.clone(),
            options: self.options.clone(),
            direction: self.wanted,
            dtmf: local.telephone_event.then(|| before_dtmf(8_000).unwrap_or(DTMF_PAYLOAD)),
            dtmf_48k: (local.telephone_event && opus)
                .then(|| before_dtmf(48_000).unwrap_or(DTMF_PAYLOAD_48K)),
            opus: before_opus.map_or(Codec::Opus.payload_type(), |agreed| agreed.payload_in),
            crypto,
            opportunistic: self.security == Security::Offered && !was_secure,
            active,
        })
    }

    /// What an answer in a provisional response means. It binds nobody: another
    /// branch of a fork may still answer differently (RFC 3261 §13.2.1).
    pub fn preview_answer(&self, body: &[u8]) -> Result<Negotiated, SessionError> {
        let Exchange::Ours(offered) = &self.exchange else {
            return Err(SessionError::NoOffer);
        };
        answer::read_answer(&remote::parse(body)?, offered)
    }

    /// Reads the answer to our offer.
    pub fn take_answer(&mut self, body: &[u8]) -> Result<Negotiated, SessionError> {
        let Exchange::Ours(offered) = &self.exchange else {
            return Err(SessionError::NoOffer);
        };
        let description = remote::parse(body)?;
        let agreed = answer::read_answer(&description, offered)?;
        self.local = Some(offered.local.clone());
        self.active = offered.active;
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
        let (_, media) = remote::usable_audio(&description, &self.codecs, self.security)?;
        self.exchange = Exchange::Theirs(Box::new(description));
        Ok(media)
    }

    /// Answers the pending offer.
    pub fn answer(&mut self, local: &LocalMedia) -> Result<(String, Negotiated), SessionError> {
        let Exchange::Theirs(offer) = &self.exchange else { return Err(SessionError::NoOffer) };
        let local = &self.spoken(local);
        let mut options = self.options.clone();
        if !self.preferred.is_empty() {
            options.order = CodecOrder::Answerer;
        }
        let made = answer::answer(offer, local, &options, self.security, self.wanted)?;
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

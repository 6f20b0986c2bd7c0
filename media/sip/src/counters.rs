//! What happened how often, by reason.

macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident => $name:literal,)*) => {
        /// A reason worth counting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Count { $($(#[$doc])* $variant,)* }

        impl Count {
            /// Every reason.
            pub const ALL: &'static [Count] = &[$(Count::$variant,)*];

            /// Name as it stands in metrics.
            pub fn name(self) -> &'static str {
                match self { $(Count::$variant => $name,)* }
            }
        }
    };
}

counters! {
    /// Messages that parsed.
    Received => "received",
    /// Messages sent, repetitions included.
    Sent => "sent",
    /// Empty keep-alive datagrams.
    KeepAlive => "keep_alive",
    /// Bytes that are no SIP message and could not be answered.
    Junk => "junk",
    /// Requests answered 400.
    BadRequest => "bad_request",
    /// Responses that belong to no transaction of ours.
    StrayResponse => "stray_response",
    /// Requests inside a dialog that we do not have (481).
    NoSuchDialog => "no_such_dialog",
    /// INVITEs that came twice by different ways (482).
    Merged => "merged",
    /// INVITEs out of hops (483).
    TooManyHops => "too_many_hops",
    /// Methods that we know and refuse, or do not know (405, 501).
    Method => "method",
    /// Requests that require an extension (420).
    Extension => "extension",
    /// Bodies of a type that we do not read (415).
    MediaType => "media_type",
    /// Request-URIs of another scheme (416).
    Scheme => "scheme",
    /// Offers without a common codec or without usable audio (488).
    NoCommonCodec => "no_common_codec",
    /// Calls from nobody we know (403).
    UnknownSource => "unknown_source",
    /// Calls from an address that several tenants' trunks claim (403).
    AmbiguousSource => "ambiguous_source",
    /// Challenges sent (401, 407).
    Challenged => "challenged",
    /// Credentials whose nonce was too old or used before.
    StaleNonce => "stale_nonce",
    /// Credentials that were wrong (403).
    WrongCredentials => "wrong_credentials",
    /// Registrations accepted.
    Registered => "registered",
    /// Registrations refused (wrong order, too many contacts, too brief).
    RegistrationRefused => "registration_refused",
    /// INVITEs answered 503 because every call slot is taken.
    FullCalls => "full_calls",
    /// Requests answered 503 because the transaction table is full.
    FullTransactions => "full_transactions",
    /// INVITEs answered 503 because too many came in this second.
    CallRate => "call_rate",
    /// INVITEs of those answered 503 that were not even read.
    Shed => "shed",
    /// Packets of banned sources, not looked at.
    Banned => "banned",
    /// Bans made.
    BansMade => "bans_made",
    /// Requests of known scanners, not answered.
    Scanner => "scanner",
    /// Those of the wrong credentials whose user name does not exist.
    UnknownUser => "unknown_user",
    /// Challenges and refusals given late, or not at all, to sources that guess.
    Slowed => "slowed",
    /// INVITEs answered 503 because the server does not keep up.
    Congested => "congested",
    /// Calls, either way, that a trunk's or tenant's limits refused.
    TrunkLimit => "trunk_limit",
    /// Calls of phones that their tenant's limit refused.
    PhoneLimit => "phone_limit",
    /// Calls that went on to another address or trunk.
    FailedOver => "failed_over",
    /// Changes of a trunk's state.
    TrunkChanged => "trunk_changed",
    /// Copies for the collector that could not be sent at once.
    HepDropped => "hep_dropped",
    /// Notices that nobody had room for.
    NoticeDropped => "notice_dropped",
    /// Calls received.
    CallsIn => "calls_in",
    /// Calls placed.
    CallsOut => "calls_out",
    /// Calls answered, either way.
    Answered => "answered",
    /// Answers that were never acknowledged.
    NeverAcknowledged => "never_acknowledged",
    /// Answered legs of a process that is gone, gone on with or hung up.
    TakenUp => "taken_up",
    /// Answers to an INVITE that was already answered or given up.
    StrayAnswer => "stray_answer",
    /// Crossing re-INVITEs (491).
    Glare => "glare",
    /// Session intervals refused as too brief (422).
    TooBrief => "session_too_brief",
    /// Calls ended because nobody refreshed them in time.
    SessionExpired => "session_expired",
    /// Transport failures reported by the sockets' owner.
    TransportFailed => "transport_failed",
    /// Streams closed because their framing was lost or stalled.
    StreamBroken => "stream_broken",
    /// Streams closed unheard because there are too many, in all or of one address.
    StreamRefused => "stream_refused",
    /// Streams whose TLS or WebSocket handshake failed or took too long.
    NoHandshake => "no_handshake",
}

/// One number per [`Count`].
#[derive(Clone, Debug)]
pub struct Counters([u64; Count::ALL.len()]);

impl Default for Counters {
    fn default() -> Self {
        Self([0; Count::ALL.len()])
    }
}

impl Counters {
    /// How often.
    pub fn get(&self, count: Count) -> u64 {
        self.0[count as usize]
    }

    /// Every reason with its number.
    pub fn iter(&self) -> impl Iterator<Item = (Count, u64)> + '_ {
        Count::ALL.iter().map(|&count| (count, self.get(count)))
    }

    pub(crate) fn add(&mut self, count: Count) {
        self.0[count as usize] += 1;
    }
}

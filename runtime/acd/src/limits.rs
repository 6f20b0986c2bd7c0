//! How much of everything, and why that much.

/// Contacts of one tenant at a time. Ten times the largest hall of callers we
/// measure; some tens of megabytes.
pub(crate) const MAX_CONTACTS: usize = 100_000;

/// Skill needs of one contact, those of its queue included. Each costs a
/// comparison whenever somebody looks for a match.
pub(crate) const MAX_NEEDS: usize = 16;

/// Attributes of one contact. A screen shows a dozen; memory is the limit.
pub(crate) const MAX_ATTRIBUTES: usize = 64;

/// Priorities reach from minus this to this, as `enqueue` promises.
pub(crate) const MAX_PRIORITY: i32 = 100;

/// Points of ageing per minute; more would order by arrival alone, and the
/// product with milliseconds since 1970 must stay within 63 bits.
pub(crate) const MAX_AGEING_PER_MINUTE: u32 = 100_000;

/// Candidates in one answer to a router: what fits into a guest's memory and
/// into the journal without thought.
pub(crate) const MAX_PAGE: u32 = 100;

/// How deep into a list of candidates a router may look. The cost of an answer
/// grows with it, and nobody ranks a thousand candidates by hand.
pub(crate) const MAX_DEPTH: u32 = 1_000;

/// Looks of one decision that the journal keeps; the rest is counted.
pub(crate) const MAX_LOOKS: usize = 64;

/// Time that setting up and cancelling an agent's leg may take beyond ringing.
/// Then the offer has failed, whatever became of those who should report it.
pub(crate) const OFFER_GRACE_MS: u64 = 5_000;

/// Offers of one contact that may come to nothing. Hours of ringing for people;
/// for something that fails at once, over and over, an end.
pub(crate) const MAX_OFFERS: u32 = 1_000;

/// A conversation that nobody has reported on for so long is taken for ended:
/// longer than any real one, short enough that an agent is back the next day.
pub(crate) const MAX_TALK_MS: u64 = 8 * 60 * 60 * 1_000;

/// Routers that have contacts at a time; contacts beyond get the stock router.
/// An agent who becomes free may be asked about at each of them.
pub(crate) const MAX_ROUTERS: usize = 32;

/// Agents who have become free and are not in the index yet: few enough that
/// catching up is no pause.
pub(crate) const MAX_FRESH: usize = 64;

/// A router that left a contact waiting beside a free agent is asked again
/// after this time, over and over, so that one that forgets cannot starve
/// anybody. Longer than a router's own `wake-in` for short delays.
pub(crate) const REASK_MS: u64 = 5_000;

/// Shortest and longest `wake-in`: a router that wakes itself for ever must not
/// keep a core busy, and one that sleeps must not hold a contact back for long.
pub(crate) const WAKE_MS: std::ops::RangeInclusive<u64> = 100..=600_000;

/// A router that has not come back by then is treated as one that failed. Its
/// own budget is a hundred times smaller; this is for a lost answer.
pub(crate) const ASK_MS: u64 = 5_000;

/// How long after a queue has moved its callers are told their new places: one
/// pass for many moves.
pub(crate) const POSITIONS_MS: u64 = 2_000;

/// Callers told in one go, and the pause until the next ones. Bounds what one
/// busy queue of thousands sends to its calls to 1,250 notices a second, in
/// portions so small that no agent's next call waits behind one.
pub(crate) const POSITIONS_BATCH: usize = 25;
/// See [`POSITIONS_BATCH`].
pub(crate) const POSITIONS_PAUSE_MS: u64 = 20;

/// Callers whose last agent is remembered; the ones longest unheard of are
/// forgotten first. A few megabytes.
pub(crate) const MAX_LAST_AGENTS: usize = 50_000;

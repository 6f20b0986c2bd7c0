//! G.711, both laws (ITU-T G.711), by table.

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// µ-law: North America, Japan.
    Pcmu,
    /// A-law: the rest of the world.
    Pcma,
}

impl Law {
    /// The law's static RTP payload type.
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => crate::packet::PT_PCMU,
            Self::Pcma => crate::packet::PT_PCMA,
        }
    }

    /// The law with this static RTP payload type.
    pub const fn from_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            crate::packet::PT_PCMU => Some(Self::Pcmu),
            crate::packet::PT_PCMA => Some(Self::Pcma),
            _ => None,
        }
    }

    /// The byte that means silence.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xff,
            Self::Pcma => 0xd5,
        }
    }

    /// One byte as a 16-bit sample.
    pub fn decode(self, byte: u8) -> i16 {
        self.decode_table()[usize::from(byte)]
    }

    /// The law's 256 sample values.
    pub fn decode_table(self) -> &'static [i16; 256] {
        match self {
            Self::Pcmu => &PCMU_DECODE,
            Self::Pcma => &PCMA_DECODE,
        }
    }

    /// The nearest byte for a 16-bit sample.
    pub fn encode(self, sample: i16) -> u8 {
        match self {
            Self::Pcmu => PCMU_ENCODE[usize::from((sample >> 2).cast_unsigned() & 0x3fff)],
            Self::Pcma => PCMA_ENCODE[usize::from((sample >> 3).cast_unsigned() & 0x1fff)],
        }
    }

    /// Converts a packet's payload in place from `self` to the other law.
    pub fn convert(self, payload: &mut [u8]) {
        let table = self.convert_table();
        for byte in payload {
            *byte = table[usize::from(*byte)];
        }
    }

    /// What each byte becomes in the other law.
    pub fn convert_table(self) -> &'static [u8; 256] {
        match self {
            Self::Pcmu => &PCMU_TO_PCMA,
            Self::Pcma => &PCMA_TO_PCMU,
        }
    }
}

/// The upper ends of the eight segments of µ-law, in 14 bits with the bias.
const PCMU_SEGMENTS: [i16; 8] = [0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff, 0x1fff];
/// The upper ends of the eight segments of A-law, in 13 bits.
const PCMA_SEGMENTS: [i16; 8] = [0x1f, 0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff];
/// µ-law's bias, in 14 bits.
const PCMU_BIAS: i16 = 33;
/// The largest magnitude of µ-law, in 14 bits.
const PCMU_CLIP: i16 = 8_159;

static PCMU_DECODE: [i16; 256] = decode_all(true);
static PCMA_DECODE: [i16; 256] = decode_all(false);
static PCMU_ENCODE: [u8; 16_384] = encode_all_pcmu();
static PCMA_ENCODE: [u8; 8_192] = encode_all_pcma();
static PCMU_TO_PCMA: [u8; 256] = convert_all(true);
static PCMA_TO_PCMU: [u8; 256] = convert_all(false);

const fn segment(magnitude: i16, ends: &[i16; 8]) -> i16 {
    let mut at = 0;
    while at < 8 && magnitude > ends[at] {
        at += 1;
    }
    at as i16
}

const fn encode_pcmu(sample14: i16) -> u8 {
    let (magnitude, mask) = if sample14 < 0 { (-sample14, 0x7f) } else { (sample14, 0xff) };
    let biased = if magnitude > PCMU_CLIP { PCMU_CLIP } else { magnitude } + PCMU_BIAS;
    let segment = segment(biased, &PCMU_SEGMENTS);
    if segment >= 8 {
        return 0x7f ^ mask;
    }
    (((segment << 4) | ((biased >> (segment + 1)) & 0x0f)) as u8) ^ mask
}

const fn encode_pcma(sample13: i16) -> u8 {
    let (magnitude, mask) = if sample13 >= 0 { (sample13, 0xd5) } else { (-sample13 - 1, 0x55) };
    let segment = segment(magnitude, &PCMA_SEGMENTS);
    if segment >= 8 {
        return 0x7f ^ mask;
    }
    let shift = if segment < 2 { 1 } else { segment };
    (((segment << 4) | ((magnitude >> shift) & 0x0f)) as u8) ^ mask
}

const fn decode_pcmu(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((((byte & 0x0f) as i16) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 != 0 { 0x84 - magnitude } else { magnitude - 0x84 }
}

const fn decode_pcma(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let low = ((byte & 0x0f) as i16) << 4;
    let magnitude = match (byte & 0x70) >> 4 {
        0 => low + 8,
        1 => low + 0x108,
        segment => (low + 0x108) << (segment - 1),
    };
    if byte & 0x80 != 0 { magnitude } else { -magnitude }
}

const fn decode_all(pcmu: bool) -> [i16; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = if pcmu { decode_pcmu(at as u8) } else { decode_pcma(at as u8) };
        at += 1;
    }
    table
}

// The index is the sample's upper bits as an unsigned number, so that the
// negative half stands behind the positive one.
#[allow(long_running_const_eval, reason = "8,192 and 16,384 short steps, once per build")]
const fn encode_all_pcmu() -> [u8; 16_384] {
    let mut table = [0; 16_384];
    let mut at = 0;
    while at < 16_384 {
        table[at] = encode_pcmu(if at < 8_192 { at as i16 } else { at as i16 - 16_384 });
        at += 1;
    }
    table
}

#[allow(long_running_const_eval, reason = "8,192 and 16,384 short steps, once per build")]
const fn encode_all_pcma() -> [u8; 8_192] {
    let mut table = [0; 8_192];
    let mut at = 0;
    while at < 8_192 {
        table[at] = encode_pcma(if at < 4_096 { at as i16 } else { at as i16 - 8_192 });
        at += 1;
    }
    table
}

const fn convert_all(from_pcmu: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = if from_pcmu {
            encode_pcma(decode_pcmu(at as u8) >> 3)
        } else {
            encode_pcmu(decode_pcma(at as u8) >> 2)
        };
        at += 1;
    }
    table
}

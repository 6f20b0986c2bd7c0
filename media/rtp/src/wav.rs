//! Recording files: RIFF/WAVE whose sizes are brought up to date while the file
//! grows, so that a crash leaves one that plays.

use crate::{Law, SAMPLE_RATE};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What the samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// One byte a sample.
    G711(Law),
    /// 16-bit little-endian.
    Pcm16,
}

impl Content {
    fn format_tag(self) -> u16 {
        match self {
            Self::Pcm16 => 1,
            Self::G711(Law::Pcma) => 6,
            Self::G711(Law::Pcmu) => 7,
        }
    }

    fn bytes_per_sample(self) -> u16 {
        match self {
            Self::Pcm16 => 2,
            Self::G711(_) => 1,
        }
    }
}

/// Bytes before the first sample: RIFF, `fmt ` with its extension size (which
/// everything but PCM needs), `fact`, and the head of `data`.
pub const HEADER_LEN: usize = 58;
/// RIFF sizes have 32 bits; 74 hours of two-channel G.711.
const MAX_DATA: u64 = u32::MAX as u64 - HEADER_LEN as u64;

/// The first bytes of a file with `data_bytes` of samples.
pub fn header(content: Content, channels: u16, data_bytes: u32) -> [u8; HEADER_LEN] {
    let frame = content.bytes_per_sample() * channels;
    let mut out = [0; HEADER_LEN];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        out[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&(data_bytes + (HEADER_LEN as u32 - 8)).to_le_bytes());
    put(b"WAVEfmt ");
    put(&18_u32.to_le_bytes());
    put(&content.format_tag().to_le_bytes());
    put(&channels.to_le_bytes());
    put(&SAMPLE_RATE.to_le_bytes());
    put(&(SAMPLE_RATE * u32::from(frame)).to_le_bytes());
    put(&frame.to_le_bytes());
    put(&(8 * content.bytes_per_sample()).to_le_bytes());
    put(&0_u16.to_le_bytes());
    put(b"fact");
    put(&4_u32.to_le_bytes());
    put(&(data_bytes / u32::from(frame.max(1))).to_le_bytes());
    put(b"data");
    put(&data_bytes.to_le_bytes());
    out
}

/// Reads the first bytes of a file as [`header`] makes them: what the samples are,
/// and how many channels there are.
pub fn read_header(file: &mut impl Read) -> io::Result<(Content, u16)> {
    let foreign = || io::Error::new(io::ErrorKind::InvalidData, "this is no recording of ours");
    let mut there = [0; HEADER_LEN];
    file.read_exact(&mut there)?;
    let channels = u16::from_le_bytes([there[22], there[23]]);
    let content = match u16::from_le_bytes([there[20], there[21]]) {
        1 => Content::Pcm16,
        6 => Content::G711(Law::Pcma),
        7 => Content::G711(Law::Pcmu),
        _ => return Err(foreign()),
    };
    let mut as_made = header(content, channels.clamp(1, 2), 0);
    // The sizes are whatever they were when the last ones were written.
    for sizes in [4..8, 46..50, 54..58] {
        as_made[sizes.clone()].copy_from_slice(&there[sizes]);
    }
    if there == as_made { Ok((content, channels)) } else { Err(foreign()) }
}

/// Writes a file of any length in blocks.
#[derive(Debug)]
pub struct WavWriter<W> {
    file: W,
    content: Content,
    channels: u16,
    data_bytes: u32,
}

impl<W: Write + Seek> WavWriter<W> {
    /// Begins a file with a header that says it is empty.
    pub fn new(mut file: W, content: Content, channels: u16) -> io::Result<Self> {
        file.write_all(&header(content, channels, 0))?;
        Ok(Self { file, content, channels, data_bytes: 0 })
    }

    /// Goes on with a file of ours, whatever its sizes say: what is there counts.
    pub fn resume(mut file: W) -> io::Result<Self>
    where
        W: Read,
    {
        let (content, channels) = read_header(&mut file)?;
        let frame = u64::from(content.bytes_per_sample() * channels);
        let there = file.seek(SeekFrom::End(0))?.saturating_sub(HEADER_LEN as u64);
        let data_bytes = there.min(MAX_DATA) / frame * frame;
        // A sample that was cut in half is written over.
        file.seek(SeekFrom::Start(HEADER_LEN as u64 + data_bytes))?;
        Ok(Self { file, content, channels, data_bytes: data_bytes as u32 })
    }

    /// What the samples are.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Adds interleaved samples.
    pub fn append(&mut self, samples: &[u8]) -> io::Result<()> {
        let total = u64::from(self.data_bytes) + samples.len() as u64;
        if total > MAX_DATA {
            return Err(io::Error::other("a WAV file cannot be larger than 4 GiB; start another"));
        }
        self.file.write_all(samples)?;
        self.data_bytes = total as u32;
        Ok(())
    }

    /// Brings the sizes in the header up to date.
    pub fn patch_sizes(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.content, self.channels, self.data_bytes))?;
        self.file.seek(SeekFrom::Start(HEADER_LEN as u64 + u64::from(self.data_bytes)))?;
        Ok(())
    }

    /// Brings the sizes up to date and gives the file back.
    pub fn finish(mut self) -> io::Result<W> {
        self.patch_sizes()?;
        self.file.flush()?;
        Ok(self.file)
    }

    /// Bytes of samples written.
    pub fn data_bytes(&self) -> u32 {
        self.data_bytes
    }

    /// The file itself.
    pub fn get_ref(&self) -> &W {
        &self.file
    }
}

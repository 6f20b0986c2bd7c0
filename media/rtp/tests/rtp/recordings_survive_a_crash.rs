use std::io::{self, Cursor, Seek, SeekFrom, Write};
use strowger_rtp::Law;
use strowger_rtp::wav::{Content, HEADER_LEN, WavWriter};

/// A file on a disk of limited size.
struct SmallDisk {
    file: Cursor<Vec<u8>>,
    size: usize,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.size.saturating_sub(self.file.position() as usize);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(&bytes[..bytes.len().min(room)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SmallDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn size_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

#[test]
fn the_header_says_what_there_is_after_each_patch() {
    let mut wav = WavWriter::new(Cursor::new(Vec::new()), Content::G711(Law::Pcmu), 2).unwrap();
    wav.append(&[1; 320]).unwrap();
    wav.patch_sizes().unwrap();
    wav.append(&[2; 320]).unwrap();
    // The process dies here.
    let bytes = wav.get_ref().get_ref().clone();
    assert_eq!(&bytes[..4], b"RIFF");
    assert_eq!(&bytes[8..16], b"WAVEfmt ");
    assert_eq!((bytes[20], bytes[22], bytes[34]), (7, 2, 8), "µ-law, two channels, 8 bits");
    assert_eq!(size_at(&bytes, 24), 8_000);
    assert_eq!(size_at(&bytes, 4), HEADER_LEN - 8 + 320);
    assert_eq!(size_at(&bytes, 46), 160, "frames");
    assert_eq!(size_at(&bytes, 54), 320);
    assert_eq!(bytes.len(), HEADER_LEN + 640, "the rest is there, for whoever repairs it");
    let whole = wav.finish().unwrap().into_inner();
    assert_eq!(size_at(&whole, 54), 640);
    assert_eq!(&whole[HEADER_LEN..HEADER_LEN + 2], [1, 1]);
}

#[test]
fn a_full_disk_is_an_error_and_what_fits_stays_playable() {
    let disk = SmallDisk { file: Cursor::default(), size: HEADER_LEN + 400 };
    let mut wav = WavWriter::new(disk, Content::G711(Law::Pcma), 2).unwrap();
    wav.append(&[1; 320]).unwrap();
    assert_eq!(wav.append(&[1; 320]).unwrap_err().kind(), io::ErrorKind::StorageFull);
    let bytes = wav.finish().unwrap().file.into_inner();
    assert_eq!(size_at(&bytes, 54), 320);
}

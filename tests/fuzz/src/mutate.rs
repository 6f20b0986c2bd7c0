//! A small mutator: what networks and attackers do to bytes, from a seed.

/// Longest input made: larger than any limit on a datagram, small enough to be quick.
const MAX_BYTES: usize = 64 * 1024;
/// Longest stretch moved, doubled or dropped at once.
const MAX_STRETCH: usize = 256;

/// Numbers from a seed (xorshift64*).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The same seed always throws the same.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn throw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.throw() >> 16).unwrap_or(0).checked_rem(bound).unwrap_or(0)
    }
}

/// One of the corpus, changed in one to four ways.
pub fn mutate(dice: &mut Dice, corpus: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut bytes = pick(dice, corpus).to_vec();
    for _ in 0..=dice.below(4) {
        change(dice, &mut bytes, corpus, words);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn pick<'a>(dice: &mut Dice, corpus: &'a [Vec<u8>]) -> &'a [u8] {
    corpus.get(dice.below(corpus.len())).map_or(&[], Vec::as_slice)
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&str]) {
    let at = dice.below(bytes.len() + 1);
    let stretch = 1 + dice.below(MAX_STRETCH.min(bytes.len().max(1)));
    let end = (at + stretch).min(bytes.len());
    match dice.below(9) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let twice = bytes[at..end].to_vec();
            bytes.splice(at..at, twice);
        }
        3 => {
            let other = pick(dice, corpus);
            let tail = other[dice.below(other.len() + 1)..].to_vec();
            bytes.truncate(at);
            bytes.extend(tail);
        }
        4 => {
            let other = pick(dice, corpus);
            let from = dice.below(other.len() + 1);
            let piece = other[from..(from + stretch).min(other.len())].to_vec();
            bytes.splice(at..at, piece);
        }
        5 => flip(dice, bytes, at),
        6 => {
            // The edges of what a number can say.
            let edge = [0, 1, 0x7f, 0x80, 0xff][dice.below(5)];
            if let Some(byte) = bytes.get_mut(at) {
                *byte = edge;
            }
        }
        7 => {
            let piece: Vec<u8> = bytes.drain(at..end).collect();
            let to = dice.below(bytes.len() + 1);
            bytes.splice(to..to, piece);
        }
        _ => match words.get(dice.below(words.len())) {
            Some(word) => drop(bytes.splice(at..at, word.bytes())),
            None => flip(dice, bytes, at),
        },
    }
}

fn flip(dice: &mut Dice, bytes: &mut [u8], at: usize) {
    let bit = 1 << dice.below(8);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= bit;
    }
}

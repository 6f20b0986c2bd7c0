//! Arithmetic on numbers that wrap (RFC 1982, RFC 3550 A.1).

/// How far `later` is ahead of `earlier`; negative if it is behind.
pub fn sequence_distance(later: u16, earlier: u16) -> i16 {
    later.wrapping_sub(earlier).cast_signed()
}

/// How far `later` is ahead of `earlier`; negative if it is behind.
pub fn timestamp_distance(later: u32, earlier: u32) -> i32 {
    later.wrapping_sub(earlier).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_cross_the_wrap_in_both_directions() {
        assert_eq!(sequence_distance(2, 65_534), 4);
        assert_eq!(sequence_distance(65_534, 2), -4);
        assert_eq!(timestamp_distance(160, u32::MAX - 159), 320);
        assert_eq!(timestamp_distance(u32::MAX - 159, 160), -320);
    }
}

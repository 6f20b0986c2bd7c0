//! The order in which equals are tried (RFC 2782): rank by rank, within a rank
//! by weight.

/// Orders `items` of (rank, weight, item). `draw(n)` gives a number in `0..=n`;
/// the same draws give the same order.
pub(crate) fn weighted<T>(
    mut items: Vec<(u32, u16, T)>,
    mut draw: impl FnMut(u64) -> u64,
) -> Vec<T> {
    items.sort_by_key(|(rank, ..)| *rank);
    let mut ordered = Vec::with_capacity(items.len());
    while let Some(rank) = items.first().map(|(rank, ..)| *rank) {
        let equals = items.iter().take_while(|(other, ..)| *other == rank).count();
        let sum: u64 = items.iter().take(equals).map(|(_, weight, _)| share(*weight)).sum();
        let drawn = draw(sum.saturating_sub(1));
        let mut running = 0;
        let chosen = items.iter().take(equals).position(|(_, weight, _)| {
            running += share(*weight);
            running > drawn
        });
        ordered.push(items.remove(chosen.unwrap_or(0)).2);
    }
    ordered
}

/// Weightless ones have a very small chance beside others (RFC 2782, "Weight"),
/// and equal ones among themselves.
fn share(weight: u16) -> u64 {
    (u64::from(weight) * 64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn ranks_come_in_order_and_weights_share() {
        let mut random = Random::new([5; 32]);
        let mut first = [0; 4];
        for _ in 0..10_000 {
            let items = vec![(2, 9, 3), (1, 10, 0), (1, 30, 1), (1, 60, 2)];
            let order = weighted(items, |n| random.between_ms(0, n));
            assert_eq!(order[3], 3, "a worse rank comes last");
            first[order[0]] += 1;
        }
        for (got, wanted) in first.iter().zip([1_000, 3_000, 6_000]) {
            assert!((wanted - 300..wanted + 300).contains(got), "{first:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
        let order = |seed| {
            let mut random = Random::new([seed; 32]);
            let items = (0..20).map(|n| (1, 5, n)).collect();
            weighted(items, |n| random.between_ms(0, n))
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}

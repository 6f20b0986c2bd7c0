//! What a destination costs, and whether a budget bears it.

use std::collections::HashMap;

/// Longest prefix that has a price of its own; E.164 numbers have 15 digits.
const MAX_PREFIX: usize = 20;

/// Prices by prefix, in millionths of the tenant's currency per minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tariff {
    prices: HashMap<String, u64>,
}

impl Tariff {
    /// Of prefixes as they stand at the beginning of a number (`+44`), with
    /// their price per minute in millionths. The empty prefix is everything else.
    pub fn new(prices: impl IntoIterator<Item = (String, u64)>) -> Self {
        let prices = prices.into_iter().filter(|(prefix, _)| prefix.len() <= MAX_PREFIX).collect();
        Self { prices }
    }

    /// The price of the longest prefix that fits; `None` if none does, which
    /// means that nobody has agreed to pay for such a call.
    pub fn price_micros(&self, number: &str) -> Option<u64> {
        (0..=number.len().min(MAX_PREFIX))
            .rev()
            .filter_map(|length| number.get(..length))
            .find_map(|prefix| self.prices.get(prefix).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_sets_the_price() {
        let prices = [("+44", 10), ("+447", 50), ("+4470", 900)];
        let tariff = Tariff::new(prices.map(|(prefix, price)| (prefix.to_owned(), price)));
        assert_eq!(tariff.price_micros("+441632960000"), Some(10));
        assert_eq!(tariff.price_micros("+447700900000"), Some(50));
        assert_eq!(tariff.price_micros("+447012345678"), Some(900));
        assert_eq!(tariff.price_micros("+44"), Some(10));
        assert_eq!(tariff.price_micros("+1"), None);
        assert_eq!(tariff.price_micros("é"), None, "no cut inside a letter");
    }
}

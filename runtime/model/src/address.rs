//! What a caller dials and what a caller shows: a number or a name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest address accepted; E.164 allows 15 digits, names in SIP URIs more.
const MAX_LEN: usize = 64;

/// A telephone number (`+441632960000`), an extension (`201`) or the user part
/// of a SIP address (`alice`), without scheme, host or visual separators.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Address(String);

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was left after separators were taken out.
    #[error("an address needs at least one character")]
    Empty,
    /// Longer than 64 characters.
    #[error("an address has at most 64 characters")]
    TooLong,
    /// A character that no SIP user part may carry unescaped.
    #[error("an address is made of letters, digits and any of + * # . _ -; {0:?} is none of them")]
    BadCharacter(char),
}

impl Address {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is an international number in E.164 form (ITU-T E.164 §6).
    pub fn is_e164(&self) -> bool {
        self.0.strip_prefix('+').is_some_and(|digits| {
            (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let looks_like_number = text.chars().all(|c| c.is_ascii_digit() || "+*# -.()".contains(c));
        let cleaned: String = if looks_like_number {
            text.chars().filter(|c| !" -.()".contains(*c)).collect()
        } else {
            text.to_owned()
        };
        if cleaned.is_empty() {
            return Err(AddressError::Empty);
        }
        if cleaned.len() > MAX_LEN {
            return Err(AddressError::TooLong);
        }
        match cleaned.chars().find(|c| !(c.is_ascii_alphanumeric() || "+*#._-".contains(*c))) {
            Some(bad) => Err(AddressError::BadCharacter(bad)),
            None => Ok(Self(cleaned)),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_written_numbers_are_dropped() {
        let number: Address = "+44 (1632) 960-000".parse().unwrap();
        assert_eq!(number.as_str(), "+441632960000");
        assert!(number.is_e164());
    }

    #[test]
    fn names_are_kept_and_junk_is_refused() {
        assert_eq!("alice.b-c".parse::<Address>().unwrap().as_str(), "alice.b-c");
        assert_eq!("a@b".parse::<Address>(), Err(AddressError::BadCharacter('@')));
        assert_eq!("()".parse::<Address>(), Err(AddressError::Empty));
        assert_eq!("1".repeat(65).parse::<Address>(), Err(AddressError::TooLong));
    }
}

//! Where a flow can pick a call up.

use crate::check::name;
use std::fmt;
use std::str::FromStr;
use strowger_model::Address;

/// A place where a call waits or rings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PickUpFrom {
    /// Parked there.
    Slot(String),
    /// Ringing there.
    Extension(Address),
}

impl FromStr for PickUpFrom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("slot", slot)) => {
                name("a slot", slot)?;
                Ok(Self::Slot(slot.to_owned()))
            }
            Some(("extension", number)) => number
                .parse()
                .map(Self::Extension)
                .map_err(|error| format!("`{number}` is no extension: {error}")),
            _ => Err("a call is picked up from slot:NAME or extension:NUMBER".to_owned()),
        }
    }
}

impl fmt::Display for PickUpFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot(slot) => write!(f, "slot:{slot}"),
            Self::Extension(number) => write!(f, "extension:{number}"),
        }
    }
}

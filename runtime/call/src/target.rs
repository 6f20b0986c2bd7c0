//! Who is dialled: `number:+441632960000`, `extension:201` or `agent:201`.

use std::fmt;
use std::str::FromStr;
use strowger_model::Address;

/// A dial target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A number, over a trunk.
    Number(Address),
    /// A phone of the tenant.
    Extension(Address),
    /// The phone of an agent, named by the agent's extension.
    Agent(Address),
}

impl Target {
    /// What is dialled.
    pub fn address(&self) -> &Address {
        match self {
            Self::Number(address) | Self::Extension(address) | Self::Agent(address) => address,
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a target is number:+441632960000, extension:201 or agent:201".to_owned();
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        let make = match kind {
            "number" => Self::Number,
            "extension" => Self::Extension,
            "agent" => Self::Agent,
            _ => return Err(wrong()),
        };
        rest.parse().map(make).map_err(|e| format!("the target cannot be dialled: {e}"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(address) => write!(f, "number:{address}"),
            Self::Extension(address) => write!(f, "extension:{address}"),
            Self::Agent(address) => write!(f, "agent:{address}"),
        }
    }
}

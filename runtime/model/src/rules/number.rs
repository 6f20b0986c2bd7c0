//! How numbers are written.

use serde::{Deserialize, Serialize};

/// How a country dials; with it, every way of writing a number is known to mean
/// the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberPlan {
    /// `44`.
    pub country_code: String,
    /// What comes before a national number at home: `0`; empty: nothing.
    #[serde(default)]
    pub national_prefix: String,
    /// What comes before a country code: `00`, `011`.
    pub international_prefix: String,
}

/// How a number is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NumberForm {
    /// `+441632960000`.
    E164,
    /// `441632960000`.
    E164NoPlus,
    /// `00441632960000`.
    International,
    /// `01632960000` at home, `0012125550000` abroad.
    National,
}

/// One rule: a `prefix` with `strip` and `prepend`, or a `pattern` with either
/// these or `rewrite`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberRule {
    /// Applies to numbers that begin so; the longest of a list decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Applies to numbers that fit this regular expression as a whole; patterns
    /// go before prefixes, in their order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Characters taken off the beginning.
    pub strip: u8,
    /// What is put there instead.
    pub prepend: String,
    /// The number anew: `$1` is the pattern's first group, `${1}0` the same
    /// before a digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
}

/// One direction, one kind of number: rules, then the form it is written in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NumberRules {
    /// At most 256.
    pub rules: Vec<NumberRule>,
    /// Needs a plan; none: as the rules leave it.
    pub form: Option<NumberForm>,
}

/// How a trunk wants numbers written, and how it writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrunkNumbers {
    /// The carrier's numbering plan, for `form`.
    pub plan: Option<NumberPlan>,
    /// Called numbers, to the carrier.
    pub called_out: NumberRules,
    /// Callers' numbers, to the carrier.
    pub caller_out: NumberRules,
    /// Called numbers, from the carrier.
    pub called_in: NumberRules,
    /// Callers' numbers, from the carrier.
    pub caller_in: NumberRules,
}

//! What is asked and shown of a comparison of versions.

use crate::problem::{Problem, Result};
use serde::{Deserialize, Serialize};
use strowger_model::Timestamp;
use strowger_store::{MAX_COMPARED_VERSIONS, Spread};
use utoipa::{IntoParams, ToSchema};

/// What is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompareQuery {
    /// Begun, or for a router decided, at or after, in milliseconds since 1970.
    since: Option<u64>,
    /// Begun or decided before.
    until: Option<u64>,
    /// Numbers of at most ten versions, separated by commas; absent: the stable
    /// one, the canary and the newest.
    versions: Option<String>,
}

/// Where values lie; absent: there were none.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedSpread {
    p50: Option<u64>,
    p99: Option<u64>,
}

impl CompareQuery {
    /// From when, until when.
    pub(crate) fn period(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.since.map(Timestamp), self.until.map(Timestamp))
    }

    /// The numbers asked for; none: the usual ones.
    pub(crate) fn numbers(&self) -> Result<Vec<u32>> {
        let Some(text) = &self.versions else { return Ok(Vec::new()) };
        let wrong = || {
            Problem::bad_request(format!(
                "versions is 1 to {MAX_COMPARED_VERSIONS} numbers separated by commas, for \
                 example 3,4"
            ))
        };
        let numbers: Vec<u32> = text
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| wrong()))
            .collect::<Result<_>>()?;
        if numbers.len() > MAX_COMPARED_VERSIONS { Err(wrong()) } else { Ok(numbers) }
    }
}

impl From<Spread> for ComparedSpread {
    fn from(spread: Spread) -> Self {
        Self { p50: spread.p50, p99: spread.p99 }
    }
}

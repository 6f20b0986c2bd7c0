//! What tenants' outgoing calls have cost today, against their daily budget.
//!
//! Signalling takes the first minute's price of each call it places; what a call
//! cost in all is booked here when its record is complete, and signalling is
//! told what is left. After a restart the day's records are added up again.

use super::Tenant;
use super::config::TenantConfig;
use crate::clock;
use crate::node::Node;
use anyhow::Result;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use strowger_model::rules::{Tariff, TenantRules};
use strowger_model::{CallRecord, Direction, Timestamp};
use strowger_store::{CallFilter, MAX_PAGE, rules};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const MINUTE_MS: u64 = 60 * 1_000;
/// How often a new day is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What one tenant has spent.
#[derive(Debug, Default)]
pub struct Spent {
    today: Mutex<Option<Today>>,
}

#[derive(Clone, Copy, Debug)]
struct Today {
    /// Days since 1970, in UTC.
    day: u64,
    micros: u64,
}

impl Spent {
    /// Adds to what was spent on the day of `at`.
    fn add(&self, at: Timestamp, micros: u64) {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let day = at.0 / DAY_MS;
        match today.as_mut() {
            Some(known) if known.day == day => known.micros = known.micros.saturating_add(micros),
            // A call of yesterday that is booked today cost yesterday's money.
            Some(known) if known.day > day => {}
            _ => *today = Some(Today { day, micros }),
        }
    }

    /// What was spent on that day; none: nobody has added it up.
    fn on(&self, at: Timestamp) -> Option<u64> {
        let today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        today.filter(|known| known.day == at.0 / DAY_MS).map(|known| known.micros)
    }
}

/// Tells signalling what every tenant may still spend today.
pub async fn publish(node: &Node) -> Result<()> {
    for tenant in node.tenants.all() {
        tell(node, &tenant).await?;
    }
    Ok(())
}

/// Books a call that is over.
pub async fn book(node: &Node, tenant: &Tenant, record: &CallRecord) {
    let config = tenant.config();
    if budget(&config.rules).is_none() {
        return;
    }
    let now = clock::now();
    // Before this call is closed: it must not be added up with the others.
    if let Err(error) = spent(node, tenant, now).await {
        tracing::error!(tenant = %tenant.id, %error, "what was spent today cannot be added up");
        return;
    }
    tenant.spent.add(now, cost(&config, record));
    if let Err(error) = tell(node, tenant).await {
        tracing::error!(tenant = %tenant.id, %error, "signalling was not told what may be spent");
    }
}

/// Begins every day with a whole budget.
pub async fn run(node: std::sync::Arc<Node>) {
    let mut clock = tokio::time::interval(LOOK_EVERY);
    let mut day = clock::now().0 / DAY_MS;
    loop {
        clock.tick().await;
        let today = clock::now().0 / DAY_MS;
        if std::mem::replace(&mut day, today) != today
            && let Err(error) = publish(&node).await
        {
            tracing::error!(%error, "the new day's budgets are not in force");
        }
    }
}

async fn tell(node: &Node, tenant: &Tenant) -> Result<()> {
    let config = tenant.config();
    let left = match budget(&config.rules) {
        Some(budget) => Some(budget.saturating_sub(spent(node, tenant, clock::now()).await?)),
        None => None,
    };
    Ok(node.sip.set_budget(tenant.id, left).await?)
}

fn budget(rules: &TenantRules) -> Option<u64> {
    rules.tariff.as_ref()?.daily_budget_micros
}

/// What was spent today, from the day's records if it is not known.
async fn spent(node: &Node, tenant: &Tenant, now: Timestamp) -> Result<u64> {
    if let Some(known) = tenant.spent.on(now) {
        return Ok(known);
    }
    let midnight = Timestamp(now.0 / DAY_MS * DAY_MS);
    let filter = CallFilter { since: Some(midnight), open: Some(false), ..CallFilter::default() };
    let (scope, config) = (node.store.tenant(tenant.id), tenant.config());
    let (mut sum, mut after) = (0_u64, None);
    loop {
        let page = scope.calls().list(&filter, after, MAX_PAGE).await?;
        let costs = page.items.iter().map(|record| cost(&config, record));
        sum = costs.fold(sum, u64::saturating_add);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    // Another task may have been here meanwhile.
    if tenant.spent.on(now).is_none() {
        tenant.spent.add(now, sum);
    }
    Ok(tenant.spent.on(now).unwrap_or(sum))
}

/// What a call's legs to the world cost, by begun minutes.
fn cost(config: &TenantConfig, record: &CallRecord) -> u64 {
    let Some(tariff) = &config.rules.tariff else { return 0 };
    let outside = record.legs.iter().filter(|leg| {
        let own = config.agent_with_extension(leg.address.as_str()).is_some();
        leg.direction == Direction::Outbound && leg.agent.is_none() && !own
    });
    let costs = outside.filter_map(|leg| {
        let ended = leg.ended_at.or(record.ended_at)?;
        let price = price(&config.rules, tariff, leg.address.as_str())?;
        Some(price.saturating_mul(begun_minutes(leg.answered_at?, ended)))
    });
    costs.fold(0, u64::saturating_add)
}

fn begun_minutes(answered: Timestamp, ended: Timestamp) -> u64 {
    ended.ms_since(answered).max(1).div_ceil(MINUTE_MS)
}

/// The price that signalling saw too, whichever way the number is written.
fn price(rules: &TenantRules, tariff: &Tariff, number: &str) -> Option<u64> {
    let plan = rules::tenant_policy(rules).ok()?.plan;
    let full = plan.and_then(|plan| plan.e164(number));
    let number = full.as_deref().unwrap_or(number);
    let fitting = tariff.prices.iter().filter(|price| number.starts_with(&price.prefix));
    fitting.max_by_key(|price| price.prefix.len()).map(|price| price.per_minute_micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::rules::{NumberPlan, Price};

    #[test]
    fn a_day_begins_anew_and_yesterday_is_not_booked_on_it() {
        let spent = Spent::default();
        let (monday, tuesday) = (Timestamp(DAY_MS + 5), Timestamp(2 * DAY_MS));
        assert_eq!(spent.on(monday), None);
        spent.add(monday, 0);
        spent.add(monday, 7);
        assert_eq!((spent.on(monday), spent.on(tuesday)), (Some(7), None));
        spent.add(tuesday, 2);
        spent.add(monday, 100);
        assert_eq!((spent.on(monday), spent.on(tuesday)), (None, Some(2)));
    }

    #[test]
    fn begun_minutes_are_whole() {
        let minutes = |ms: u64| begun_minutes(Timestamp(1_000), Timestamp(1_000 + ms));
        assert_eq!([0, 1, 60_000, 60_001].map(minutes), [1, 1, 1, 2]);
    }

    #[test]
    fn the_longest_prefix_of_the_international_form_sets_the_price() {
        let price_of =
            |prefix: &str, per_minute_micros| Price { prefix: prefix.into(), per_minute_micros };
        let tariff = Tariff {
            prices: vec![price_of("", 1), price_of("+44", 10), price_of("+447", 50)],
            daily_budget_micros: None,
        };
        let plan = NumberPlan {
            country_code: "44".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
        };
        let rules = TenantRules { plan: Some(plan), ..TenantRules::default() };
        let price = |number| price(&rules, &tariff, number);
        assert_eq!(price("07700900000"), Some(50));
        assert_eq!(price("+441632960000"), Some(10));
        assert_eq!(price("0012125550000"), Some(1));
    }
}

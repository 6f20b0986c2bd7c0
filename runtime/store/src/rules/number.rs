//! How numbers are written.

use super::invalid;
use crate::Result;
use strowger_model::rules::{NumberForm, NumberPlan, NumberRule, NumberRules};
use strowger_sip::{Edit, RuleError, Translation, When};

/// One direction's rules as signalling applies them; `field` is where they stand.
pub(super) fn translation(
    field: &str,
    rules: &NumberRules,
    plan: Option<&NumberPlan>,
) -> Result<Translation> {
    let form = match (rules.form, plan) {
        (None, _) => None,
        (Some(form), Some(plan)) => Some((plan_of(plan), form_of(form))),
        (Some(_), None) => {
            return Err(invalid(
                &format!("{field}.form"),
                "a form needs numbers.plan: give country_code, national_prefix and \
                 international_prefix",
            ));
        }
    };
    let ruled = rules.rules.iter().enumerate().map(|(index, rule)| rule_of(field, index + 1, rule));
    let ruled = ruled.collect::<Result<Vec<_>>>()?;
    Translation::new(ruled, form).map_err(|error| blame(field, &error))
}

/// A plan, known to be one.
pub(super) fn plan(field: &str, plan: &NumberPlan) -> Result<strowger_sip::NumberPlan> {
    let checked = plan_of(plan);
    Translation::new(Vec::new(), Some((checked.clone(), strowger_sip::NumberForm::E164)))
        .map_err(|error| invalid(field, &error.to_string()))?;
    Ok(checked)
}

fn blame(field: &str, error: &RuleError) -> crate::StoreError {
    match error {
        RuleError::BadPlan(_) => invalid("numbers.plan", &error.to_string()),
        _ => invalid(&format!("{field}.rules"), &error.to_string()),
    }
}

fn rule_of(field: &str, number: usize, rule: &NumberRule) -> Result<strowger_sip::NumberRule> {
    let field = format!("{field}.rules");
    let wrong = |advice: &str| Err(invalid(&field, &format!("rule {number}: {advice}")));
    let when = match (&rule.prefix, &rule.pattern) {
        (Some(prefix), None) => When::Prefix(prefix.clone()),
        (None, Some(pattern)) => When::Pattern(pattern.clone()),
        (None, None) => return wrong("give a prefix or a pattern; an empty prefix fits all"),
        (Some(_), Some(_)) => return wrong("give a prefix or a pattern, not both"),
    };
    let edit = match &rule.rewrite {
        Some(_) if rule.strip > 0 || !rule.prepend.is_empty() => {
            return wrong("rewrite makes the whole number; leave strip and prepend out");
        }
        Some(rewrite) => Edit::Rewrite(rewrite.clone()),
        None => Edit::Replace { strip: usize::from(rule.strip), prepend: rule.prepend.clone() },
    };
    Ok(strowger_sip::NumberRule { when, edit })
}

fn plan_of(plan: &NumberPlan) -> strowger_sip::NumberPlan {
    strowger_sip::NumberPlan {
        country_code: plan.country_code.clone(),
        national_prefix: plan.national_prefix.clone(),
        international_prefix: plan.international_prefix.clone(),
    }
}

fn form_of(form: NumberForm) -> strowger_sip::NumberForm {
    match form {
        NumberForm::E164 => strowger_sip::NumberForm::E164,
        NumberForm::E164NoPlus => strowger_sip::NumberForm::E164NoPlus,
        NumberForm::International => strowger_sip::NumberForm::International,
        NumberForm::National => strowger_sip::NumberForm::National,
    }
}

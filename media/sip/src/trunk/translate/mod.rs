//! How a number is written on each side of a trunk, and what number the called
//! party is shown.
//!
//! Rules are checked when they are configured; translating then cannot fail.
//! Numbers and patterns are bounded and matching takes linear time.

mod caller;
mod plan;
mod rule;

pub use caller::CallerPolicy;
pub use plan::{NumberForm, NumberPlan};
pub use rule::{Edit, NumberRule, RuleError, When};

use rule::Compiled;

/// Rules in one list; a carrier's whole dialling plan has a few dozen.
pub(crate) const MAX_RULES: usize = 256;
/// Longest number that is translated; longer ones pass as they are. E.164
/// numbers have 15 digits, internal ones with prefixes and codes some more.
pub(crate) const MAX_NUMBER: usize = 64;

/// One direction, one kind of number: rules, then the form it is written in.
#[derive(Clone, Debug, Default)]
pub struct Translation {
    rules: Vec<Compiled>,
    form: Option<(NumberPlan, NumberForm)>,
}

impl Translation {
    /// Checks rules. `form` is applied to what they leave.
    ///
    /// # Errors
    /// The first rule that cannot work, with its place and what to do.
    pub fn new(
        rules: Vec<NumberRule>,
        form: Option<(NumberPlan, NumberForm)>,
    ) -> Result<Self, RuleError> {
        if rules.len() > MAX_RULES {
            return Err(RuleError::TooMany(rules.len()));
        }
        let compiled: Result<Vec<_>, _> = rules
            .into_iter()
            .enumerate()
            .map(|(index, rule)| Compiled::new(index + 1, rule))
            .collect();
        let compiled = compiled?;
        for (index, rule) in compiled.iter().enumerate() {
            if let Some(prefix) = rule.prefix()
                && compiled.iter().take(index).any(|other| other.prefix() == Some(prefix))
            {
                let prefix = prefix.to_owned();
                return Err(RuleError::Twice { rule: index + 1, prefix });
            }
        }
        if let Some((plan, _)) = &form {
            plan.check()?;
        }
        Ok(Self { rules: compiled, form })
    }

    /// The number as it is to be written. The first pattern that fits is
    /// applied, else the longest prefix that does, else no rule.
    pub fn apply(&self, number: &str) -> String {
        if number.len() > MAX_NUMBER {
            return number.to_owned();
        }
        let by_pattern =
            self.rules.iter().find(|rule| rule.prefix().is_none() && rule.fits(number));
        let by_prefix = || {
            let fitting =
                self.rules.iter().filter(|rule| rule.prefix().is_some() && rule.fits(number));
            fitting.max_by_key(|rule| rule.prefix().map(str::len))
        };
        let ruled = match by_pattern.or_else(by_prefix) {
            Some(rule) => rule.apply(number),
            None => number.to_owned(),
        };
        match &self.form {
            Some((plan, form)) => plan.write(&ruled, *form),
            None => ruled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str, edit: Edit) -> NumberRule {
        NumberRule { when: When::Prefix(text.into()), edit }
    }

    fn strip(digits: usize, prepend: &str) -> Edit {
        Edit::Replace { strip: digits, prepend: prepend.into() }
    }

    #[test]
    fn patterns_come_first_then_the_longest_prefix() {
        let rules = vec![
            prefix("0", strip(1, "+44")),
            prefix("00", strip(2, "+")),
            prefix("", strip(0, "+44161")),
            NumberRule {
                when: When::Pattern("9(1..)".into()),
                edit: Edit::Rewrite("emergency-$1".into()),
            },
        ];
        let translation = Translation::new(rules, None).unwrap();
        assert_eq!(translation.apply("01632960000"), "+441632960000");
        assert_eq!(translation.apply("0012125550000"), "+12125550000");
        assert_eq!(translation.apply("4960123"), "+441614960123");
        assert_eq!(translation.apply("9112"), "emergency-112");
        assert_eq!(translation.apply("91123"), "+4416191123", "patterns fit whole numbers");
        let long = "9".repeat(MAX_NUMBER + 1);
        assert_eq!(translation.apply(&long), long);
    }

    #[test]
    fn bad_rules_are_refused_with_advice() {
        let pattern = |text: &str, to: &str| NumberRule {
            when: When::Pattern(text.into()),
            edit: Edit::Rewrite(to.into()),
        };
        let cases = [
            (vec![pattern("(", "")], "rule 1"),
            (vec![prefix("1", strip(0, "x")), pattern("1(.)", "$2")], "$2"),
            (vec![pattern(&"a".repeat(1_000), "")], "shorter"),
            (vec![prefix("44", strip(3, ""))], "strip at most 2"),
            (vec![prefix("44", Edit::Rewrite("$1".into()))], "pattern"),
            (vec![prefix("44", strip(0, "+ 1"))], "digits"),
            (vec![prefix("4 4", strip(0, ""))], "digits"),
            (vec![prefix("44", strip(0, "")), prefix("44", strip(1, ""))], "twice"),
        ];
        for (rules, says) in cases {
            let error = Translation::new(rules, None).unwrap_err().to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
        let many = (0..=MAX_RULES).map(|n| prefix(&n.to_string(), strip(0, ""))).collect();
        assert!(matches!(Translation::new(many, None), Err(RuleError::TooMany(_))));
    }

    #[test]
    fn evil_patterns_take_no_time() {
        let rule = NumberRule {
            when: When::Pattern("(a*)*(a*)*(a*)*b".into()),
            edit: Edit::Rewrite(String::new()),
        };
        let translation = Translation::new(vec![rule], None).unwrap();
        let number = "a".repeat(MAX_NUMBER);
        assert_eq!(translation.apply(&number), number);
    }
}

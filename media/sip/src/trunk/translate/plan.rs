//! Numbers as a country writes them, and as the world does (ITU-T E.164).

use super::rule::RuleError;

/// How a country dials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPlan {
    /// `44`.
    pub country_code: String,
    /// What comes before a national number at home: `0`; empty if nothing.
    pub national_prefix: String,
    /// What comes before a country code: `00`, `011`.
    pub international_prefix: String,
}

/// How a number is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl NumberPlan {
    pub(super) fn check(&self) -> Result<(), RuleError> {
        let digits = |text: &str, empty: bool| {
            let good = text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
            if good && (empty || !text.is_empty()) {
                Ok(())
            } else {
                Err(RuleError::BadPlan(text.to_owned()))
            }
        };
        digits(&self.country_code, false)?;
        digits(&self.national_prefix, true)?;
        digits(&self.international_prefix, false)
    }

    /// `+` and digits, if the number can be read so: it begins with `+`, the
    /// international or the national prefix. Anything else (extensions, short
    /// codes, names) has no such form.
    pub fn e164(&self, number: &str) -> Option<String> {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        let full = if let Some(rest) = number.strip_prefix('+') {
            rest.to_owned()
        } else if let Some(rest) = number.strip_prefix(self.international_prefix.as_str()) {
            rest.to_owned()
        } else if self.national_prefix.is_empty() {
            return None;
        } else {
            format!("{}{}", self.country_code, number.strip_prefix(self.national_prefix.as_str())?)
        };
        digits(&full).then(|| format!("+{full}"))
    }

    /// The number in a form; as it is if it has no E.164 form.
    pub fn write(&self, number: &str, form: NumberForm) -> String {
        let Some(full) = self.e164(number) else { return number.to_owned() };
        let digits = full.trim_start_matches('+');
        match form {
            NumberForm::E164 => full,
            NumberForm::E164NoPlus => digits.to_owned(),
            NumberForm::International => format!("{}{digits}", self.international_prefix),
            NumberForm::National => match digits.strip_prefix(self.country_code.as_str()) {
                Some(rest) => format!("{}{rest}", self.national_prefix),
                None => format!("{}{digits}", self.international_prefix),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uk() -> NumberPlan {
        NumberPlan {
            country_code: "44".into(),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
        }
    }

    #[test]
    fn every_way_of_writing_is_the_same_number() {
        let plan = uk();
        for written in ["+441632960000", "00441632960000", "01632960000"] {
            assert_eq!(plan.e164(written).as_deref(), Some("+441632960000"), "{written}");
            assert_eq!(plan.write(written, NumberForm::National), "01632960000");
            assert_eq!(plan.write(written, NumberForm::International), "00441632960000");
            assert_eq!(plan.write(written, NumberForm::E164NoPlus), "441632960000");
        }
        assert_eq!(plan.write("+12125550000", NumberForm::National), "0012125550000");
        for other in ["201", "anonymous", "+", "00", "0x", "*31#"] {
            assert_eq!(plan.e164(other), None, "{other}");
            assert_eq!(plan.write(other, NumberForm::E164), other);
        }
    }

    #[test]
    fn a_plan_is_digits() {
        assert!(uk().check().is_ok());
        assert!(NumberPlan { country_code: "+44".into(), ..uk() }.check().is_err());
        assert!(NumberPlan { country_code: String::new(), ..uk() }.check().is_err());
        assert!(NumberPlan { national_prefix: String::new(), ..uk() }.check().is_ok());
    }
}

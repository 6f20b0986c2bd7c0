//! What number the called party is shown.

/// Number shown if the caller's own is not.
const ANONYMOUS: &str = "anonymous";

/// What number the called party is shown over a trunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallerPolicy {
    /// Whatever the call says.
    #[default]
    Pass,
    /// Always the same.
    Fixed {
        /// The number.
        number: String,
        /// The name, if any.
        name: Option<String>,
    },
    /// Only numbers that are ours; any other is replaced.
    Own {
        /// Numbers that may be shown.
        numbers: Vec<String>,
        /// The one that is shown instead of any other.
        otherwise: String,
    },
    /// None (RFC 3323 §4.1). A carrier whose [`crate::IdentityPolicy`] has identity
    /// asserted is told the call's own number, and that it is not to be shown.
    Anonymous,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) number: String,
    pub(crate) name: Option<String>,
    pub(crate) hidden: bool,
}

impl CallerPolicy {
    pub(crate) fn show(&self, number: &str, name: Option<&str>) -> Shown {
        let shown = |number: &str, name: Option<&str>| Shown {
            number: number.to_owned(),
            name: name.map(str::to_owned),
            hidden: false,
        };
        match self {
            Self::Pass => shown(number, name),
            Self::Fixed { number, name } => shown(number, name.as_deref()),
            Self::Own { numbers, .. } if numbers.iter().any(|own| own == number) => {
                shown(number, name)
            }
            // A name that goes with a number that is not ours is not shown either.
            Self::Own { otherwise, .. } => shown(otherwise, None),
            Self::Anonymous => Shown { hidden: true, ..shown(ANONYMOUS, Some("Anonymous")) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_numbers_are_shown() {
        let own = CallerPolicy::Own { numbers: vec!["+441".into()], otherwise: "+440".into() };
        assert_eq!(own.show("+441", Some("A")).name.as_deref(), Some("A"));
        let other = own.show("+999", Some("Police"));
        assert_eq!((other.number.as_str(), other.name), ("+440", None));
    }

    #[test]
    fn nobody_is_shown() {
        let shown = CallerPolicy::Anonymous.show("+441", Some("A"));
        assert!(shown.hidden && shown.number == "anonymous");
    }
}

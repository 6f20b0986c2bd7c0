//! One rule: when it applies and what it does.

use super::MAX_NUMBER;
use regex_lite::{Regex, RegexBuilder};

/// Longest pattern, and the memory that it may cost compiled: enough for every
/// dialling plan, too little to do harm with.
const MAX_PATTERN: usize = 256;
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// When a rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// The number begins so.
    Prefix(String),
    /// The whole number fits this pattern, anchored at both ends.
    Pattern(String),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Takes characters off the beginning, then puts others there.
    Replace {
        /// How many come off; at most as many as the prefix has.
        strip: usize,
        /// What goes there instead.
        prepend: String,
    },
    /// Writes the number anew; `$1` is the pattern's first group, `${1}0` the
    /// same before a digit.
    Rewrite(String),
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRule {
    /// When it applies.
    pub when: When,
    /// What it does.
    pub edit: Edit,
}

/// Why rules are refused. Nothing of them is used then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// More than anybody needs.
    #[error("{0} rules are too many; merge them into prefixes and at most 256 rules")]
    TooMany(usize),
    /// A pattern that is none.
    #[error("rule {rule}: {pattern:?} is no pattern ({reason}); correct it or use a prefix")]
    Pattern {
        /// Place in the list, from 1.
        rule: usize,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern that is too long.
    #[error(
        "rule {rule}: the pattern is too long; write one shorter than {MAX_PATTERN} characters"
    )]
    LongPattern {
        /// Place in the list, from 1.
        rule: usize,
    },
    /// A group that the pattern does not have.
    #[error(
        "rule {rule}: {group} stands for nothing; the pattern has {groups} groups, put brackets around what you mean"
    )]
    NoGroup {
        /// Place in the list, from 1.
        rule: usize,
        /// As written.
        group: String,
        /// How many there are.
        groups: usize,
    },
    /// More taken off than known to be there.
    #[error("rule {rule}: strip at most {most} characters, as many as the prefix has")]
    Strip {
        /// Place in the list, from 1.
        rule: usize,
        /// The most that may come off.
        most: usize,
    },
    /// A rewrite without a pattern.
    #[error("rule {rule}: only a rule with a pattern can rewrite; strip and prepend instead")]
    NoPattern {
        /// Place in the list, from 1.
        rule: usize,
    },
    /// Something that no number consists of.
    #[error("rule {rule}: {text:?} cannot stand in a number; use digits, letters and + * # . -")]
    BadText {
        /// Place in the list, from 1.
        rule: usize,
        /// As written.
        text: String,
    },
    /// The same prefix again.
    #[error("rule {rule}: prefix {prefix:?} is given twice; keep one of the rules")]
    Twice {
        /// Place in the list, from 1.
        rule: usize,
        /// The prefix.
        prefix: String,
    },
    /// A numbering plan that cannot be.
    #[error("{0:?} is no such code or prefix of a numbering plan; write its digits, one to four")]
    BadPlan(String),
}

/// A checked rule.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    rule: NumberRule,
    regex: Option<Regex>,
}

impl Compiled {
    pub(super) fn new(number: usize, rule: NumberRule) -> Result<Self, RuleError> {
        let regex = match &rule.when {
            When::Prefix(prefix) => {
                check_text(number, prefix)?;
                None
            }
            When::Pattern(pattern) => Some(compile(number, pattern)?),
        };
        match (&rule.edit, &rule.when, &regex) {
            (Edit::Rewrite(to), _, Some(regex)) => check_rewrite(number, to, regex)?,
            (Edit::Rewrite(_), ..) => return Err(RuleError::NoPattern { rule: number }),
            (Edit::Replace { strip, prepend }, When::Prefix(prefix), _) => {
                check_text(number, prepend)?;
                if *strip > prefix.len() {
                    return Err(RuleError::Strip { rule: number, most: prefix.len() });
                }
            }
            (Edit::Replace { prepend, .. }, When::Pattern(_), _) => check_text(number, prepend)?,
        }
        Ok(Self { rule, regex })
    }

    pub(super) fn prefix(&self) -> Option<&str> {
        match &self.rule.when {
            When::Prefix(prefix) => Some(prefix),
            When::Pattern(_) => None,
        }
    }

    pub(super) fn fits(&self, number: &str) -> bool {
        match (&self.rule.when, &self.regex) {
            (When::Prefix(prefix), _) => number.starts_with(prefix.as_str()),
            (When::Pattern(_), regex) => regex.as_ref().is_some_and(|regex| regex.is_match(number)),
        }
    }

    pub(super) fn apply(&self, number: &str) -> String {
        match (&self.rule.edit, &self.regex) {
            (Edit::Replace { strip, prepend }, _) => {
                let rest: String = number.chars().skip(*strip).collect();
                format!("{prepend}{rest}")
            }
            (Edit::Rewrite(to), Some(regex)) => {
                regex.replace(number, to.as_str()).chars().take(MAX_NUMBER).collect()
            }
            (Edit::Rewrite(_), None) => number.to_owned(),
        }
    }
}

fn compile(rule: usize, pattern: &str) -> Result<Regex, RuleError> {
    if pattern.len() > MAX_PATTERN {
        return Err(RuleError::LongPattern { rule });
    }
    // Alone first: a bracket too many must not find its partner in the anchors.
    let built = RegexBuilder::new(pattern).size_limit(MAX_PATTERN_BYTES).build();
    let anchored = built.and_then(|_| {
        RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(MAX_PATTERN_BYTES).build()
    });
    anchored.map_err(|error| RuleError::Pattern {
        rule,
        pattern: pattern.to_owned(),
        reason: error.to_string(),
    })
}

fn check_text(rule: usize, text: &str) -> Result<(), RuleError> {
    let good = text.len() <= MAX_NUMBER
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*#.-_".contains(&b));
    if good { Ok(()) } else { Err(RuleError::BadText { rule, text: text.to_owned() }) }
}

/// Every `$n` and `${n}` must be a group; the rest must be able to stand in a number.
fn check_rewrite(rule: usize, to: &str, regex: &Regex) -> Result<(), RuleError> {
    let groups = regex.captures_len() - 1;
    let mut parts = to.split('$');
    check_text(rule, parts.next().unwrap_or_default())?;
    for part in parts {
        let (name, rest) = match part.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
            None => {
                let end = part
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(part.len());
                part.split_at(end)
            }
        };
        if !name.parse::<usize>().is_ok_and(|group| group <= groups) {
            return Err(RuleError::NoGroup { rule, group: format!("${name}"), groups });
        }
        check_text(rule, rest)?;
    }
    Ok(())
}

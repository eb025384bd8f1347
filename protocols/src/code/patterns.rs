//! The patterns of an outlet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::item::Item;
use super::pattern::{Field, Misread, Pattern, PatternConfig, PatternError, PatternProblem, UpcEan};

/// Patterns in the order in which they are tried. Without configuration: prefix 20 by weight in thousandths
/// of a kilogram, prefix 21 by pieces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "PatternsConfig", into = "PatternsConfig")]
pub struct Patterns {
    config: PatternsConfig,
    ordered: Vec<Pattern>,
}

/// The patterns of an outlet as they are configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatternsConfig {
    /// Prefixes of two digits of codes by weight: prefix, item code 5, thousandths of a kilogram 5, check
    /// digit.
    pub weight_prefixes: Vec<String>,
    /// Prefixes of two digits of codes by pieces: prefix, item code 5, pieces 5, check digit.
    pub piece_prefixes: Vec<String>,
    /// Other patterns.
    pub pattern: Vec<Pattern>,
}

impl Default for PatternsConfig {
    fn default() -> Self {
        Self { weight_prefixes: vec!["20".into()], piece_prefixes: vec!["21".into()], pattern: Vec::new() }
    }
}

impl Patterns {
    /// Orders patterns by their priority, and checks that no code fits two of the same.
    ///
    /// # Errors
    /// [`PatternError`] with both patterns of a conflict.
    pub fn new(config: PatternsConfig) -> Result<Self, PatternError> {
        let mut ordered = Vec::new();
        for prefix in &config.weight_prefixes {
            ordered.push(of_prefix(prefix, "weight", "CCCCCWWWWWK")?);
        }
        for prefix in &config.piece_prefixes {
            ordered.push(of_prefix(prefix, "pieces", "CCCCCNNNNNK")?);
        }
        ordered.extend(config.pattern.iter().cloned());
        for (index, pattern) in ordered.iter().enumerate() {
            for earlier in ordered.iter().take(index) {
                check_pair(earlier, pattern)?;
            }
        }
        ordered.sort_by_key(|pattern| std::cmp::Reverse(pattern.config().priority));
        Ok(Self { config, ordered })
    }

    /// In the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.ordered.iter()
    }

    /// The pattern of that name.
    pub fn find(&self, name: &str) -> Option<&Pattern> {
        self.ordered.iter().find(|pattern| pattern.name() == name)
    }

    /// The first pattern that holds this: what labels are made by.
    pub fn first_of(&self, field: Field) -> Option<&Pattern> {
        self.ordered.iter().find(|pattern| pattern.field() == field)
    }

    /// Reads a code of digits by the first pattern of its shape. `None` where none has it.
    ///
    /// # Errors
    /// The pattern whose shape it has, and what is wrong: no other pattern is tried then.
    pub fn read(&self, code: &str) -> Option<Result<Item, (&Pattern, Misread)>> {
        self.ordered
            .iter()
            .find_map(|pattern| pattern.read(code).map(|read| read.map_err(|misread| (pattern, misread))))
    }
}

impl Default for Patterns {
    fn default() -> Self {
        let config = PatternsConfig::default();
        Self::new(config.clone()).unwrap_or(Self { config, ordered: Vec::new() })
    }
}

impl TryFrom<PatternsConfig> for Patterns {
    type Error = PatternError;

    fn try_from(config: PatternsConfig) -> Result<Self, PatternError> {
        Self::new(config)
    }
}

impl From<Patterns> for PatternsConfig {
    fn from(patterns: Patterns) -> Self {
        patterns.config
    }
}

fn of_prefix(prefix: &str, what: &str, rest: &str) -> Result<Pattern, PatternError> {
    let pattern = format!("{prefix}{rest}");
    if prefix.len() != 2 || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PatternError { pattern, problem: PatternProblem::Prefix { prefix: prefix.into() } });
    }
    Pattern::try_from(PatternConfig {
        name: format!("{what}-{prefix}"),
        pattern,
        decimals: None,
        unit: None,
        priority: 0,
        upc_ean: UpcEan::Always,
    })
}

fn check_pair(earlier: &Pattern, pattern: &Pattern) -> Result<(), PatternError> {
    let written = pattern.config().pattern.clone();
    if earlier.config().priority == pattern.config().priority && earlier.overlaps(pattern) {
        let other = earlier.config().pattern.clone();
        return Err(PatternError { pattern: written, problem: PatternProblem::Overlap { other } });
    }
    if earlier.name() == pattern.name() {
        let name = pattern.name().to_owned();
        return Err(PatternError { pattern: written, problem: PatternProblem::SameName { name } });
    }
    Ok(())
}

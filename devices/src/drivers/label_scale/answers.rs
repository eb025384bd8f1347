//! What has come of a list so far, and the answer per item.

use std::collections::{BTreeMap, BTreeSet};

use outlet_protocols::label_scale::{ItemList, Mode, Prepared, words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How far a list has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Progress {
    /// The prefixes are set.
    pub prefixes: bool,
    /// The scale was cleared for this list.
    pub cleared: bool,
    /// So many of the list's items were tried, from the first.
    pub items: usize,
    /// Numbers of those that were refused, and the scale's code.
    pub refused: Vec<(u16, u8)>,
    /// So many numbers were looked at for removal: of a list of changes in its order, of a whole list by number.
    pub looked: usize,
    /// Numbers of items that were removed.
    pub removed: Vec<u16>,
    /// Numbers that were to be removed and were empty.
    pub absent: Vec<u16>,
    /// Numbers of items that were not removed, and the scale's code.
    pub kept: Vec<(u16, u8)>,
    /// Removing has come to its end.
    pub swept: bool,
}

impl Progress {
    /// What an attempt had noted; nothing where it had not come to that.
    pub fn noted(baseline: &Value) -> Self {
        baseline.get("progress").and_then(|noted| Self::deserialize(noted).ok()).unwrap_or_default()
    }

    /// As it is noted.
    pub fn note(&self) -> Value {
        json!({"progress": self})
    }

    /// Items that the scale has taken.
    pub fn accepted(&self) -> usize {
        self.items.saturating_sub(self.refused.len())
    }

    /// The answer per item, and what was not loaded as it was given. Numbers are told as runs, first and last: ten
    /// thousand of them fit into one message.
    pub fn answer(&self, list: &ItemList, prepared: &[Prepared]) -> Value {
        let tried = prepared.get(..self.items).unwrap_or(prepared);
        let (mut accepted, mut cut, mut replaced) =
            (Vec::new(), Vec::new(), BTreeMap::<char, Vec<u16>>::new());
        let refused: BTreeSet<u16> = self.refused.iter().map(|(plu, _)| *plu).collect();
        for item in tried.iter().filter(|item| !refused.contains(&item.record.plu())) {
            let plu = item.record.plu();
            accepted.push(plu);
            if item.remarks.cut {
                cut.push(plu);
            }
            for c in &item.remarks.replaced {
                replaced.entry(*c).or_default().push(plu);
            }
        }
        let not_tried: Vec<u16> = prepared.iter().skip(self.items).map(|item| item.record.plu()).collect();
        let not_looked = match list.mode {
            Mode::Changes => list.delete.get(self.looked..).unwrap_or_default().to_vec(),
            Mode::Whole => Vec::new(),
        };
        let mut answer = Map::new();
        answer.insert("mode".to_owned(), json!(list.mode));
        answer.insert(
            "counts".to_owned(),
            json!({
                "items": prepared.len(),
                "accepted": accepted.len(),
                "refused": self.refused.len(),
                "not_tried": not_tried.len() + not_looked.len(),
                "removed": self.removed.len(),
            }),
        );
        let mut tell = |name: &str, value: Value| {
            let is_empty = value.as_array().is_none_or(Vec::is_empty);
            if !is_empty {
                answer.insert(name.to_owned(), value);
            }
        };
        tell("accepted", runs(accepted));
        tell("refused", by_code(&self.refused));
        tell("not_tried", runs(not_tried));
        tell("removed", runs(self.removed.clone()));
        tell("absent", runs(self.absent.clone()));
        tell("not_removed", by_code(&self.kept));
        tell("removal_not_tried", runs(not_looked));
        tell("name_cut", runs(cut));
        let replaced = replaced.into_iter().map(|(c, plu)| json!({"character": c, "plu": runs(plu)}));
        tell("replaced", replaced.collect());
        Value::Object(answer)
    }
}

/// Numbers as runs: `[[1, 4], [7, 7]]`.
pub(super) fn runs(mut numbers: Vec<u16>) -> Value {
    numbers.sort_unstable();
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if number.saturating_sub(*last) <= 1 => *last = number,
            _ => runs.push((number, number)),
        }
    }
    json!(runs)
}

/// Numbers by the code with which the scale answered, and its words.
fn by_code(refused: &[(u16, u8)]) -> Value {
    let mut codes = BTreeMap::<u8, Vec<u16>>::new();
    for (plu, code) in refused {
        codes.entry(*code).or_default().push(*plu);
    }
    codes
        .into_iter()
        .map(|(code, plu)| json!({"code": code, "words": words(code), "plu": runs(plu)}))
        .collect()
}

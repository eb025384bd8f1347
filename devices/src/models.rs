//! The printer models that are built in: a TOML file each in `devices/models`.

use std::sync::LazyLock;

use outlet_protocols::model::Model;
use thiserror::Error;

/// Id and text of each file, in the order of their names.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// A file that is no model is left out; a test sees to it that there is none.
static MODELS: LazyLock<Vec<Model>> =
    LazyLock::new(|| FILES.iter().filter_map(|(_, text)| Model::from_toml(text).ok()).collect());

/// All models, by id.
pub fn all() -> &'static [Model] {
    &MODELS
}

/// A model by its id.
///
/// # Errors
/// [`UnknownModel`], with the ids that are nearest to the one asked for.
pub fn find(id: &str) -> Result<&'static Model, UnknownModel> {
    all().iter().find(|model| model.id == id).ok_or_else(|| UnknownModel {
        id: id.to_owned(),
        nearest: nearest(id, all().iter().map(|model| model.id.as_str()), 3).join(", "),
    })
}

/// There is no such model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "there is no model {id:?}; the nearest are: {nearest} (`outletd preview --models` lists all; \
     generic-80 and generic-58 fit most others)"
)]
pub struct UnknownModel {
    /// What was asked for.
    pub id: String,
    /// What may have been meant, separated by commas.
    pub nearest: String,
}

/// The names that are nearest to a wrong one, best first: those that contain it, then by edit distance;
/// hyphens and case don't count.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let bare = |name: &str| name.to_lowercase().replace('-', "");
    let wrong = bare(wrong);
    let rank = |name: &str| {
        let name = bare(name);
        (!name.contains(&wrong), distance(&wrong, &name))
    };
    let mut ranked: Vec<_> = names.map(|name| (rank(name), name)).collect();
    ranked.sort();
    ranked.into_iter().take(count).map(|(_, name)| name).collect()
}

/// Levenshtein's distance, in bytes: ids are ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let best = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use outlet_protocols::encode::{Encoder, EncoderOptions};

    use super::*;

    #[test]
    fn every_model_file_is_a_model_named_as_its_file_and_can_be_encoded_for() {
        for (file, text) in FILES {
            let model = Model::from_toml(text).unwrap_or_else(|e| panic!("{file}.toml: {e}"));
            assert_eq!(&model.id, file);
            Encoder::new(&model, EncoderOptions::default()).unwrap_or_else(|e| panic!("{file}.toml: {e}"));
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn the_distance_is_the_number_of_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_wrong_model_is_answered_with_the_nearest() {
        let names = ["epson-tm-t20iii", "epson-tm-t88v", "star-tsp143", "generic-80"];
        assert_eq!(nearest("tm-t20iii", names.into_iter(), 1), ["epson-tm-t20iii"]);
        assert_eq!(nearest("epson-tmt88v", names.into_iter(), 1), ["epson-tm-t88v"]);
        assert_eq!(nearest("tsp-143", names.into_iter(), 1), ["star-tsp143"]);
        let error = find("no-such-model").unwrap_err().to_string();
        assert!(error.contains("no-such-model"), "{error}");
    }
}

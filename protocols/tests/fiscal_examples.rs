//! The examples of `examples/fiscal`: one of each task at least, and each is taken.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use outlet_protocols::fiscal::{
    Abilities, Deposits, MeasurementUnit, Policy, Scheme, TakenAs, Task, TaskKind,
};
use serde_json::Value;

#[test]
fn every_task_of_the_vocabulary_has_an_example() {
    let shown: BTreeSet<&str> = examples().iter().map(|(path, task)| parsed(path, task).name()).collect();
    let all: BTreeSet<&str> = TaskKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(shown, all);
}

#[test]
fn a_register_that_can_do_everything_takes_every_example() {
    let deposits = Deposits { scheme: Scheme::Debit, taken_as: TakenAs::Advance };
    let policy = Policy { deposits: Some(deposits) };
    for (path, task) in examples() {
        let checked = parsed(&path, &task).check(&Abilities::all(), &policy);
        assert_eq!(checked, Ok(()), "{}", path.display());
    }
}

#[test]
fn every_example_is_the_same_task_after_it_was_written_and_read_again() {
    for (path, task) in examples() {
        let task = parsed(&path, &task);
        let written = serde_json::to_value(&task).unwrap();
        assert_eq!(Task::parse(&written), Ok(task), "{}: {written}", path.display());
    }
}

#[test]
fn what_the_examples_say_is_what_is_read() {
    let (path, task) = example("sell");
    let Task::Receipt(receipt) = parsed(&path, &task) else { panic!("{} is a receipt", path.display()) };
    let sums: Vec<String> = receipt.positions().map(|position| position.amount.to_string()).collect();
    assert_eq!(sums, ["580.00", "1305.00", "236.25"]);
    assert_eq!(
        (receipt.total.to_string(), receipt.change().to_string()),
        ("2121.25".into(), "378.75".into())
    );
    let cheese = receipt.positions().last().unwrap();
    assert_eq!(cheese.quantity.to_string(), "0.125");
    assert_eq!(cheese.unit.as_ref().map(MeasurementUnit::number), Some(11));
    let steak = receipt.positions().nth(1).unwrap();
    assert_eq!(steak.net_price().unwrap().to_string(), "1305.00");
    assert_eq!(receipt.operator.unwrap().name, "Ионова А. В.");
}

#[test]
fn the_marking_codes_of_the_examples_hold_gs() {
    let (path, task) = example("sell-marked");
    let Task::Receipt(receipt) = parsed(&path, &task) else { panic!("{} is a receipt", path.display()) };
    let codes: Vec<Vec<u8>> = receipt
        .positions()
        .filter_map(|position| position.marking.as_ref())
        .map(|code| code.bytes())
        .collect();
    assert_eq!(codes[0], b"0109501101530003215vYh3LpQ8sT2m\x1d93dGVz");
    assert_eq!(codes[1], b"010950600013435221a7Kd2Qx\x1d93Zk4T");
}

fn parsed(path: &Path, task: &Value) -> Task {
    Task::parse(task).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn example(stem: &str) -> (PathBuf, Value) {
    let found = examples().into_iter().find(|(path, _)| path.file_stem().is_some_and(|name| name == stem));
    found.unwrap_or_else(|| panic!("there is no example {stem}"))
}

/// Each file is a submission of the topic contract; its document is the task.
fn examples() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/fiscal");
    let mut examples = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let mut submission: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(submission["kind"], "fiscal", "{}", path.display());
        examples.push((path, submission["document"].take()));
    }
    examples.sort_by(|a, b| a.0.cmp(&b.0));
    examples
}

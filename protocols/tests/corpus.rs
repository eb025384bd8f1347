//! Fuzz targets over their corpora, as ordinary tests.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fs;
use std::path::Path;

use outlet_protocols::model::Model;
use outlet_protocols::{display, document, escpos, fiscal, label, modbus, raster, ticket};

#[test]
fn what_receipt_printers_send() {
    holds("fuzz/corpus/receipt_printer", escpos::fuzz::any_bytes);
}

#[test]
fn what_label_printers_answer() {
    holds("fuzz/corpus/label_printer", label::fuzz::any_answer);
}

#[test]
fn label_jobs() {
    holds("fuzz/corpus/label", label::fuzz::any_order);
}

#[test]
fn print_documents() {
    let models = ["generic-58", "epson-tm-m30", "star-tsp650ii"].map(|id| {
        let path = root().join(format!("devices/models/{id}.toml"));
        Model::from_toml(&fs::read_to_string(path).unwrap()).unwrap()
    });
    holds("fuzz/corpus/document", |input| document::fuzz::any_bytes(input, &models));
}

#[test]
fn picture_files() {
    holds("fuzz/corpus/picture", raster::fuzz::any_bytes);
}

#[test]
fn fiscal_tasks() {
    holds("fuzz/corpus/fiscal", fiscal::fuzz::any_bytes);
}

#[test]
fn orders_for_the_kitchen() {
    holds("fuzz/corpus/ticket", ticket::fuzz::any_bytes);
}

#[test]
fn texts_of_customer_displays() {
    holds("fuzz/corpus/display", display::fuzz::any_bytes);
}

#[test]
fn registers_of_modbus_devices() {
    holds("fuzz/corpus/modbus", modbus::fuzz::any_bytes);
}

fn holds(corpus: &str, body: impl Fn(&[u8]) -> Result<(), String>) {
    let mut files = 0;
    for entry in fs::read_dir(root().join(corpus)).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(body(&fs::read(&path).unwrap()), Ok(()), "{}", path.display());
        files += 1;
    }
    assert!(files >= 4, "{files} files in {corpus}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

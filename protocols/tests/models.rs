//! Every model file of `devices/models`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use outlet_protocols::codepage::Page;
use outlet_protocols::document::Symbology;
use outlet_protocols::encode::EncoderOptions;
use outlet_protocols::model::{ImageCommand, Language, Model, ModelError};
use outlet_protocols::paper::Font;

fn texts() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../devices/models");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn model(id: &str) -> Model {
    let (_, text) = texts().into_iter().find(|(name, _)| name == id).unwrap();
    Model::from_toml(&text).unwrap()
}

#[test]
fn every_file_is_a_model_named_like_its_file_and_has_an_encoder() {
    let texts = texts();
    assert!(texts.len() >= 22, "{} models", texts.len());
    for (name, text) in texts {
        let model = Model::from_toml(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(model.id, name);
        model.encoder(EncoderOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn no_two_pages_of_a_printer_share_a_number() {
    for (name, text) in texts() {
        let model = Model::from_toml(&text).unwrap();
        let numbers: BTreeSet<_> = model.pages.values().collect();
        assert_eq!(numbers.len(), model.pages.len(), "{name}");
    }
}

// escpos-printer-db, CC BY 4.0: the number of CP866 by printer.
#[test]
fn cp866_has_the_number_its_printer_knows() {
    for (id, number) in [
        ("epson-tm-t20iii", 17),
        ("epson-tm-t88v", 17),
        ("rongta-rp326", 7),
        ("atol-rp-326-use", 7),
        ("star-tsp650ii", 10),
        ("star-mc-print3", 10),
        ("generic-80", 17),
    ] {
        assert_eq!(model(id).pages.get(&Page::Cp866), Some(&number), "{id}");
    }
    assert_eq!(model("epson-tm-m30iii").pages.get(&Page::Kz1048), Some(&53));
}

// escpos-printer-db, CC BY 4.0, and Epson's specification of the TM-U220 (40 and 33 columns).
#[test]
fn columns_are_those_of_the_vendors() {
    for (id, a, b) in [
        ("epson-tm-t20iii", 48, 64),
        ("epson-tm-t88v", 42, 56),
        ("epson-tm-m30iii", 48, 57),
        ("epson-tm-p20", 32, 42),
        ("epson-tm-u220", 33, 40),
        ("star-tsp650ii", 48, 64),
        ("xprinter-xp-58", 32, 42),
    ] {
        let metrics = model(id).metrics();
        assert_eq!((metrics.columns(Font::A), metrics.columns(Font::B)), (a, b), "{id}");
    }
}

#[test]
fn printers_without_a_process_id_are_known() {
    assert!(model("epson-tm-t20iii").status.process_id);
    assert!(!model("epson-tm-t88iii").status.process_id);
    assert!(!model("generic-80").status.process_id);
    assert!(model("star-tsp650ii").status.process_id, "the ETB counter");
}

#[test]
fn the_impact_printer_is_sent_columns_and_the_raster_printer_rows() {
    assert_eq!(model("epson-tm-u220").image, ImageCommand::EscStar8);
    let tsp100 = model("star-tsp100");
    assert_eq!(
        (tsp100.language, tsp100.image, tsp100.device_fonts),
        (Language::StarLine, ImageCommand::StarRaster, false)
    );
    assert!(!tsp100.draws(Symbology::Ean13));
}

#[test]
fn a_wrong_file_says_where_and_what() {
    let (_, good) = texts().into_iter().find(|(name, _)| name == "generic-58").unwrap();
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        Model::from_toml(&good.replacen(from, to, 1)).unwrap_err()
    };
    let unknown = changed("dots = 384", "dotz = 384").to_string();
    assert!(unknown.contains("dotz") && unknown.contains("line"), "{unknown}");
    assert!(changed("cp866 = 17", "cp666 = 17").to_string().contains("cp666"));
    assert!(matches!(changed("dots = 384", "dots = 20"), ModelError::Value { field: "dots", .. }));
    assert!(matches!(
        changed("default_page = \"cp437\"", "default_page = \"cp1251\""),
        ModelError::Value { field: "default_page", .. }
    ));
    assert!(matches!(
        changed("image = \"gs-v-0\"", "image = \"star-gs-s\""),
        ModelError::Value { field: "image", .. }
    ));
    assert!(matches!(
        changed("id = \"generic-58\"", "id = \"Generic 58\""),
        ModelError::Value { field: "id", .. }
    ));
    assert!(matches!(changed("width = 12", "width = 40"), ModelError::Value { field: "font_a", .. }));
}

//! Marking codes: which are recognised, whole or not.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use outlet_protocols::code::marking::{REMEDY, Separators, Structure, recognise};
use outlet_protocols::code::{Marking, Meaning, Patterns, Symbology, meaning};
use outlet_protocols::fiscal::Task;
use serde_json::json;

/// Clothing, as in the examples that ATOL ships with its driver 10.
const CLOTHING: &str =
    "014494550435306821QXYXSALGLMYQQ\u{1d}91EE06\u{1d}92YWCXbmK6SN8vvwoxZFk7WAY8WoJNMGGr6Cgtiuja04c=";
/// Water, milk and a drink with a serial of 8: codes on goods that are public.
const WATER: &str = "0104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP";
const MILK: &str = "0104607074063724215./7QQ\u{1d}93c1n2";
const DRINK: &str = "0104810268036163212q3hi49o\u{1d}93j3eg";
/// The operator's *Description of the structure of Data Matrix codes*, 1.2: a block and a pack of tobacco.
const BLOCK: &str = "010460043993125621JgXJ5.T\u{1d}8005112000\u{1d}93Mdlr";
const PACK: &str = "00000046198488X?io+qCABm8wAYa";

fn whole() -> Vec<(String, Structure, Option<&'static str>)> {
    let shoes = format!("010469025752852321G+mgsHw<DiLN_\u{1d}91EE05\u{1d}92{}", "Qx/7".repeat(22));
    vec![
        (CLOTHING.into(), Structure::Check44, Some("QXYXSALGLMYQQ")),
        (shoes, Structure::Check88, Some("G+mgsHw<DiLN_")),
        (WATER.into(), Structure::Check4, Some("5?ZjQDTZ4NBNy")),
        (MILK.into(), Structure::Check4, Some("5./7QQ")),
        (DRINK.into(), Structure::Check4, Some("2q3hi49o")),
        (format!("{MILK}\u{1d}3103000432"), Structure::Check4, Some("5./7QQ")),
        (BLOCK.into(), Structure::TobaccoBlock, Some("JgXJ5.T")),
        (PACK.into(), Structure::TobaccoPack, Some("X?io+qC")),
        ("A1".repeat(75), Structure::AlcoholStamp, None),
        (
            "22N00001543ZQO6QFMW37ZK80215021095854A4P1E4IHMW86GT5RTFHN5XXFABT9TZ9".into(),
            Structure::AlcoholStamp,
            None,
        ),
    ]
}

fn marking(raw: &str) -> Marking {
    match meaning(raw.as_bytes(), None, &Patterns::default()) {
        Meaning::Marking(marking) => marking,
        other => panic!("{raw:?}: {other:?}"),
    }
}

#[test]
fn codes_as_they_are_printed_on_goods_are_kept_byte_for_byte() {
    for (code, structure, serial) in whole() {
        for raw in [format!("]d2{code}"), code.clone(), format!("\u{1d}{code}"), format!("]d1\u{1d}{code}")] {
            let read = marking(&raw);
            assert_eq!((read.structure, read.serial.as_deref()), (structure, serial), "{raw:?}");
            assert_eq!(BASE64_STANDARD.decode(&read.imc).unwrap(), code.as_bytes());
            assert_eq!((read.separators, read.remedy), (Separators::Kept, None), "{raw:?}");
        }
    }
    assert_eq!(marking(WATER).gtin.as_deref(), Some("04603934000793"));
}

#[test]
fn what_came_whole_is_taken_by_a_fiscal_task() {
    for (code, _, _) in whole() {
        let sale = json!({
            "type": "sell",
            "items": [{"type": "position", "name": "Вода", "price": 120, "quantity": 1, "amount": 120,
                       "paymentObject": "commodityWithMarking", "tax": {"type": "vat22"},
                       "imcParams": {"imcType": "auto", "imc": marking(&format!("]d2{code}")).imc,
                                     "imcModeProcessing": 0, "itemEstimatedStatus": "itemPieceSold"}}],
            "payments": [{"type": "cash", "sum": 120}]
        });
        let parsed = Task::parse(&sale);
        assert!(parsed.is_ok(), "{code:?}: {parsed:?}");
    }
}

#[test]
fn a_code_without_its_separators_is_recognised_and_says_what_to_do() {
    for (code, structure, serial) in whole() {
        if !code.contains('\u{1d}') {
            continue;
        }
        let lost = code.replace('\u{1d}', "");
        let found = marking(&lost);
        assert_eq!((found.structure, found.serial.as_deref()), (structure, serial), "{lost}");
        assert_eq!((found.separators, found.remedy), (Separators::Lost, Some(REMEDY)));
        assert_eq!(BASE64_STANDARD.decode(&found.imc).unwrap(), lost.as_bytes());
        // With a wrong check digit of the number it may be anything.
        let other = if &lost[15..16] == "0" { "1" } else { "0" };
        let wrong = format!("{}{other}{}", &lost[..15], &lost[16..]);
        assert_eq!(recognise(wrong.as_bytes(), None), None, "{wrong}");
    }
    assert!(REMEDY.contains("HID POS") && REMEDY.contains("serial"));
}

#[test]
fn separators_that_became_something_else_are_recognised_too() {
    for sign in ["<GS>", "\u{241d}", "^]", "|", "\\x1d"] {
        let replaced = WATER.replace('\u{1d}', sign);
        let found = marking(&replaced);
        assert_eq!((found.separators, found.remedy), (Separators::Replaced, Some(REMEDY)), "{replaced}");
        assert_eq!(BASE64_STANDARD.decode(&found.imc).unwrap(), replaced.as_bytes());
    }
}

#[test]
fn a_code_that_only_begins_like_one_is_none() {
    for code in [
        // Number and serial only: GS1, and no marking.
        "]d20104603934000793215?ZjQDTZ4NBNy",
        // 91 without 92.
        "]d20104603934000793215?ZjQDTZ4NBNy\u{1d}91EE06",
        // A serial longer than any.
        "]d201046039340007932112345678901234567890123\u{1d}93zFAP",
        // EAN-13 and GS1-128 carry none.
        "]C10104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP",
        // 29 digits, 29 letters, 68 digits.
        "12345678901231234567890123456",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABC",
        "11111111111111111111111111111111111111111111111111111111111111111111",
    ] {
        let read = meaning(code.as_bytes(), None, &Patterns::default());
        assert!(!matches!(read, Meaning::Marking(_)), "{code:?}: {read:?}");
    }
}

#[test]
fn the_same_data_from_another_symbology_are_no_marking_code() {
    assert!(recognise(PACK.as_bytes(), Some(Symbology::DataMatrix)).is_some());
    assert!(recognise(PACK.as_bytes(), Some(Symbology::Code128)).is_none());
}

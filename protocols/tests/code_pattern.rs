//! The pattern language: reading, making, and what the configuration may say.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::barcode;
use outlet_protocols::code::digits::price_verifier;
use outlet_protocols::code::pattern::{Field, MakeError};
use outlet_protocols::code::{Fault, Item, Meaning, Pattern, Patterns, Quantity, Symbology, make, meaning};
use outlet_protocols::document;
use rust_decimal::Decimal;

/// The outlet's own patterns and nothing else.
fn only(toml: &str) -> Patterns {
    toml::from_str(&format!("weight_prefixes = []\npiece_prefixes = []\n{toml}")).unwrap()
}

fn pattern(text: &str) -> Pattern {
    toml::from_str(&format!("name = \"test\"\npattern = \"{text}\"")).unwrap()
}

fn refused(toml: &str) -> String {
    toml::from_str::<Patterns>(toml).expect_err("should be refused").to_string()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn read(code: &str, patterns: &Patterns) -> Item {
    match meaning(code.as_bytes(), None, patterns) {
        Meaning::Item(item) => item,
        other => panic!("{code}: {other:?}"),
    }
}

fn fault(code: &str, patterns: &Patterns) -> Option<Fault> {
    match meaning(code.as_bytes(), None, patterns) {
        Meaning::Wrong(wrong) => Some(wrong.what),
        _ => None,
    }
}

// GS1 Sweden: prefix 23 is a weight with three decimals, prefix 20 a price in kronor with two.
#[test]
fn swedish_codes_are_read_by_swedish_patterns() {
    let patterns = only(
        "[[pattern]]\nname = \"weight\"\npattern = \"23CCCCCCWWWWK\"\n\
         [[pattern]]\nname = \"price\"\npattern = \"20CCCCCCPPPPK\"\nunit = \"SEK\"",
    );
    let item = read("2302148210869", &patterns);
    assert_eq!(item.code, "021482");
    assert_eq!(item.quantity, Some(Quantity::Weight { value: decimal("1.086"), unit: "kg".into() }));
    let item = read("2088060112343", &patterns);
    assert_eq!(
        item.quantity,
        Some(Quantity::Price { value: decimal("12.34"), currency: Some("SEK".into()) })
    );
}

// GS1 UK: prefix 20, item 5, price verifier digit, price 4. The verifier of 1234 is 9.
#[test]
fn the_same_code_is_invalid_under_british_rules() {
    let british = only("[[pattern]]\nname = \"price\"\npattern = \"20CCCCCVPPPPK\"\nunit = \"GBP\"");
    assert_eq!(fault("2088060112343", &british), Some(Fault::PriceVerifier));
    let made = make(british.find("price").unwrap(), "88060", decimal("12.34")).unwrap();
    assert_eq!(&made[..12], "208806091234");
    assert_eq!(
        read(&made, &british).quantity,
        Some(Quantity::Price { value: decimal("12.34"), currency: Some("GBP".into()) })
    );
}

// The two vectors of the sheet, GS1 General Specifications 7.9.3 and 7.9.4.
#[test]
fn price_verifier_digits_are_those_of_the_specification() {
    assert_eq!(price_verifier("2875"), Some(9));
    assert_eq!(price_verifier("01550"), Some(4));
    assert_eq!(price_verifier("1234"), Some(9));
    for none in ["", "123", "123456", "12a4"] {
        assert_eq!(price_verifier(none), None);
    }
}

// Odoo's default nomenclature: `21.....{NNDDD}` is a weight; base_code has zeros and a check digit made anew.
#[test]
fn a_code_of_odoo_has_odoos_weight_and_base_code() {
    let patterns = only("[[pattern]]\nname = \"weight\"\npattern = \"21CCCCCWWWWWK\"");
    let item = read("2112345015002", &patterns);
    assert_eq!(item.quantity, Some(Quantity::Weight { value: decimal("1.500"), unit: "kg".into() }));
    assert_eq!(item.key, "2112345000008");
    assert_eq!(barcode::normalise(document::Symbology::Ean13, "211234500000").unwrap(), item.key);
}

#[test]
fn a_upc_of_type_2_is_the_same_item_with_12_digits_and_as_an_ean() {
    let patterns = only("[[pattern]]\nname = \"price\"\npattern = \"2CCCCCVPPPPK\"\nunit = \"USD\"");
    let upc = make(patterns.find("price").unwrap(), "12345", decimal("28.75")).unwrap();
    assert_eq!(&upc[..11], "21234592875", "the verifier digit of 2875 is 9");
    let item = read(&upc, &patterns);
    assert_eq!(item, read(&format!("0{upc}"), &patterns));
    assert_eq!((item.barcode.len(), item.code.as_str()), (12, "12345"));

    let patterns = only("[[pattern]]\nname = \"price\"\npattern = \"02CCCCCVPPPPK\"\nunit = \"USD\"");
    assert_eq!(read(&upc, &patterns), read(&format!("0{upc}"), &patterns));
    assert_eq!(read(&upc, &patterns).barcode.len(), 13);
}

#[test]
fn the_policy_says_which_of_both_lengths_is_taken() {
    for (policy, pattern, twelve, thirteen) in [
        ("always", "2CCCCCVPPPPK", true, true),
        ("ean-to-upc", "2CCCCCVPPPPK", true, true),
        ("upc-to-ean", "2CCCCCVPPPPK", true, false),
        ("never", "2CCCCCVPPPPK", true, false),
        ("always", "02CCCCCVPPPPK", true, true),
        ("ean-to-upc", "02CCCCCVPPPPK", false, true),
        ("upc-to-ean", "02CCCCCVPPPPK", true, true),
        ("never", "02CCCCCVPPPPK", false, true),
    ] {
        let toml = format!("[[pattern]]\nname = \"price\"\npattern = \"{pattern}\"\nupc_ean = \"{policy}\"");
        let patterns = only(&toml);
        let is_item = |code: &str| matches!(meaning(code.as_bytes(), None, &patterns), Meaning::Item(_));
        let upc = barcode::normalise(document::Symbology::Ean13, "021234592875").unwrap();
        assert_eq!(is_item(&upc[1..]), twelve, "{policy} {pattern} 12 digits");
        assert_eq!(is_item(&upc), thirteen, "{policy} {pattern} 13 digits");
    }
}

#[test]
fn several_prefixes_of_each_kind_can_be_configured() {
    let patterns: Patterns =
        toml::from_str("weight_prefixes = [\"22\", \"23\"]\npiece_prefixes = [\"28\"]").unwrap();
    let names: Vec<&str> = patterns.iter().map(Pattern::name).collect();
    assert_eq!(names, ["weight-22", "weight-23", "pieces-28"]);
    assert_eq!(patterns.first_of(Field::Pieces).map(Pattern::name), Some("pieces-28"));
    assert!(patterns.first_of(Field::Price).is_none());
    let code = make(patterns.find("weight-23").unwrap(), "7", decimal("0.25")).unwrap();
    assert_eq!(read(&code, &patterns).pattern, "weight-23");
    assert!(matches!(meaning(b"2012345015500", Some(Symbology::Ean13), &patterns), Meaning::Product(_)));
}

#[test]
fn of_two_patterns_for_a_code_the_one_of_higher_priority_counts() {
    let toml = "[[pattern]]\nname = \"grams\"\npattern = \"20CCCCCCWWWWK\"\nunit = \"g\"\npriority = 5";
    let patterns: Patterns = toml::from_str(toml).unwrap();
    let item = read("2012345015500", &patterns);
    assert_eq!(item.pattern, "grams");
    assert_eq!(item.quantity, Some(Quantity::Weight { value: 1550.into(), unit: "g".into() }));
}

// Rules R1, R2 and R6: 01550 is 1.55 kg, 15500 is 15.5 kg.
#[test]
fn the_code_of_a_weighed_item_is_made_as_the_rule_says() {
    let patterns = Patterns::default();
    let weight = patterns.first_of(Field::Weight).unwrap();
    assert_eq!(make(weight, "12345", decimal("1.55")).unwrap(), "2012345015500");
    assert_eq!(make(weight, "1", decimal("1.550")).unwrap(), "2000001015506");
    assert!(make(weight, "12345", decimal("15.5")).unwrap().starts_with("201234515500"));
    assert_eq!(make(patterns.first_of(Field::Pieces).unwrap(), "42", 3.into()).unwrap(), "2100042000032");
}

#[test]
fn what_a_code_cannot_hold_is_refused_with_the_reason() {
    let patterns = Patterns::default();
    let weight = patterns.first_of(Field::Weight).unwrap();
    let refused = |item: &str, quantity: &str| make(weight, item, decimal(quantity)).unwrap_err();
    assert_eq!(refused("1", "100").to_string(), "100 kg is more than the code holds; the most is 99.999 kg");
    assert!(make(weight, "1", decimal("99.999")).is_ok());
    assert!(matches!(refused("1", "79228162514264337593543950335"), MakeError::TooMuch { .. }));
    assert_eq!(
        refused("123456", "1").to_string(),
        "the item code 123456 has 6 digits; the pattern has room for 5"
    );
    assert!(matches!(refused("12a", "1"), MakeError::ItemCode { .. }));
    assert!(matches!(refused("", "1"), MakeError::ItemCode { .. }));
    assert!(matches!(refused("1", "-0.5"), MakeError::Nothing { .. }));
    assert!(matches!(refused("1", "0.000"), MakeError::Nothing { .. }));
    assert_eq!(
        refused("1", "1.5505").to_string(),
        "1.5505 has more than 3 digits behind the point; round it first"
    );
    let pieces = patterns.first_of(Field::Pieces).unwrap();
    assert!(matches!(make(pieces, "1", decimal("1.5")), Err(MakeError::TooFine { decimals: 0, .. })));
}

#[test]
fn a_pattern_of_a_scale_with_its_own_code_on_code_128_needs_no_check_digit() {
    let patterns = only("[[pattern]]\nname = \"scale\"\npattern = \"99CCCCCCWWWWWW\"");
    let item = read("]C099000042001250", &patterns);
    assert_eq!((item.code.as_str(), item.key.as_str()), ("000042", "99000042000000"));
    assert_eq!(item.quantity, Some(Quantity::Weight { value: decimal("1.250"), unit: "kg".into() }));
}

#[test]
fn an_ean_8_can_hold_pieces() {
    let short = pattern("2CCCNNNK");
    let code = make(&short, "42", 12.into()).unwrap();
    assert_eq!(code, barcode::normalise(document::Symbology::Ean8, "2042012").unwrap());
}

#[test]
fn every_mistake_in_a_pattern_is_named_with_its_remedy() {
    for (text, words) in [
        ("20CCCCCQQQQQK", "has 'Q' at place 8; it takes C, W, N, P, V, K and digits"),
        ("20CCCCCWWWWWW", "has 13 digits, as EAN and UPC have, and no K at the end; end it with K"),
        ("20CCCCCWWWWKW", "has a K elsewhere than at the end"),
        ("20CCCCCWWWWKK", "has a K elsewhere than at the end"),
        ("20CCCCCWWWWK0", "has a K elsewhere than at the end"),
        ("20CCCCCWWWWK", ""),
        ("20CCCCCWWWK", "has 11 digits and a K; codes with a check digit have 8, 12 or 13"),
        ("20CCCCCWWNNNK", "has both W and N; a code holds one quantity"),
        ("20CCCCCCCCCCK", "has no quantity; put W for weight, N for pieces or P for a price"),
        ("200000WWWWWWK", "has no item code; put C for each of its digits"),
        ("20CCWWWWWCCCK", "has its C in several places; they stand together"),
        ("20CCCCVNNNNNK", "has a V with 5 digits of quantity"),
        ("20CCCCVVPPPPK", "has several V; there is one verifier digit"),
        ("20CCCCVPPPPPK", ""),
        ("20CCCVPPPPPPK", "has a V with 6 digits of quantity"),
        ("", "has no quantity"),
        ("20ЦЦЦЦЦWWWWWK", "has 'Ц' at place 3"),
    ] {
        let toml = format!("weight_prefixes = []\n[[pattern]]\nname = \"test\"\npattern = \"{text}\"");
        match toml::from_str::<Patterns>(&toml) {
            Ok(_) => assert_eq!(words, "", "{text} should be refused"),
            Err(error) => assert!(!words.is_empty() && error.to_string().contains(words), "{text}: {error}"),
        }
    }
    let long = format!("C{}", "W".repeat(13));
    assert!(
        refused(&format!("[[pattern]]\nname = \"t\"\npattern = \"{long}0\"")).contains("12 are the most")
    );
    let long = format!("CW{}", "1".repeat(47));
    assert!(refused(&format!("[[pattern]]\nname = \"t\"\npattern = \"{long}\"")).contains("48 are the most"));
}

#[test]
fn decimals_units_names_and_unknown_keys_are_checked() {
    for (toml, words) in [
        ("pattern = \"20CCCCCWWWWWK\"\ndecimals = 6", "has 5 digits of quantity and decimals = 6"),
        (
            "pattern = \"20CCCCCNNNNNK\"\ndecimals = 1",
            "counts pieces and has decimals = 1; leave decimals out",
        ),
        ("pattern = \"20CCCCCWWWWWK\"\nunit = \"pound\"", "there are kg, g, lb and oz"),
        ("pattern = \"20CCCCCNNNNNK\"\nunit = \"kg\"", "there are pcs"),
        ("pattern = \"20CCCCCPPPPPK\"\nunit = \"rub\"", "a currency of three capitals such as RUB"),
        ("pattern = \"20CCCCCPPPPPK\"\ndecimal = 2", "unknown field `decimal`"),
        ("pattern = \"20CCCCCPPPPPK\"\nupc_ean = \"sometimes\"", "unknown variant `sometimes`"),
    ] {
        let error = refused(&format!("weight_prefixes = []\n[[pattern]]\nname = \"test\"\n{toml}"));
        assert!(error.contains(words), "{toml}: {error}");
        assert!(error.contains("line "), "{error}");
    }
    let error =
        refused("weight_prefixes = []\n[[pattern]]\nname = \"By weight\"\npattern = \"20CCCCCWWWWWK\"");
    assert!(error.contains("has the name \"By weight\"; give 1 to 64 of a-z, 0-9 and -"), "{error}");
    assert!(refused("weights = [\"20\"]").contains("unknown field `weights`"));
    assert!(refused("weight_prefixes = [\"2\"]").contains("a prefix has two digits"));
    assert!(refused("weight_prefixes = [\"2Ж\"]").contains("a prefix has two digits"));
}

#[test]
fn two_patterns_that_fit_the_same_codes_need_different_priorities() {
    let error = refused("[[pattern]]\nname = \"own\"\npattern = \"20CCCCCCWWWWK\"");
    assert!(
        error.contains("fits the same codes as \"20CCCCCWWWWWK\"; give them different priorities"),
        "{error}"
    );
    assert!(refused("weight_prefixes = [\"21\"]").contains("fits the same codes"));
    let twice = "[[pattern]]\nname = \"own\"\npattern = \"23CCCCCCWWWWK\"\n";
    let error = refused(&format!("{twice}{}", twice.replace("23", "24")));
    assert!(error.contains("has the name \"own\" as another one"), "{error}");
    // A UPC and the EAN that it also is.
    let both = |policy: &str| {
        format!(
            "[[pattern]]\nname = \"a\"\npattern = \"2CCCCCVPPPPK\"\nupc_ean = \"{policy}\"\n\
             [[pattern]]\nname = \"b\"\npattern = \"02CCCCCVPPPPK\"\nupc_ean = \"{policy}\""
        )
    };
    assert!(refused(&both("always")).contains("fits the same codes"));
    assert!(toml::from_str::<Patterns>(&both("never")).is_ok());
}

#[test]
fn the_configuration_is_written_as_it_was_read() {
    let text = "weight_prefixes = [\"22\"]\n[[pattern]]\nname = \"price\"\npattern = \"27CCCCCPPPPPK\"\nunit = \"RUB\"";
    let patterns: Patterns = toml::from_str(text).unwrap();
    let again: Patterns = toml::from_str(&toml::to_string(&patterns).unwrap()).unwrap();
    assert_eq!(patterns, again);
    let schema = serde_json::to_string(&schemars::schema_for!(Patterns)).unwrap();
    assert!(schema.contains("weight_prefixes") && schema.contains("price verifier digit"), "{schema}");
}

use serde_json::json;

use super::*;

fn print(document: Value, model: &str) -> Printed {
    let document = Document::from_value(document).unwrap();
    encode_and_print(&document, models::find(model).unwrap(), None).unwrap()
}

#[test]
fn what_is_shown_is_what_the_bytes_say() {
    let printed =
        print(json!({"blocks": [{"type": "text", "text": "Чай 2 × 1.50"}, {"type": "cut"}]}), "generic-80");
    assert_eq!(printed.violations, Vec::<String>::new());
    assert_eq!(printed.papers.len(), 1);
    assert!(printed.papers[0].says("Чай 2"), "{}", printed.papers[0].text);
}

#[test]
fn every_model_can_be_previewed_without_breaking_its_language() {
    for model in models::all() {
        let blocks = json!([
            {"type": "pair", "left": "Caesar", "right": "450.00", "fill": "."},
            {"type": "text", "text": "LARGE", "style": {"width": 2, "height": 2}},
            {"type": "cut"},
        ]);
        let printed = print(json!({"blocks": blocks}), &model.id);
        assert_eq!(printed.violations, Vec::<String>::new(), "{}", model.id);
        assert!(printed.papers.iter().any(|paper| paper.width == u32::from(model.dots)), "{}", model.id);
    }
}

#[test]
fn a_drawer_job_shows_that_the_drawer_opens() {
    let Value::Object(job) = json!({"kind": "drawer"}) else { panic!("no job") };
    let Shown::Document(document) = shown_job(job).unwrap() else { panic!("no document") };
    let printed = encode_and_print(&document, models::find("generic-80").unwrap(), None).unwrap();
    assert!(printed.papers.is_empty());
    assert!(printed.actions.iter().any(|action| action.contains("drawer on pin 2")), "{:?}", printed.actions);
}

#[test]
fn a_job_is_judged_as_the_agent_judges_it() {
    let refused = |job: Value| {
        let Value::Object(job) = job else { panic!("no job") };
        shown_job(job).unwrap_err().message().unwrap().to_owned()
    };
    assert!(refused(json!({"kind": "print"})).starts_with("invalid-request: "));
    assert!(refused(json!({"kind": "label", "document": {}})).starts_with("invalid-request: "));
    assert!(refused(json!({"kind": "ticket", "document": {}})).contains("order"));
    assert!(refused(json!({"kind": "print", "colour": "red"})).contains("colour"));
}

#[test]
fn pieces_of_paper_are_numbered_from_the_second() {
    let path = Path::new("out/paper.v1.png");
    assert_eq!(numbered(path, 1), path);
    assert_eq!(numbered(path, 2), Path::new("out/paper.v1-2.png"));
    assert_eq!(numbered(Path::new("paper"), 3), Path::new("paper-3"));
}

#[test]
fn a_code_page_is_named_in_the_usual_ways() {
    assert_eq!(page("cp866"), Ok(Page::Cp866));
    assert_eq!(page("windows-1251"), Ok(Page::Cp1251));
    assert!(page("koi9").unwrap_err().contains("cp866"));
}

/// For an office printer.
const INVOICE: &str = "delivery-invoice.json";
/// A list for a scale.
const NOT_PRINTED: &str = "items.json";

/// What has to be readable on the paper of each example.
const EXAMPLES: [(&str, &[&str]); 7] = [
    ("kitchen-order.json", &["NOT ON SCREEN", "2 x П МАРГАР БОЛ", "0 x БАЗИЛИК", "1/2 ПЕППЕРОНИ", "MIX"]),
    ("service-ticket.json", &["TABLE 12", "P MARGAR LAR", "0 basil", "ALLERGENS gluten, milk"]),
    ("bar-ticket.json", &["TABLE 12", "APEROL SPRITZ", "oat milk"]),
    ("guest-bill.json", &["1 195.00", "TOTAL MDL", "1 248.78"]),
    ("receipt.json", &["пампушками", "TOTAL MDL 745.00"]),
    ("template.xml", &["Delivery order 1052", "500.00", "LEAVE AT THE DOOR, BABY SLEEPS"]),
    ("drawer.json", &[]),
];

/// The label jobs, and what an item weighs that is weighed.
const LABELS: [(&str, Option<&str>); 3] =
    [("label-drawn.json", None), ("label-pack.json", None), ("label-weighed.json", Some("0.350"))];

#[test]
fn every_example_of_a_label_is_whole_in_every_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for (name, weight) in LABELS {
        for model in ["generic-tspl-58", "generic-zpl", "generic-epl"] {
            let shown = shown(printable::read(&folder.join(name), false).unwrap()).unwrap();
            let Shown::Label(order) = shown else { panic!("{name} is no label") };
            let sample = labels::Sample { weight, language: None, template: None };
            let printed = labels::print(&order, labels::find(model).unwrap(), &sample).unwrap();
            assert_eq!((printed.pictures.len(), printed.violations.len()), (1, 0), "{name} on {model}");
            let lost = printed.remarks.iter().any(|remark| remark.contains("lost") || remark.contains("U+"));
            assert!(!lost, "{name} on {model}: {:?}", printed.remarks);
        }
    }
}

#[test]
fn every_example_is_printed_on_80_and_58_mm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for (name, expected) in EXAMPLES {
        for model in ["epson-tm-t20iii", "generic-58"] {
            let shown = shown(printable::read(&folder.join(name), false).unwrap()).unwrap();
            let Shown::Document(document) = shown else { panic!("{name} is no document") };
            let printed = encode_and_print(&document, models::find(model).unwrap(), None).unwrap();
            assert_eq!(printed.violations, Vec::<String>::new(), "{name} on {model}");
            assert_eq!(printed.report.boxed, Vec::<char>::new(), "{name} on {model}");
            assert_eq!(printed.papers.len(), usize::from(!expected.is_empty()), "{name} on {model}");
            for text in expected {
                assert!(
                    printed.papers[0].says(text),
                    "{text:?} in {name} on {model}:\n{}",
                    printed.papers[0].text
                );
            }
        }
    }
}

#[test]
fn the_invoice_is_one_page_of_a4_and_lacks_no_letter() {
    let folder = tempfile::tempdir().unwrap();
    let invoice = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(INVOICE);
    let file = folder.path().join("invoice.pdf");
    let (mut screen, written) = Screen::captured();
    pages(shown(printable::read(&invoice, false).unwrap()).unwrap(), &file, &mut screen).unwrap();
    assert_eq!(written.text(), format!("1 page: {}\n", file.display()), "nothing is left out or boxed");
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn there_is_no_example_that_is_not_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".json") || name.ends_with(".xml"))
        .collect();
    found.sort();
    let names = EXAMPLES.iter().map(|(name, _)| *name).chain(LABELS.iter().map(|(name, _)| *name));
    let names = names.chain([INVOICE, NOT_PRINTED]);
    let mut tested: Vec<String> = names.map(str::to_owned).collect();
    tested.sort();
    assert_eq!(found, tested);
}

fn order(document: Value) -> Arc<LabelOrder> {
    let Value::Object(job) = json!({"kind": "label", "document": document}) else { panic!("no job") };
    let Shown::Label(order) = shown_job(job).unwrap() else { panic!("no label") };
    order
}

fn labels_of(document: Value, model: &str, weight: Option<&str>) -> Result<labels::Printed, Failure> {
    let sample = labels::Sample { weight, language: Some("ru"), template: None };
    labels::print(&order(document), labels::find(model)?, &sample)
}

#[test]
fn a_label_is_shown_as_each_model_prints_it() {
    let document = json!({"label": {"width": 40, "height": 25, "copies": 5, "elements": [
        {"type": "text", "x": 2, "y": 2, "text": "Щука", "size": 4}]}});
    for own in model::all() {
        let printed = labels_of(document.clone(), &own.id, None).unwrap();
        assert_eq!((printed.pictures.len(), printed.violations.len()), (1, 0), "{}", own.id);
        assert_eq!(printed.remarks, ["printed 5 times"]);
        let width = u32::from_be_bytes(printed.pictures[0][16..20].try_into().unwrap());
        // TSC counts 12 dots a millimetre at 300 dpi, so its label is a little wider than its dots.
        let dots = u32::from(own.printer().dots_of(40.0));
        assert!((dots..=dots + dots / 50).contains(&width), "{}: {width} {dots}", own.id);
    }
}

#[test]
fn an_item_that_is_weighed_needs_a_sample_weight() {
    let weighed = json!({"item": {"name": "Щука", "code": "1"}, "weigh": {"scale": "scale"}});
    let message =
        |shown: Result<labels::Printed, Failure>| shown.err().unwrap().message().unwrap().to_owned();
    assert!(message(labels_of(weighed.clone(), "generic-zpl", None)).contains("--weight"));
    assert_eq!(labels_of(weighed, "generic-zpl", Some("0.350")).unwrap().pictures.len(), 1);
    let plain = json!({"item": {"name": "Щука"}});
    assert!(message(labels_of(plain.clone(), "generic-zpl", Some("0.350"))).contains("leave --weight out"));
    assert!(message(labels_of(plain, "generic-80", None)).contains("generic-tspl"));
}

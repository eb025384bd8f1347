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
    let document = job_document(job).unwrap();
    let printed = encode_and_print(&document, models::find("generic-80").unwrap(), None).unwrap();
    assert!(printed.papers.is_empty());
    assert!(printed.actions.iter().any(|action| action.contains("drawer on pin 2")), "{:?}", printed.actions);
}

#[test]
fn a_job_is_judged_as_the_agent_judges_it() {
    let refused = |job: Value| {
        let Value::Object(job) = job else { panic!("no job") };
        job_document(job).unwrap_err().message().unwrap().to_owned()
    };
    assert!(refused(json!({"kind": "print"})).starts_with("invalid-request: "));
    assert!(refused(json!({"kind": "label", "document": {}})).starts_with("unsupported: "));
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

/// What has to be readable on the paper of each example.
const EXAMPLES: [(&str, &[&str]); 6] = [
    ("service-ticket.json", &["TABLE 12", "P MARGAR LAR", "0 basil", "ALLERGENS gluten, milk"]),
    ("bar-ticket.json", &["TABLE 12", "APEROL SPRITZ", "oat milk"]),
    ("guest-bill.json", &["1 195.00", "TOTAL MDL", "1 248.78"]),
    ("receipt.json", &["пампушками", "TOTAL MDL 745.00"]),
    ("template.xml", &["Delivery order 1052", "500.00", "LEAVE AT THE DOOR, BABY SLEEPS"]),
    ("drawer.json", &[]),
];

#[test]
fn every_example_is_printed_on_80_and_58_mm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for (name, expected) in EXAMPLES {
        for model in ["epson-tm-t20iii", "generic-58"] {
            let document = document(printable::read(&folder.join(name), false).unwrap()).unwrap();
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
fn there_is_no_example_that_is_not_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".json") || name.ends_with(".xml"))
        .collect();
    found.sort();
    let mut tested = EXAMPLES.map(|(name, _)| name.to_owned()).to_vec();
    tested.sort();
    assert_eq!(found, tested);
}

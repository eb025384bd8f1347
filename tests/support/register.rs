//! Simulated fiscal registers for tests, a kind for each family and link level.

#![allow(dead_code, reason = "each test file uses its own part")]

use jiff::civil::date;
use outlet_protocols::fiscal::Tag;
use outlet_simulators::register::{DocumentKind, FiscalDocument, Register, RegisterSpec};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A kind of register.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Family and link level.
    pub name: &'static str,
    /// The driver.
    pub driver: &'static str,
    /// The simulated register.
    pub spec: fn() -> RegisterSpec,
    /// The model that the configuration names.
    pub model: &'static str,
    /// Its options, a line each.
    pub options: &'static str,
    /// A rate of value-added tax that it has.
    pub vat: &'static str,
    /// It is reached over a pseudo terminal, else over TCP.
    pub serial: bool,
    /// The command that opens a receipt, as the simulator names it.
    pub opening: &'static str,
}

/// All kinds.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "shtrih-1",
        driver: "shtrih",
        spec: RegisterSpec::shtrih_v1,
        model: "shtrih-fn",
        options: "level = 1\nanswer_ms = 400\n",
        vat: "vat20",
        serial: false,
        opening: "8D",
    },
    Kind {
        name: "shtrih-2",
        driver: "shtrih",
        spec: RegisterSpec::shtrih_v2,
        model: "shtrih-fn",
        options: "level = 2\nanswer_ms = 400\n",
        vat: "vat20",
        serial: false,
        opening: "8D",
    },
    Kind {
        name: "datecs-x",
        driver: "datecs",
        spec: RegisterSpec::datecs_x,
        model: "datecs-x",
        options: "silence_ms = 100\n",
        vat: "vat20",
        serial: false,
        opening: "48",
    },
    Kind {
        name: "datecs-ro",
        driver: "datecs",
        spec: RegisterSpec::datecs_ro,
        model: "datecs-ro",
        options: "silence_ms = 100\n",
        vat: "vat21",
        serial: false,
        opening: "48",
    },
    Kind {
        name: "datecs-p",
        driver: "datecs",
        spec: RegisterSpec::datecs_p,
        model: "datecs-p",
        options: "silence_ms = 100\n",
        vat: "vat20",
        serial: false,
        opening: "48",
    },
    Kind {
        name: "atol-3",
        driver: "atol",
        spec: RegisterSpec::atol_v3,
        model: "atol",
        options: "protocol = 3\nanswer_ms = 400\n",
        vat: "vat20",
        serial: false,
        opening: "92",
    },
    Kind {
        name: "atol-2",
        driver: "atol",
        spec: RegisterSpec::atol_v2,
        model: "atol",
        options: "protocol = 2\nanswer_ms = 400\n",
        vat: "vat20",
        serial: true,
        opening: "92",
    },
];

/// All kinds, or those that `OUTLETD_TEST_KINDS` names, such as `shtrih-1,atol-3`.
pub fn kinds() -> Vec<Kind> {
    let wanted = std::env::var("OUTLETD_TEST_KINDS").ok();
    let is_wanted =
        |kind: &&Kind| wanted.as_ref().is_none_or(|names| names.split(',').any(|name| name == kind.name));
    KINDS.iter().filter(is_wanted).copied().collect()
}

/// Options under which nothing takes longer than it must, and no look comes between two jobs.
pub const QUICK: &str = "poll_ms = 3600000\n";

/// A register that listens.
pub struct Till {
    pub kind: Kind,
    pub id: String,
    pub register: Register,
    /// Where it listens.
    pub link: String,
    /// Where its terminal is.
    _folder: TempDir,
    /// More options.
    pub more: String,
}

impl Till {
    pub async fn new(kind: Kind, id: &str) -> Self {
        let register = Register::open((kind.spec)().at(date(2026, 4, 30).at(12, 0, 0, 0))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = if kind.serial {
            let path = register.serve_pty(folder.path().join("tty")).unwrap();
            format!("serial://{}?baud=115200", path.display())
        } else {
            format!("tcp://{}", register.serve_tcp("127.0.0.1:0").await.unwrap())
        };
        Self { kind, id: id.to_owned(), register, link, _folder: folder, more: QUICK.to_owned() }
    }

    /// Its part of the configuration.
    pub fn toml(&self) -> String {
        let Self { kind, id, link, more, .. } = self;
        format!(
            "[[device]]\nid = {id:?}\ndriver = {:?}\nmodel = {:?}\nlink = {link:?}\n[device.options]\n{}{more}\n",
            kind.driver, kind.model, kind.options
        )
    }

    /// Its receipts, oldest first.
    pub fn receipts(&self) -> Vec<FiscalDocument> {
        let all = self.register.documents();
        all.into_iter().filter(|document| is_receipt(document.kind)).collect()
    }

    /// Three items, two payments.
    pub fn receipt(&self) -> Value {
        let item = |name: &str, price: f64, quantity: f64, amount: f64| {
            json!({
                "type": "position", "name": name, "price": price, "quantity": quantity, "amount": amount,
                "paymentMethod": "fullPayment", "paymentObject": "commodity", "tax": {"type": self.kind.vat},
            })
        };
        json!({
            "type": "sell",
            "items": [item("Soup", 2.90, 2.0, 5.80), item("Bread", 0.45, 1.0, 0.45), item("Cheese", 18.90, 0.125, 2.36)],
            "payments": [{"type": "electronically", "sum": 5.00}, {"type": "cash", "sum": 3.61}],
            "total": 8.61,
        })
    }
}

pub fn is_receipt(kind: DocumentKind) -> bool {
    use DocumentKind::{Buy, BuyReturn, Sale, SaleReturn};
    matches!(kind, Sale | SaleReturn | Buy | BuyReturn)
}

/// Whether a document bears the mark of an attempt.
pub fn bears(document: &FiscalDocument, tag: &Tag) -> bool {
    let in_tags = document.tags.iter().any(|(_, value)| tag.is_in(&String::from_utf8_lossy(value)));
    in_tags || document.texts.iter().any(|text| tag.is_in(text))
}

/// A fiscal job.
pub fn fiscal(id: &str, task: &Value) -> Value {
    json!({"id": id, "kind": "fiscal", "document": task})
}

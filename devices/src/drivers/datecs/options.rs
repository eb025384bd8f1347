//! Options of `[device.options]`, and what they make of the dialect.

use std::collections::BTreeMap;
use std::time::Duration;

use outlet_protocols::codepage::Page;
use outlet_protocols::datecs::command::{Opening, Operator};
use outlet_protocols::datecs::dialect::Name;
use outlet_protocols::datecs::{Dialect, Payment, Timing};
use outlet_protocols::fiscal::{PaymentType, Task, VatType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::models::Model;
use crate::driver::SettingsError;
use crate::link::Link;
use crate::register::options::Common;

/// What this family takes beside [`Common`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Who sells, where the task names nobody or somebody who isn't in `operators`. Default: the first
    /// operator with the password that registers leave the factory with.
    pub operator: Option<Login>,
    /// Who sells, by the name in the task: `operators."Maria Ciobanu" = {number = 2, password = "0002"}`.
    pub operators: BTreeMap<String, Login>,
    /// Number of the till, 1 to 99999.
    pub till: u32,
    /// Tax groups by rate: `tax = {vat20 = "B", vat9 = "D"}`. What is left out is not sold. Default in
    /// Bulgaria: none and 0 % A, 20 % B, 9 % D; in Romania: 21 % A, 11 % B, 9 % C, 0 % D, none G.
    pub tax: Option<BTreeMap<VatType, char>>,
    /// Kinds of payment: `payments = {cash = "cash", electronically = "card", prepaid = "voucher"}`. What is
    /// left out is not taken. Default: cash, card, and credit and other where the register has them.
    pub payments: Option<BTreeMap<PaymentType, Payment>>,
    /// The code page of texts, where the register has another than its command set.
    pub codepage: Option<Page>,
    /// Characters of a line of free text, 16 to 64; the model's when absent.
    pub columns: Option<usize>,
    /// Length of the pulse that opens the drawer, in milliseconds.
    pub pulse_ms: u16,
    /// Milliseconds of silence after which a frame is sent again.
    pub silence_ms: u64,
    /// How often a frame is sent again.
    pub repeats: u32,
    /// Seconds that one command may take in all.
    pub patience_s: u64,
    /// Whether commands with an effect are sent again, too, when no answer comes. That is safe where a
    /// register that was switched off closes the link: so by default yes on TCP, no on a serial line. Say no
    /// for a serial register behind a converter.
    pub resend: Option<bool>,
}

/// An operator of the register. Its `Debug` leaves the password out.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// From 1.
    pub number: u8,
    /// Digits.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            operator: None,
            operators: BTreeMap::new(),
            till: 1,
            tax: None,
            payments: None,
            codepage: None,
            columns: None,
            pulse_ms: 50,
            silence_ms: 500,
            repeats: 5,
            patience_s: 300,
            resend: None,
        }
    }
}

/// A register as it is configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its command set, with the page and widths that are set.
    pub dialect: Dialect,
    /// Characters of a line of free text.
    pub columns: usize,
    /// Tax groups by rate.
    pub tax: BTreeMap<VatType, char>,
    /// Kinds of payment.
    pub payments: BTreeMap<PaymentType, Payment>,
    /// Milliseconds.
    pub pulse_ms: u16,
    /// Of questions.
    pub asking: Timing,
    /// Of commands with an effect.
    pub acting: Timing,
    operator: Operator,
    operators: BTreeMap<String, Operator>,
}

impl Config {
    /// Puts model, options and link together.
    ///
    /// # Errors
    /// The first option that can't work, with its key.
    pub fn new(model: &Model, options: &Options, link: &Link) -> Result<Self, SettingsError> {
        check_numbers(options)?;
        let mut dialect = Dialect::of(model.dialect).clone();
        let columns = options.columns.unwrap_or(model.columns);
        dialect.page = options.codepage.unwrap_or(dialect.page);
        dialect.limits.fiscal_text = columns;
        dialect.limits.free_text = columns;
        let tax = options.tax.clone().unwrap_or_else(|| default_tax(model.dialect));
        if let Some((rate, group)) = tax.iter().find(|(_, group)| dialect.tax_code(**group).is_none()) {
            let last = ('A'..).nth(dialect.taxes.len().saturating_sub(1)).unwrap_or('A');
            return Err(wrong("tax", format!("{rate} = {group:?}: tax groups are A to {last}")));
        }
        let payments = options.payments.clone().unwrap_or_else(|| default_payments(&dialect));
        if let Some((word, kind)) = payments.iter().find(|(_, kind)| dialect.payment_code(**kind).is_none()) {
            let known: Vec<String> = dialect.payments.iter().map(|(kind, _)| word_of(*kind)).collect();
            let message = format!("{word} = {:?}: this register has {}", word_of(*kind), known.join(", "));
            return Err(wrong("payments", message));
        }
        let till = options.till;
        let login = |login: &Login| Operator { number: login.number, password: login.password.clone(), till };
        let operator = options.operator.as_ref().map_or_else(|| default_operator(model.dialect, till), login);
        let operators: BTreeMap<String, Operator> =
            options.operators.iter().map(|(name, operator)| (name.clone(), login(operator))).collect();
        let named = operators.values().map(|operator| ("operators", operator));
        for (key, operator) in std::iter::once(("operator", &operator)).chain(named) {
            let opening = Opening { operator, sale: None, invoice: false, client: None };
            dialect.open_receipt(&opening).map_err(|error| wrong(key, error.to_string()))?;
        }
        dialect.drawer(options.pulse_ms).map_err(|error| wrong("pulse_ms", error.to_string()))?;
        let asking = Timing {
            silence: Duration::from_millis(options.silence_ms),
            repeats: options.repeats,
            patience: Duration::from_secs(options.patience_s),
            ..Timing::default()
        };
        let resend = options.resend.unwrap_or(matches!(link, Link::Tcp { .. }));
        let acting = Timing { repeats: if resend { options.repeats } else { 0 }, ..asking };
        let pulse_ms = options.pulse_ms;
        Ok(Self { dialect, columns, tax, payments, pulse_ms, asking, acting, operator, operators })
    }

    /// Who does a task.
    pub fn operator(&self, task: &Task) -> &Operator {
        let named = task.operator().and_then(|operator| self.operators.get(&operator.name));
        named.unwrap_or(&self.operator)
    }
}

/// Reads the options of a device.
///
/// # Errors
/// An unknown key or a value that can't work, with the key.
pub fn read(value: &Value) -> Result<(Options, Common), SettingsError> {
    let given = match value {
        Value::Null => Map::new(),
        Value::Object(map) => map.clone(),
        _ => return Err(SettingsError { key: "options".into(), message: "must be a table".into() }),
    };
    let (own, common) = (json!(Options::default()), json!(Common::default()));
    let has = |defaults: &Value, key: &str| defaults.get(key).is_some();
    for (key, value) in &given {
        // One at a time, so that the key of a wrong value is known.
        let one = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
        let read = match (has(&own, key), has(&common, key)) {
            (true, _) => Options::deserialize(one).err(),
            (_, true) => Common::deserialize(one).err(),
            _ => {
                let all = [&own, &common].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
                let known: Vec<&str> = all.map(String::as_str).collect();
                return Err(wrong(key, format!("there is no such option; there are {}", known.join(", "))));
            }
        };
        if let Some(error) = read {
            return Err(wrong(key, error.to_string()));
        }
    }
    let (own, common): (Map<_, _>, Map<_, _>) = given.into_iter().partition(|(key, _)| has(&own, key));
    let unreadable =
        |error: serde_json::Error| SettingsError { key: "options".into(), message: error.to_string() };
    let options = Options::deserialize(Value::Object(own)).map_err(unreadable)?;
    let common = Common::deserialize(Value::Object(common)).map_err(unreadable)?;
    match common.fault() {
        Some((key, remedy)) => Err(wrong(key, remedy)),
        None => Ok((options, common)),
    }
}

fn check_numbers(options: &Options) -> Result<(), SettingsError> {
    let columns = options.columns.is_some_and(|columns| !(16..=64).contains(&columns));
    let faults = [
        (columns, "columns", "must be 16 to 64"),
        (
            !(60..=10_000).contains(&options.silence_ms),
            "silence_ms",
            "must be 60 to 10000 milliseconds: a register may take 60 before it says anything",
        ),
        (options.repeats > 20, "repeats", "must be at most 20"),
        (!(1..=3_600).contains(&options.patience_s), "patience_s", "must be 1 to 3600 seconds"),
    ];
    match faults.into_iter().find(|(bad, ..)| *bad) {
        Some((_, key, remedy)) => Err(wrong(key, remedy)),
        None => Ok(()),
    }
}

fn wrong(key: &str, message: impl Into<String>) -> SettingsError {
    SettingsError { key: format!("options.{key}"), message: message.into() }
}

/// Rates as of 2026. In Bulgaria C is 20 %, too, for fuels.
fn default_tax(dialect: Name) -> BTreeMap<VatType, char> {
    let groups: &[(VatType, char)] = match dialect {
        Name::Ro => &[
            (VatType::Vat21, 'A'),
            (VatType::Vat11, 'B'),
            (VatType::Vat9, 'C'),
            (VatType::Vat0, 'D'),
            (VatType::None, 'G'),
        ],
        Name::X | Name::P | Name::C => {
            &[(VatType::None, 'A'), (VatType::Vat0, 'A'), (VatType::Vat20, 'B'), (VatType::Vat9, 'D')]
        }
    };
    groups.iter().copied().collect()
}

fn default_payments(dialect: &Dialect) -> BTreeMap<PaymentType, Payment> {
    [
        (PaymentType::Cash, Payment::Cash),
        (PaymentType::Electronically, Payment::Card),
        (PaymentType::Credit, Payment::Credit),
        (PaymentType::Other, Payment::Other),
    ]
    .into_iter()
    .filter(|(_, kind)| dialect.payment_code(*kind).is_some())
    .collect()
}

/// Factory passwords: `0000` on X and P, `1` on C, `0001` in Romania (the manuals' examples of command 48).
fn default_operator(dialect: Name, till: u32) -> Operator {
    let password = match dialect {
        Name::X | Name::P => "0000",
        Name::Ro => "0001",
        Name::C => "1",
    };
    Operator { number: 1, password: password.to_owned(), till }
}

fn word_of(kind: Payment) -> String {
    json!(kind).as_str().unwrap_or_default().to_owned()
}

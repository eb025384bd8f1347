//! Commands and answers of the wide frame: parameters that each end with TAB, answers that begin
//! with an error code.
//!
//! Sources: X: *Programmer's Manual FMP-350X ... WP-25X*, version 2.08, the chapter of each command.
//! RO: Datecs' *FP_Protocol_EN* (2017), where it differs: 48, 56 and 76 answer with the numbers of
//! the Z report and of the receipt, 48 takes the buyer's tax number, there is no storno.

use std::collections::BTreeMap;

use super::dialect::Dialect;
use super::machine::Site;
use super::memory::{Counted, Day, Groups, Kind, Storno};
use super::money::{WHOLE, point};
use super::params::{ALL, FISCAL, Params, date_time, long_or_none, short};
use super::refusal::Refusal;
use super::request::{Adjust, Buyer, Kinds, Numbers, Opening, Paid, Reply, Request, Sale, Text, Wanted};
use super::{DatecsDialect, DatecsSpec};
use crate::register::clock;

/// Largest sum, in the smallest unit: 9999999.99.
const MOST: i64 = 999_999_999;

/// The command that a frame asks for.
pub(super) fn request(dialect: &Dialect, command: u16, data: &str) -> Result<Request, Refusal> {
    let none = |request: Request| Params::tabs(data, 0, 0).map(|_| request);
    match command {
        38 => Params::tabs(data, 0, 1).map(|_| Request::OpenPlain),
        39 => none(Request::ClosePlain),
        42 => text(data).map(Request::PlainText),
        43 if dialect.storno == Some(43) => storno(dialect, data),
        44 => Ok(Request::Feed(Params::tabs(data, 0, 1)?.number_or(1, 1, 1, 99)?)),
        33 => none(Request::Nothing),
        35 | 45 | 47 => Params::tabs(data, 0, 1).map(|_| Request::Nothing),
        80 => Params::tabs(data, 2, 2).map(|_| Request::Nothing),
        46 if dialect.cut == Some(46) => none(Request::Cut),
        48 => open(dialect, data),
        49 => sale(dialect, data),
        50 => none(Request::Rates),
        51 => subtotal(data),
        53 => pay(dialect, data),
        54 => text(data).map(Request::FiscalText),
        56 => none(Request::Close),
        57 if dialect.name == DatecsDialect::X => buyer(data),
        60 => none(Request::Cancel),
        61 => {
            let at = Params::tabs(data, 1, 1)?.text(1);
            Ok(Request::SetClock(date_time(at).ok_or(Refusal::Syntax(1))?))
        }
        62 => none(Request::Clock),
        65 => {
            let which = Params::tabs(data, 0, 1)?.number_or(1, 0, 0, 3)?;
            Ok(Request::Turnover { storno: which > 1, tax: which % 2 == 1 })
        }
        68 => none(Request::ReportsLeft),
        69 => report(data),
        70 => cash(data),
        74 => status(dialect, data),
        76 => none(Request::Transaction { with_paid: true }),
        90 => match data {
            "" | "1" => Ok(Request::Device { commas: true }),
            _ => Params::tabs(data, 0, 1)?.flag(1).map(|_| Request::Device { commas: false }),
        },
        99 => none(Request::TaxNumber),
        100 => {
            let params = Params::tabs(data, 1, 1)?;
            params.decimal(1, 0)?.map(Request::ErrorName).ok_or(Refusal::Syntax(1))
        }
        103 => none(Request::CurrentReceipt),
        106 => Params::tabs(data, 0, 1)?.number_or(1, 0, 0, 65_535).map(|_| Request::Drawer),
        109 => none(Request::Duplicate),
        110 => Ok(Request::Daily(Params::tabs(data, 0, 1)?.number_or(1, 0, 0, 5)?)),
        123 => match data.strip_suffix('\t').unwrap_or(data) {
            "1" => Ok(Request::Identity),
            "3" => Ok(Request::LastReceipt),
            "2" | "4" | "5" => Err(Refusal::NotSimulated),
            _ => Err(Refusal::Value(1)),
        },
        124 => find(data),
        125 => journal(data),
        _ if NOT_SIMULATED.contains(&command) => Err(Refusal::NotSimulated),
        _ => Err(Refusal::UnknownCommand),
    }
}

/// Commands that the documents have beside these.
const NOT_SIMULATED: &[u16] = &[
    43, 55, 57, 58, 63, 64, 66, 71, 72, 83, 84, 86, 87, 88, 89, 91, 92, 94, 95, 96, 98, 101, 105, 107, 111,
    112, 116, 122, 127, 135, 140, 202, 203, 255,
];

fn open(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let params = match dialect.name {
        DatecsDialect::Ro => Params::tabs(data, 5, 6)?,
        _ => Params::tabs(data, 4, 5)?,
    };
    let mut opening = Opening {
        operator: params.number(1, 1, dialect.operators)?,
        password: params.password(2, dialect)?,
        ..Opening::default()
    };
    let sale = u8::from(dialect.name == DatecsDialect::X && params.len() == 5);
    if sale == 1 {
        opening.sale = params.sale_number(3)?;
    }
    opening.till = params.number(3 + sale, 1, 99_999)?;
    opening.invoice = params.invoice(4 + sale)?;
    if dialect.name == DatecsDialect::Ro {
        opening.buyer = params.text_up_to(5, 16)?;
        if opening.invoice && opening.buyer.is_empty() {
            return Err(Refusal::Value(5));
        }
    }
    Ok(Request::Open(opening))
}

fn storno(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 11, 11)?;
    let invoice = params.invoice(8)?;
    let to_invoice = params.digits(9, 1, 10)?;
    if invoice == to_invoice.is_empty() {
        return Err(Refusal::Value(9));
    }
    let note = params.text_up_to(10, 30)?;
    if !invoice && !note.is_empty() {
        return Err(Refusal::Value(10));
    }
    let memory = params.digits(7, 8, 8)?;
    if memory.is_empty() {
        return Err(Refusal::Syntax(7));
    }
    let at = date_time(params.text(6)).ok_or(Refusal::Syntax(6))?;
    let sale = params.sale_number(11)?;
    Ok(Request::Open(Opening {
        operator: params.number(1, 1, dialect.operators)?,
        password: params.password(2, dialect)?,
        till: params.number(3, 1, 99_999)?,
        sale: sale.clone(),
        invoice,
        buyer: String::new(),
        storno: Some(Storno {
            reason: params.number(4, 0, 2)? as usize,
            document: params.number(5, 1, 9_999_999)?,
            at: short(at),
            memory,
            sale,
            invoice: to_invoice,
            note,
        }),
    }))
}

/// Seller, receiver, buyer, two lines of address, type and tax number, VAT number.
fn buyer(data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 8, 8)?;
    params.number(6, 0, 3)?;
    let number = params.digits(7, 8, 13)?;
    if number.is_empty() {
        return Err(Refusal::Syntax(7));
    }
    let lines = (1..=5).map(|at| params.text_up_to(at, 36));
    let lines = lines.chain([params.text_up_to(8, 14)]).collect::<Result<_, _>>()?;
    Ok(Request::Buyer(Buyer { number, lines }))
}

fn sale(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 7, 8)?;
    let name = params.text_up_to(1, dialect.name_chars)?;
    if name.is_empty() {
        return Err(Refusal::Value(1));
    }
    let groups = u32::try_from(dialect.groups.len()).unwrap_or(0);
    let group = params.number(2, 1, groups)? as usize - 1;
    let price = params.decimal(3, 2)?.ok_or(Refusal::Syntax(3))?;
    let quantity = params.decimal(4, 3)?.unwrap_or(WHOLE);
    if price.abs() > dialect.most_price {
        return Err(Refusal::Value(3));
    }
    if quantity <= 0 || quantity > dialect.most_quantity {
        return Err(Refusal::Value(4));
    }
    Ok(Request::Sell(Sale {
        name: vec![name],
        group,
        price,
        quantity,
        adjust: adjust(&params, 5)?,
        department: params.number_or(7, 0, 0, 99)?,
        unit: params.text_up_to(8, 6)?,
    }))
}

/// Discount or surcharge: its type and its value.
fn adjust(params: &Params, at: u8) -> Result<Option<Adjust>, Refusal> {
    let value = params.decimal(at + 1, 2)?;
    let kind = params.text(at);
    let value = match (kind, value) {
        ("" | "0", None) => return Ok(None),
        ("" | "0", Some(_)) | (_, None) => return Err(Refusal::Syntax(at + 1)),
        (_, Some(value)) => value,
    };
    let most = if matches!(kind, "1" | "2") { 9999 } else { MOST };
    if value < 1 || value > most {
        return Err(Refusal::Value(at + 1));
    }
    Ok(Some(match kind {
        "1" => Adjust::Percent(value),
        "2" => Adjust::Percent(-value),
        "3" => Adjust::Sum(value),
        "4" => Adjust::Sum(-value),
        _ => return Err(Refusal::Value(at)),
    }))
}

fn subtotal(data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 4, 4)?;
    params.flag(2)?;
    Ok(Request::Subtotal { print: params.flag(1)?, adjust: adjust(&params, 3)? })
}

fn pay(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 2, 3)?;
    let mut mode = params.text(1).chars();
    let (Some(code), None) = (mode.next(), mode.next()) else { return Err(Refusal::Syntax(1)) };
    if dialect.payment(code).is_none() {
        return Err(Refusal::Value(1));
    }
    let sum = params.decimal(2, 2)?;
    if sum.is_some_and(|sum| !(0..=MOST).contains(&sum)) {
        return Err(Refusal::Value(2));
    }
    Ok(Request::Pay { code, sum, texts: Vec::new() })
}

fn text(data: &str) -> Result<Text, Refusal> {
    let params = Params::tabs(data, 1, 6)?;
    params.flag(3)?;
    let tall = params.number_or(4, 0, 0, 2)? == 1;
    params.flag(5)?;
    params.number_or(6, 0, 0, 2)?;
    Ok(Text { text: params.text(1).to_owned(), bold: params.flag(2)?, tall })
}

fn report(data: &str) -> Result<Request, Refusal> {
    match Params::tabs(data, 1, 1)?.text(1) {
        "X" => Ok(Request::Report { reset: false }),
        "Z" => Ok(Request::Report { reset: true }),
        "D" | "G" => Err(Refusal::NotSimulated),
        _ => Err(Refusal::Value(1)),
    }
}

fn cash(data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 1, 2)?;
    let sum = params.decimal(2, 2)?.unwrap_or(0);
    if !(0..=MOST).contains(&sum) {
        return Err(Refusal::Value(2));
    }
    match params.text(1) {
        "0" => Ok(Request::Cash(sum)),
        "1" => Ok(Request::Cash(-sum)),
        "2" | "3" => Err(Refusal::ForeignDisabled),
        _ => Err(Refusal::Value(1)),
    }
}

fn status(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    match (Params::tabs(data, 0, 1)?.text(1), dialect.name) {
        ("", _) => Ok(Request::Status),
        ("0", DatecsDialect::X) => Ok(Request::ReceiptStatus),
        ("1", DatecsDialect::X) => Ok(Request::Code),
        _ => Err(Refusal::Value(1)),
    }
}

fn find(data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 3, 3)?;
    let time = |at: u8| match params.text(at) {
        "" => Ok(None),
        text => date_time(text).map(Some).ok_or(Refusal::Syntax(at)),
    };
    Ok(Request::Find { from: time(1)?, to: time(2)?, kinds: kinds(&params, 3)? })
}

fn journal(data: &str) -> Result<Request, Refusal> {
    let params = Params::tabs(data, 1, 3)?;
    let wanted = || {
        let kinds = kinds(&params, 3)?;
        let number = params.number(2, 1, 9_999_999)?;
        Ok(match kinds.as_slice() {
            // Z reports are asked for by their own numbers, as 124 gives them.
            [Kind::Z] => Wanted::Report { z: number, kinds },
            _ => Wanted::Numbers { from: number, to: number, kinds },
        })
    };
    match params.text(1) {
        "0" => wanted().map(Request::Prepare),
        "1" => Ok(Request::Line),
        "3" => wanted().map(Request::PrintDocument),
        "2" | "8" | "9" => Err(Refusal::NotSimulated),
        _ => Err(Refusal::Value(1)),
    }
}

fn kinds(params: &Params, at: u8) -> Result<Kinds, Refusal> {
    Ok(match params.number_or(at, 0, 0, 10)? {
        0 => ALL.to_vec(),
        5 => vec![Kind::CashIn, Kind::CashOut],
        10 => FISCAL.to_vec(),
        wanted => ALL.iter().copied().filter(|kind| u32::from(type_of(*kind)) == wanted).collect(),
    })
}

/// The type of a document in answers.
fn type_of(kind: Kind) -> u8 {
    match kind {
        Kind::Receipt => 1,
        Kind::Z => 2,
        Kind::Invoice => 3,
        Kind::Plain => 4,
        Kind::CashIn | Kind::CashOut => 5,
        Kind::Storno => 6,
        Kind::InvoiceStorno => 7,
        Kind::Cancelled => 8,
        Kind::X => 9,
    }
}

/// The data of an answer to a command that was carried out.
pub(super) fn reply(site: &Site, reply: Reply) -> String {
    let Site { dialect, spec, serial, memory, .. } = site;
    let sums = |groups: &Groups| groups.iter().take(dialect.groups.len()).map(|sum| point(*sum)).collect();
    let fields: Vec<String> = match reply {
        Reply::Device { commas: true } => {
            return format!("{},{},FFFF,00000000,{serial},{memory}", dialect.model, dialect.firmware);
        }
        Reply::Done | Reply::Status | Reply::Printed { .. } | Reply::JournalInfo { .. } => Vec::new(),
        Reply::Receipt(numbers) => receipt(dialect, numbers),
        Reply::Sold { slip } | Reply::Document { slip, .. } => vec![slip.to_string()],
        Reply::Subtotal { slip, groups } => {
            let total: i64 = groups.iter().sum();
            let first = vec![slip.to_string(), point(total)];
            first.into_iter().chain::<Vec<String>>(sums(&groups)).collect()
        }
        Reply::Paid(Paid::Rest(sum)) => vec!["D".to_owned(), point(sum)],
        Reply::Paid(Paid::Change(sum)) => vec!["R".to_owned(), point(sum)],
        Reply::Clock(at) => vec![short(at)],
        Reply::Cash { in_drawer, put_in, taken_out } => {
            vec![point(in_drawer), point(put_in), point(taken_out)]
        }
        Reply::Report { z, sold, returned } => {
            let sold: Vec<String> = sums(&sold);
            let returned: Vec<String> = if dialect.storno.is_some() { sums(&returned) } else { Vec::new() };
            [z.to_string()].into_iter().chain(sold).chain(returned).collect()
        }
        Reply::ReceiptStatus { open, slip, last } => vec![
            "0".to_owned(),
            open.to_string(),
            slip.to_string(),
            point(last.total),
            last.slip.to_string(),
            long_or_none(&last.at),
        ],
        Reply::Code(code) => vec![code],
        Reply::Device { commas: false } => device(dialect, serial, memory),
        Reply::Transaction { open, transaction: t, .. } => {
            let numbers = match dialect.name {
                DatecsDialect::Ro => vec![t.number, t.z, t.receipt, t.items],
                _ => vec![t.number, t.items],
            };
            let numbers = numbers.iter().map(u32::to_string);
            [open.to_string()].into_iter().chain(numbers).chain([point(t.total), point(t.paid)]).collect()
        }
        Reply::LastDocument(slip) => vec![slip.to_string()],
        Reply::LastReceipt { last, z, z_at } => {
            vec![last.receipt.to_string(), long_or_none(&last.at), z.to_string(), long_or_none(&z_at)]
        }
        Reply::Identity => identity(spec, dialect, serial, memory),
        Reply::CurrentReceipt { groups, invoice, storno, .. } => {
            let flags = [u8::from(invoice).to_string(), String::new(), u8::from(storno > 0).to_string()];
            sums(&groups).into_iter().chain(flags).collect()
        }
        Reply::Rates { z } => {
            let rates = dialect.groups.iter().map(|group| point(group.rate.unwrap_or(10_000)));
            [z.to_string()].into_iter().chain(rates).chain(["01-01-26".to_owned()]).collect()
        }
        Reply::Turnover { z, groups } => {
            [z.to_string()].into_iter().chain::<Vec<String>>(sums(&groups)).collect()
        }
        Reply::Daily { which, day, receipts } => daily(dialect, which, &day, receipts),
        Reply::TaxNumber => vec![spec.tax_number.clone()],
        Reply::ReportsLeft(left) => vec![left.to_string()],
        Reply::ErrorName { code, name } => vec![code.to_string(), name.to_owned()],
        Reply::Found { from, to, first, last } => {
            vec![short(from), short(to), first.to_string(), last.to_string()]
        }
        Reply::Prepared(entry) => vec![
            entry.slip.to_string(),
            entry.number.to_string(),
            clock::from_iso(&entry.at).map(short).unwrap_or_default(),
            type_of(entry.kind).to_string(),
            entry.z.to_string(),
        ],
        Reply::Line(line) => vec![line],
    };
    let fields: String = fields.into_iter().map(|field| field + "\t").collect();
    format!("0\t{fields}")
}

/// The data of an answer to one that was not.
pub(super) fn refused(spec: &DatecsSpec, refusal: Refusal) -> String {
    match refusal {
        // Manual X 2.08, `<CMD>`: an unknown code is answered without data.
        Refusal::UnknownCommand => String::new(),
        Refusal::Syntax(_) if spec.bare_syntax_errors => String::new(),
        _ => format!("{}\t", refusal.code()),
    }
}

fn receipt(dialect: &Dialect, numbers: Numbers) -> Vec<String> {
    match dialect.name {
        DatecsDialect::Ro => [numbers.slip, numbers.z, numbers.receipt].iter().map(u32::to_string).collect(),
        _ => vec![numbers.slip.to_string()],
    }
}

/// Command 110: payments of sales or storno receipts, sales, discounts, corrections, cash.
fn daily(dialect: &Dialect, which: u32, day: &Day, receipts: u32) -> Vec<String> {
    let payments = |paid: &BTreeMap<char, i64>| {
        let codes = dialect.payments.iter().map(|payment| payment.code);
        codes.map(|code| point(paid.get(&code).copied().unwrap_or(0))).collect()
    };
    let counted = |all: &[Counted]| {
        all.iter().flat_map(|counted| [counted.times.to_string(), point(counted.sum.abs())]).collect()
    };
    match which {
        0 => payments(&day.paid),
        1 => payments(&day.paid_back),
        2 => vec![receipts.to_string(), point(day.sold.iter().sum())],
        3 => counted(&[day.surcharges, day.discounts]),
        4 => counted(&[day.voids, day.cancelled]),
        _ => counted(&[day.cash_in, day.cash_out, Counted::default(), Counted::default()]),
    }
}

fn device(dialect: &Dialect, serial: &str, memory: &str) -> Vec<String> {
    let firmware = dialect.firmware.split(' ');
    [dialect.model]
        .into_iter()
        .chain(firmware)
        .chain(["FFFF", "00000000", serial, memory])
        .map(str::to_owned)
        .collect()
}

fn identity(spec: &DatecsSpec, dialect: &Dialect, serial: &str, memory: &str) -> Vec<String> {
    let header = |at: usize| dialect.words.header.get(at).copied().unwrap_or_default();
    [serial, memory, header(0), header(1), &spec.tax_number, header(2), header(3)].map(str::to_owned).into()
}

//! How documents look on paper.

use super::super::clock::from_iso;
use super::super::ledger::{FiscalDocument, Item};
use super::super::paper::{Line, pair};
use super::command::Commands;
use super::document::{REGISTRATION_NUMBER, TAXPAYER, receipt_kind};
use super::memory::{Kind, Receipt};
use super::{text, vat};

/// A position: its name, and what it costs.
pub(super) fn item(item: &Item, register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let mut lines = Vec::new();
    // What begins with // goes to the storage but not on paper.
    if !item.name.starts_with("//") {
        lines.push(Line::text(item.name.clone()));
    }
    let cost = format!("{} x {}", quantity(item.quantity_micro), money(item.price));
    lines.push(Line::pair(&cost, &format!("={}", money(item.amount)), width));
    if let Some(rate) =
        u8::from_str_radix(&item.tax, 16).ok().and_then(|b| vat::of_byte(register.spec.vat, b))
    {
        lines.push(Line::text(format!("  {}", rate.name)));
    }
    lines
}

/// A name and a sum.
pub(super) fn sum_line(name: &str, sum: i64, width: usize) -> Line {
    Line::pair(name, &format!("={}", money(sum)), width)
}

/// A receipt or a correction.
pub(super) fn receipt(
    document: &FiscalDocument,
    body: &[Line],
    text: &str,
    register: &Commands<'_>,
) -> Vec<Line> {
    let width = register.device.spec.width;
    let (correction, kind) = receipt_kind(document.kind).unwrap_or((false, Kind::Sale));
    let mut lines = header(register);
    let title =
        if correction { "КАССОВЫЙ ЧЕК КОРРЕКЦИИ" } else { "КАССОВЫЙ ЧЕК" };
    lines.push(Line::centred(title, width));
    lines.push(Line::centred(kind_name(kind), width));
    lines.extend_from_slice(body);
    let items: i64 = document.items.iter().map(|item| item.amount).sum();
    if !correction && items != document.total {
        lines.push(sum_line("ОКРУГЛЕНИЕ", items - document.total, width));
    }
    lines.push(Line::large(pair("ИТОГ", &format!("={}", money(document.total)), width / 2)));
    for (name, sum) in &document.payments {
        lines.push(sum_line(payment(name), *sum + if name == "cash" { document.change } else { 0 }, width));
    }
    if document.change > 0 {
        lines.push(sum_line("СДАЧА", document.change, width));
    }
    for (name, sum) in taxes(&document.items, register) {
        lines.push(sum_line(&format!("СУММА {name}"), sum, width));
    }
    if !text.is_empty() {
        lines.push(Line::text(text));
    }
    for (tag, name) in [(1008, "ЭЛ.АДР.ПОКУПАТЕЛЯ"), (1021, "КАССИР")] {
        if let Some((_, value)) = document.tags.iter().find(|(found, _)| *found == tag) {
            lines.push(Line::pair(name, &text::decode_tag(value), width));
        }
    }
    lines.extend(footer(document, register));
    if let Some(at) = from_iso(&document.at) {
        let qr = format!(
            "t={}&s={}&fn={}&i={}&fp={}&n={}",
            at.strftime("%Y%m%dT%H%M"),
            money(document.total),
            register.device.ledger.storage_number,
            document.number,
            document.sign,
            kind.operation()
        );
        lines.push(Line::Qr(qr.into_bytes()));
    }
    lines
}

/// A receipt that came to nothing.
pub(super) fn cancelled(receipt: &Receipt, register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let mut lines = header(register);
    lines.push(Line::centred(kind_name(receipt.kind), width));
    lines.extend_from_slice(&receipt.lines);
    lines.push(Line::large("ЧЕК АННУЛИРОВАН"));
    lines.push(Line::text(moment(register)));
    lines
}

/// The report on the opening of a shift.
pub(super) fn shift_opened(document: &FiscalDocument, register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let mut lines = header(register);
    lines.push(Line::centred("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ", width));
    lines.extend(footer(document, register));
    lines
}

/// An X or Z report; the latter is a document.
pub(super) fn report(title: &str, document: Option<&FiscalDocument>, register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let ledger = &register.device.ledger;
    let mut lines = header(register);
    lines.push(Line::centred(title, width));
    lines.push(Line::pair("СМЕНА", &ledger.shift.number.to_string(), width));
    let money_of = |register_number: u8| register.memory.money.get(&register_number).copied().unwrap_or(0);
    for kind in [Kind::Sale, Kind::SaleReturn, Kind::Buy, Kind::BuyReturn] {
        let receipts = register.memory.operations.get(&(0x90 + kind as u8)).copied().unwrap_or_default();
        let sum = (0..16).map(|department| money_of(0x79 + 4 * department + kind as u8)).sum();
        lines.push(Line::pair(
            &format!("{} {receipts}", kind_name(kind)),
            &format!("={}", money(sum)),
            width,
        ));
        for (index, name) in ["НАЛИЧНЫМИ", "ТИП ОПЛАТЫ 2", "ТИП ОПЛАТЫ 3", "ТИП ОПЛАТЫ 4"].iter().enumerate()
        {
            let paid = money_of(0xC1 + 4 * index as u8 + kind as u8);
            if paid > 0 {
                lines.push(sum_line(&format!("  {name}"), paid, width));
            }
        }
    }
    lines.push(sum_line("ВНЕСЕНИЯ", money_of(0xF2), width));
    lines.push(sum_line("ВЫПЛАТЫ", money_of(0xF3), width));
    lines.push(sum_line("НАЛИЧНЫЕ В КАССЕ", ledger.cash, width));
    match document {
        Some(document) => lines.extend(footer(document, register)),
        None => lines.push(Line::text(moment(register))),
    }
    lines
}

/// Cash put in or taken out.
pub(super) fn cash_moved(sum: i64, number: u16, register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let mut lines = header(register);
    let name = if sum < 0 { "ВЫПЛАТА" } else { "ВНЕСЕНИЕ" };
    lines.push(Line::large(pair(name, &format!("={}", money(sum.abs())), width / 2)));
    lines.push(Line::pair("ДОКУМЕНТ", &number.to_string(), width));
    lines.push(Line::text(moment(register)));
    lines
}

fn header(register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let rows = (1..=14).map(|row| text::decode(&register.memory.field(4, row, 1)));
    rows.filter(|row| !row.is_empty()).map(|row| Line::centred(row.trim(), width)).collect()
}

fn footer(document: &FiscalDocument, register: &Commands<'_>) -> Vec<Line> {
    let width = register.device.spec.width;
    let ledger = &register.device.ledger;
    let mut lines = vec![
        Line::pair("ЗН ККТ", &ledger.serial, width),
        Line::pair("РН ККТ", REGISTRATION_NUMBER, width),
        Line::pair("ИНН", &TAXPAYER.to_string(), width),
        Line::pair("ФН", &ledger.storage_number, width),
        Line::pair(&format!("СМЕНА {}", document.shift), &moment(register), width),
    ];
    if document.receipt > 0 {
        lines.push(Line::pair("ЧЕК", &document.receipt.to_string(), width));
    }
    lines.push(Line::pair(&format!("ФД {}", document.number), &format!("ФПД {}", document.sign), width));
    lines
}

fn moment(register: &Commands<'_>) -> String {
    register.device.now().strftime("%d.%m.%y %H:%M").to_string()
}

fn taxes(items: &[Item], register: &Commands<'_>) -> Vec<(&'static str, i64)> {
    let mut sums: Vec<(&'static str, i64)> = Vec::new();
    for item in items {
        let byte = u8::from_str_radix(&item.tax, 16).unwrap_or_default();
        let Some(rate) = vat::of_byte(register.spec.vat, byte) else { continue };
        // For 0% and without VAT the turnover itself stands there.
        let tax = if rate.part == 0 { item.amount } else { vat::tax(rate, item.amount) };
        match sums.iter_mut().find(|(name, _)| *name == rate.name) {
            Some((_, sum)) => *sum += tax,
            None => sums.push((rate.name, tax)),
        }
    }
    sums
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Sale => "ПРИХОД",
        Kind::SaleReturn => "ВОЗВРАТ ПРИХОДА",
        Kind::Buy => "РАСХОД",
        Kind::BuyReturn => "ВОЗВРАТ РАСХОДА",
    }
}

fn payment(name: &str) -> &'static str {
    match name {
        "cash" => "НАЛИЧНЫМИ",
        "prepaid" => "ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)",
        "credit" => "ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)",
        "counter" => "ИНАЯ ФОРМА ОПЛАТЫ",
        _ => "БЕЗНАЛИЧНЫМИ",
    }
}

/// Rubles with two digits.
fn money(kopecks: i64) -> String {
    let sign = if kopecks < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", kopecks.abs() / 100, kopecks.abs() % 100)
}

/// At least three digits after the point, up to six.
fn quantity(micro: i64) -> String {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    let shortest = text.len() - 3;
    let trimmed = text.trim_end_matches('0').len().max(shortest);
    text.chars().take(trimmed).collect()
}

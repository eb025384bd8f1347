//! Documents as they stand on paper.

use super::number::text;
use super::receipt::{self, Receipt};
use super::storage::{INN, RNM};
use super::{settings, shift};
use crate::register::clock::from_iso;
use crate::register::device::Device;
use crate::register::ledger::{DocumentKind, FiscalDocument, Item};
use crate::register::paper::Line;

/// Lines of the heading (table 6, rows 6 and 7).
pub(super) fn heading(device: &Device) -> Vec<Line> {
    [6, 7]
        .map(|row| settings::heading(device, row))
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| Line::centred(line, device.spec.width))
        .collect()
}

/// A receipt.
pub(super) fn receipt(device: &Device, document: &FiscalDocument, receipt: &Receipt) -> Vec<Line> {
    let mut body = Vec::new();
    for (at, item) in receipt.items.iter().enumerate() {
        body.extend(texts(receipt, at));
        body.extend(position(item, device.spec.width));
    }
    body.extend(texts(receipt, receipt.items.len()));
    whole(device, document, body)
}

/// A document of the storage: a receipt without its free text.
pub(super) fn from_storage(device: &Device, document: &FiscalDocument) -> Vec<Line> {
    let body = document.items.iter().flat_map(|item| position(item, device.spec.width)).collect();
    whole(device, document, body)
}

/// A receipt that was cancelled.
pub(super) fn cancelled(device: &Device, receipt: &Receipt) -> Vec<Line> {
    let width = device.spec.width;
    let mut lines = heading(device);
    lines.extend(receipt.items.iter().flat_map(|item| position(item, width)));
    lines.push(Line::Text {
        text: centred_at("ЧЕК АННУЛИРОВАН", width),
        bold: true,
        wide: false,
        tall: false,
    });
    lines.extend([Line::Feed(1), Line::Cut]);
    lines
}

/// The opening of a shift.
pub(super) fn opened(device: &Device, document: &FiscalDocument) -> Vec<Line> {
    let mut lines = heading(device);
    lines.push(Line::centred("ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ", device.spec.width));
    lines.extend(closing(device, document));
    lines
}

/// A report of the day; with a document, a fiscal one.
pub(super) fn report(device: &Device, title: &str, document: Option<&FiscalDocument>) -> Vec<Line> {
    let width = device.spec.width;
    let mut lines = heading(device);
    lines.push(Line::centred(title, width));
    lines.push(Line::pair("СМЕНА", &device.ledger.shift.number.to_string(), width));
    for code in 1..=10 {
        let Some(kind) = receipt::kind(code) else { continue };
        let count = shift::number(device, &format!("count.{code}"));
        if code > 2 && count == 0 {
            continue;
        }
        let total = shift::shift_total(device, &[code]);
        lines.push(Line::pair(&format!("{} ({count})", title_of(kind)), &money(total), width));
        for form in 1..=10 {
            let sum = shift::sum(device, &format!("pay.{code}.{form}"));
            if sum != 0 {
                let name = payment_name(receipt::payment(form));
                lines.push(Line::pair(&format!("  {name}"), &money(sum), width));
            }
        }
    }
    lines.push(Line::pair("ВНЕСЕНИЯ", &money(shift::sum(device, "in")), width));
    lines.push(Line::pair("ВЫПЛАТЫ", &money(shift::sum(device, "out")), width));
    lines.push(Line::pair("НАЛИЧНЫХ В КАССЕ", &money(device.ledger.cash), width));
    match document {
        Some(document) => lines.extend(closing(device, document)),
        None => {
            lines.push(Line::text(at(&device.now_iso())));
            lines.extend([Line::Feed(1), Line::Cut]);
        }
    }
    lines
}

/// Money put in or taken out.
pub(super) fn movement(device: &Device, sum: i64, number: u32) -> Vec<Line> {
    let width = device.spec.width;
    let title = if sum > 0 { "ВНЕСЕНИЕ" } else { "ВЫПЛАТА" };
    let mut lines = heading(device);
    lines.push(Line::pair(title, &format!("={}", money(sum.abs())), width));
    lines.push(Line::pair(&at(&device.now_iso()), &format!("ДОК. {number}"), width));
    lines.extend([Line::Feed(1), Line::Cut]);
    lines
}

fn whole(device: &Device, document: &FiscalDocument, body: Vec<Line>) -> Vec<Line> {
    let width = device.spec.width;
    let mut lines = heading(device);
    let name = if receipt::code(document.kind) >= 7 {
        "КАССОВЫЙ ЧЕК КОРРЕКЦИИ"
    } else {
        "КАССОВЫЙ ЧЕК"
    };
    if receipt::code(document.kind) > 0 {
        lines.push(Line::centred(name, width));
    }
    lines.push(Line::centred(title_of(document.kind), width));
    lines.extend(body);
    if receipt::code(document.kind) > 0 {
        lines.push(Line::large(pair("ИТОГ", &format!("={}", money(document.total)), width / 2)));
        for (name, sum) in &document.payments {
            lines.push(Line::pair(payment_name(name), &format!("={}", money(*sum)), width));
        }
        if document.change > 0 {
            lines.push(Line::pair("СДАЧА", &format!("={}", money(document.change)), width));
        }
        lines.extend(taxes(document, width));
    }
    lines.extend(closing(device, document));
    lines
}

fn position(item: &Item, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::text(item.name.clone())];
    let count = format!("{} x {}", quantity(item.quantity_micro), money(item.price));
    lines.push(Line::pair(&count, &format!("={}", money(item.amount)), width));
    let whole = (i128::from(item.price) * i128::from(item.quantity_micro) + 500_000) / 1_000_000;
    let difference = i128::from(item.amount) - whole;
    if difference != 0 {
        let name = if difference < 0 { "СКИДКА" } else { "НАДБАВКА" };
        let sum = i64::try_from(difference.abs()).unwrap_or(i64::MAX);
        lines.push(Line::pair(name, &format!("={}", money(sum)), width));
    }
    lines.push(Line::text(tax(item)));
    lines
}

fn texts(receipt: &Receipt, after: usize) -> impl Iterator<Item = Line> {
    receipt.texts.iter().filter(move |(at, _)| *at == after).map(|(_, text)| Line::text(text.clone()))
}

/// What each rate's tax in the total comes to.
fn taxes(document: &FiscalDocument, width: usize) -> Vec<Line> {
    let mut rates: Vec<u16> =
        document.items.iter().map(|item| item.tax.parse().unwrap_or(6)).filter(|rate| *rate != 6).collect();
    rates.sort_unstable();
    rates.dedup();
    rates
        .into_iter()
        .map(|number| {
            let (name, hundredths, _) = settings::rate(number);
            let of_rate = document.items.iter().filter(|item| item.tax.parse() == Ok(number));
            let sum: i64 = of_rate.map(|item| item.amount).sum();
            let part = i128::from(sum) * i128::from(hundredths) / i128::from(10_000 + hundredths);
            Line::pair(&format!("СУММА {name}"), &format!("={}", money(part as i64)), width)
        })
        .collect()
}

/// Attributes, numbers, the code to check the document by, and the cut.
fn closing(device: &Device, document: &FiscalDocument) -> Vec<Line> {
    let width = device.spec.width;
    let mut lines: Vec<Line> =
        document.tags.iter().filter_map(|(tag, value)| attribute(*tag, value, width)).collect();
    lines.push(Line::pair(&at(&document.at), &format!("СМЕНА {}", document.shift), width));
    if document.receipt > 0 {
        lines.push(Line::pair("ЧЕК", &document.receipt.to_string(), width));
    }
    lines.push(Line::pair("ИНН", INN, width));
    lines.push(Line::pair("РН ККТ", RNM, width));
    lines.push(Line::pair("ЗН ККТ", &device.ledger.serial, width));
    lines.push(Line::pair("ФН", &device.ledger.storage_number, width));
    lines.push(Line::pair("ФД", &document.number.to_string(), width));
    lines.push(Line::pair("ФП", &document.sign, width));
    if receipt::code(document.kind) > 0 {
        lines.push(Line::Qr(check_code(device, document).into_bytes()));
    }
    lines.extend([Line::Feed(1), Line::Cut]);
    lines
}

fn attribute(tag: u16, value: &[u8], width: usize) -> Option<Line> {
    let name = match tag {
        1008 => "ЭЛ.АДР.ПОКУПАТЕЛЯ",
        1021 => "КАССИР",
        1192 => "ДОП.РЕКВИЗИТ ЧЕКА",
        1203 => "ИНН КАССИРА",
        1227 => "ПОКУПАТЕЛЬ",
        1228 => "ИНН ПОКУПАТЕЛЯ",
        _ => return None,
    };
    Some(Line::pair(name, text(value).trim(), width))
}

/// What the square code holds: time, sum, storage, document, sign, operation.
fn check_code(device: &Device, document: &FiscalDocument) -> String {
    let minute: String = document.at.chars().filter(|c| !matches!(c, '-' | ':')).take(13).collect();
    let operation = match document.kind {
        DocumentKind::Sale | DocumentKind::SaleCorrection => 1,
        DocumentKind::SaleReturn | DocumentKind::SaleReturnCorrection => 2,
        DocumentKind::Buy | DocumentKind::BuyCorrection => 3,
        _ => 4,
    };
    format!(
        "t={minute}&s={}&fn={}&i={}&fp={}&n={operation}",
        money(document.total),
        device.ledger.storage_number,
        document.number,
        document.sign
    )
}

fn title_of(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Sale => "ПРИХОД",
        DocumentKind::SaleReturn => "ВОЗВРАТ ПРИХОДА",
        DocumentKind::Buy => "РАСХОД",
        DocumentKind::BuyReturn => "ВОЗВРАТ РАСХОДА",
        DocumentKind::SaleCorrection => "КОРРЕКЦИЯ ПРИХОДА",
        DocumentKind::SaleReturnCorrection => "КОРР. ВОЗВР. ПРИХОДА",
        DocumentKind::BuyCorrection => "КОРРЕКЦИЯ РАСХОДА",
        DocumentKind::BuyReturnCorrection => "КОРР. ВОЗВР. РАСХОДА",
        DocumentKind::OpenShift => "ОТЧЕТ ОБ ОТКРЫТИИ СМЕНЫ",
        DocumentKind::CloseShift => "ОТЧЕТ О ЗАКРЫТИИ СМЕНЫ",
        DocumentKind::StateReport => "ОТЧЕТ О СОСТОЯНИИ РАСЧЕТОВ",
        _ => "ОТЧЕТ О РЕГИСТРАЦИИ",
    }
}

fn payment_name(name: &str) -> &'static str {
    match name {
        "cash" => "НАЛИЧНЫМИ",
        "prepaid" => "ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА",
        "credit" => "ПОСЛЕДУЮЩАЯ ОПЛАТА",
        "other" => "ИНАЯ ФОРМА ОПЛАТЫ",
        _ => "БЕЗНАЛИЧНЫМИ",
    }
}

fn tax(item: &Item) -> String {
    settings::rate(item.tax.parse().unwrap_or(6)).0.to_owned()
}

/// Roubles and kopecks.
fn money(sum: i64) -> String {
    let sign = if sum < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", sum.abs() / 100, sum.abs() % 100)
}

/// Thousandths, without the zeros at the end.
fn quantity(micro: i64) -> String {
    let thousandths = micro / 1000;
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn at(iso: &str) -> String {
    from_iso(iso).map(|at| at.strftime("%d.%m.%Y %H:%M").to_string()).unwrap_or_default()
}

fn pair(left: &str, right: &str, width: usize) -> String {
    let gap = width.saturating_sub(left.chars().count() + right.chars().count()).max(1);
    format!("{left}{}{right}", " ".repeat(gap))
}

fn centred_at(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.chars().count()) / 2))
}

//! What commands put on paper, and into the journal.

use super::dialect::Dialect;
use super::memory::{Groups, Memory, Receipt};
use super::money::{WHOLE, point, quantity, tax_within};
use super::request::{Adjust, Buyer, Sale, Text};
use super::{DatecsDialect, DatecsSpec};
use crate::register::clock;
use crate::register::paper::Line;

/// Lines on their way to the paper; texts also go into the journal.
pub(super) struct Printout {
    width: usize,
    lines: Vec<Line>,
    texts: Vec<String>,
}

impl Printout {
    pub fn new(width: usize) -> Self {
        Self { width, lines: Vec::new(), texts: Vec::new() }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn print(&mut self, line: Line) {
        if let Line::Text { text, .. } = &line {
            let chars: Vec<char> = text.trim_end().chars().collect();
            self.texts.extend(chars.chunks(self.width.max(1)).map(|part| part.iter().collect::<String>()));
        }
        self.lines.push(line);
    }

    pub fn feed(&mut self, lines: u32) {
        self.lines.push(Line::Feed(lines));
    }

    pub fn cut(&mut self) {
        self.lines.push(Line::Cut);
    }

    /// Free text: `#` stands at both edges of the line.
    pub fn framed(&mut self, text: &Text) {
        let room = self.width.saturating_sub(2);
        let framed = format!("#{:<room$}#", text.text);
        self.print(Line::Text { text: framed, bold: text.bold, wide: false, tall: text.tall });
    }

    /// The texts printed so far, for a document that is finished.
    pub fn take_texts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.texts)
    }

    pub fn finish(self) -> (Vec<Line>, Vec<String>) {
        (self.lines, self.texts)
    }

    fn centred(&mut self, text: &str) {
        self.print(Line::centred(text, self.width));
    }

    fn pair(&mut self, left: &str, right: &str) {
        self.print(Line::pair(left, right, self.width));
    }

    fn large(&mut self, text: &str) {
        let left = (self.width / 2).saturating_sub(text.chars().count()) / 2;
        self.print(Line::large(format!("{}{text}", " ".repeat(left))));
    }

    fn rule(&mut self) {
        self.print(Line::text("-".repeat(self.width)));
    }
}

pub(super) fn header(out: &mut Printout, dialect: &Dialect, spec: &DatecsSpec) {
    for line in dialect.words.header {
        out.centred(line);
    }
    out.centred(&format!("{} {}", dialect.words.tax_number, spec.tax_number));
}

pub(super) fn opening(out: &mut Printout, dialect: &Dialect, spec: &DatecsSpec, receipt: &Receipt) {
    let words = dialect.words;
    header(out, dialect, spec);
    let operator = format!("{} {}", words.operator, receipt.operator);
    out.pair(&operator, &format!("{} {}", words.till, receipt.till));
    if !receipt.sale.is_empty() {
        out.print(Line::text(receipt.sale.clone()));
    }
    if receipt.invoice {
        out.centred(words.invoice);
    }
    if !receipt.buyer.is_empty() {
        out.print(Line::text(format!("{} {}", words.buyer, receipt.buyer)));
    }
    if let Some(storno) = &receipt.storno {
        out.large(words.storno);
        out.centred(words.storno_reasons.get(storno.reason).copied().unwrap_or_default());
        out.print(Line::text(format!("{} {:07} {}", words.storno_of, storno.document, storno.at)));
        if !storno.note.is_empty() {
            out.print(Line::text(storno.note.clone()));
        }
    }
    out.rule();
}

pub(super) fn item(out: &mut Printout, dialect: &Dialect, sale: &Sale, amount: i64, letter: char) {
    if amount < 0 {
        out.print(Line::text(dialect.words.void));
    }
    for line in &sale.name {
        out.print(Line::text(line.clone()));
    }
    let unit = if sale.unit.is_empty() { String::new() } else { format!(" {}", sale.unit) };
    let left = match sale.quantity {
        WHOLE if sale.unit.is_empty() => String::new(),
        _ => format!("  {}{unit} x {}", quantity(sale.quantity), point(sale.price)),
    };
    out.pair(&left, &format!("{} {letter}", point(amount)));
}

pub(super) fn adjustment(out: &mut Printout, dialect: &Dialect, adjust: Option<Adjust>, sum: i64) {
    let Some(adjust) = adjust else { return };
    let words = dialect.words;
    let name = if sum < 0 { words.discount } else { words.surcharge };
    let left = match adjust {
        Adjust::Percent(hundredths) => format!("  {name} {}%", point(hundredths.abs())),
        Adjust::Sum(_) => format!("  {name}"),
    };
    out.pair(&left, &format!("{}  ", point(sum)));
}

pub(super) fn subtotal(out: &mut Printout, dialect: &Dialect, sum: i64) {
    out.pair(dialect.words.subtotal, &format!("{}  ", point(sum)));
}

pub(super) fn total(out: &mut Printout, dialect: &Dialect, sum: i64) {
    out.rule();
    let sum = point(sum);
    let half = out.width / 2;
    let text = crate::register::paper::pair(dialect.words.total, &sum, half);
    out.print(Line::large(text));
}

pub(super) fn payment(
    out: &mut Printout,
    dialect: &Dialect,
    texts: &[String],
    name: &str,
    sum: i64,
    change: i64,
) {
    for text in texts {
        out.print(Line::text(text.clone()));
    }
    out.pair(name, &format!("{}  ", point(sum)));
    if change > 0 {
        out.pair(dialect.words.change, &format!("{}  ", point(change)));
    }
}

pub(super) fn buyer(out: &mut Printout, dialect: &Dialect, buyer: &Buyer) {
    out.print(Line::text(format!("{} {}", dialect.words.buyer, buyer.number)));
    for line in buyer.lines.iter().filter(|line| !line.is_empty()) {
        out.print(Line::text(line.clone()));
    }
}

pub(super) fn closing(out: &mut Printout, dialect: &Dialect, receipt: &Receipt, at: &str, code: &str) {
    taxes(out, dialect, &receipt.groups);
    out.print(Line::text(format!("{} {}", receipt.items.len(), dialect.words.items)));
    if dialect.name != DatecsDialect::Ro {
        out.lines.push(Line::Qr(code.as_bytes().to_vec()));
    }
    let ending = match receipt.storno {
        Some(_) => format!("{} - {}", dialect.words.fiscal, dialect.words.storno),
        None => dialect.words.fiscal.to_owned(),
    };
    end(out, dialect, receipt.slip, at, &ending);
}

pub(super) fn cancelling(out: &mut Printout, dialect: &Dialect, receipt: &Receipt, at: &str) {
    out.large(dialect.words.cancelled);
    out.centred(dialect.words.nothing_due);
    end(out, dialect, receipt.slip, at, dialect.words.fiscal);
}

pub(super) fn cash(out: &mut Printout, dialect: &Dialect, sum: i64, in_drawer: i64) {
    let name = if sum > 0 { dialect.words.cash_in } else { dialect.words.cash_out };
    out.pair(name, &point(sum.abs()));
    out.pair(dialect.words.drawer, &point(in_drawer));
}

pub(super) fn report(out: &mut Printout, dialect: &Dialect, memory: &Memory, cash: i64, reset: bool) {
    let words = dialect.words;
    let day = &memory.day;
    out.large(words.daily);
    out.centred(if reset { words.with_reset } else { words.without_reset });
    out.pair(words.report_number, &format!("{:04}", memory.current_z()));
    out.rule();
    out.pair(words.sales, &memory.receipts.to_string());
    groups(out, dialect, &day.sold);
    for (code, sum) in &day.paid {
        out.pair(dialect.payment(*code).map_or("?", |payment| payment.name), &point(*sum));
    }
    if dialect.storno.is_some() {
        out.pair(words.storno, &memory.stornos.to_string());
        groups(out, dialect, &day.returned);
    }
    for (name, counted) in [
        (words.discount, day.discounts),
        (words.surcharge, day.surcharges),
        (words.void, day.voids),
        (words.cancelled, day.cancelled),
        (words.cash_in, day.cash_in),
        (words.cash_out, day.cash_out),
    ] {
        out.pair(&format!("{name} {}", counted.times), &point(counted.sum));
    }
    out.pair(words.drawer, &point(cash));
}

/// Number, date and time, and what kind of document it was; the piece ends here.
pub(super) fn end(out: &mut Printout, dialect: &Dialect, slip: u32, at: &str, ending: &str) {
    let at = clock::from_iso(at).map(super::params::long).unwrap_or_default();
    out.pair(&format!("{} {slip:07}", dialect.words.document), &at);
    out.large(ending);
    out.feed(2);
    out.cut();
}

fn groups(out: &mut Printout, dialect: &Dialect, sums: &Groups) {
    for (group, sum) in dialect.groups.iter().zip(sums) {
        if group.rate.is_some() {
            out.pair(&format!("  {}", group.letter), &point(*sum));
        }
    }
}

fn taxes(out: &mut Printout, dialect: &Dialect, sums: &Groups) {
    for (group, sum) in dialect.groups.iter().zip(sums).filter(|(_, sum)| **sum != 0) {
        let rate = group.rate.unwrap_or(0);
        let left = format!("{} {} {}%", dialect.words.tax, group.letter, point(rate));
        out.pair(&left, &format!("{}  ", point(tax_within(*sum, rate))));
    }
}

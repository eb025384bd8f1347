//! Commands and answers of the one-byte frame: parameters with commas between them, sums in answers
//! as whole stotinki.
//!
//! Sources: P: *Fiscal printer programming interface* FP-800 / FP-2000 / FP-650 / SK1-21F / ...,
//! version 1.00BG. C: the programmer's manual of DP-05 / DP-25 / DP-35 / WP-50 / DP-150 of 2018.

use super::DatecsDialect;
use super::dialect::Dialect;
use super::machine::Site;
use super::memory::{Entry, Groups, Kind, Storno};
use super::money::{WHOLE, decimal, point, tax_within};
use super::params::{ALL, FISCAL, Params, compact_date_time, date_time, is_sale_number, short};
use super::refusal::Refusal;
use super::request::{Adjust, Buyer, Kinds, Opening, Paid, Reply, Request, Sale, Text, Wanted};
use crate::register::clock;

/// The command that a frame asks for.
pub(super) fn request(dialect: &Dialect, command: u16, data: &str) -> Result<Request, Refusal> {
    let none = |request: Request| Params::commas(data, 0, 0).map(|_| request);
    let p = dialect.name == DatecsDialect::P;
    match command {
        38 => none(Request::OpenPlain),
        39 => none(Request::ClosePlain),
        33 => none(Request::Nothing),
        35 | 47 => Ok(Request::Nothing),
        42 => Ok(Request::PlainText(text(dialect, data))),
        44 => Ok(Request::Feed(Params::commas(data, 0, 1)?.number_or(1, 1, 1, 99)?)),
        45 if dialect.cut == Some(45) => none(Request::Cut),
        46 if p => storno_of_p(dialect, data),
        46 => storno_of_c(dialect, data),
        48 => open(dialect, data),
        49 => sale(dialect, data),
        51 => subtotal(data),
        53 => pay(dialect, data),
        54 => Ok(Request::FiscalText(text(dialect, data))),
        56 => none(Request::Close),
        57 => buyer(dialect, data),
        60 => none(Request::Cancel),
        61 => Ok(Request::SetClock(date_time(data).ok_or(Refusal::Syntax(1))?)),
        62 => none(Request::Clock),
        68 => none(Request::ReportsLeft),
        69 => report(data),
        70 if data.is_empty() => Ok(Request::Cash(0)),
        70 => decimal(data, 2).map(Request::Cash).ok_or(Refusal::Syntax(1)),
        74 => match data {
            "" | "W" | "X" => Ok(Request::Status),
            "L" | "P" | "R" if p => Err(Refusal::NotSimulated),
            _ => Err(Refusal::Syntax(1)),
        },
        76 => match data {
            "" => Ok(Request::Transaction { with_paid: false }),
            "T" => Ok(Request::Transaction { with_paid: true }),
            _ => Err(Refusal::Syntax(1)),
        },
        90 => match data.strip_prefix('*').filter(|_| p).unwrap_or(data) {
            "" | "0" | "1" => Ok(Request::Device { commas: true }),
            _ => Err(Refusal::Syntax(1)),
        },
        97 => none(Request::Rates),
        99 => none(Request::TaxNumber),
        103 => none(Request::CurrentReceipt),
        106 => Params::commas(data, 0, 1)?.number_or(1, 0, 0, 65_535).map(|_| Request::Drawer),
        109 if data == "1" => Ok(Request::Duplicate),
        109 => Err(Refusal::Syntax(1)),
        113 => none(Request::LastDocument),
        119 => journal_119(dialect, data),
        124 if !p => find(data),
        125 if !p => journal_125(data),
        _ if NOT_SIMULATED.contains(&command) => Err(Refusal::NotSimulated),
        _ => Err(Refusal::UnknownCommand),
    }
}

/// Commands that the documents have beside these.
const NOT_SIMULATED: &[u16] = &[
    36, 41, 43, 50, 52, 55, 58, 63, 64, 65, 66, 71, 72, 73, 79, 80, 83, 84, 85, 86, 87, 88, 89, 91, 92, 94,
    95, 98, 101, 102, 105, 107, 108, 110, 111, 112, 114, 115, 116, 117, 118,
];

/// P: `op,password,till[,I][,UNP]`; C: `op,password[,UNP],till[,I]`.
fn open(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let params = Params::commas(data, 3, 5)?;
    let mut opening = Opening {
        operator: params.number(1, 1, dialect.operators)?,
        password: params.password(2, dialect)?,
        ..Opening::default()
    };
    if dialect.name == DatecsDialect::P {
        opening.till = params.number(3, 1, 99_999)?;
        let invoice = params.text(4) == "I";
        let sale = 4 + u8::from(invoice);
        opening.invoice = invoice;
        opening.sale = params.sale_number(sale)?;
        if params.len() > usize::from(sale) || params.len() == usize::from(sale) && opening.sale.is_empty() {
            return Err(Refusal::Syntax(sale));
        }
    } else {
        let sale = u8::from(is_sale_number(params.text(3)));
        if sale == 1 {
            opening.sale = params.sale_number(3)?;
        }
        opening.till = params.number(3 + sale, 1, 99_999)?;
        opening.invoice = params.invoice(4 + sale)?;
        if params.len() > usize::from(4 + sale) {
            return Err(Refusal::Syntax(5 + sale));
        }
    }
    Ok(Request::Open(opening))
}

/// `op,password,till[,I invoice][,UNP],type document[,stUNP,stDT,stFM][#reason]`.
fn storno_of_p(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let (data, note) = data.split_once('#').unwrap_or((data, ""));
    if note.chars().count() > 30 {
        return Err(Refusal::Syntax(9));
    }
    let params = Params::commas(data, 4, 9)?;
    let mut at = 4;
    let invoice = params.text(at).strip_prefix('I').unwrap_or_default();
    let is_invoice = !invoice.is_empty();
    at += u8::from(is_invoice);
    let has_sale = is_sale_number(params.text(at));
    let sale = if has_sale { params.text(at) } else { "" };
    at += u8::from(has_sale);
    let mut kind = params.text(at).chars();
    let reason = kind.next().and_then(|letter| "ERT".find(letter)).ok_or(Refusal::Syntax(at))?;
    let document = kind.as_str().parse().ok().filter(|number| (1..=9_999_999).contains(number));
    let mut storno = Storno {
        reason,
        document: document.ok_or(Refusal::Syntax(at))?,
        invoice: invoice.to_owned(),
        note: note.to_owned(),
        ..Storno::default()
    };
    if params.len() > usize::from(at) {
        storno.sale = params.sale_number(at + 1)?;
        storno.at =
            compact_date_time(params.text(at + 2), false).map(short).ok_or(Refusal::Syntax(at + 2))?;
        storno.memory = params.digits(at + 3, 8, 8)?;
        if storno.sale.is_empty() || storno.memory.is_empty() || params.len() > usize::from(at + 3) {
            return Err(Refusal::Syntax(at + 3));
        }
    }
    Ok(Request::Open(Opening {
        operator: params.number(1, 1, dialect.operators)?,
        password: params.password(2, dialect)?,
        till: params.number(3, 1, 99_999)?,
        sale: sale.to_owned(),
        invoice: is_invoice,
        buyer: String::new(),
        storno: Some(storno),
    }))
}

/// `op,password,UNP,till,type,document,time,memory[,I,invoice,reason]`.
fn storno_of_c(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let params = Params::commas(data, 8, 11)?;
    let sale = params.sale_number(3)?;
    let memory = params.digits(8, 8, 8)?;
    if memory.is_empty() {
        return Err(Refusal::Syntax(8));
    }
    Ok(Request::Open(Opening {
        operator: params.number(1, 1, dialect.operators)?,
        password: params.password(2, dialect)?,
        till: params.number(4, 1, 99_999)?,
        sale: sale.clone(),
        invoice: params.invoice(9)?,
        buyer: String::new(),
        storno: Some(Storno {
            reason: params.number(5, 0, 2)? as usize,
            document: params.number(6, 1, 9_999_999)?,
            at: compact_date_time(params.text(7), false).map(short).ok_or(Refusal::Syntax(7))?,
            memory,
            sale,
            invoice: params.digits(10, 1, 10)?,
            note: params.text_up_to(11, 42)?,
        }),
    }))
}

/// P: `[#|*|^]number[TAB name]...`; C: `number TAB type[TAB name]...`.
fn buyer(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let mut fields = data.split('\t');
    let number = fields.next().unwrap_or_default();
    let number = match dialect.name {
        DatecsDialect::P => number.trim_start_matches(['#', '*', '^']),
        _ => {
            if !matches!(fields.next(), Some("0" | "1" | "2" | "3")) {
                return Err(Refusal::Syntax(2));
            }
            number
        }
    };
    if !(9..=14).contains(&number.len()) {
        return Err(Refusal::Syntax(1));
    }
    let lines = fields.flat_map(|field| field.split('\n')).map(str::to_owned).collect();
    Ok(Request::Buyer(Buyer { number: number.to_owned(), lines }))
}

/// `[name][LF second line]TAB group price[*quantity[#unit]][,percent|;sum]`.
fn sale(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let (name, rest) = data.split_once('\t').ok_or(Refusal::Syntax(1))?;
    if rest.contains('\t') {
        // Sold by department: departments are not programmed here.
        return Err(Refusal::NotSimulated);
    }
    let name: Vec<String> = name.split('\n').map(str::to_owned).collect();
    if name.len() > dialect.name_lines || name.iter().any(|line| line.chars().count() > dialect.name_chars) {
        return Err(Refusal::Syntax(1));
    }
    let letter = rest.chars().next().ok_or(Refusal::Syntax(2))?;
    let group = dialect.group_of(letter).ok_or(Refusal::Syntax(2))?;
    let rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    let (rest, adjust) = adjusted(rest)?;
    let (price, quantity) = rest.split_once('*').map_or((rest, None), |(price, rest)| (price, Some(rest)));
    let (quantity, unit) = match quantity {
        Some(text) => {
            let (quantity, unit) = text.split_once('#').unwrap_or((text, ""));
            (decimal(quantity, 3).ok_or(Refusal::Syntax(4))?, unit)
        }
        None => (WHOLE, ""),
    };
    let price = decimal(price, 2).ok_or(Refusal::Syntax(3))?;
    let in_range = price.abs() <= dialect.most_price && (1..=dialect.most_quantity).contains(&quantity);
    if !in_range || unit.chars().count() > 8 {
        return Err(Refusal::Syntax(4));
    }
    Ok(Request::Sell(Sale { name, group, price, quantity, unit: unit.to_owned(), department: 0, adjust }))
}

/// What stands before `,percent` or `;sum`, and the discount (negative) or surcharge.
fn adjusted(data: &str) -> Result<(&str, Option<Adjust>), Refusal> {
    let adjust = |text: &str| decimal(text, 2).filter(|value| *value != 0).ok_or(Refusal::Syntax(5));
    if let Some((before, percent)) = data.split_once(',') {
        let percent = adjust(percent)?;
        if !(-9900..=9900).contains(&percent) {
            return Err(Refusal::Syntax(5));
        }
        return Ok((before, Some(Adjust::Percent(percent))));
    }
    match data.split_once(';') {
        Some((before, sum)) => Ok((before, Some(Adjust::Sum(adjust(sum)?)))),
        None => Ok((data, None)),
    }
}

/// `print display[,percent|;sum]`, both flags a byte.
fn subtotal(data: &str) -> Result<Request, Refusal> {
    let (flags, adjust) = adjusted(data)?;
    match flags.as_bytes() {
        [print @ (b'0' | b'1'), b'0' | b'1'] => Ok(Request::Subtotal { print: *print == b'1', adjust }),
        _ => Err(Refusal::Syntax(1)),
    }
}

/// `[line][LF line]TAB[[mode][+]sum]`; nothing after TAB pays all in cash.
fn pay(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let (lines, rest) = data.split_once('\t').ok_or(Refusal::Syntax(1))?;
    let texts = lines.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
    // A card terminal's option (C): none is connected.
    let rest = rest.split_once('*').map_or(rest, |(rest, _)| rest);
    let code = rest.chars().next().filter(|code| dialect.payment(*code).is_some());
    let sum = code.map_or(rest, |code| rest.get(code.len_utf8()..).unwrap_or_default());
    let sum = match sum {
        "" => None,
        text => Some(decimal(text, 2).filter(|sum| *sum >= 0).ok_or(Refusal::Syntax(2))?),
    };
    Ok(Request::Pay { code: code.unwrap_or('P'), sum, texts })
}

/// P: `[TAB font[flags],]text`; C: `[height TAB]text`. What is too long is cut off.
fn text(dialect: &Dialect, data: &str) -> Text {
    let styled = match dialect.name {
        DatecsDialect::P => data.strip_prefix('\t').and_then(|data| data.split_once(',')),
        _ => data.split_once('\t'),
    };
    let (style, text) = styled.unwrap_or(("", data));
    let tall = style.contains('H') || dialect.name == DatecsDialect::C && matches!(style, "2" | "3");
    Text { text: text.to_owned(), bold: style.contains('B'), tall }
}

fn report(data: &str) -> Result<Request, Refusal> {
    match data.strip_suffix('N').unwrap_or(data) {
        "0" => Ok(Request::Report { reset: true }),
        "2" => Ok(Request::Report { reset: false }),
        _ => Err(Refusal::Syntax(1)),
    }
}

/// `R,..` the first line of documents, `N` the next line, `P,..` on paper, `I` what there is. P
/// takes documents by number, by Z report and by time, C only by time.
fn journal_119(dialect: &Dialect, data: &str) -> Result<Request, Refusal> {
    let (class, rest) = data.split_once(',').unwrap_or((data, ""));
    match class {
        "N" if rest.is_empty() => Ok(Request::Line),
        "R" if dialect.name == DatecsDialect::P => wanted_by_p(rest).map(Request::Read),
        "P" if dialect.name == DatecsDialect::P => wanted_by_p(rest).map(Request::PrintDocument),
        "I" | "IX" if dialect.name == DatecsDialect::P => Ok(Request::JournalInfo),
        "R" => {
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (flags, times) = rest.split_at(letters);
            between(times, flags).map(Request::Read)
        }
        "C" | "W" | "w" => Err(Refusal::NotSimulated),
        _ => Err(Refusal::Syntax(1)),
    }
}

/// `[#flag,]D1[,D2]`, `[#flag,]*Z` or `flag,time,time`.
fn wanted_by_p(data: &str) -> Result<Wanted, Refusal> {
    let (flag, numbers) = match data.strip_prefix('#') {
        Some(data) => data.split_once(',').ok_or(Refusal::Syntax(2))?,
        None if data.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            let (flag, times) = data.split_once(',').ok_or(Refusal::Syntax(2))?;
            return between(times, flag);
        }
        None => ("A", data),
    };
    let kinds = kinds_of_flags(flag)?;
    if let Some(z) = numbers.strip_prefix('*') {
        let z = z.parse().map_err(|_| Refusal::Syntax(2))?;
        return Ok(Wanted::Report { z, kinds });
    }
    let params = Params::commas(numbers, 1, 2)?;
    let from = params.number(1, 1, 9_999_999)?;
    Ok(Wanted::Numbers { from, to: params.number_or(2, from, from, 9_999_999)?, kinds })
}

fn between(times: &str, flags: &str) -> Result<Wanted, Refusal> {
    let params = Params::commas(times, 2, 2)?;
    let from = compact_date_time(params.text(1), false).ok_or(Refusal::Syntax(2))?;
    let to = compact_date_time(params.text(2), true).ok_or(Refusal::Syntax(3))?;
    Ok(Wanted::Times { from, to, kinds: kinds_of_flags(flags)? })
}

fn kinds_of_flags(flags: &str) -> Result<Kinds, Refusal> {
    let mut kinds = Kinds::new();
    for flag in flags.chars() {
        kinds.extend(match flag {
            'A' => ALL,
            'F' => &[Kind::Receipt, Kind::Invoice],
            'V' => &[Kind::Storno, Kind::InvoiceStorno],
            'C' => &[Kind::Cancelled],
            'N' => &[Kind::Plain],
            'I' => &[Kind::CashIn],
            'O' => &[Kind::CashOut],
            'X' => &[Kind::X],
            'Z' => &[Kind::Z],
            'R' | 'S' | 'P' => &[],
            _ => return Err(Refusal::Syntax(2)),
        });
    }
    Ok(kinds)
}

/// C: `D,type,from,to` or `I`.
fn find(data: &str) -> Result<Request, Refusal> {
    let params = Params::commas(data, 1, 4)?;
    match params.text(1) {
        "I" => Ok(Request::JournalInfo),
        "D" => Ok(Request::Find {
            kinds: kinds_of_c(&params, 2)?,
            from: Some(compact_date_time(params.text(3), false).ok_or(Refusal::Syntax(3))?),
            to: Some(compact_date_time(params.text(4), true).ok_or(Refusal::Syntax(4))?),
        }),
        "Z" => Err(Refusal::NotSimulated),
        _ => Err(Refusal::Syntax(1)),
    }
}

/// C: `0,number,type[,to]`, `1`, `3,number,type`.
fn journal_125(data: &str) -> Result<Request, Refusal> {
    let params = Params::commas(data, 1, 4)?;
    let wanted = || {
        let from = params.number(2, 1, 9_999_999)?;
        let to = params.number_or(4, from, from, 9_999_999)?;
        Ok(Wanted::Numbers { from, to, kinds: kinds_of_c(&params, 3)? })
    };
    match params.text(1) {
        "0" => wanted().map(Request::Prepare),
        "1" if params.len() == 1 => Ok(Request::Line),
        "3" => wanted().map(Request::PrintDocument),
        "2" | "4" | "5" => Err(Refusal::NotSimulated),
        _ => Err(Refusal::Syntax(1)),
    }
}

fn kinds_of_c(params: &Params, at: u8) -> Result<Kinds, Refusal> {
    Ok(match params.number(at, 0, 8)? {
        0 => ALL.to_vec(),
        1 => FISCAL.to_vec(),
        2 => vec![Kind::Z],
        3 => vec![Kind::CashIn, Kind::CashOut],
        4 => vec![Kind::X],
        5 => ALL.iter().copied().filter(|kind| !FISCAL.contains(kind)).collect(),
        6 => vec![Kind::Invoice],
        7 => vec![Kind::Storno],
        _ => vec![Kind::InvoiceStorno],
    })
}

/// C: the type of a document in answers; a cancelled receipt is a fiscal one.
fn type_of(kind: Kind) -> u8 {
    match kind {
        Kind::Receipt | Kind::Cancelled => 1,
        Kind::Z => 2,
        Kind::CashIn => 3,
        Kind::CashOut => 4,
        Kind::X => 5,
        Kind::Plain => 6,
        Kind::Invoice => 7,
        Kind::Storno => 8,
        Kind::InvoiceStorno => 9,
    }
}

/// The data of an answer to a command that was carried out.
pub(super) fn reply(site: &Site, command: u16, reply: Reply) -> String {
    let Site { dialect, spec, serial, memory, .. } = site;
    let groups = |groups: &Groups| groups.map(|sum| sum.to_string()).join(",");
    let signed = |groups: &Groups| groups.map(|sum| format!("{sum:+012}")).join(",");
    match reply {
        // FP-2000 User's Manual 3.10, command 45.
        Reply::Done if command == 45 => "P".to_owned(),
        Reply::Done | Reply::Sold { .. } | Reply::Status | Reply::Code(_) | Reply::Identity => String::new(),
        Reply::ErrorName { .. } | Reply::ReceiptStatus { .. } | Reply::LastReceipt { .. } => String::new(),
        Reply::Turnover { .. } | Reply::Daily { .. } => String::new(),
        Reply::Receipt(numbers) => format!("{:04},{:04}", numbers.documents, numbers.receipt),
        Reply::Document { documents, .. } => format!("{documents:04}"),
        Reply::Subtotal { groups: sums, .. } => {
            let total: i64 = sums.iter().sum();
            format!("{total},{}", groups(&sums))
        }
        Reply::Paid(Paid::Rest(sum)) => format!("D{sum}"),
        Reply::Paid(Paid::Change(sum)) => format!("R{sum}"),
        Reply::Clock(at) => short(at),
        Reply::Cash { in_drawer, put_in, taken_out } => format!("P,{in_drawer},{put_in},{taken_out}"),
        Reply::Report { z, sold, .. } => {
            // P tells the sum of all sales without tax, C with it.
            let taxes =
                dialect.groups.iter().zip(sold).map(|(group, sum)| tax_within(sum, group.rate.unwrap_or(0)));
            let taxes = if dialect.name == DatecsDialect::P { taxes.sum() } else { 0 };
            let total = sold.iter().sum::<i64>() - taxes;
            format!("{z:04},{total:+012},{}", signed(&sold))
        }
        Reply::Device { .. } => {
            format!("{},{},FFFF,00000000,{serial},{memory}", dialect.model, dialect.firmware)
        }
        Reply::Transaction { open, transaction: t, with_paid } => {
            let paid = if with_paid { format!(",{:+09}", t.paid) } else { String::new() };
            format!("{},{:04},{:+09}{paid}", u8::from(open > 0), t.items, t.total)
        }
        Reply::LastDocument(slip) => format!("{slip:07}"),
        Reply::CurrentReceipt { groups: sums, invoice, storno, may_void } => {
            let (may_void, invoice) = (u8::from(may_void), u8::from(invoice));
            let receipt = format!("{may_void},{},{invoice},{:010}", groups(&sums), 0);
            if dialect.name == DatecsDialect::C { format!("P,{receipt},{storno}") } else { receipt }
        }
        Reply::Rates { .. } => {
            let rates = dialect.groups.iter().map(|group| group.rate.unwrap_or(10_000));
            rates.map(point).collect::<Vec<_>>().join(",")
        }
        Reply::TaxNumber => spec.tax_number.clone(),
        Reply::ReportsLeft(left) => format!("{left:04}"),
        Reply::Found { first, last, .. } => format!("P,{first},{last}"),
        Reply::Prepared(entry) => prepared(&entry),
        Reply::Line(line) => format!("P,{line}"),
        Reply::Printed { count, .. } if command == 119 => count.to_string(),
        Reply::Printed { entry, .. } => prepared(&entry),
        Reply::JournalInfo { first_z, last_z, first, last } if dialect.name == DatecsDialect::P => {
            format!("P,4000000000,{},{first_z},{last_z},{first},{last}", u64::from(last) * 4096)
        }
        Reply::JournalInfo { first_z, last_z, first, last } => {
            let made = "01.01.2026 00:00:00";
            format!("P,1,1,{serial},1,{made},AC536E00,{first_z},{last_z},{first},{last},3800,1")
        }
    }
}

fn prepared(entry: &Entry) -> String {
    let at = clock::from_iso(&entry.at).map(short).unwrap_or_default();
    format!("P,{},{at},{},{}", entry.slip, type_of(entry.kind), entry.z)
}

/// The data of an answer to one that was not: a letter where the command has one for failure, and
/// the status bits tell the rest.
pub(super) fn refused(dialect: &Dialect, command: u16, refusal: Refusal, cash: [i64; 3]) -> String {
    let nothing = matches!(refusal, Refusal::UnknownCommand | Refusal::Syntax(_) | Refusal::NoPaper);
    match command {
        _ if nothing => String::new(),
        53 | 119 | 124 | 125 => "F".to_owned(),
        46 | 48 if dialect.name == DatecsDialect::C => "F".to_owned(),
        70 => format!("F,{},{},{}", cash[0], cash[1], cash[2]),
        _ => String::new(),
    }
}

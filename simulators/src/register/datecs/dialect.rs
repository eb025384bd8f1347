//! What differs between the firmwares, as data.
//!
//! Sources: X: *Programmer's Manual FMP-350X ... WP-25X*, version 2.08. P: *Fiscal printer programming
//! interface* FP-800 / FP-2000 / ..., version 1.00BG. C: the same for DP-05 / DP-25 / DP-35 / DP-150,
//! 2018 (their parameter tables are quoted in public drivers). RO: payment modes, tax groups and
//! answers as in Datecs' *FP_Protocol_EN* for Romania, 2017. Model names and firmware strings of X,
//! P and C are those that devices were seen to answer. [?] marks what no source settles.

use super::DatecsDialect;
use super::frame::Framing;
use super::words::{BULGARIAN, ROMANIAN, Words};

/// A firmware's ways.
#[derive(Debug)]
pub(super) struct Dialect {
    pub framing: Framing,
    /// Which it is, where more than data differs.
    pub name: DatecsDialect,
    pub words: &'static Words,
    /// Device name and firmware, as command 90 tells them: `FP-700X`, `266207 29Jan19 1634`.
    pub model: &'static str,
    pub firmware: &'static str,
    /// Operators are numbered from 1 to this.
    pub operators: u32,
    pub passwords: std::ops::RangeInclusive<usize>,
    pub groups: &'static [Group],
    pub payments: &'static [Payment],
    /// Item names: how many lines of how many characters.
    pub name_lines: usize,
    pub name_chars: usize,
    /// Largest price, in the smallest unit, and quantity, in thousandths.
    pub most_price: i64,
    pub most_quantity: i64,
    /// Sales in one receipt.
    pub most_items: usize,
    /// The command that opens a storno receipt.
    pub storno: Option<u16>,
    /// The command that cuts the paper.
    pub cut: Option<u16>,
    /// 60 is carried out after a payment, too.
    pub cancels_after_payment: bool,
    /// More than the sum due may be paid otherwise than in cash.
    pub change_from_any_payment: bool,
    /// One SYN is sent before any answer, as a DP-25X and a DP-150MX were seen to do (erpnet/ErpNet.FP,
    /// issues 135 and 183).
    pub syn_first: bool,
}

/// A tax group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub letter: char,
    /// Hundredths of a percent; none where the group can't be used. Rates as of 2026.
    pub rate: Option<i64>,
}

/// A mode of payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payment {
    /// What command 53 calls it.
    pub code: char,
    pub name: &'static str,
    pub cash: bool,
    /// Foreign currency, which is not programmed here.
    pub foreign: bool,
}

const fn group(letter: char, rate: i64) -> Group {
    Group { letter, rate: Some(rate) }
}

const fn unused(letter: char) -> Group {
    Group { letter, rate: None }
}

const fn payment(code: char, name: &'static str) -> Payment {
    Payment { code, name, cash: false, foreign: false }
}

const fn cash(code: char, name: &'static str) -> Payment {
    Payment { code, name, cash: true, foreign: false }
}

const fn foreign(code: char, name: &'static str) -> Payment {
    Payment { code, name, cash: false, foreign: true }
}

const BULGARIAN_GROUPS: [Group; 8] = [
    group('А', 0),
    group('Б', 2000),
    group('В', 2000),
    group('Г', 900),
    unused('Д'),
    unused('Е'),
    unused('Ж'),
    unused('З'),
];

/// A to E are rates, the sixth is for other operations, the seventh for what is exempt.
const ROMANIAN_GROUPS: [Group; 7] = [
    group('A', 2100),
    group('B', 1100),
    group('C', 900),
    group('D', 0),
    unused('E'),
    group('F', 0),
    group('G', 0),
];

static X: Dialect = Dialect {
    framing: Framing::Wide,
    name: DatecsDialect::X,
    words: &BULGARIAN,
    model: "FP-700X",
    firmware: "266207 29Jan19 1634",
    operators: 30,
    passwords: 1..=8,
    groups: &BULGARIAN_GROUPS,
    payments: &[
        cash('0', "В БРОЙ"),
        payment('1', "С КРЕДИТНА КАРТА"),
        payment('2', "С ДЕБИТНА КАРТА"),
        payment('3', "ДРУГО ПЛАЩАНЕ 3"),
        payment('4', "ДРУГО ПЛАЩАНЕ 4"),
        payment('5', "ДРУГО ПЛАЩАНЕ 5"),
        foreign('6', "ЧУЖДА ВАЛУТА"),
    ],
    name_lines: 1,
    name_chars: 72,
    most_price: 999_999_999,
    most_quantity: 999_999_999,
    most_items: 512, // [?]
    storno: Some(43),
    cut: Some(46),
    cancels_after_payment: true,
    change_from_any_payment: false,
    syn_first: true,
};

static RO: Dialect = Dialect {
    framing: Framing::Wide,
    name: DatecsDialect::Ro,
    words: &ROMANIAN,
    model: "SK1-21", // its firmware string is made up
    firmware: "100017 12Dec17 1200",
    operators: 30,
    passwords: 1..=8,
    groups: &ROMANIAN_GROUPS,
    payments: &[
        cash('0', "NUMERAR"),
        payment('1', "CARD"),
        payment('2', "CREDIT"),
        payment('3', "TICHETE MASĂ"),
        payment('4', "TICHETE VALORICE"),
        payment('5', "VOUCHER"),
        payment('6', "PLATĂ MODERNĂ"),
        payment('7', "CARD ŞI AVANS NUMERAR"),
        payment('8', "ALTE METODE"),
        foreign('9', "VALUTĂ"),
    ],
    name_lines: 1,
    name_chars: 72,
    most_price: 999_999_999,
    most_quantity: 999_999_999,
    most_items: 512, // [?]
    storno: None,
    cut: Some(46),
    cancels_after_payment: true,
    change_from_any_payment: false,
    syn_first: true, // [?]
};

static P: Dialect = Dialect {
    framing: Framing::Byte,
    name: DatecsDialect::P,
    words: &BULGARIAN,
    model: "FP-2000",
    firmware: "1.00BG 23NOV18 1000",
    operators: 16,
    passwords: 4..=8,
    groups: &BULGARIAN_GROUPS,
    payments: &[
        cash('P', "В БРОЙ"),
        payment('N', "ПЛАЩАНЕ С КРЕДИТ"),
        payment('C', "ПЛАЩАНЕ С ЧЕК"),
        payment('D', "ПЛАЩАНЕ С ДЕБИТНА КАРТА"),
        payment('I', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 1"),
        payment('J', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 2"),
        payment('K', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 3"),
        payment('L', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 4"),
        payment('i', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 1"),
        payment('j', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 2"),
        payment('k', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 3"),
        payment('l', "ДОПЪЛНИТЕЛНО ПЛАЩАНЕ 4"),
        payment('m', "ТАЛОНИ"),
        payment('n', "ВЪНШНИ ТАЛОНИ"),
        payment('o', "АМБАЛАЖ"),
        payment('p', "ВЪТРЕШНО ОБСЛУЖВАНЕ"),
        payment('q', "ПОВРЕДИ"),
        payment('r', "БАНКОВИ ТРАНСФЕРИ"),
        payment('s', "С ЧЕК"),
    ],
    name_lines: 2,
    name_chars: 42,
    most_price: 99_999_999,
    most_quantity: 99_999_999,
    most_items: 512,
    storno: Some(46),
    cut: Some(45),
    cancels_after_payment: false,
    change_from_any_payment: true,
    syn_first: false,
};

static C: Dialect = Dialect {
    framing: Framing::Byte,
    name: DatecsDialect::C,
    words: &BULGARIAN,
    model: "DP-150",
    firmware: "265403 08Nov18 1050",
    operators: 30,
    passwords: 1..=8,
    groups: &BULGARIAN_GROUPS,
    payments: &[
        cash('P', "В БРОЙ"),
        payment('N', "С КРЕДИТ"),
        payment('C', "С ДЕБИТНА КАРТА"),
        payment('D', "НЗОК"),
        payment('I', "С ВАУЧЕР"),
        payment('J', "С КУПОН"),
    ],
    name_lines: 2,
    name_chars: 22,
    most_price: 99_999_999,
    most_quantity: 99_999_999,
    most_items: 120,
    storno: Some(46),
    cut: None,
    cancels_after_payment: false,
    change_from_any_payment: true,
    syn_first: false,
};

impl Dialect {
    pub fn of(name: DatecsDialect) -> &'static Self {
        match name {
            DatecsDialect::X => &X,
            DatecsDialect::Ro => &RO,
            DatecsDialect::P => &P,
            DatecsDialect::C => &C,
        }
    }

    pub fn wide(&self) -> bool {
        self.framing == Framing::Wide
    }

    pub fn payment(&self, code: char) -> Option<&'static Payment> {
        let payments: &'static [Payment] = self.payments;
        payments.iter().find(|payment| payment.code == code)
    }

    /// The group a letter names: one of the groups' own letters, or a Latin one in its place.
    pub fn group_of(&self, letter: char) -> Option<usize> {
        let latin = ('A'..='H').position(|latin| latin == letter);
        let own = self.groups.iter().position(|group| group.letter == letter);
        own.or(latin).filter(|at| *at < self.groups.len())
    }
}

//! Datecs fiscal printers and cash registers of Bulgaria and Romania: a **test tool**, not a fiscal
//! device.
//!
//! Two frames and four dialects: X (wide frame), Romanian firmware (wide frame), P and C (one-byte
//! frame). The host's command is answered within 60 ms by its answer, by SYN every 60 ms while the
//! device is busy, or by NAK where the frame is broken. A frame with the number (SEQ) of the last one
//! is not carried out: the last answer goes out again, whatever the frame says. That number is kept
//! in memory only: after a power failure the device knows none. A new TCP connection doesn't change
//! it [?].
//!
//! An open receipt, the day's registers and the journal outlive a power failure, and when power is
//! back `* POWER DROP *` is printed and the document goes on (*FP-2000 User's Manual* 3.10, "Power
//! supply cut-off").
//!
//! Fiscal documents in [`Register::documents`](super::Register::documents): receipts under the
//! number of their slip, with the text of the QR code as their sign (Bulgaria; `Z-receipt` in
//! Romania), and Z reports. The shift is the day between two Z reports; it opens with its first
//! fiscal receipt. Cancelled receipts, non-fiscal ones and X reports are in the journal only.
//!
//! Not simulated, refused, and a violation when used: programming (items, departments, rates, header,
//! operators), barcodes, reports of the fiscal memory, structured reading of the journal, card
//! terminals, the short form of P's storno that repeats a receipt of the journal. Foreign currency is
//! not programmed.
//!
//! Sources stand at each module. Where none settles something: [?].

mod commas;
mod day;
mod dialect;
mod execute;
mod frame;
mod journal;
mod machine;
mod memory;
mod money;
mod params;
mod print;
mod receipt;
mod refusal;
mod request;
mod sale;
mod status;
mod wide;
mod words;

pub(super) use machine::Datecs;

/// What is particular to a Datecs device.
#[derive(Debug, Clone, PartialEq)]
pub struct DatecsSpec {
    /// Frame, syntax and ways.
    pub dialect: DatecsDialect,
    /// Password of every operator.
    pub password: String,
    /// Tax number of the owner, printed on each receipt.
    pub tax_number: String,
    /// How texts are encoded.
    pub page: CodePage,
    /// A syntax error is answered without data. The X manual says so of `<DATA>`, and of failed
    /// commands in general that an error code comes; this chooses which.
    pub bare_syntax_errors: bool,
    /// A receipt can't be opened as long as no unique sale number was given; later ones count on by
    /// themselves. So firmware P 1.00BG, command 48.
    pub needs_sale_number: bool,
}

/// The dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatecsDialect {
    /// FMP-350X, FMP-55X, FP-700X, WP-500X, DP-25X, DP-150X and so on (Bulgaria).
    X,
    /// Romanian firmware of 2017.
    Ro,
    /// FP-650, FP-800, FP-2000, SK1-21F, FMP-10 (Bulgaria).
    P,
    /// DP-05, DP-25, DP-35, WP-50, DP-150 (Bulgaria).
    C,
}

/// Code pages of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePage {
    /// windows-1251, for Bulgaria.
    Windows1251,
    /// windows-1250, for Romania [?]: no source names the page of Romanian firmware.
    Windows1250,
}

impl DatecsSpec {
    /// A device of a dialect as it leaves the factory.
    pub fn new(dialect: DatecsDialect) -> Self {
        let (password, tax_number, page) = match dialect {
            DatecsDialect::X | DatecsDialect::P => ("0000", "203456789", CodePage::Windows1251),
            DatecsDialect::C => ("1", "203456789", CodePage::Windows1251),
            DatecsDialect::Ro => ("0001", "RO12345674", CodePage::Windows1250),
        };
        Self {
            dialect,
            password: password.to_owned(),
            tax_number: tax_number.to_owned(),
            page,
            bare_syntax_errors: false,
            needs_sale_number: false,
        }
    }
}

impl CodePage {
    fn encoding(self) -> &'static encoding_rs::Encoding {
        match self {
            CodePage::Windows1251 => encoding_rs::WINDOWS_1251,
            CodePage::Windows1250 => encoding_rs::WINDOWS_1250,
        }
    }

    /// The text, or `None` where a byte means nothing.
    fn decode(self, bytes: &[u8]) -> Option<String> {
        let (text, wrong) = self.encoding().decode_without_bom_handling(bytes);
        // Unused places of the page come out as control characters.
        let unused = text.chars().any(|c| ('\u{80}'..='\u{9F}').contains(&c));
        (!wrong && !unused).then(|| text.into_owned())
    }

    /// What the page doesn't have becomes a question mark.
    fn encode(self, text: &str) -> Vec<u8> {
        let mut buffer = [0; 4];
        text.chars()
            .flat_map(|c| {
                let (bytes, _, unknown) = self.encoding().encode(c.encode_utf8(&mut buffer));
                if unknown { vec![b'?'] } else { bytes.into_owned() }
            })
            .collect()
    }
}

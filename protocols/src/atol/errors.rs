//! What the register's error codes mean.
//!
//! Codes: kurbatov/atol4j (`error-messages.properties`) and AlexObukhoff/TerminalClient
//! (`AtolOnlineFRConstants`), which agree but for wording.

use std::fmt;

/// An error code of a task's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(pub u8);

/// What a driver can decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Not in this mode, or not now: leave the mode, finish what is open, ask again.
    WrongMode,
    /// No paper.
    Paper,
    /// The printer, its head, cutter or power.
    Printer,
    /// The shift is older than 24 hours.
    ShiftExpired,
    /// Not while a shift is open.
    ShiftOpen,
    /// Not while the shift is closed.
    ShiftClosed,
    /// Not while a receipt is open.
    ReceiptOpen,
    /// Not while no receipt is open.
    ReceiptClosed,
    /// Sums, quantities or payments that don't fit one another.
    Sums,
    /// Not so much cash in the drawer.
    NoCash,
    /// A value that can't be: a field, a number, a format.
    Invalid,
    /// The password is wrong.
    Password,
    /// The register's clock.
    Clock,
    /// The fiscal storage refuses or fails.
    Storage,
    /// The fiscal storage has reached its end: it must be replaced.
    StorageEnd,
    /// Documents have waited too long for the operator of fiscal data.
    Exchange,
    /// The storage has no such document, or no more of it.
    NoData,
    /// Not on this model.
    Unsupported,
    /// Ask register 37 for the reason: [`super::task::Task::register`] with
    /// [`super::task::register::LAST_ERROR`].
    AskMore,
    /// Something else.
    Other,
}

impl Code {
    /// No error.
    pub const OK: Self = Self(0);
    /// Not in this mode.
    pub const WRONG_MODE: Self = Self(0x66);
    /// The shift is older than 24 hours.
    pub const SHIFT_EXPIRED: Self = Self(0x88);
    /// The storage has not what was asked for; the end of a document that is read.
    pub const NO_DATA: Self = Self(0xda);
    /// Register 37 has the reason.
    pub const ASK_MORE: Self = Self(0xee);

    /// What it means, in a few words.
    pub fn text(self) -> &'static str {
        self.meaning().map_or("an error without a description", |(_, text)| text)
    }

    /// What can be done about it.
    pub fn class(self) -> Class {
        self.meaning().map_or(Class::Other, |(class, _)| class)
    }

    fn meaning(self) -> Option<(Class, &'static str)> {
        let at = MEANINGS.binary_search_by_key(&self.0, |&(code, ..)| code).ok()?;
        MEANINGS.get(at).map(|&(_, class, text)| (class, text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {:02X}: {}", self.0, self.text())
    }
}

/// The reason in register 37, for [`Code::ASK_MORE`].
pub fn extended_text(code: u16) -> &'static str {
    match code {
        0x0101 => "a correction receipt takes one item only",
        0x0102 => "more than 10 items with product codes in autonomous mode",
        0x0103 => "wrong system of taxation",
        0x0104 => "wrong number of the VAT rate",
        0x0105 => "wrong method of payment of an item",
        0x0106 => "wrong kind of product code",
        0x0107 => "excisable goods are not allowed",
        0x0108 => "no discounts on an item with VAT per unit",
        0x0109 => "a printed discount excludes a registered one",
        0x010a => "the item's system of taxation is not that of the receipt",
        0x0201 => "the attribute is already in the document",
        0x0202 => "attributes can't be set: the fiscal storage is missing or closed",
        0x0203 => "the attribute can't be changed for a new registration",
        0x0204 => "the attribute can't be changed so",
        0x0205 => "attributes that exclude one another",
        0x0206 => "an attribute is missing",
        0x0207 => "an item's attribute without an item (EA)",
        0x0208 => "a receipt's attribute after an item was begun (EA)",
        0x0209 => "the attribute has been printed",
        0x020a => "too many attributes",
        0x020b => "wrong reason of a new registration (tag 1205)",
        0x0301 => "the report broke off: print it again",
        0x0302 => "the fiscal storage is broken",
        0x0303 => "reading the document broke off",
        _ => "a reason without a description",
    }
}

/// In the order of the codes.
const MEANINGS: &[(u8, Class, &str)] = {
    use Class::*;
    &[
        (0x00, Other, "no error"),
        (0x01, Other, "done without errors"),
        (0x08, Sums, "wrong price or sum"),
        (0x0a, Sums, "wrong quantity"),
        (0x0b, Sums, "the cash counter is full"),
        (0x0c, Sums, "the last operation can't be voided"),
        (0x0d, Sums, "can't be voided by its code"),
        (0x0e, Sums, "the last operation can't be repeated"),
        (0x0f, Sums, "a second discount on one operation"),
        (0x10, Sums, "no discount on the previous operation"),
        (0x11, Invalid, "wrong product code"),
        (0x12, Invalid, "wrong barcode"),
        (0x13, Invalid, "wrong format"),
        (0x14, Invalid, "wrong length"),
        (0x15, Clock, "waits for its date to be set"),
        (0x16, Clock, "the date must be confirmed: set it again"),
        (0x18, NoData, "no more data"),
        (0x19, WrongMode, "a sale is neither confirmed nor cancelled"),
        (0x1a, WrongMode, "the closing of the shift broke off; the mode can't be entered"),
        (0x1b, Invalid, "the control of cash can't be switched off"),
        (0x1e, WrongMode, "the mode is locked"),
        (0x1f, Clock, "check date and time"),
        (0x20, Clock, "the clock is behind that of the fiscal storage"),
        (0x21, Storage, "the archive can't be closed"),
        (0x3d, Invalid, "no such product"),
        (0x3e, Sums, "a weighed barcode with a quantity other than 1.000"),
        (0x3f, Sums, "too many items in the receipt"),
        (0x40, Sums, "not so much of the product"),
        (0x41, Sums, "more voided than sold"),
        (0x42, Sums, "the blocked product is not in the receipt"),
        (0x43, Sums, "the product was not sold in this receipt"),
        (0x46, Storage, "wrong command to the fiscal storage"),
        (0x66, WrongMode, "not in this mode"),
        (0x67, Paper, "no paper"),
        (0x68, Printer, "no link with the printer"),
        (0x69, Printer, "mechanical error of the printer"),
        (0x6a, Invalid, "wrong kind of receipt"),
        (0x6b, NoData, "no more lines of the picture"),
        (0x6c, Invalid, "wrong register number"),
        (0x6d, Invalid, "wrong target device"),
        (0x6e, Invalid, "no room for pictures"),
        (0x6f, Invalid, "no such picture"),
        (0x70, Sums, "more voided than was paid so"),
        (0x71, Sums, "payments other than cash are above the total"),
        (0x72, Sums, "payments are below the total"),
        (0x73, NoCash, "less in the sums than is to be returned"),
        (0x75, Sums, "the sum of payments is too large"),
        (0x76, WrongMode, "the previous operation is not finished"),
        (0x77, Other, "error of the GSM module"),
        (0x7a, Unsupported, "this model can't do it"),
        (0x7b, Sums, "wrong discount or surcharge"),
        (0x7c, Sums, "not after a discount or surcharge"),
        (0x7d, Invalid, "wrong department"),
        (0x7e, Invalid, "wrong kind of payment"),
        (0x7f, Sums, "price times quantity is too large"),
        (0x80, Unsupported, "forbidden by the register's settings"),
        (0x81, Sums, "the total is too large"),
        (0x82, ReceiptOpen, "a cancelling receipt is open"),
        (0x84, Storage, "the journal is full"),
        (0x86, Sums, "the cash given is below the total"),
        (0x87, ReceiptOpen, "a return is open"),
        (0x88, ShiftExpired, "the shift is older than 24 hours"),
        (0x89, ReceiptOpen, "a sale is open"),
        (0x8a, StorageEnd, "the fiscal memory is full"),
        (0x8c, Password, "wrong password"),
        (0x8d, Other, "the journal is not full"),
        (0x8e, WrongMode, "the journal is being worked on"),
        (0x8f, ShiftClosed, "the shift is closed already"),
        (0x91, Invalid, "wrong table number"),
        (0x92, Invalid, "wrong row number"),
        (0x93, Invalid, "wrong field number"),
        (0x94, Clock, "wrong date"),
        (0x95, Clock, "wrong time"),
        (0x96, Sums, "the department's sum is below what is voided"),
        (0x97, Sums, "the change can't be counted"),
        (0x98, NoCash, "not so much cash in the drawer"),
        (0x9a, ReceiptClosed, "the receipt is closed"),
        (0x9b, ReceiptOpen, "a receipt is open"),
        (0x9c, ShiftOpen, "the shift is open"),
        (0x9e, Invalid, "the serial number is set already"),
        (0x9f, StorageEnd, "no registrations left"),
        (0xa2, Invalid, "wrong shift number"),
        (0xa3, Invalid, "wrong kind of report"),
        (0xa4, Password, "a password that is not allowed"),
        (0xa5, Invalid, "wrong serial number"),
        (0xa6, Invalid, "wrong registration number"),
        (0xa7, Invalid, "wrong taxpayer number"),
        (0xa8, Storage, "the register is not registered"),
        (0xa9, Storage, "no serial number is set"),
        (0xaa, NoData, "nothing to print again"),
        (0xab, WrongMode, "the mode is not active"),
        (0xac, NoData, "no such receipt in the journal"),
        (0xad, NoData, "no more records in the journal"),
        (0xae, Unsupported, "wrong licence code"),
        (0xaf, NoData, "no data in the buffer"),
        (0xb0, Storage, "a general clearing is needed"),
        (0xb1, Unsupported, "not allowed by the licence"),
        (0xb2, Sums, "the discount can't be cancelled"),
        (0xb3, Sums, "can't be closed with this kind of payment"),
        (0xb4, Invalid, "wrong route"),
        (0xb5, Invalid, "wrong first zone"),
        (0xb6, Invalid, "wrong last zone"),
        (0xb7, Invalid, "wrong kind of tariff"),
        (0xb8, Invalid, "wrong tariff"),
        (0xba, Storage, "error in the exchange with the fiscal module"),
        (0xbe, Other, "maintenance is due"),
        (0xbf, Storage, "the shift numbers of register and fiscal storage differ"),
        (0xc8, Unsupported, "no device does this command"),
        (0xc9, Other, "no link with an external device"),
        (0xca, Other, "the fuel pump is in error"),
        (0xcb, Sums, "more than one item in the receipt"),
        (0xcc, Invalid, "wrong fuel pump"),
        (0xcd, Invalid, "wrong divisor"),
        (0xd0, Storage, "this fiscal storage can't be activated in this register"),
        (0xd1, Printer, "the print head is too hot"),
        (0xd2, Storage, "no exchange with the fiscal storage"),
        (0xd3, Storage, "wrong format in the exchange with the fiscal storage"),
        (0xd4, Storage, "wrong state of the fiscal storage"),
        (0xd5, Storage, "the fiscal storage is broken"),
        (0xd6, Storage, "the storage's crypto processor fails"),
        (0xd7, StorageEnd, "the fiscal storage has expired"),
        (0xd8, StorageEnd, "the fiscal storage is full"),
        (0xd9, Clock, "the fiscal storage refuses date or time"),
        (0xda, NoData, "the fiscal storage has no such data"),
        (0xdb, Sums, "the total is too large for the fiscal storage"),
        (0xdc, Storage, "a buffer is full"),
        (0xdd, Printer, "no second fiscal copy"),
        (0xde, Storage, "the journal must be cleared"),
        (0xdf, Sums, "more tax than the sum it is on"),
        (0xe0, Sums, "no tax on the last operation"),
        (0xe1, Storage, "the fiscal storage is another one"),
        (0xe4, Sums, "more tax voided than registered"),
        (0xe5, Storage, "error of the memory card"),
        (0xe6, Printer, "not enough power"),
        (0xe7, Invalid, "a parameter that the fiscal storage refuses"),
        (0xe8, Invalid, "too many attributes for the fiscal storage"),
        (0xe9, Exchange, "no transport connection of the fiscal storage"),
        (0xea, StorageEnd, "the storage's crypto processor is worn out"),
        (0xeb, Exchange, "documents have waited too long for the operator of fiscal data"),
        (0xec, Exchange, "the fiscal storage refuses the operator's message"),
        (0xed, Exchange, "documents have not been sent yet"),
        (0xee, AskMore, "the reason is in register 37"),
        (0xef, Exchange, "a message has waited too long"),
        (0xf0, ShiftExpired, "the fiscal storage's shift is older than 24 hours"),
        (0xf1, Clock, "wrong time between two operations of the fiscal storage"),
        (0xf2, Unsupported, "wrong command"),
        (0xf3, Sums, "more items than are allowed"),
        (0xf4, Invalid, "a command without its data"),
        (0xf5, Invalid, "excisable goods"),
        (0xf6, Sums, "the receipt is too large"),
    ]
};

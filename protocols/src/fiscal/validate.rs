//! Whether a task is right in itself: texts, numbers, and sums against each other.

use std::collections::HashMap;
use std::fmt::Display;

use super::{
    BarcodeLine, ClientInfo, CorrectionType, Item, Line, MarkedStatus, MarkingTask, MeasurementUnit, Money,
    Operation, Operator, PaymentObject, PaymentType, Position, Problem, Quantity, Receipt, Task, TextLine,
    marking,
};
use crate::barcode;

/// What a task may hold at most, whatever the register.
pub mod limits {
    use crate::fiscal::Money;

    /// Positions, texts and barcodes of a receipt, lines of a document that isn't fiscal, codes of a
    /// check.
    pub const ITEMS: usize = 1_000;
    /// Characters of a position's name: tag 1030.
    pub const NAME: usize = 128;
    /// Characters of an operator's name and of a client's address: tags 1021 and 1008.
    pub const PERSON: usize = 64;
    /// Characters of a buyer's name: tag 1227.
    pub const BUYER: usize = 239;
    /// Characters of an instruction's number: tag 1179.
    pub const INSTRUCTION: usize = 32;
    /// Characters of a unit of one's own: tag 1197.
    pub const UNIT: usize = 16;
    /// Characters of a text.
    pub const TEXT: usize = 4_000;
    /// Bytes of a barcode's data.
    pub const BARCODE: usize = 1_024;
    /// Payments of a receipt.
    pub const PAYMENTS: usize = 16;
    /// The highest department.
    pub const DEPARTMENT: u8 = 99;
    /// Any sum: 9,999,999,999.99.
    pub const SUM: Money = Money(999_999_999_999);
}

/// Everything that is wrong with a task, in the order of its fields as far as that can be said.
pub(super) fn problems(task: &Task) -> Vec<Problem> {
    let mut found = Found(Vec::new());
    if let Some(operator) = task.operator() {
        found.operator(operator);
    }
    match task {
        Task::Receipt(receipt) => found.receipt(receipt),
        Task::CashIn { sum, .. } | Task::CashOut { sum, .. } => {
            found.sum("cashSum", *sum);
            if sum.is_zero() {
                found.add("cashSum", "0.00 moves nothing", "give a sum above it");
            }
        }
        Task::NonFiscal { lines } => found.lines(lines),
        Task::GetFnDocument { number: 0 } => {
            found.add("fiscalDocumentNumber", "there is no document 0", "count from 1");
        }
        Task::Marking(MarkingTask::Validate { codes }) => {
            found.count("params", codes.len());
            for (index, code) in codes.iter().enumerate() {
                found.0.extend(marking::problems(code, &format!("params[{index}]")));
            }
        }
        Task::Marking(MarkingTask::Begin(code)) => found.0.extend(marking::problems(code, "params")),
        Task::OpenShift { .. }
        | Task::CloseShift { .. }
        | Task::ReportX { .. }
        | Task::OpenCashDrawer
        | Task::ContinuePrint
        | Task::PrintLastReceiptCopy { .. }
        | Task::SetDateTime(_)
        | Task::GetDeviceStatus
        | Task::GetShiftStatus
        | Task::GetFnStatus
        | Task::GetFnDocument { .. }
        | Task::OfdExchangeStatus
        | Task::Marking(_) => {}
    }
    found.0
}

struct Found(Vec<Problem>);

impl Found {
    fn receipt(&mut self, receipt: &Receipt) {
        let contact = receipt.client.as_ref().and_then(|client| client.email_or_phone.as_ref());
        if receipt.electronically && contact.is_none() {
            let remedy = "give a mail address or phone number, or have it printed";
            self.add("clientInfo.emailOrPhone", "missing, and nothing is to be printed", remedy);
        }
        if let Some(client) = &receipt.client {
            self.client(client);
        }
        if let Some(correction) = &receipt.correction {
            match &correction.base_number {
                Some(number) => self.text("correctionBaseNumber", number, limits::INSTRUCTION),
                None if correction.kind == CorrectionType::Instruction => {
                    let remedy = "give the number of the tax office's instruction";
                    self.add("correctionBaseNumber", "missing: the correction was instructed", remedy);
                }
                None => {}
            }
        }
        if receipt.positions().next().is_none() {
            let remedy = "give one at least, or print a document that isn't fiscal: nonFiscal";
            self.add("items", "there is no position: nothing would be sold or bought", remedy);
        } else {
            self.count("items", receipt.items.len());
        }
        for (index, item) in receipt.items.iter().enumerate().take(limits::ITEMS) {
            let at = format!("items[{index}]");
            match item {
                Item::Position(position) => self.position(&at, position, receipt),
                Item::Text(text) => self.line_of_text(&at, text),
                Item::Barcode(barcode) => self.barcode(&at, barcode),
            }
        }
        self.same_codes(receipt);
        self.payments(receipt);
        self.total(receipt);
    }

    /// A code stands for one piece: the same twice has been scanned twice.
    fn same_codes(&mut self, receipt: &Receipt) {
        let mut seen = HashMap::new();
        for (index, item) in receipt.items.iter().enumerate() {
            let Item::Position(Position { marking: Some(code), .. }) = item else { continue };
            if !code.is_of_a_piece() {
                continue;
            }
            if let Some(first) = seen.insert(code.imc.as_str(), index) {
                let wrong = format!("the code of items[{first}] again");
                self.add(format!("items[{index}].imcParams.imc"), wrong, "scan the other piece");
            }
        }
    }

    /// The total is the sum of the positions' amounts, to the minor unit. Payments are the total, or
    /// more where that can be handed back: in cash, and only when the register takes money.
    fn total(&mut self, receipt: &Receipt) {
        self.sum("total", receipt.total);
        let amounts: Money = receipt.positions().map(|position| position.amount).sum();
        if receipt.total != amounts {
            let wrong = format!("{} isn't the sum of the positions' amounts, {amounts}", receipt.total);
            self.add("total", wrong, "give that sum, or put the difference into a position's discount");
        }
        let paid: Money = receipt.payments.iter().map(|payment| payment.sum).sum();
        let cashless = paid - receipt.paid(PaymentType::Cash);
        let change = paid - receipt.total;
        let total = receipt.total;
        if change.is_negative() {
            let wrong = format!("{paid} pays less than the total of {total}");
            let remedy = format!("add a payment of {}, of type credit if it is owed", -change);
            self.add("payments", wrong, remedy);
        } else if cashless > total {
            let wrong =
                format!("{cashless} without cash for a total of {total}, and change is given from cash only");
            self.add("payments", wrong, format!("take {} off", cashless - total));
        } else if !change.is_zero() && !receipt.gives_change() {
            let wrong = format!("{paid} for a total of {total}, and a {} gives no change", receipt.kind());
            self.add("payments", wrong, format!("give {total}"));
        }
    }

    fn payments(&mut self, receipt: &Receipt) {
        if receipt.payments.len() > limits::PAYMENTS {
            let wrong = format!("{} payments, {} at most", receipt.payments.len(), limits::PAYMENTS);
            self.add("payments", wrong, "put those of a type together");
        }
        for (index, payment) in receipt.payments.iter().enumerate() {
            self.sum(format!("payments[{index}].sum"), payment.sum);
        }
    }

    fn position(&mut self, at: &str, position: &Position, receipt: &Receipt) {
        self.text(format!("{at}.name"), &position.name, limits::NAME);
        self.sum(format!("{at}.price"), position.price);
        if position.quantity <= Quantity(0) {
            let wrong = format!("{} is not above nothing", position.quantity);
            self.add(format!("{at}.quantity"), wrong, "what comes back is a receipt of type sellReturn");
        } else {
            self.amount(at, position);
        }
        self.sum(format!("{at}.amount"), position.amount);
        if let Some(department) = position.department {
            self.within(format!("{at}.department"), department, 1, limits::DEPARTMENT);
        }
        if let Some(MeasurementUnit::Text(unit)) = &position.unit {
            self.text(format!("{at}.measurementUnit"), unit, limits::UNIT);
        }
        if let Some(sum) = position.tax.sum {
            self.tax(at, position, sum);
        }
        self.marking(at, position, receipt.operation);
    }

    /// Price times quantity is the amount, with the discount taken off or without it, to less than a
    /// minor unit: an exact product has to be met exactly, another may be rounded up or down.
    fn amount(&mut self, at: &str, position: &Position) {
        const MINOR: i128 = 1_000_000;
        let discount = position.discount.unwrap_or(Money::ZERO);
        let product = position.price.exactly_times(position.quantity);
        let meets = |exact: i128| (exact - i128::from(position.amount.0) * MINOR).abs() < MINOR;
        if meets(product) || meets(product - i128::from(discount.0) * MINOR) {
            return;
        }
        let full = position.price.times(position.quantity);
        let mut wrong =
            format!("{} isn't {} x {} = {full}", position.amount, position.quantity, position.price);
        if !discount.is_zero() {
            wrong += &format!(", nor that less the discount of {discount}, {}", full - discount);
        }
        let remedy = format!("give {}, or the right infoDiscountAmount", full - discount);
        self.add(format!("{at}.amount"), wrong, remedy);
    }

    /// A tax that is given is the one that is computed, to one minor unit.
    fn tax(&mut self, at: &str, position: &Position, sum: Money) {
        let computed = position.tax.kind.included_in(position.amount);
        let tolerance = if position.tax.kind.percent() == 0 { 0 } else { 1 };
        if sum.0.saturating_sub(computed.0).saturating_abs() > tolerance {
            let wrong =
                format!("{sum} isn't the {} in {}, {computed}", position.tax.kind.as_str(), position.amount);
            self.add(format!("{at}.tax.sum"), wrong, "give that sum, or leave it out to have it computed");
        }
    }

    /// A code stands with the objects that have one, and what becomes of the item fits the receipt.
    fn marking(&mut self, at: &str, position: &Position, operation: Operation) {
        let marked =
            matches!(position.object, PaymentObject::CommodityWithMarking | PaymentObject::ExciseWithMarking);
        let Some(code) = &position.marking else {
            if marked {
                let wrong = format!("missing: the payment object is {}", position.object);
                let remedy = "scan the code, or give commodityWithoutMarking or exciseWithoutMarking";
                self.add(format!("{at}.imcParams"), wrong, remedy);
            }
            return;
        };
        if !marked {
            let wrong = format!("{} has no marking code, and imcParams is there", position.object);
            let remedy = "give commodityWithMarking or exciseWithMarking, or leave imcParams out";
            self.add(format!("{at}.paymentObject"), wrong, remedy);
        }
        let at = format!("{at}.imcParams");
        self.0.extend(marking::problems(code, &at));
        let status = code.item_estimated_status;
        if code.is_of_a_piece() && position.quantity != Quantity::ONE {
            let wrong = format!("{status} is one piece, and the quantity is {}", position.quantity);
            self.add(format!("{at}.itemEstimatedStatus"), wrong, "give each code a position of quantity 1");
        }
        let fits = match operation {
            Operation::Sell => !matches!(status, MarkedStatus::PieceReturn | MarkedStatus::DryReturn),
            Operation::SellReturn => !matches!(status, MarkedStatus::PieceSold | MarkedStatus::DryForSale),
            Operation::Buy | Operation::BuyReturn => true,
        };
        if !fits {
            let wrong = format!("{status} doesn't fit the type of the receipt");
            let remedy =
                "a sale has itemPieceSold or itemDryForSale, its return itemPieceReturn or itemDryReturn";
            self.add(format!("{at}.itemEstimatedStatus"), wrong, remedy);
        }
    }

    fn operator(&mut self, operator: &Operator) {
        self.text("operator.name", &operator.name, limits::PERSON);
        let is_vatin =
            |vatin: &str| matches!(vatin.len(), 10 | 12) && vatin.bytes().all(|b| b.is_ascii_digit());
        if operator.vatin.as_ref().is_some_and(|vatin| !is_vatin(vatin)) {
            self.add("operator.vatin", "not 10 or 12 digits", "give the taxpayer number, or leave it out");
        }
    }

    fn client(&mut self, client: &ClientInfo) {
        if let Some(address) = &client.email_or_phone {
            self.text("clientInfo.emailOrPhone", address, limits::PERSON);
            if !is_mail(address) && !is_phone(address) {
                let wrong = "neither a mail address nor a phone number with + and the country's code";
                self.add("clientInfo.emailOrPhone", wrong, "write it as guest@example.org or +79991234567");
            }
        }
        if let Some(name) = &client.name {
            self.text("clientInfo.name", name, limits::BUYER);
        }
        let is_vatin = |vatin: &str| {
            let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
            (2..=14).contains(&vatin.len()) && vatin.bytes().all(known)
        };
        if client.vatin.as_ref().is_some_and(|vatin| !is_vatin(vatin)) {
            self.add(
                "clientInfo.vatin",
                "not 2 to 14 capitals and digits",
                "write it as 7707083893 or RO12345678",
            );
        }
    }

    fn lines(&mut self, lines: &[Line]) {
        self.count("items", lines.len());
        for (index, line) in lines.iter().enumerate().take(limits::ITEMS) {
            let at = format!("items[{index}]");
            match line {
                Line::Text(text) => self.line_of_text(&at, text),
                Line::Barcode(barcode) => self.barcode(&at, barcode),
            }
        }
    }

    fn line_of_text(&mut self, at: &str, line: &TextLine) {
        let characters = line.text.chars().count();
        if characters > limits::TEXT {
            let wrong = format!("{characters} characters, {} at most", limits::TEXT);
            self.add(format!("{at}.text"), wrong, "split it");
        }
        if let Some(control) =
            line.text.chars().find(|character| character.is_control() && *character != '\n')
        {
            self.add(
                format!("{at}.text"),
                format!("it holds the control character {control:?}"),
                "take it out",
            );
        }
    }

    fn barcode(&mut self, at: &str, line: &BarcodeLine) {
        let bytes = line.barcode.len();
        let data = match line.barcode_type.symbology() {
            _ if bytes == 0 => Err("empty".to_owned()),
            _ if bytes > limits::BARCODE => Err(format!("{bytes} bytes, {} at most", limits::BARCODE)),
            Some(symbology) => {
                barcode::normalise(symbology, &line.barcode).map_err(|error| error.to_string())
            }
            None => Ok(String::new()),
        };
        if let Err(wrong) = data {
            self.add(format!("{at}.barcode"), wrong, "");
        }
        if let Some(scale) = line.scale {
            self.within(format!("{at}.scale"), scale, 1, 10);
        }
        if let Some(height) = line.height {
            self.within(format!("{at}.height"), height, 1, 255);
        }
    }

    /// A text that a register keeps: something to read, no control characters, not too long.
    fn text(&mut self, at: impl Into<String>, text: &str, most: usize) {
        let at = at.into();
        let characters = text.chars().count();
        if text.trim().is_empty() {
            self.add(at, "empty", "give a text, or leave the field out if it may be");
        } else if characters > most {
            self.add(at, format!("{characters} characters, {most} at most"), "shorten it");
        } else if let Some(control) = text.chars().find(|character| character.is_control()) {
            self.add(at, format!("it holds the control character {control:?}"), "take it out");
        }
    }

    fn sum(&mut self, at: impl Into<String>, sum: Money) {
        if sum.is_negative() {
            let remedy = "money that goes the other way is a receipt of type sellReturn, or cashOut";
            self.add(at, format!("{sum} is below nothing"), remedy);
        } else if sum > limits::SUM {
            self.add(at, format!("{sum} is more than {}", limits::SUM), "split it");
        }
    }

    fn count(&mut self, at: &str, items: usize) {
        if items == 0 {
            self.add(at, "empty", "give one at least");
        } else if items > limits::ITEMS {
            self.add(at, format!("{items} of them, {} at most", limits::ITEMS), "split it into several");
        }
    }

    fn within<T: PartialOrd + Display>(&mut self, at: String, value: T, least: T, most: T) {
        if value < least || value > most {
            self.add(at, format!("{value} is out of range"), format!("allowed are {least} to {most}"));
        }
    }

    fn add(&mut self, at: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem::new(at, wrong, remedy));
    }
}

/// Something before and after one `@`, with a dot in what comes after, and no space.
fn is_mail(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let labels = domain.split('.').count();
    !local.is_empty()
        && labels >= 2
        && domain.split('.').all(|label| !label.is_empty())
        && !domain.contains('@')
        && !address.contains(char::is_whitespace)
}

/// `+` and 8 to 15 digits (ITU-T E.164), with +7 eleven.
fn is_phone(address: &str) -> bool {
    let Some(digits) = address.strip_prefix('+') else { return false };
    let length = if digits.starts_with('7') { 11..=11 } else { 8..=15 };
    length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

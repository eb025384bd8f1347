//! Commands that make up a fiscal receipt.

use super::parameter::{moment, out_of_range, plain, range, range_money, sale_number};
use super::{Command, CommandError, Discount, Effect, Item, Look, Opening, Reason, Storno};
use crate::datecs::dialect::{Dialect, Name, Payment};
use crate::datecs::number::{money, quantity};
use crate::datecs::text;

impl Dialect {
    /// 48: opens a fiscal receipt.
    pub fn open_receipt(&self, opening: &Opening<'_>) -> Result<Command, CommandError> {
        let [number, password, till] = self.operator(opening.operator)?;
        let sale = opening.sale.map(|sale| sale_number("sale", sale)).transpose()?;
        let client = opening.client.map(|client| plain("client", client, 13)).transpose()?;
        if client.is_some() && self.name != Name::Ro {
            return Err(self.unsupported("print the tax number of a client"));
        }
        let invoice = if opening.invoice { "I" } else { "" };
        let mut fields = vec![number.as_str(), password.as_str()];
        match self.name {
            Name::X => {
                fields.extend(sale);
                fields.extend([&till, invoice]);
            }
            // The last one is the airport.
            Name::Ro => fields.extend([&till, invoice, client.unwrap_or_default(), ""]),
            Name::P => {
                fields.push(&till);
                fields.extend(
                    [invoice, sale.unwrap_or_default()].into_iter().filter(|field| !field.is_empty()),
                );
            }
            Name::C => {
                fields.extend(sale);
                fields.push(&till);
                fields.extend(opening.invoice.then_some(invoice));
            }
        }
        Ok(self.fiscal(48, &fields))
    }

    /// Opens a storno receipt: 43 on X, 46 on P and C.
    pub fn open_storno(&self, storno: &Storno<'_>) -> Result<Command, CommandError> {
        let number =
            self.commands.storno.ok_or_else(|| self.unsupported("refund: there is no storno receipt"))?;
        let [operator, password, till] = self.operator(storno.operator)?;
        range("document", storno.document.into(), 1, 9_999_999)?;
        moment("at", &storno.at)?;
        if storno.memory.len() != 8 || !storno.memory.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CommandError::Malformed { field: "memory", expected: "eight digits" });
        }
        let original = storno.original_sale.map(|sale| sale_number("original_sale", sale)).transpose()?;
        let sale = storno.sale.map(|sale| sale_number("sale", sale)).transpose()?;
        if sale.is_some() && self.name != Name::P {
            return Err(self.unsupported("number a storno receipt as a sale of its own"));
        }
        if original.is_none() && self.name == Name::P {
            return Err(CommandError::Empty { field: "original_sale" });
        }
        let (invoice, why) = match storno.invoice {
            Some((invoice, why)) => (Some(invoice_number(invoice)?), self.reason_text(why)?),
            None => (None, Vec::new()),
        };
        let (code, letter) = match storno.reason {
            Reason::OperatorError => ("0", 'E'),
            Reason::Refund => ("1", 'R'),
            Reason::TaxBase => ("2", 'T'),
        };
        let (document, original) = (storno.document.to_string(), original.unwrap_or_default());
        let mut data = Vec::new();
        match self.name {
            Name::P => {
                let mut fields = vec![operator, password, till];
                fields.extend(invoice.map(|invoice| format!("I{invoice}")));
                fields.extend(sale.map(str::to_owned));
                fields.extend([format!("{letter}{document}"), original.to_owned()]);
                fields.extend([storno.at.packed(), storno.memory.to_owned()]);
                data.extend_from_slice(fields.join(",").as_bytes());
                if !why.is_empty() {
                    data.push(b'#');
                    data.extend(why);
                }
            }
            Name::C => {
                let at = storno.at.packed();
                let head = [&operator, &password, original, &till, code, &document, &at, storno.memory];
                data.extend_from_slice(head.join(",").as_bytes());
                if let Some(invoice) = invoice {
                    data.extend_from_slice(format!(",I,{invoice},").as_bytes());
                    data.extend(why);
                }
            }
            Name::X | Name::Ro => {
                let at = storno.at.with_summer();
                let mark = if invoice.is_some() { "I" } else { "" };
                let invoice = invoice.unwrap_or_default();
                let head =
                    [&operator, &password, &till, code, &document, &at, storno.memory, mark, &invoice, ""];
                data.extend_from_slice(head.join("\t").as_bytes());
                data.extend(why);
                data.extend_from_slice(format!("\t{original}\t").as_bytes());
            }
        }
        Ok(Command { number, data, effect: Effect::Fiscal })
    }

    /// 49: sells an item. A name too long for a line goes on in the next, where the dialect has two.
    pub fn item(&self, item: &Item<'_>) -> Result<Command, CommandError> {
        let limits = &self.limits;
        self.check_sum(item)?;
        range("department", item.department.into(), 0, limits.departments.into())?;
        let tax = self.tax_code(item.tax).ok_or_else(|| {
            let last = char::from(b'A' + self.taxes.len().saturating_sub(1) as u8);
            out_of_range("tax group", item.tax, &format!("A to {last}"))
        })?;
        if item.name.trim().is_empty() {
            return Err(CommandError::Empty { field: "name" });
        }
        let most = limits.name * limits.name_lines;
        let name = text::encode(self.page, "name", item.name, most)?;
        let unit = text::encode(self.page, "unit", item.unit, limits.unit)?;
        let price = money(if item.void { -item.price } else { item.price });
        let amount = quantity(item.quantity);
        let data = if self.is_tabbed() {
            let (kind, value) = self.discount(item.discount)?;
            let department = item.department.to_string();
            let fields =
                [&name[..], &[tax], price.as_bytes(), amount.as_bytes(), kind.as_bytes(), value.as_bytes()];
            let mut data = fields.join(&b'\t');
            data.extend_from_slice(format!("\t{department}\t").as_bytes());
            // On X there are two forms, and the one with a unit forbids an empty one (*X manual*, command 49).
            if self.name == Name::Ro || !unit.is_empty() {
                data.extend(unit);
                data.push(b'\t');
            }
            data
        } else {
            if item.department != 0 {
                // It brings its own tax group: the letter would have to be left out.
                return Err(self.unsupported("sell by department and tax group at once; use department 0"));
            }
            let length = name.len();
            let too_long = CommandError::TooLong { field: "name", length, limit: most };
            let mut data = text::lines(&name, limits.name, limits.name_lines).ok_or(too_long)?.join(&b'\n');
            data.extend_from_slice(&[b'\t', tax]);
            data.extend_from_slice(format!("{price}*{amount}").as_bytes());
            if !unit.is_empty() {
                data.push(b'#');
                data.extend(unit);
            }
            data.extend(self.signed_discount(item.discount)?);
            data
        };
        Ok(Command { number: 49, data, effect: Effect::Fiscal })
    }

    /// Price, quantity, and their product.
    fn check_sum(&self, item: &Item<'_>) -> Result<(), CommandError> {
        let limits = &self.limits;
        range_money("price", item.price, 0, limits.money)?;
        if !(1..=limits.quantity).contains(&item.quantity) {
            let expected = format!("0.001 to {}", quantity(limits.quantity));
            return Err(out_of_range("quantity", quantity(item.quantity), &expected));
        }
        let product = i128::from(item.price) * i128::from(item.quantity) / 1000;
        if product > i128::from(limits.money) {
            let product = i64::try_from(product).map_or_else(|_| "far too much".to_owned(), money);
            return Err(out_of_range(
                "price times quantity",
                product,
                &format!("at most {}", money(limits.money)),
            ));
        }
        Ok(())
    }

    /// 51: the sum so far, with a discount or surcharge on all of it where given.
    pub fn subtotal(
        &self,
        print: bool,
        show: bool,
        discount: Option<Discount>,
    ) -> Result<Command, CommandError> {
        let (print, show) = (if print { "1" } else { "0" }, if show { "1" } else { "0" });
        if self.is_tabbed() {
            let (kind, value) = self.discount(discount)?;
            return Ok(self.fiscal(51, &[print, show, kind, &value]));
        }
        let mut data = format!("{print}{show}").into_bytes();
        data.extend(self.signed_discount(discount)?);
        Ok(Command { number: 51, data, effect: Effect::Fiscal })
    }

    /// 53: a payment of `amount` hundredths, more than 0.
    pub fn payment(&self, payment: Payment, amount: i64) -> Result<Command, CommandError> {
        let code = self.payment_code(payment).ok_or_else(|| self.unsupported("take this kind of payment"))?;
        range_money("amount", amount, 1, self.limits.money)?;
        let (code, amount) = (char::from(code).to_string(), money(amount));
        Ok(match self.name {
            // The third parameter: for currency, change in the currency of the country; else the type of card.
            Name::X if payment == Payment::Currency => self.fiscal(53, &[&code, &amount, "0"]),
            Name::X => self.fiscal(53, &[&code, &amount, ""]),
            Name::Ro => self.fiscal(53, &[&code, &amount]),
            Name::P | Name::C => self.fiscal(53, &[&format!("\t{code}{amount}")]),
        })
    }

    /// 54: a line of text in a fiscal receipt.
    pub fn fiscal_text(&self, line: &str, look: Look) -> Result<Command, CommandError> {
        let line = text::encode(self.page, "text", line, self.limits.fiscal_text)?;
        Ok(match self.name {
            // Here this dialect has no looks (*C manual*, command 54).
            Name::C => Command { number: 54, data: line, effect: Effect::Fiscal },
            _ => self.text_line(54, line, look),
        })
    }

    /// 56: closes the fiscal receipt.
    pub fn close_receipt(&self) -> Command {
        self.fiscal(56, &[])
    }

    /// 60: cancels the fiscal receipt. On P and C only before the first payment.
    pub fn cancel_receipt(&self) -> Command {
        self.fiscal(60, &[])
    }
}

fn invoice_number(invoice: u64) -> Result<String, CommandError> {
    match invoice {
        1..=9_999_999_999 => Ok(invoice.to_string()),
        _ => Err(out_of_range("invoice", invoice, "1 to 9999999999")),
    }
}

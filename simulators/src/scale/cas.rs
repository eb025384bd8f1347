//! CAS on request.
//!
//! Sources: CAS AP-1 transmission protocol (ENQ, DC1, DC2, weight block RD1); Ohaus Aviator 7000
//! service manual, section 6.1.1, which describes the same protocol with the sign `F`, the order
//! of the blocks of `DC2` (total, weight, unit price) and their leading blanks.

use super::desk::{Answer, Desk};
use super::mass::Unit;
use super::pan::digits;
use super::simulation::Dialect;
use super::spec::CasForm;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const DC1: u8 = 0x11;
const DC2: u8 = 0x12;
const NAK: u8 = 0x15;

pub(super) struct Cas {
    form: CasForm,
    /// `ENQ` was answered with `ACK`, and the block has not been asked for.
    ready: bool,
}

impl Cas {
    pub fn new(form: CasForm) -> Self {
        Self { form, ready: false }
    }

    /// One block: STX, payload, BCC, ETX.
    fn block(payload: &str) -> Vec<u8> {
        let mut block = vec![STX];
        block.extend(payload.bytes());
        block.push(payload.bytes().fold(0, |bcc, byte| bcc ^ byte));
        block.push(ETX);
        block
    }

    /// Status, sign, weight and unit: always ten characters.
    fn weight(&self, desk: &Desk) -> String {
        let reading = desk.pan.reading();
        let status = if reading.stable && !reading.fault { 'S' } else { 'U' };
        let sign = match reading.value {
            _ if reading.overload => 'F',
            ..0 => '-',
            _ => ' ',
        };
        let weight = match self.form {
            CasForm::Grams => format!("{:>7}g", grams(desk)),
            _ => format!("{:>6}{:>2}", reading.digits(), reading.unit.text()),
        };
        format!("{status}{sign}{weight}")
    }

    fn whole(&self, blocks: &[Vec<u8>]) -> Vec<u8> {
        let start = if self.form == CasForm::ParityLeak { SOH | 0x80 } else { SOH };
        [vec![start], blocks.concat(), vec![EOT]].concat()
    }
}

/// The weight shown, in whole grams and without its sign.
fn grams(desk: &Desk) -> i64 {
    desk.pan.last_place().times(desk.pan.reading().value.abs()).counted_in(Unit::Gram.last_place(0))
}

/// Eight characters with two places after the point.
fn money(amount: u64) -> String {
    format!("{:>8}", digits(i64::try_from(amount).unwrap_or(i64::MAX), 2))
}

impl Dialect for Cas {
    fn receive(&mut self, byte: u8, desk: &mut Desk) {
        match byte {
            ENQ => {
                desk.note("ENQ");
                self.ready = !desk.is_busy();
                desk.say(&[if self.ready { ACK } else { NAK }]);
            }
            DC1 | DC2 if !std::mem::take(&mut self.ready) => {
                desk.violation("a block was asked for without ENQ and its ACK");
                desk.say(&[NAK]);
            }
            DC1 => {
                desk.ask("DC1");
                let answer = self.weight_frame(desk);
                desk.answer(answer);
            }
            DC2 => {
                desk.ask("DC2");
                let total = Self::block(&money(desk.pan.total()));
                let weight = Self::block(&self.weight(desk));
                let price = Self::block(&money(u64::from(desk.pan.price)));
                let weight_check = 1 + total.len() + weight.len() - 2;
                desk.answer(Answer::new(self.whole(&[total, weight, price])).check_at(weight_check));
            }
            _ => desk.violation(format!("{byte:02X} is no command")),
        }
    }

    fn weight_frame(&self, desk: &Desk) -> Answer {
        let frame = self.whole(&[Self::block(&self.weight(desk))]);
        let check = frame.len() - 3;
        Answer::new(frame).check_at(check)
    }

    fn reset(&mut self) {
        self.ready = false;
    }
}

//! Marking codes: `FF61` checks one, `FF69` takes or drops it, `FF67` binds it to the last
//! position (vendor's driver, `FSCheckMC`, `FSAcceptMC`, `FSBindMC`).

use super::Ffd;
use super::code;
use super::command::{Answer, Commands};
use super::fields::Fields;

/// The tag that a bound code is kept under: the code as it was scanned.
pub(super) const TAG: u16 = 2000;

/// What stands for a code in the GS1 form: `01`, 14 digits, `21`.
const GS1: [u8; 2] = [0x44, 0x4D];

impl Commands<'_> {
    /// `FF61`: planned state, mode, length of the code, length of tags, code, tags.
    pub fn check_mark(&mut self, fields: &mut Fields<'_>) -> Answer {
        let _state = fields.byte()?;
        let _mode = fields.byte()?;
        let (code_length, tags_length) = (usize::from(fields.byte()?), usize::from(fields.byte()?));
        let mark = fields.bytes(code_length)?.to_vec();
        let _tags = fields.bytes(tags_length)?;
        if mark.is_empty() {
            return Err(code::FN_PARAMETERS);
        }
        if self.ram.checked.is_some() {
            return Err(code::FN_MARK_ORDER);
        }
        let known = is_gs1(&mark);
        self.ram.checked = Some(mark);
        // Checked in the storage with a good result, or not checked: no key; no answer of a
        // server.
        Ok(if known { vec![0x03, 0, 0, 0] } else { vec![0x00, 1, 0, 0] })
    }

    /// `FF69`: 1 takes the checked code, 0 drops it; the answer is tag 2106. 2 drops all that were
    /// taken.
    pub fn accept_mark(&mut self, fields: &mut Fields<'_>) -> Answer {
        let decision = fields.byte()?;
        if decision == 2 {
            self.ram.accepted.clear();
            return Ok(Vec::new());
        }
        let mark = self.ram.checked.take().ok_or(code::FN_MARK_ORDER)?;
        let result = if is_gs1(&mark) { 0x03 } else { 0x00 };
        match decision {
            0 => {}
            1 => self.ram.accepted.push(mark),
            _ => return Err(code::PARAMETERS),
        }
        Ok(vec![result])
    }

    /// `FF67`: the code belongs to the last position. Under format 1.2 only one that was
    /// accepted.
    pub fn bind_mark(&mut self, fields: &mut Fields<'_>) -> Answer {
        let length = usize::from(fields.byte()?);
        let mark = fields.bytes(length)?.to_vec();
        let _counted_by_volume = fields.rest();
        let checked = self.spec.ffd == Ffd::V12;
        self.own_receipt()?.items.last().ok_or(code::FN_STATE)?;
        if checked {
            let accepted = self.ram.accepted.iter().position(|known| *known == mark);
            self.ram.accepted.remove(accepted.ok_or(code::FN_MARK_UNKNOWN)?);
        }
        let known = is_gs1(&mark);
        if let Some(item) = self.own_receipt()?.items.last_mut() {
            item.tags.push((TAG, mark));
        }
        Ok(if known { vec![GS1[0], GS1[1], 0] } else { vec![0, 0, 0xFF] })
    }
}

fn is_gs1(mark: &[u8]) -> bool {
    mark.starts_with(b"01")
        && mark.get(2..16).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
        && mark.get(16..18) == Some(b"21")
        && mark.contains(&0x1D)
}

//! Names of readers. pcscd gives `ACS ACR122U PICC Interface 01 00`: the reader's own name, its number among all
//! readers, which is another one after a replug, and the number of the slot in it, two hexadecimal digits each
//! (pcsc-lite, `src/readerfactory.c`).

use super::problem::Problem;

/// A reader as the configuration names it: with both numbers or with none. The first one is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    own: String,
    slot: Option<u8>,
}

impl Name {
    pub fn new(text: &str) -> Self {
        match parts(text) {
            (own, slot @ Some(_)) => Self { own: own.to_owned(), slot },
            (_, None) => Self { own: text.to_owned(), slot: None },
        }
    }

    /// The one that is meant.
    ///
    /// # Errors
    /// None of them is, or several may be.
    pub fn find<'a>(&self, readers: &'a [String]) -> Result<&'a str, Problem> {
        let meant: Vec<&str> = readers.iter().map(String::as_str).filter(|name| self.is(name)).collect();
        match meant.as_slice() {
            [one] => Ok(one),
            [] => Err(Problem::Absent { wanted: self.own.clone(), there: readers.join(", ") }),
            several => Err(Problem::Ambiguous { wanted: self.own.clone(), several: several.join(", ") }),
        }
    }

    fn is(&self, reader: &str) -> bool {
        let (own, slot) = parts(reader);
        own == self.own && (self.slot.is_none() || self.slot == slot)
    }
}

/// The shortest text that names this reader among these: without numbers where that is enough.
pub(super) fn shortest<'a>(reader: &'a str, readers: &[String]) -> &'a str {
    let (own, _) = parts(reader);
    if Name::new(own).find(readers).is_ok() { own } else { reader }
}

/// A reader's own name and its slot.
fn parts(name: &str) -> (&str, Option<u8>) {
    let number = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_number.then(|| u8::from_str_radix(text, 16).ok()).flatten()
    };
    let split = || {
        let (rest, slot) = name.rsplit_once(' ')?;
        let (own, reader) = rest.rsplit_once(' ')?;
        number(reader)?;
        Some((own, number(slot)?))
    };
    split().map_or((name, None), |(own, slot)| (own, Some(slot)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_reader_is_found_whatever_its_number_is_now() {
        let there = readers(&["Alcor Micro AU9540 00 00", "ACS ACR122U PICC Interface 0A 00"]);
        for name in ["ACS ACR122U PICC Interface", "ACS ACR122U PICC Interface 00 00"] {
            assert_eq!(Name::new(name).find(&there), Ok("ACS ACR122U PICC Interface 0A 00"));
        }
    }

    #[test]
    fn a_slot_is_named_by_the_second_number() {
        let there = readers(&["ACS ACR1281 Dual Reader 00 00", "ACS ACR1281 Dual Reader 00 01"]);
        let found = Name::new("ACS ACR1281 Dual Reader 03 01").find(&there);
        assert_eq!(found, Ok("ACS ACR1281 Dual Reader 00 01"));
        assert!(matches!(Name::new("ACS ACR1281 Dual Reader").find(&there), Err(Problem::Ambiguous { .. })));
    }

    #[test]
    fn of_two_alike_none_is_taken_by_chance() {
        let there = readers(&["ACS ACR122U 00 00", "ACS ACR122U 01 00"]);
        let refused = Name::new("ACS ACR122U 00 00").find(&there).unwrap_err().to_string();
        assert!(refused.contains("ACS ACR122U 00 00, ACS ACR122U 01 00"), "{refused}");
    }

    #[test]
    fn a_reader_that_is_not_there_is_told_with_those_that_are() {
        let there = readers(&["ACS ACR122U 00 00"]);
        let refused = Name::new("HID OMNIKEY 5022").find(&there).unwrap_err().to_string();
        assert!(refused.contains("HID OMNIKEY 5022") && refused.contains("ACS ACR122U"), "{refused}");
        let refused = Name::new("ACS").find(&[]).unwrap_err().to_string();
        assert!(refused.contains("there is none"), "{refused}");
    }

    #[test]
    fn words_that_look_like_numbers_belong_to_the_name_unless_there_are_two() {
        let there = readers(&["Reader AB 00 00"]);
        assert_eq!(Name::new("Reader AB").find(&there), Ok("Reader AB 00 00"));
    }

    #[test]
    fn the_shortest_name_has_numbers_only_where_they_are_needed() {
        let there = readers(&["A 00 00", "B 01 00", "B 01 01"]);
        let short: Vec<&str> = there.iter().map(|name| shortest(name, &there)).collect();
        assert_eq!(short, ["A", "B 01 00", "B 01 01"]);
    }
}

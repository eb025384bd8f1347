use super::*;

#[test]
fn ean_check_digits_are_added_and_verified() {
    // GS1 General Specifications, section 7.9: 629104150021 has the check digit 3.
    assert_eq!(normalise(Symbology::Ean13, "629104150021").as_deref(), Ok("6291041500213"));
    assert_eq!(normalise(Symbology::Ean13, "6291041500213").as_deref(), Ok("6291041500213"));
    assert_eq!(
        normalise(Symbology::Ean13, "6291041500214"),
        Err(BarcodeError::CheckDigit { data: "6291041500214".into(), expected: '3' })
    );
    assert_eq!(normalise(Symbology::Ean8, "9638507").as_deref(), Ok("96385074"));
}

#[test]
fn data_that_a_symbology_has_no_code_for_is_refused_with_the_character() {
    let refused = |s, d| normalise(s, d).expect_err("refused").to_string();
    assert!(refused(Symbology::Code39, "abc").contains("'a'"));
    assert!(refused(Symbology::Code128, "Чек").contains("'Ч'"));
    assert!(refused(Symbology::Itf, "123").contains("even number"));
    assert!(refused(Symbology::Ean13, "12345").contains("12 digits"));
    assert!(refused(Symbology::Ean13, "1234567890½").contains("digits"));
    assert!(refused(Symbology::Code128, "").contains("needs data"));
}

#[test]
fn code128_takes_pairs_of_digits_where_that_is_shorter() {
    use Code128::*;
    assert_eq!(code128("12", true), [Set(CodeSet::C), Pair(12)]);
    assert_eq!(code128("1", true), [Set(CodeSet::B), Char(b'1')]);
    assert_eq!(
        code128("AB123456", true),
        [Set(CodeSet::B), Char(b'A'), Char(b'B'), Set(CodeSet::C), Pair(12), Pair(34), Pair(56)]
    );
    // Two digits inside text are not worth a change of set.
    assert_eq!(code128("A12B", true).len(), 5);
    assert_eq!(code128("1234", false), [Set(CodeSet::B), Char(b'1'), Char(b'2'), Char(b'3'), Char(b'4')]);
}

#[test]
fn one_control_character_among_small_letters_costs_a_shift() {
    use Code128::*;
    assert_eq!(code128("a\tb", true), [Set(CodeSet::B), Char(b'a'), Shift, Char(b'\t'), Char(b'b')]);
    assert_eq!(code128("\t\n\r", true)[0], Set(CodeSet::A));
}

/// ISO/IEC 15417, clause 4.3.4 and annex: start B, the values, the modulo 103 check.
#[test]
fn code128_check_character_is_the_weighted_sum() {
    let values = code128_values(&code128("PJJ123C", false));
    assert_eq!(values[..8], [104, 48, 42, 42, 17, 18, 19, 35]);
    let sum = 104 + 48 + 2 * 42 + 3 * 42 + 4 * 17 + 5 * 18 + 6 * 19 + 7 * 35;
    assert_eq!(u32::from(values[8]), sum % 103);
}

#[test]
fn bars_have_the_width_the_standards_give() {
    let width = |s, d: &str| -> u32 {
        let data = normalise(s, d).expect("valid");
        bars(s, &data).expect("bars").iter().map(|&w| u32::from(w)).sum()
    };
    assert_eq!(width(Symbology::Ean13, "4006381333931"), 95);
    assert_eq!(width(Symbology::Ean8, "96385074"), 67);
    assert_eq!(width(Symbology::Code128, "ABC"), 11 * 5 + 13);
    assert_eq!(width(Symbology::Code39, "A1"), 4 * 15 + 3);
    assert_eq!(width(Symbology::Itf, "1234"), 4 + 2 * 18 + 5);
}

#[test]
fn ean13_bars_spell_the_digits() {
    let row: String = bars(Symbology::Ean13, "4006381333931")
        .expect("bars")
        .iter()
        .enumerate()
        .flat_map(|(i, &w)| std::iter::repeat_n(if i % 2 == 0 { '1' } else { '0' }, usize::from(w)))
        .collect();
    // First digit 4: L G L L G G; 0 = 0001101, G0 = 0100111, 6 = 0101111, 3 = 0111101, G8 = 0001001,
    // G1 = 0110011 (ISO/IEC 15420, table 1).
    assert_eq!(&row[..3], "101");
    assert_eq!(&row[3..45], ["0001101", "0100111", "0101111", "0111101", "0001001", "0110011"].concat());
    assert_eq!(&row[45..50], "01010");
    assert_eq!(&row[50..57], "1000010", "R3");
    assert_eq!(&row[92..], "101");
}

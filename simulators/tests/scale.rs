//! The simulated scale answers as vendors' documents say. Frames are those of the documents and
//! recordings; where a document gives the layout alone, the bytes are written out by hand.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_simulators::scale::{
    AdamForm, CasForm, Fault, HidStatus, HidUnit, Mass, NciForm, Protocol, Scale, ScaleSpec, SicsForm, Unit,
    hid_report,
};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[track_caller]
fn says(scale: &Scale, question: &str, answer: &str) {
    assert_eq!(scale.feed(&bytes(question)), bytes(answer), "to {question}");
}

#[track_caller]
fn says_text(scale: &Scale, question: &str, answer: &str) {
    let said = scale.feed(question.as_bytes());
    assert_eq!(String::from_utf8_lossy(&said), answer, "to {question:?}");
}

fn with_protocol(protocol: Protocol) -> Scale {
    Scale::new(ScaleSpec::new(protocol))
}

mod pan {
    use super::*;

    #[test]
    fn a_weight_is_shown_rounded_to_the_division() {
        let scale = Scale::new(ScaleSpec::cas().with_step(5));
        for (grams, shown) in [(1552, 1550), (1553, 1555), (-3, -5), (2, 0)] {
            scale.put(grams);
            assert_eq!(scale.reading().value, shown, "{grams} g");
        }
        scale.put(Mass::tenths_of_gram(25));
        assert_eq!(scale.reading().value, 5, "half a division away from zero");
        scale.put(Mass::tenths_of_gram(24));
        assert_eq!(scale.reading().value, 0);
    }

    #[test]
    fn a_scale_in_grams_shows_tenths_and_a_scale_in_pounds_is_exact() {
        let fine = Scale::new(ScaleSpec::mt_sics().in_unit(Unit::Gram, 1));
        fine.put(Mass::tenths_of_gram(12_345));
        assert_eq!(fine.reading().value, 12_345);
        let pounds = Scale::new(ScaleSpec::toledo_8217().in_unit(Unit::Pound, 2));
        pounds.put(Mass::thousandths_of_pound(3_420));
        assert_eq!(pounds.reading().value, 342);
        pounds.put(1000);
        assert_eq!(pounds.reading().value, 220, "1 kg is 2.2046 lb");
    }

    #[test]
    fn overload_and_underload_begin_beyond_the_range() {
        let scale = Scale::new(ScaleSpec::cas());
        for (grams, overload, underload) in
            [(15_000, false, false), (15_001, true, false), (-20, false, false), (-21, false, true)]
        {
            scale.put(grams);
            let reading = scale.reading();
            assert_eq!((reading.overload, reading.underload), (overload, underload), "{grams} g");
        }
    }

    #[test]
    fn zero_and_tare_are_refused_in_motion_and_beyond_their_range() {
        let scale = Scale::new(ScaleSpec::cas());
        scale.put(301);
        assert!(!scale.press_zero());
        scale.put(300);
        scale.moving(true);
        assert!(!scale.press_zero() && !scale.press_tare());
        scale.moving(false);
        assert!(scale.press_zero());
        assert_eq!(scale.reading().value, 0);
        scale.take_away();
        assert_eq!(scale.reading().value, -300);
        assert!(!scale.press_tare(), "below zero");
        scale.put(1300);
        assert!(scale.press_tare());
        scale.put(2300);
        let reading = scale.reading();
        assert_eq!((reading.value, reading.tare, reading.gross), (1000, 1000, 2000));
        assert!(!scale.press_zero(), "with a tare");
        scale.put(300);
        assert!(scale.press_tare());
        assert_eq!(scale.reading().tare, 0, "an empty pan clears the tare");
        scale.put(10_300);
        assert!(!scale.press_tare(), "more than the greatest tare");
    }
}

mod cas {
    use super::*;

    #[test]
    fn a_weight_is_asked_for_with_enq_and_dc1() {
        let scale = Scale::new(ScaleSpec::cas());
        scale.put(1550);
        says(&scale, "05", "06");
        says(&scale, "11", "0102532020312e3535306b67700304");
        scale.put(-5);
        scale.moving(true);
        says(&scale, "0511", "06 0102552d20302e3030356b677f0304");
        assert_eq!(scale.requests(), ["ENQ", "DC1", "ENQ", "DC1"]);
        assert_eq!(scale.state().asked, 2);
    }

    #[test]
    fn dc2_brings_total_weight_and_unit_price() {
        let scale = Scale::new(ScaleSpec::cas());
        scale.put(1550);
        scale.set_price(1500);
        let blocks = "02 20202032332e3235 08 03 \
                      02 532020312e3535306b67 70 03 \
                      02 20202031352e3030 0a 03";
        says(&scale, "0512", &format!("06 01 {blocks} 04"));
    }

    #[test]
    fn a_block_without_enq_is_refused() {
        let scale = Scale::new(ScaleSpec::cas());
        says(&scale, "11", "15");
        says(&scale, "051111", "06 0102532020302e3030306b67 71 0304 15");
        assert_eq!(scale.violations().len(), 2);
    }

    #[test]
    fn an_overload_has_the_sign_f() {
        let scale = Scale::new(ScaleSpec::cas());
        scale.put(15_001);
        assert_eq!(scale.feed(&bytes("0511"))[4], b'F');
    }

    #[test]
    fn some_scales_leak_a_parity_bit_or_write_grams() {
        let leaky = with_protocol(Protocol::Cas(CasForm::ParityLeak));
        leaky.put(1550);
        says(&leaky, "0511", "06 8102532020312e3535306b67700304");
        let grams = with_protocol(Protocol::Cas(CasForm::Grams));
        grams.put(1550);
        says(&grams, "0511", "06 0102 5320 20202031353530 67 35 0304");
    }

    #[test]
    fn the_stream_has_22_bytes_with_a_lamp_byte_and_no_comma_after_the_id() {
        let scale = Scale::new(ScaleSpec::cas_stream());
        scale.put(1550);
        assert!(scale.feed(b"").is_empty());
        assert!(scale.tick());
        let frame = scale.feed(b"");
        assert_eq!(frame, b"ST,GS,1\xC4,0001.550 kg\r\n");
        assert_eq!(frame.len(), 22);
        scale.press_tare();
        scale.put(1500);
        scale.moving(true);
        scale.tick();
        assert_eq!(scale.feed(b""), b"US,NT,1\x82,-000.050 kg\r\n");
        scale.put(20_000);
        scale.tick();
        assert!(scale.feed(b"").starts_with(b"OL,"));
    }

    #[test]
    fn the_stream_fills_with_zeros_as_in_the_manual_or_with_blanks() {
        let mut spec = ScaleSpec::cas_stream().in_unit(Unit::Kilogram, 1);
        for (blanks, weight) in [(false, "000013.5"), (true, "    13.5")] {
            spec.protocol = Protocol::CasStream { blanks };
            let scale = Scale::new(spec.clone());
            scale.put(13_500);
            scale.feed(b"");
            scale.tick();
            assert_eq!(&scale.feed(b"")[9..17], weight.as_bytes());
        }
    }
}

mod massa {
    use super::*;

    const WEIGHT: &str = "F855CE0100232300";

    #[test]
    fn protocol_100_tells_weight_stability_net_zero_and_tare() {
        let scale = Scale::new(ScaleSpec::massa_k_100());
        scale.put(1550);
        says(&scale, WEIGHT, "f855ce0d00240e0600000101000000000000b077");
        scale.put(15_001);
        says(&scale, WEIGHT, "f855ce020028080828");
        scale.take_away();
        says(&scale, "F855CE0100727200", "f855ce0100272700");
        // 100 g of tare, then 10,000 g.
        says(&scale, "f855ce0500a3640000002223", "f855ce0100121200");
        assert_eq!(scale.reading().tare, 100);
        says(&scale, "f855ce0500a3102700003ab3", "f855ce0100151500");
        assert_eq!(scale.reading().tare, 100);
    }

    #[test]
    fn zero_with_a_load_and_unknown_commands_are_errors() {
        let scale = Scale::new(ScaleSpec::massa_k_100());
        scale.put(1550);
        says(&scale, "F855CE0100727200", "f855ce020028151528");
        says(&scale, "F855CE0100A0A000", "f855ce020028070728");
        scale.inject(Fault::Broken);
        says(&scale, WEIGHT, "f855ce020028191928");
    }

    #[test]
    fn one_c_answers_a0_with_10() {
        let scale = Scale::new(ScaleSpec::massa_k_1c());
        scale.put(1550);
        says(&scale, "F855CE0100A0A000", "f855ce0700100e0600000101a115");
        says(&scale, WEIGHT, "f855ce020028070728");
    }

    #[test]
    fn a_frame_is_found_after_noise_and_a_wrong_checksum_is_not_answered() {
        let scale = Scale::new(ScaleSpec::massa_k_100());
        scale.put(1550);
        says(&scale, "00 F8 F855CE0100232300", "f855ce0d00240e0600000101000000000000b077");
        says(&scale, "F855CE0100232301", "");
        says(&scale, WEIGHT, "f855ce0d00240e0600000101000000000000b077");
        assert_eq!(scale.violations().len(), 1);
    }

    #[test]
    fn j_answers_with_status_division_and_a_magnitude_with_its_sign_in_the_last_byte() {
        let scale = Scale::new(ScaleSpec::massa_k_j());
        scale.put(1550);
        says(&scale, "4A", "80 00 0e0600");
        scale.moving(true);
        scale.put(-5);
        says(&scale, "4A", "00 00 050080");
        for (decimals, division) in [(4, 1), (3, 0), (2, 4), (1, 5)] {
            let scale = Scale::new(ScaleSpec::massa_k_j().in_unit(Unit::Kilogram, decimals));
            assert_eq!(scale.feed(&[0x4A])[1], division, "{decimals} decimals");
        }
        let disputed = with_protocol(Protocol::MassaJ { bit6: true });
        says(&disputed, "4A", "c0 00 000000");
    }
}

mod shtrih {
    use super::*;

    const WEIGHT: &str = "02053a303033303c";

    #[test]
    fn a_weight_is_acknowledged_answered_and_held_until_acknowledged() {
        let scale = Scale::new(ScaleSpec::shtrih_pos2());
        scale.put(1550);
        says(&scale, "05", "15");
        says(&scale, WEIGHT, "06 020b3a0015000e0600000000002c");
        says(&scale, "05", "06 020b3a0015000e0600000000002c");
        says(&scale, "15", "");
        says(&scale, "05", "06 020b3a0015000e0600000000002c");
        says(&scale, "06", "");
        says(&scale, "05", "15");
    }

    #[test]
    fn a_wrong_password_length_or_command_is_an_error_and_a_wrong_lrc_a_nak() {
        let scale = Scale::new(ScaleSpec::shtrih_pos2());
        says(&scale, "02053a303030303f", "06 02023a7a42");
        says(&scale, "06 02013a3b", "06 02023a7941");
        says(&scale, "06 02017776", "06 020277780d");
        says(&scale, "06 02053a3030333000", "15");
    }

    #[test]
    fn zero_tare_and_preset_tare_are_taken_and_refused() {
        let scale = Scale::new(ScaleSpec::shtrih_pos2());
        scale.put(100);
        says(&scale, "0205303030333036", "06 0202300032");
        assert_eq!(scale.reading().value, 0);
        scale.put(600);
        scale.moving(true);
        says(&scale, "06 0205313030333037", "06 02023198ab");
        scale.moving(false);
        says(&scale, "06 0205313030333037", "06 0202310033");
        assert_eq!(scale.reading().tare, 500);
        says(&scale, "06 0205303030333036", "06 02023096a4");
        says(&scale, "06 0207323030333064 0052", "06 0202320030");
        assert_eq!(scale.reading().tare, 100);
        says(&scale, "06 020732303033301027 01", "06 0202321121");
    }

    #[test]
    fn the_state_tells_motion_tare_overload_underload_and_a_dead_converter() {
        let scale = Scale::new(ScaleSpec::shtrih_pos2());
        let state = |scale: &Scale| {
            let answer = scale.feed(&bytes("06 02053a303033303c"));
            u16::from_le_bytes([answer[5], answer[6]])
        };
        assert_eq!(state(&scale), 0b01_0111, "fixed, at zero, on, still");
        scale.put(500);
        scale.press_tare();
        scale.moving(true);
        assert_eq!(state(&scale), 0b00_1100, "on, tare");
        scale.put(15_001);
        assert_eq!(state(&scale), 0b100_1100);
        scale.put(-50);
        assert_eq!(state(&scale), 0b1_0000_1100);
        scale.inject(Fault::Broken);
        assert_eq!(state(&scale), 0b11_1000_1100);
    }

    #[test]
    fn the_channel_is_told_in_24_bytes_or_in_25_and_the_device_with_its_name() {
        let channel = "e800 0000 03 fd 983a 1400 0f27 000000000000 01000000 02 00";
        let scale = Scale::new(ScaleSpec::shtrih_pos2());
        says(&scale, "0202e800ea", &format!("06 0218 {channel} 93"));
        let long = with_protocol(Protocol::ShtrihPos2 { long_channel_answer: true });
        says(&long, "0202e800ea", &format!("06 0219 {channel} 00 92"));
        says(&scale, "06 0202e801eb", "06 0202e8b953");
        let device = scale.feed(&bytes("06 0201fcfd"));
        assert_eq!(device[..9], bytes("06 0213 fc00 0103 0100"));
        assert_eq!(device[11..22], bytes("f8f2f0e8f5 2d c2cc 313030"), "its name in Windows-1251");
    }
}

mod toledo {
    use super::*;

    #[test]
    fn a_weight_has_five_digits_and_n_when_net() {
        let scale = Scale::new(ScaleSpec::toledo_8217());
        scale.put(1550);
        says_text(&scale, "W", "\x0201.550\r");
        says_text(&scale, "H", "\x0201.5500\r");
        scale.press_tare();
        scale.put(1650);
        says_text(&scale, "W", "\x0200.100N\r");
        let pounds = Scale::new(ScaleSpec::toledo_8217().in_unit(Unit::Pound, 2));
        pounds.put(Mass::thousandths_of_pound(1_550));
        says_text(&pounds, "W", "\x0201.55\r");
    }

    #[test]
    fn the_status_comes_instead_of_a_weight_in_motion_below_zero_and_above_the_range() {
        let scale = Scale::new(ScaleSpec::toledo_8217());
        scale.moving(true);
        says(&scale, "57", "02 3f 51 0d");
        scale.moving(false);
        scale.put(-5);
        says(&scale, "57", "02 3f 44 0d");
        scale.put(15_001);
        says(&scale, "57", "02 3f 4a 0d");
    }

    #[test]
    fn bit_5_tells_net_or_is_always_one() {
        let scale = Scale::new(ScaleSpec::toledo_8217());
        scale.put(100);
        says(&scale, "54", "02 3f 60 0d");
        let other = with_protocol(Protocol::Toledo8217 { bit5_always: true });
        says(&other, "5a", "02 3f 70 0d");
    }

    #[test]
    fn zero_tare_preset_tare_and_clear() {
        let scale = Scale::new(ScaleSpec::toledo_8217());
        scale.put(100);
        says(&scale, "5a", "02 3f 50 0d");
        says_text(&scale, "T00250", "\x02?t\r");
        assert_eq!(scale.reading().tare, 250);
        says_text(&scale, "Z", "\x02?t\r");
        scale.put(2100);
        says_text(&scale, "Z", "\x02?h\r");
        assert_eq!(scale.reading().gross, 2000, "not zeroed with a tare");
        scale.moving(true);
        says_text(&scale, "C", "\x02?i\r");
        scale.moving(false);
        says_text(&scale, "C", "\x02?H\r");
        says_text(&scale, "TW", "\x02?h\r\x0200.000N\r");
    }

    #[test]
    fn a_probe_is_echoed_until_f() {
        let scale = Scale::new(ScaleSpec::toledo_8217());
        says(&scale, "45 68656c6c6f", "02 45 0d 68656c6c6f");
        says_text(&scale, "FW", "\x02F\r\x0200.000\r");
        says_text(&scale, "ABB", "\x02\r\x02?@\r\x02?\0\r");
    }
}

mod sics {
    use super::*;

    #[test]
    fn s_waits_for_a_still_weight_and_si_does_not() {
        let scale = Scale::new(ScaleSpec::mt_sics());
        scale.put(1550);
        says_text(&scale, "S\r\n", "S S      1.550 kg\r\n");
        scale.moving(true);
        says_text(&scale, "SI\r\n", "S D      1.550 kg\r\n");
        says_text(&scale, "S\r\n", "S I\r\n");
        scale.put(15_001);
        says_text(&scale, "S\r\nSI\r\n", "S +\r\nS +\r\n");
        scale.put(-100);
        says_text(&scale, "SI\r\n", "S -\r\n");
    }

    #[test]
    fn some_scales_repeat_the_command_or_write_fewer_blanks() {
        let scale = with_protocol(Protocol::MtSics(SicsForm::CommandName));
        says_text(&scale, "SI\r\n", "SI S      0.000 kg\r\n");
        let scale = with_protocol(Protocol::MtSics(SicsForm::FewBlanks));
        scale.put(1550);
        says_text(&scale, "S\r\n", "S S   1.550 Kg\r\n");
    }

    #[test]
    fn zero_and_tare() {
        let scale = Scale::new(ScaleSpec::mt_sics());
        scale.put(100);
        says_text(&scale, "Z\r\n", "Z A\r\n");
        scale.moving(true);
        says_text(&scale, "Z\r\n", "Z I\r\n");
        says_text(&scale, "ZI\r\n", "ZI D\r\n");
        scale.moving(false);
        says_text(&scale, "ZI\r\n", "ZI S\r\n");
        scale.put(600);
        says_text(&scale, "Z\r\n", "Z +\r\n");
        says_text(&scale, "T\r\n", "T S      0.500 kg\r\n");
        says_text(&scale, "TA\r\n", "TA A      0.500 kg\r\n");
        says_text(&scale, "TA 0.125 kg\r\n", "TA A      0.125 kg\r\n");
        assert_eq!(scale.reading().value, 375);
        says_text(&scale, "TA 10.000 kg\r\n", "TA L\r\n");
        says_text(&scale, "TA 1 lb\r\n", "TA L\r\n");
        says_text(&scale, "TAC\r\n", "TAC A\r\n");
        assert_eq!(scale.reading().tare, 0);
    }

    #[test]
    fn errors_are_syntax_transmission_and_logic() {
        let scale = Scale::new(ScaleSpec::mt_sics());
        says_text(&scale, "s\r\n", "ES\r\n");
        says_text(&scale, "S 1\r\n", "EL\r\n");
        says(&scale, "d3 0d0a", "45 54 0d0a");
    }

    #[test]
    fn sir_repeats_until_another_command() {
        let scale = Scale::new(ScaleSpec::mt_sics());
        assert!(!scale.tick());
        says_text(&scale, "SIR\r\n", "S S      0.000 kg\r\n");
        scale.put(5);
        assert!(scale.tick());
        says_text(&scale, "", "S S      0.005 kg\r\n");
        says_text(&scale, "@\r\n", "I4 A \"0000000049\"\r\n");
        assert!(!scale.tick());
    }
}

mod nci {
    use super::*;

    #[test]
    fn the_form_for_cash_registers_has_capital_units_and_s_before_the_status() {
        let scale = Scale::new(ScaleSpec::nci());
        scale.put(1550);
        says_text(&scale, "W\r", "\n01.550KG\r\nS00\r\x03");
        says_text(&scale, "H\r", "\n01.5500KG\r\nS00\r\x03");
        scale.moving(true);
        says_text(&scale, "W\r", "\nS10\r\x03");
        scale.put(-5);
        says_text(&scale, "W\r", "\nS11\r\x03");
        scale.moving(false);
        scale.put(15_001);
        says_text(&scale, "W\r", "\nS02\r\x03");
        scale.take_away();
        says_text(&scale, "S\r", "\nS20\r\x03");
    }

    #[test]
    fn a_third_byte_tells_net() {
        let scale = Scale::new(ScaleSpec::nci());
        scale.put(100);
        scale.press_tare();
        scale.put(350);
        says_text(&scale, "W\r", "\n00.250KG\r\nS0p4\r\x03");
    }

    #[test]
    fn zero_is_refused_with_a_load_units_change_and_the_rest_is_unknown() {
        let scale = Scale::new(ScaleSpec::nci());
        scale.put(1000);
        says_text(&scale, "Z\r", "\nS00\r\x03");
        says_text(&scale, "U\r", "\nLB\r\nS00\r\x03");
        says_text(&scale, "W\r", "\n002.20LB\r\nS00\r\x03");
        says_text(&scale, "U\r", "\nKG\r\nS00\r\x03");
        says_text(&scale, "T\r", "\n?\r\x03");
        scale.put(100);
        says_text(&scale, "Z\r", "\nS20\r\x03");
    }

    #[test]
    fn bench_scales_show_what_the_display_shows() {
        let scale = with_protocol(Protocol::Nci(NciForm::Bench));
        scale.put(-5);
        says_text(&scale, "W\r", "\n -0.005kg\r\n0q0\r\x03");
        scale.put(15_001);
        says_text(&scale, "W\r", "\n^^^^^^^kg\r\n0r0\r\x03");
        scale.put(-50);
        says_text(&scale, "W\r", "\n_______kg\r\n0q0\r\x03");
        scale.put(100);
        says_text(&scale, "T\r", "\n0p4\r\x03");
    }
}

mod dialog {
    use super::*;

    const PRICE: &str = "04 02 3031 1b 303031353030 1b 03";
    const ASK: &str = "04 05";
    const STATUS: &str = "04 02 3038 03";

    fn status(scale: &Scale) -> String {
        let said = String::from_utf8(scale.feed(&bytes(STATUS))).unwrap();
        said.strip_prefix("\x0209\x1b").unwrap().strip_suffix('\x03').unwrap().to_owned()
    }

    #[test]
    fn a_price_is_acknowledged_and_a_weighing_brings_weight_price_and_total() {
        let scale = Scale::new(ScaleSpec::dialog_04());
        scale.put(1550);
        says(&scale, PRICE, "06");
        says_text(&scale, "\x04\x05", "\x0202\x1b3\x1b01550\x1b001500\x1b002325\x03");
        assert_eq!(status(&scale), "00");
        assert_eq!(scale.state().price, 1500);
    }

    #[test]
    fn what_cannot_be_weighed_is_refused_and_record_09_says_why() {
        let scale = Scale::new(ScaleSpec::dialog_04());
        says(&scale, ASK, "15");
        assert_eq!(status(&scale), "01", "no price was set");
        for (grams, moving, code) in
            [(0, false, "30"), (500, true, "20"), (-5, false, "31"), (15_001, false, "32")]
        {
            scale.put(grams);
            scale.moving(moving);
            says(&scale, PRICE, "06");
            says(&scale, ASK, "15");
            assert_eq!(status(&scale), code, "{grams} g");
        }
    }

    #[test]
    fn in_motion_the_question_may_be_repeated() {
        let scale = Scale::new(ScaleSpec::dialog_04());
        scale.put(200);
        scale.moving(true);
        says(&scale, PRICE, "06");
        says(&scale, ASK, "15");
        scale.moving(false);
        says_text(&scale, "\x04\x05", "\x0202\x1b3\x1b00200\x1b001500\x1b000300\x03");
        says(&scale, ASK, "15");
    }

    #[test]
    fn wrong_records_are_refused() {
        let scale = Scale::new(ScaleSpec::dialog_04());
        for (record, code) in [
            ("07", "10"),
            ("01\x1b0015\x1b", "11"),
            ("03\x1b001500\x1b12", "12"),
            ("04\x1b001500\x1bfourteen chars", "13"),
        ] {
            says_text(&scale, &format!("\x04\x02{record}\x03"), "\x15");
            assert_eq!(status(&scale), code, "{record:?}");
        }
        says_text(&scale, "\x04\x0203\x1b001500\x1b0100\x03", "\x06");
        assert_eq!(scale.reading().tare, 100);
    }

    #[test]
    fn a_scale_in_pounds_says_so() {
        for (step, unit) in [(1, '1'), (5, '2')] {
            let decimals = if step == 1 { 2 } else { 3 };
            let scale = Scale::new(ScaleSpec::dialog_04().in_unit(Unit::Pound, decimals).with_step(step));
            scale.put(Mass::thousandths_of_pound(2_000));
            says(&scale, PRICE, "06");
            assert_eq!(char::from(scale.feed(&bytes(ASK))[4]), unit);
        }
    }

    #[test]
    fn a_load_may_be_told_only_once() {
        let scale = Scale::new(ScaleSpec { only_new_weight: true, ..ScaleSpec::dialog_04() });
        scale.put(200);
        says(&scale, PRICE, "06");
        assert_ne!(scale.feed(&bytes(ASK)), [0x15]);
        says(&scale, PRICE, "06");
        says(&scale, ASK, "15");
        assert_eq!(status(&scale), "21");
    }
}

mod adam_and_dibal {
    use super::*;

    #[test]
    fn adam_prints_each_load_once_and_is_silent_otherwise() {
        let scale = Scale::new(ScaleSpec::adam());
        says_text(&scale, "P\r\n", "");
        scale.put(1550);
        scale.moving(true);
        says_text(&scale, "P\r\n", "");
        scale.moving(false);
        says_text(&scale, "P\r\n", "   1.550kg\r\n");
        says_text(&scale, "P\r\n", "");
        scale.take_away();
        scale.put(1550);
        says_text(&scale, "P\r\n", "   1.550kg\r\n");
        says_text(&scale, "T\r\n", "");
        assert_eq!(scale.reading().tare, 1550);
        scale.take_away();
        says_text(&scale, "T\r\n", "");
        assert_eq!(scale.reading().tare, 0, "taring an empty pan clears the tare");
    }

    #[test]
    fn adam_has_several_layouts() {
        for (form, line) in [(AdamForm::Signed, "+ 1.550kg\r\n"), (AdamForm::Padded, "      1.550kg \r\n")] {
            let scale = with_protocol(Protocol::Adam(form));
            scale.put(1550);
            says_text(&scale, "P\r\n", line);
        }
    }

    #[test]
    fn dibal_answers_a_price_with_weight_and_amount() {
        let scale = Scale::new(ScaleSpec::dibal());
        scale.put(316);
        says_text(&scale, "98000001\r\n", "9900031600000004\r\n");
        // 1.550 kg at 15.00.
        scale.put(1550);
        says_text(&scale, "98015005\r\n", "9900155000023257\r\n");
    }

    #[test]
    fn dibal_tells_a_weight_that_is_no_good() {
        let scale = Scale::new(ScaleSpec::dibal());
        scale.put(316);
        scale.moving(true);
        says_text(&scale, "98000001\r\n", "9910031610000004\r\n");
        scale.moving(false);
        scale.put(-5);
        says_text(&scale, "98000001\r\n", "9910000010000000\r\n");
        says_text(&scale, "98000002\r\n", "");
        assert_eq!(scale.violations().len(), 1);
    }
}

#[test]
fn a_usb_scale_reports_645_2_ounces() {
    let report = hid_report(HidStatus::Stable, HidUnit::Ounce, -1, 6452);
    assert_eq!(report[..], bytes("03 04 0b ff 34 19"));
    assert_eq!(hid_report(HidStatus::Motion, HidUnit::Gram, 0, 20)[..], bytes("03 03 02 00 14 00"));
}

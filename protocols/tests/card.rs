//! Magnetic cards: what is published of them, and what never is.

#![allow(clippy::unwrap_used)] // helpers of tests, too

use outlet_protocols::card::hid_report::{self, Encoding, ReportError};
use outlet_protocols::card::pan::{self, PaymentSystem};
use outlet_protocols::card::reading::TrackState;
use outlet_protocols::card::secure_mag::{self, FrameError};
use outlet_protocols::card::track::lrc;
use outlet_protocols::card::{CardKind, CardReading, HashKey, Pan, Swipe, mask_text};
use serde_json::json;

/// The card of the sheet.
const TRACK_2: &str = ";4111111111111111=25121010000000000000?";
const TRACK_1: &str = "%B4111111111111111^IVANOVA/ANNA^25121010000000000000?";
const NUMBER: &str = "4111111111111111";

fn read(text: &str) -> CardReading {
    CardReading::new(&Swipe::parse(text.as_bytes(), false), None)
}

fn states(reading: &CardReading) -> Vec<TrackState> {
    reading.tracks.iter().map(|track| track.state).collect()
}

#[test]
fn a_bank_card_is_published_by_its_first_six_and_last_four_digits() {
    let reading = read(&format!("{TRACK_1}{TRACK_2}"));
    assert_eq!(
        serde_json::to_value(&reading).unwrap(),
        json!({"kind": "bank", "masked": "411111******1111", "system": "visa",
               "tracks": [{"track": 1, "state": "read"}, {"track": 2, "state": "read"}, {"track": 3, "state": "absent"}]})
    );
    assert_eq!(reading.raw(), ";411111******1111?");
}

#[test]
fn nothing_of_a_bank_card_is_ever_formatted() {
    let swipe = Swipe::parse(format!("{TRACK_1}\r{TRACK_2}\r").as_bytes(), false);
    let key = HashKey::new(*b"sixteen bytes!!!").unwrap();
    let reading = CardReading::new(&swipe, Some(&key));
    let pan = Pan::new(NUMBER).unwrap();
    let shown = [
        format!("{swipe:?} {reading:?} {reading:#?} {key:?} {pan:?} {pan}"),
        reading.raw(),
        serde_json::to_string(&reading).unwrap(),
        serde_json::to_string(&pan).unwrap(),
    ];
    for text in shown {
        for secret in [NUMBER, "1111111111", "IVANOVA", "2512", "1010000", "sixteen"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

// The key, the data and the result of test case 2 of RFC 4231 can't be used, as the data are no number;
// computed with OpenSSL: printf 4111111111111111 | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...0f
#[test]
fn with_a_key_the_same_card_has_the_same_hash_on_every_track() {
    let key = HashKey::new((0..16).collect::<Vec<u8>>()).unwrap();
    let hash = |text: &str| CardReading::new(&Swipe::parse(text.as_bytes(), false), Some(&key)).hash.unwrap();
    assert_eq!(hash(TRACK_2), hash(TRACK_1));
    assert_eq!(hash(TRACK_2), HASH);
    let other = HashKey::new([1; 16]).unwrap();
    assert_ne!(Pan::new(NUMBER).unwrap().hash(&other), HASH);
    assert_eq!(
        HashKey::new([0; 15]).unwrap_err().to_string(),
        "the key for card hashes has 15 bytes; give at least 16 random ones"
    );
}
const HASH: &str = "033d75802f5b51d36980fde8cf982496259bea338b1681c62909ee8319886bd6";

#[test]
fn cards_of_staff_and_guests_are_published_whole() {
    let reading = read(";1234=77?");
    assert_eq!(
        (reading.kind, reading.number.as_deref(), reading.raw()),
        (CardKind::Member, Some("1234"), ";1234=77?".into())
    );
    let reading = read("%GUEST 0042?");
    assert_eq!((reading.kind, reading.raw().as_str()), (CardKind::Member, "%GUEST 0042?"));
    // 16 digits with a wrong check digit and without expiry: Luhn decides.
    assert_eq!(read(";4111111111111112?").number.as_deref(), Some("4111111111111112"));
    // The right check digit, but of no payment system.
    assert_eq!(read(";9999999999999995?").kind, CardKind::Member);
}

#[test]
fn readings_have_a_schema() {
    let schema = serde_json::to_string(&schemars::schema_for!(CardReading)).unwrap();
    assert!(schema.contains("\"masked\"") && schema.contains("\"unreadable\""), "{schema}");
}

#[test]
fn a_bank_card_that_was_misread_is_unreadable_and_shows_nothing() {
    let reading = read(&TRACK_2.replace("1111=", "1112="));
    assert_eq!((reading.kind, reading.raw().as_str()), (CardKind::Unreadable, ""));
    assert!(reading.remedy.unwrap().contains("swipe it again"));
    assert!(!serde_json::to_string(&reading).unwrap().contains("1112"));
}

#[test]
fn a_bank_card_whose_separator_was_lost_is_unreadable_and_shows_nothing() {
    // Numbers for tests, as Visa, Mastercard, American Express, Diners Club and UnionPay publish them.
    for number in [NUMBER, "5555555555554444", "378282246310005", "30569309025904", "6212345678900000003"] {
        for text in [
            format!(";{number}251210100000000001?"),
            format!("{number}251210100000000001"),
            format!("%B{number}251210100000000001?"),
        ] {
            let reading = read(&text);
            assert_eq!((reading.kind, &reading.number), (CardKind::Unreadable, &None), "{text}");
            assert_eq!(reading.raw(), "", "{text}");
            assert!(!serde_json::to_string(&reading).unwrap().contains(&number[6..]), "{text}");
        }
    }
    // Behind it is no month: some other card's long number.
    let other = format!("{NUMBER}25991010000000000");
    assert_eq!(read(&format!(";{other}?")).number, Some(other));
    let whole = read(";411111111111111125121010000000000000?%B4111111111111111^X^2512101?");
    assert_eq!(whole.masked.as_deref(), Some("411111******1111"));
}

#[test]
fn one_good_track_of_a_bank_card_is_enough_and_hides_the_others() {
    let reading = read(&format!("%E?{TRACK_2}+E?"));
    assert_eq!(reading.kind, CardKind::Bank);
    assert_eq!(states(&reading), [TrackState::NotDecoded, TrackState::Read, TrackState::NotDecoded]);
    let reading = read("%B4111111111111111^X^2512101?;1234?");
    assert_eq!((reading.kind, reading.number), (CardKind::Bank, None));
    assert!(reading.tracks.iter().all(|track| track.data.is_none()));
}

#[test]
fn a_number_that_the_reader_masks_is_a_bank_card() {
    let reading = read(";4111********1111=2512***********?");
    assert_eq!((reading.kind, reading.masked.as_deref()), (CardKind::Bank, Some("4111********1111")));
}

#[test]
fn track_3_hides_the_number_behind_its_format_code() {
    let reading = read("+014111111111111111=724724000000000?");
    assert_eq!((reading.kind, reading.masked.as_deref()), (CardKind::Bank, Some("411111******1111")));
}

// ISO/IEC 7811-2; the vector is the sheet's.
#[test]
fn the_lrc_of_track_2_is_checked_where_the_reader_sends_it() {
    assert_eq!(lrc(2, TRACK_2.as_bytes()), Some(b'8'));
    let swipe = |text: String| CardReading::new(&Swipe::parse(text.as_bytes(), true), None);
    assert_eq!(swipe(format!("{TRACK_2}8")).kind, CardKind::Bank);
    let wrong = swipe(format!("{TRACK_2}9"));
    assert_eq!((wrong.kind, states(&wrong)[1]), (CardKind::Unreadable, TrackState::Damaged));
    assert!(wrong.remedy.unwrap().contains("LRC"));
    assert_eq!(states(&swipe(TRACK_2.into()))[1], TrackState::Damaged);
}

#[test]
fn a_card_that_is_cut_or_far_too_long_is_unreadable() {
    assert_eq!(states(&read(";4111111111111111=2512"))[1], TrackState::CutShort);
    let long = read(&format!(";{}?", "1234567890".repeat(300)));
    assert_eq!((long.kind, states(&long)[1]), (CardKind::Unreadable, TrackState::TooLong));
    assert_eq!(read("").kind, CardKind::Unreadable);
    assert_eq!(states(&read(";E?"))[1], TrackState::NotDecoded);
}

#[test]
fn text_without_sentinels_is_track_2() {
    assert_eq!(read("4111111111111111=25121010000000000000\r").kind, CardKind::Bank);
    assert_eq!(read("0042\r\n").number.as_deref(), Some("0042"));
}

#[test]
fn luhn_and_payment_systems_are_told_by_public_test_numbers() {
    for (number, system) in [
        ("4111111111111111", PaymentSystem::Visa),
        ("5555555555554444", PaymentSystem::Mastercard),
        ("2223003122003222", PaymentSystem::Mastercard),
        ("2200000000000004", PaymentSystem::Mir),
        ("378282246310005", PaymentSystem::AmericanExpress),
        ("6011111111111117", PaymentSystem::Discover),
        ("3530111333300000", PaymentSystem::Jcb),
        ("30569309025904", PaymentSystem::DinersClub),
        ("6200000000000005", PaymentSystem::UnionPay),
    ] {
        let pan = Pan::new(number).unwrap();
        assert!(pan.passes_luhn(), "{number}");
        assert_eq!(pan.system(), Some(system), "{number}");
        assert_eq!(read(&format!(";{number}?")).kind, CardKind::Bank, "{number}");
    }
    assert!(!pan::luhn("4111111111111112") && !pan::luhn("") && !pan::luhn("41é1"));
    for wrong in ["411111111111", "41111111111111111111", "411111111111111x"] {
        assert_eq!(Pan::new(wrong), None);
    }
}

#[test]
fn numbers_are_masked_in_byte_traces_and_what_follows_them_on_the_track() {
    let masked = |text: &str| String::from_utf8(mask_text(text.as_bytes()).bytes).unwrap();
    assert_eq!(masked(&format!("rx {TRACK_2}\r\n")), "rx ;411111******1111=********************?\r\n");
    assert_eq!(masked(TRACK_1), "%B411111******1111^************^********************?");
    assert_eq!(masked("key 5555555555554444 end"), "key 555555******4444 end");
    assert_eq!(masked(";014111111111111111=724?"), ";01411111******1111=***?");
    // Misread, but a bank's by its form.
    assert_eq!(masked(";4111111111111112=2512101?"), ";411111******1112=*******?");
    assert_eq!(masked("%B4111111111111112^X^2512101?"), "%B411111******1112^*^*******?");
    assert_eq!(mask_text(format!("{TRACK_1}{TRACK_2}").as_bytes()).found, 2);
}

#[test]
fn a_number_with_stray_digits_at_it_is_masked_too() {
    let masked = |text: &str| String::from_utf8(mask_text(text.as_bytes()).bytes).unwrap();
    // Numbers for tests, as Visa, Mastercard, American Express, Mir and UnionPay publish them.
    for number in
        ["4111111111111111", "5555555555554444", "378282246310005", "2200770239097761", "6212345678901265"]
    {
        for stray in ["0", "07", "007", "0007", "4444"] {
            for text in [format!("{stray}{number}"), format!("{number}{stray}"), format!("9{number}{stray}")]
            {
                let shown = masked(&text);
                let at = text.find(number).unwrap();
                let middle = &shown[at + 6..at + number.len() - 4];
                assert!(middle.bytes().all(|byte| byte == b'*'), "{text}: {shown}");
                assert_eq!(shown.len(), text.len());
            }
        }
    }
    assert_eq!(masked("code 04111111111111111 end"), "code 0411111******1111 end");
    // UnionPay's with 19 digits, behind three.
    assert_eq!(masked("1236212345678900000003"), "123621234*********0003");
    // A track whose separator was lost.
    assert_eq!(masked("411111111111111125121010000000000000"), "411111******111125121010000000000000");
    // And one with digits in front: a number of 19 digits, by what follows it.
    assert_eq!(masked("0004111111111111111=2512101?"), "000411*********1111=*******?");
}

#[test]
fn a_card_of_members_whose_long_number_has_a_banks_inside_stays_whole() {
    // From a stripe it comes with its LRC and parity: no digits are in front of it by mistake.
    let number = "0411111111111111110";
    let reading = read(&format!(";{number}=3?"));
    assert_eq!((reading.kind, reading.number.as_deref()), (CardKind::Member, Some(number)));
}

#[test]
fn what_came_the_way_of_codes_is_told_to_be_a_card() {
    for card in [
        TRACK_1,
        TRACK_2,
        ";1234=77?\r\n",
        "%E?",
        "4111111111111111=25121010000000000000",
        "4111111111111111",
    ] {
        assert!(Swipe::is_likely(card.as_bytes()), "{card}");
    }
    for code in
        ["4006381333931", "]d20104603934000793215?ZjQDTZ4NBNy\u{1d}93zFAP", "https://example.com/?a=1;b", ""]
    {
        assert!(!Swipe::is_likely(code.as_bytes()), "{code}");
    }
}

#[test]
fn codes_of_goods_are_not_masked() {
    for text in
        ["4006381333931", "2012345015500", "00012345678905", "0104603934000793215?ZjQDTZ4NBNy", ";1234=77?"]
    {
        assert_eq!(mask_text(text.as_bytes()).bytes, text.as_bytes(), "{text}");
    }
}

/// A report as MagTek's and ID TECH's readers send it: status, lengths, encode type, three fields of 110
/// bytes.
fn report(status: [u8; 3], tracks: [&str; 3]) -> Vec<u8> {
    let mut report = status.to_vec();
    report.extend(tracks.map(|track| track.len() as u8));
    report.push(0);
    for track in tracks {
        let mut field = track.as_bytes().to_vec();
        // What is behind the data is undefined.
        field.resize(110, 0xA5);
        report.extend(field);
    }
    assert_eq!(report.len(), 337);
    report
}

#[test]
fn a_swipe_in_a_hid_report_is_the_same_card() {
    let bytes = report([0; 3], [TRACK_1, TRACK_2, ""]);
    let parsed = hid_report::parse(&bytes, false).unwrap();
    assert_eq!(parsed.encoding, Encoding::Iso);
    let reading = CardReading::new(&parsed.swipe, None);
    assert_eq!(reading.masked.as_deref(), Some("411111******1111"));
    assert_eq!(states(&reading), [TrackState::Read, TrackState::Read, TrackState::Absent]);
    let numbered = [vec![1], bytes].concat();
    assert_eq!(hid_report::parse(&numbered, true).unwrap(), parsed);
}

#[test]
fn a_track_that_the_reader_could_not_decode_is_said_so() {
    let parsed = hid_report::parse(&report([1, 0, 0], ["", ";1234?", ""]), false).unwrap();
    let reading = CardReading::new(&parsed.swipe, None);
    assert_eq!(states(&reading)[0], TrackState::NotDecoded);
    assert_eq!(reading.number.as_deref(), Some("1234"));
}

#[test]
fn a_report_that_is_short_or_contradicts_itself_is_an_error() {
    let bytes = report([0; 3], [TRACK_1, TRACK_2, ""]);
    for length in [0, 3, 7, 64, 336] {
        assert_eq!(hid_report::parse(&bytes[..length], false), Err(ReportError::Short { found: length }));
    }
    assert_eq!(hid_report::parse(&bytes, true), Err(ReportError::Short { found: 336 }));
    let mut wrong = bytes.clone();
    wrong[4] = 111;
    assert_eq!(
        hid_report::parse(&wrong, false),
        Err(ReportError::Length { track: 2, length: 111, most: 110 })
    );
    let error = hid_report::parse(&vec![0; 887], false).unwrap_err();
    assert!(error.to_string().contains("An encrypting reader"), "{error}");
}

// ID TECH, New MiniMag Quickstart Manual: total length in bytes 7 and 8, then up to 500 bytes.
#[test]
fn a_mini_mag_sends_its_tracks_as_one_text() {
    let mut bytes = vec![0, 0, 0, TRACK_1.len() as u8, TRACK_2.len() as u8, 0, 0];
    let text = format!("{TRACK_1}\r{TRACK_2}\r");
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(509, 0);
    let parsed = hid_report::parse(&bytes, false).unwrap();
    assert_eq!(CardReading::new(&parsed.swipe, None).kind, CardKind::Bank);
    bytes[8] = 0xFF;
    assert!(matches!(hid_report::parse(&bytes, false), Err(ReportError::Length { .. })));
}

/// A frame by the table in ID TECH's manual.
fn frame(data: &[u8]) -> Vec<u8> {
    let mut frame = vec![2];
    frame.extend((data.len() as u16).to_le_bytes());
    frame.extend(data);
    frame.push(data.iter().fold(0, |xor, byte| xor ^ byte));
    frame.push(data.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
    frame.push(3);
    frame
}

/// Original format: type, status, lengths, tracks.
fn original() -> Vec<u8> {
    let mut data = vec![0x00, 0b01_1111, TRACK_1.len() as u8, TRACK_2.len() as u8, 0];
    data.extend(TRACK_1.as_bytes());
    data.extend(TRACK_2.as_bytes());
    data
}

#[test]
fn a_frame_of_secure_mag_is_found_in_pieces_and_behind_noise() {
    let bytes = [b"\x00noise".as_slice(), &frame(&original())].concat();
    let mut receiver = secure_mag::Receiver::default();
    let mut found = Vec::new();
    for piece in bytes.chunks(7) {
        found.extend(receiver.received(piece));
    }
    let [Ok(swipe)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(CardReading::new(swipe, None).masked.as_deref(), Some("411111******1111"));
}

#[test]
fn a_frame_of_the_enhanced_format_has_two_bytes_more_and_may_hide_a_track() {
    let mut data = vec![0x80, 0b01_1111, TRACK_1.len() as u8, TRACK_2.len() as u8, 0, 0b10, 0];
    data.extend(TRACK_2.as_bytes());
    let found = secure_mag::Receiver::default().received(&frame(&data));
    let [Ok(swipe)] = found.as_slice() else { panic!("{found:?}") };
    let reading = CardReading::new(swipe, None);
    assert_eq!((reading.kind, states(&reading)[0]), (CardKind::Bank, TrackState::Encrypted));
}

#[test]
fn a_damaged_frame_is_an_error_and_the_next_one_is_read() {
    let mut damaged = frame(&original());
    let last = damaged.len() - 3;
    damaged[last] ^= 1;
    let bytes = [damaged, frame(&original())].concat();
    let found = secure_mag::Receiver::default().received(&bytes);
    assert_eq!(found.first().unwrap().as_ref().unwrap_err(), &FrameError::Damaged);
    assert!(found.last().unwrap().is_ok(), "{found:?}");
    let mut receiver = secure_mag::Receiver::default();
    assert!(receiver.received(&frame(&original())[..20]).is_empty());
    assert_eq!(receiver.elapsed(), Some(FrameError::CutShort { bytes: 20 }));
    assert_eq!(receiver.received(&[2, 0xFF, 0xFF]), [Err(FrameError::Length { length: 65535 })]);
    let short = secure_mag::Receiver::default().received(&frame(&[0, 0b11_1111, 50, 50, 50, b'1']));
    assert_eq!(short, [Err(FrameError::Tracks)]);
}

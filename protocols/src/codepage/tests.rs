use super::*;

#[test]
fn every_page_encodes_what_it_decodes_unless_it_needs_shaping() {
    for &page in Page::ALL {
        for byte in 0x20..=0xffu8 {
            let Some(c) = page.decode(byte) else { continue };
            if c == '\u{a0}' || c == '\u{ad}' {
                continue;
            }
            let Some(back) = page.table().byte(c) else {
                assert!("\u{300}ְ،".chars().any(|first| c >= first), "{} lost {c:?}", page.name());
                continue;
            };
            assert_eq!(page.decode(back), Some(c), "{} {byte:02x}", page.name());
        }
    }
}

#[test]
fn ascii_is_the_same_byte_on_every_page() {
    for &page in Page::ALL {
        for byte in 0x20..0x7fu8 {
            assert_eq!(page.table().byte(byte as char), Some(byte), "{}", page.name());
        }
    }
}

#[test]
fn hebrew_arabic_and_combining_marks_are_never_sent_as_text() {
    assert_eq!(Page::Cp862.table().byte('א'), None);
    assert_eq!(Page::Cp1256.table().byte('ب'), None);
    assert_eq!(Page::Cp1258.table().byte('\u{301}'), None);
    assert_eq!(Page::Cp874.table().byte('\u{e34}'), None, "Thai vowel above");
    assert!(Page::Cp874.table().byte('ก').is_some());
}

#[test]
fn no_character_becomes_a_control_byte() {
    for &page in Page::ALL {
        for c in (0..0x1_0000).filter_map(char::from_u32) {
            if let Some(byte) = page.table().byte(c) {
                assert!(byte >= 0x20 && byte != 0x7f, "{} {c:?} -> {byte:02x}", page.name());
            }
        }
        assert_eq!(page.table().byte('\u{1f600}'), None);
    }
}

// The bytes the `escpos` crate gets wrong stand where these standards put them: the ASCII part.
#[test]
fn hyphen_and_full_stop_stay_ascii_and_the_euro_is_refused_by_866() {
    for page in [Page::Cp1250, Page::Cp1251, Page::Cp850, Page::Cp857, Page::Kz1048] {
        assert_eq!(encode(page, "1-2.50"), Ok(b"1-2.50".to_vec()));
    }
    assert_eq!(encode(Page::Cp866, "5 €"), Err(2));
    assert_eq!(encode(Page::Cp858, "5 €"), Ok(vec![b'5', b' ', 0xd5]));
    assert_eq!(encode(Page::Cp1251, "5 €"), Ok(vec![b'5', b' ', 0x88]));
}

/// `page byte code-point` for each mapped byte of 80-FF, made by Python's codecs (`kz1048`,
/// `cp1125`, `cp866`, ...) and glibc's iconv (CP772, CP774).
#[test]
fn pages_agree_with_python_and_glibc() {
    let vectors = include_str!("../../tests/vectors/codepages.txt");
    let mut lines = 0;
    for line in vectors.lines().filter(|l| !l.starts_with('#')) {
        let mut fields = line.split(' ');
        let page = fields.next().and_then(Page::from_name).expect("a page");
        let first = u8::from_str_radix(fields.next().expect("a byte"), 16).expect("hex");
        for (offset, code) in fields.enumerate() {
            let byte = first + offset as u8;
            let expected = (code != "-").then(|| u32::from_str_radix(code, 16).expect("hex"));
            let expected = expected.and_then(char::from_u32).filter(|c| !c.is_control());
            assert_eq!(page.decode(byte), expected, "{} {byte:02x}", page.name());
            lines += 1;
        }
    }
    assert!(lines >= 20 * 128, "the vectors are complete");
}

#[test]
fn a_run_stops_at_the_first_character_that_is_not_on_the_page() {
    let mut out = Vec::new();
    assert_eq!(Page::Cp866.table().encode("Хача ხ", &mut out), Err("Хача ".len()));
    assert_eq!(out, [0x95, 0xa0, 0xe7, 0xa0, 0x20]);
    assert_eq!(encode(Page::Cp866, "a\u{1b}b"), Err(1), "escape is not text");
    assert_eq!(encode(Page::Cp866, "a\u{80}"), Err(1), "nor are the C1 controls");
}

#[test]
fn pages_are_found_by_the_names_people_use() {
    for name in ["cp1251", "CP1251", "wpc1251", "windows-1251", "1251", "WPC1251"] {
        assert_eq!(Page::from_name(name), Some(Page::Cp1251), "{name}");
    }
    assert_eq!(Page::from_name("pc437"), Some(Page::Cp437));
    assert_eq!(Page::from_name("latin-9000"), None);
}

fn encode(page: Page, text: &str) -> Result<Vec<u8>, usize> {
    let mut out = Vec::new();
    page.table().encode(text, &mut out).map(|()| out)
}

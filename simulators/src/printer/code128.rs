//! CODE128 (ISO/IEC 15417): from a printer's notation to bars.

use super::symbols::Bars;

/// Data in Epson's notation.
pub(crate) fn epson(data: &[u8]) -> Result<Bars, String> {
    let (values, text) = epson_values(data)?;
    bars(&values, text)
}

/// Plain ASCII, as Star takes it.
pub(crate) fn plain(data: &[u8]) -> Result<Bars, String> {
    bars(&plain_values(data)?, data.to_vec())
}

const CODE128: [&str; 107] = [
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
    "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
    "221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
    "212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
    "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
    "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
    "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
    "112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
    "111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
    "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
];

fn bars(values: &[u8], text: Vec<u8>) -> Result<Bars, String> {
    let sum: u32 = values.iter().enumerate().map(|(i, &v)| u32::from(v) * (i.max(1) as u32)).sum();
    let check = (sum % 103) as u8;
    let widths = values
        .iter()
        .chain([&check, &106])
        .flat_map(|&v| CODE128[usize::from(v)].bytes().map(|w| w - b'0'))
        .collect();
    Ok(Bars { widths, text: String::from_utf8_lossy(&text).into_owned() })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

/// Epson's notation (reference, `GS k`, CODE128): `{A` `{B` `{C` choose the set, `{S` shifts one
/// character, `{1` to `{4` are the function characters, `{{` is a brace. In set C each byte 0 to
/// 99 is two digits.
fn epson_values(data: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut bytes = data.iter().copied();
    let mut set = match (bytes.next(), bytes.next()) {
        (Some(b'{'), Some(b'A')) => Set::A,
        (Some(b'{'), Some(b'B')) => Set::B,
        (Some(b'{'), Some(b'C')) => Set::C,
        _ => return Err("CODE128: the data must begin with {A, {B or {C".into()),
    };
    let mut values = vec![match set {
        Set::A => 103,
        Set::B => 104,
        Set::C => 105,
    }];
    let mut text = Vec::new();
    let mut shift = false;
    while let Some(b) = bytes.next() {
        let current = match (set, shift) {
            (Set::A, true) => Set::B,
            (Set::B, true) => Set::A,
            (set, _) => set,
        };
        if b != b'{' {
            values.push(in_set(b, current)?);
            if current == Set::C {
                text.extend(format!("{b:02}").bytes());
            } else {
                text.push(b);
            }
            shift = false;
            continue;
        }
        let code = bytes.next().ok_or("CODE128: { at the end")?;
        match (code, set) {
            (b'A', Set::B | Set::C) => {
                values.push(101);
                set = Set::A;
            }
            (b'B', Set::A | Set::C) => {
                values.push(100);
                set = Set::B;
            }
            (b'C', Set::A | Set::B) => {
                values.push(99);
                set = Set::C;
            }
            (b'S', Set::A | Set::B) => {
                values.push(98);
                shift = true;
            }
            (b'1', _) => {
                // A scanner reports a later FNC1 as GS; the one in front marks GS1-128.
                if values.len() > 1 {
                    text.push(0x1D);
                }
                values.push(102);
            }
            (b'2', Set::A | Set::B) => values.push(97),
            (b'3', Set::A | Set::B) => values.push(96),
            (b'4', Set::A) => values.push(101),
            (b'4', Set::B) => values.push(100),
            (b'{', Set::B) => {
                values.push(in_set(b'{', current)?);
                text.push(b'{');
                shift = false;
            }
            _ => return Err(format!("CODE128: {{{} isn't possible here", char::from(code))),
        }
    }
    if values.len() < 2 {
        return Err("CODE128: no data".into());
    }
    Ok((values, text))
}

fn in_set(b: u8, set: Set) -> Result<u8, String> {
    match (set, b) {
        (Set::A, 0..=31) => Ok(b + 64),
        (Set::A, 32..=95) => Ok(b - 32),
        (Set::B, 32..=127) => Ok(b - 32),
        (Set::C, 0..=99) => Ok(b),
        _ => Err(format!("CODE128: byte {b:02X} isn't in the chosen set")),
    }
}

/// Plain ASCII, as Star takes it: set C for runs of digits of even length from 4, else B.
fn plain_values(data: &[u8]) -> Result<Vec<u8>, String> {
    let all_digits = data.len() >= 4 && data.len().is_multiple_of(2) && data.iter().all(u8::is_ascii_digit);
    if data.is_empty() {
        return Err("CODE128: no data".into());
    }
    if all_digits {
        let pairs = data.chunks_exact(2).map(|p| (p[0] - b'0') * 10 + p[1] - b'0');
        return Ok(std::iter::once(105).chain(pairs).collect());
    }
    std::iter::once(Ok(104)).chain(data.iter().map(|&b| in_set(b, Set::B))).collect()
}

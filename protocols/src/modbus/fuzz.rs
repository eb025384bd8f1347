//! What holds for any registers: the body of the fuzz target, and of the test over its corpus.

use rust_decimal::Decimal;

use super::sensor::SensorProfile;
use super::{Area, Block, Encoding, MOST_REGISTERS, WordOrder, spans};

/// Any bytes as registers of sensors: the first says how many decimal places, the second how many registers each
/// answer lacks.
///
/// # Errors
/// The rule that was broken: a value that the sensor can't measure, one of registers that did not come, a number
/// that is not the one in the register, or a request for more registers than one may read.
pub fn any_bytes(input: &[u8]) -> Result<(), String> {
    let [places, lacking, bytes @ ..] = input else { return Ok(()) };
    let registers: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    values(&registers, u32::from(*places))?;
    for profile in SensorProfile::built_in() {
        sensor(&profile, &registers, usize::from(*lacking) % 3)?;
    }
    let wanted: Vec<(u16, u16)> = registers
        .iter()
        .zip(bytes)
        .map(|(at, count)| (*at, u16::from(*count) % MOST_REGISTERS + 1))
        .collect();
    for span in spans(Area::Holding, &wanted, u16::from(*lacking)) {
        if !(1..=MOST_REGISTERS).contains(&span.count) {
            return Err(format!("one request for {} registers", span.count));
        }
    }
    Ok(())
}

fn values(registers: &[u16], places: u32) -> Result<(), String> {
    let encodings = [
        Encoding::U16,
        Encoding::I16,
        Encoding::U32,
        Encoding::I32,
        Encoding::F32,
        Encoding::Bcd16,
        Encoding::Bcd32,
        Encoding::Above10000Negative,
    ];
    for encoding in encodings {
        for order in [WordOrder::HighFirst, WordOrder::LowFirst] {
            let Ok(value) = encoding.decode(registers, order, places) else { continue };
            if registers.len() < usize::from(encoding.registers()) {
                return Err(format!("{encoding:?}: {value} of {} registers", registers.len()));
            }
            if value.scale() != places {
                return Err(format!("{encoding:?}: {value} has not {places} places"));
            }
        }
    }
    if let Some(first) = registers.first()
        && Encoding::U16.decode(registers, WordOrder::HighFirst, 0) != Ok(Decimal::from(*first))
    {
        return Err(format!("{first} is read as another number"));
    }
    Ok(())
}

fn sensor(profile: &SensorProfile, registers: &[u16], lacking: usize) -> Result<(), String> {
    let mut rest = registers;
    let mut blocks = Vec::new();
    let mut complete = true;
    for span in profile.spans() {
        let came = usize::from(span.count).saturating_sub(lacking).min(rest.len());
        let (registers, behind) = rest.split_at(came);
        complete &= came == usize::from(span.count);
        blocks.push(Block { address: span.address, registers });
        rest = behind;
    }
    match profile.measured(&blocks) {
        Ok(_) if !complete => Err(format!("{}: a value of registers that did not come", profile.id)),
        Err(error) if complete => Err(format!("{}: everything came, and {error}", profile.id)),
        Err(_) => Ok(()),
        Ok(measured) => {
            let possible = measured.iter().zip(&profile.values).all(|(measured, quantity)| {
                measured.value.is_none_or(|value| (quantity.lowest..=quantity.highest).contains(&value))
            });
            if possible { Ok(()) } else { Err(format!("{}: {measured:?}", profile.id)) }
        }
    }
}

//! Tags of documents and items.

use outlet_protocols::fiscal::{
    Correction as Corrected, MarkedStatus, MarkingCode, MeasurementUnit, Position, Quantity, Receipt, Tag,
    Unit,
};
use outlet_protocols::shtrih::command::{CheckMarking, PlannedStatus};
use outlet_protocols::shtrih::tlv::{Tlv, identity, number};

use super::options::Ffd;
use super::plan::Unfit;

/// What a document bears: our mark, the cashier's INN, the buyer, what it corrects.
///
/// # Errors
/// The first field that its tag can't hold.
pub fn of_document(receipt: &Receipt, tag: Tag, ffd: Ffd) -> Result<Vec<Tlv>, Unfit> {
    let v12 = ffd == Ffd::V12;
    let mut tags = vec![identity(tag)];
    let text = |at: &str, tag: u16, text: &str, limit: usize| {
        Tlv::text(tag, text, limit).map_err(|error| Unfit::new(at, error))
    };
    if let Some(vatin) = receipt.operator.as_ref().and_then(|operator| operator.vatin.as_ref()) {
        tags.push(text("operator.vatin", number::CASHIER_INN, &format!("{vatin:<12}"), 12)?);
    }
    if let Some(client) = &receipt.client {
        if let Some(contact) = &client.email_or_phone {
            tags.push(text("clientInfo.emailOrPhone", number::BUYER_CONTACT, contact, 64)?);
        }
        let mut buyer = Vec::new();
        if let Some(name) = &client.name {
            buyer.push(text("clientInfo.name", number::BUYER_NAME, name, 239)?);
        }
        if let Some(vatin) = &client.vatin {
            buyer.push(text("clientInfo.vatin", number::BUYER_INN, &format!("{vatin:<12}"), 12)?);
        }
        match (v12, buyer.is_empty()) {
            (_, true) => {}
            (true, false) => tags.push(Tlv::structure(BUYER, &buyer)),
            (false, false) => tags.append(&mut buyer),
        }
    }
    if let Some(correction) = &receipt.correction {
        if v12 {
            tags.push(Tlv::number(number::CORRECTION_KIND, correction.kind.number().into(), 1));
        }
        tags.push(base(correction, v12)?);
    }
    Ok(tags)
}

/// The buyer in format 1.2: a structure of name and INN (ЕД-7-20/662@, tag 1256).
const BUYER: u16 = 1256;
/// The unit of a quantity in format 1.05, up to 16 characters (ММВ-7-20/229@, tag 1197).
const UNIT_NAME: u16 = 1197;

/// What a correction rests on: tag 1174. Format 1.05 wants a description and a number, too.
fn base(correction: &Corrected, v12: bool) -> Result<Tlv, Unfit> {
    let mut tags = Vec::new();
    if !v12 {
        let why = if correction.base_number.is_some() {
            "по предписанию"
        } else {
            "самостоятельно"
        };
        tags.push(Tlv::readable(number::CORRECTION_DESCRIPTION, why, 255));
    }
    tags.push(Tlv::date(number::CORRECTION_DATE, correction.base_date));
    match &correction.base_number {
        Some(order) => tags.push(
            Tlv::text(number::CORRECTION_NUMBER, order, 32)
                .map_err(|error| Unfit::new("correctionBaseNumber", error))?,
        ),
        None if v12 => {}
        None => tags.push(Tlv::readable(number::CORRECTION_NUMBER, "б/н", 32)),
    }
    Ok(Tlv::structure(number::CORRECTION_BASE, &tags))
}

/// The unit of a quantity: tag 2108 in format 1.2, a text before.
///
/// # Errors
/// A text that the tag can't hold.
pub fn of_unit(at: &str, position: &Position, ffd: Ffd) -> Result<Vec<Tlv>, Unfit> {
    let at = format!("{at}.measurementUnit");
    let tag = match (&position.unit, ffd) {
        (None, _) => return Ok(Vec::new()),
        (Some(unit), Ffd::V12) => Tlv::number(number::MEASURE, unit.number().into(), 1),
        (Some(MeasurementUnit::Text(text)), Ffd::V105) => {
            Tlv::text(UNIT_NAME, text, 16).map_err(|error| Unfit::new(at, error))?
        }
        (Some(MeasurementUnit::Known(unit)), Ffd::V105) => match unit_name(*unit) {
            Some(name) => Tlv::readable(UNIT_NAME, name, 16),
            None => return Ok(Vec::new()),
        },
    };
    Ok(vec![tag])
}

/// How a unit is written on Russian receipts.
fn unit_name(unit: Unit) -> Option<&'static str> {
    Some(match unit {
        Unit::Piece => "шт",
        Unit::Gram => "г",
        Unit::Kilogram => "кг",
        Unit::Ton => "т",
        Unit::Centimeter => "см",
        Unit::Decimeter => "дм",
        Unit::Meter => "м",
        Unit::SquareCentimeter => "кв. см",
        Unit::SquareDecimeter => "кв. дм",
        Unit::SquareMeter => "кв. м",
        Unit::Milliliter => "мл",
        Unit::Liter => "л",
        Unit::CubicMeter => "куб. м",
        Unit::KilowattHour => "кВт ч",
        Unit::Gkal => "Гкал",
        Unit::Day => "сутки",
        Unit::Hour => "ч",
        Unit::Minute => "мин",
        Unit::Second => "с",
        Unit::Kilobyte => "Кбайт",
        Unit::Megabyte => "Мбайт",
        Unit::Gigabyte => "Гбайт",
        Unit::Terabyte => "Тбайт",
        Unit::OtherUnits => return None,
    })
}

/// The question about a marking code, for a position or by itself.
pub fn check(code: &MarkingCode, position: Option<&Position>) -> CheckMarking {
    let status = match code.item_estimated_status {
        MarkedStatus::PieceSold => PlannedStatus::PieceSold,
        MarkedStatus::DryForSale => PlannedStatus::MeasureSold,
        MarkedStatus::PieceReturn => PlannedStatus::PieceReturned,
        MarkedStatus::DryReturn => PlannedStatus::MeasureReturned,
        MarkedStatus::Unchanged => PlannedStatus::Unchanged,
    };
    let measured = matches!(status, PlannedStatus::MeasureSold | PlannedStatus::MeasureReturned);
    let tags = if measured {
        let quantity = position.map(|position| position.quantity).or(code.item_quantity);
        let unit = position.map_or(code.item_units.as_ref(), |position| position.unit.as_ref());
        let unit = unit.map_or(Unit::Piece.number(), MeasurementUnit::number);
        let quantity = quantity.unwrap_or(Quantity::ONE).millionths().unsigned_abs();
        vec![Tlv::number(number::MEASURE, unit.into(), 1), Tlv::quantity(number::QUANTITY, quantity)]
    } else {
        Vec::new()
    };
    CheckMarking { status, mode: 0, code: code.bytes(), tags }
}

//! The words of the vocabulary, and the numbers of fiscal tags that some of them stand for.
//!
//! Names and numbers are those of ATOL's driver 10; the numbers of payment methods, payment objects
//! and units are also those of tags 1214, 1212 and 2108 of the Russian format of fiscal documents. As in
//! ATOL's driver a number may stand in place of its name; written is the name.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::document::Symbology;

/// Names alone: an enum read and written by them.
macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$name_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $type {
            $($(#[$name_doc])* #[serde(rename = $name)] $variant,)+
        }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word of the vocabulary.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(super) use names;

/// Names that stand for numbers: an enum read by either and written by name.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident, $what:literal: $($(#[$word_doc:meta])* $word:ident = $number:literal $name:literal,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$word_doc])* $word,)+
        }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word,)+];

            /// The word of the vocabulary.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $name,)+
                }
            }

            /// Its number.
            pub fn number(self) -> u8 {
                match self {
                    $(Self::$word => $number,)+
                }
            }

            /// By its word or its number in digits.
            pub fn find(text: &str) -> Option<Self> {
                let number = text.parse::<u8>().ok();
                Self::ALL.iter().copied().find(|word| word.as_str() == text || Some(word.number()) == number)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;
                impl Visitor<'_> for Word {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$type, E> {
                        $type::find(text).ok_or_else(|| {
                            let known = [$($name,)+].join(", ");
                            E::custom(format_args!("{text:?} is not {}; there are {known}", $what))
                        })
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }
                }
                deserializer.deserialize_any(Word)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "enum": [$($name,)+ $($number,)+ $(stringify!($number),)+],
                    "description": concat!("By name or number: ", $what, ".")
                })
            }
        }
    };
}

words! {
    /// How an item is paid: tag 1214.
    PaymentMethod, "a payment method":
    /// All of it, before it is handed over.
    FullPrepayment = 1 "fullPrepayment",
    /// A part of it, before it is handed over.
    Prepayment = 2 "prepayment",
    /// Money for what isn't known yet.
    Advance = 3 "advance",
    /// All of it, when it is handed over.
    FullPayment = 4 "fullPayment",
    /// A part now, the rest owed.
    PartialPayment = 5 "partialPayment",
    /// Handed over, all of it owed.
    Credit = 6 "credit",
    /// A debt is paid.
    CreditPayment = 7 "creditPayment",
}

words! {
    /// What an item is: tag 1212.
    PaymentObject, "a payment object":
    /// Goods without excise.
    Commodity = 1 "commodity",
    /// Goods under excise.
    Excise = 2 "excise",
    /// Work.
    Job = 3 "job",
    /// A service.
    Service = 4 "service",
    /// A payment: an advance, a deposit.
    Payment = 10 "payment",
    /// None of the others.
    Another = 13 "another",
    /// Goods under excise that have to be marked, without a code.
    ExciseWithoutMarking = 30 "exciseWithoutMarking",
    /// Goods under excise with a marking code.
    ExciseWithMarking = 31 "exciseWithMarking",
    /// Goods that have to be marked, without a code.
    CommodityWithoutMarking = 32 "commodityWithoutMarking",
    /// Goods with a marking code.
    CommodityWithMarking = 33 "commodityWithMarking",
}

words! {
    /// With what a receipt is paid. The tags are 1031, 1081, 1215, 1216 and 1217.
    PaymentType, "a payment type":
    /// Notes and coins: the only one that change is given from.
    Cash = 0 "cash",
    /// A card, a QR code, a transfer.
    Electronically = 1 "electronically",
    /// An advance that was fiscalised before.
    Prepaid = 2 "prepaid",
    /// Owed.
    Credit = 3 "credit",
    /// Goods or services in exchange.
    Other = 4 "other",
}

words! {
    /// Units of quantity: tag 2108.
    Unit, "a measurement unit":
    /// Pieces, portions, sets.
    Piece = 0 "piece",
    /// Grams.
    Gram = 10 "gram",
    /// Kilograms.
    Kilogram = 11 "kilogram",
    /// Tons.
    Ton = 12 "ton",
    /// Centimetres.
    Centimeter = 20 "centimeter",
    /// Decimetres.
    Decimeter = 21 "decimeter",
    /// Metres.
    Meter = 22 "meter",
    /// Square centimetres.
    SquareCentimeter = 30 "squareCentimeter",
    /// Square decimetres.
    SquareDecimeter = 31 "squareDecimeter",
    /// Square metres.
    SquareMeter = 32 "squareMeter",
    /// Millilitres.
    Milliliter = 40 "milliliter",
    /// Litres.
    Liter = 41 "liter",
    /// Cubic metres.
    CubicMeter = 42 "cubicMeter",
    /// Kilowatt hours.
    KilowattHour = 50 "kilowattHour",
    /// Gigacalories.
    Gkal = 51 "gkal",
    /// Days.
    Day = 70 "day",
    /// Hours.
    Hour = 71 "hour",
    /// Minutes.
    Minute = 72 "minute",
    /// Seconds.
    Second = 73 "second",
    /// Kilobytes.
    Kilobyte = 80 "kilobyte",
    /// Megabytes.
    Megabyte = 81 "megabyte",
    /// Gigabytes.
    Gigabyte = 82 "gigabyte",
    /// Terabytes.
    Terabyte = 83 "terabyte",
    /// Any other.
    OtherUnits = 255 "otherUnits",
}

names! {
    /// Symbologies of barcodes.
    BarcodeType {
        /// 7 digits and a check digit.
        Ean8 = "EAN8",
        /// 12 digits and a check digit.
        Ean13 = "EAN13",
        /// 11 digits and a check digit.
        UpcA = "UPCA",
        /// 6 digits and a check digit.
        UpcE = "UPCE",
        /// Capitals, digits and seven signs.
        Code39 = "CODE39",
        /// As Code 39, denser.
        Code93 = "CODE93",
        /// ASCII.
        Code128 = "CODE128",
        /// Digits and six signs.
        Codabar = "CODABAR",
        /// Pairs of digits.
        Itf = "ITF",
        /// 14 digits.
        Itf14 = "ITF14",
        /// GS1 application identifiers in Code 128.
        Gs1128 = "GS1_128",
        /// ASCII in pairs of Code 39.
        Code39Extended = "CODE39_EXTENDED",
        /// Two-dimensional, dots.
        Qr = "QR",
        /// Two-dimensional, stacked rows.
        Pdf417 = "PDF417",
    }
}

words! {
    /// What kind of marking code it is, as ATOL's driver counts them.
    MarkingType, "a marking code type":
    /// Told from the code itself.
    Auto = 255 "auto",
    /// Not recognised: no structure is asked for.
    Unrecognized = 0 "imcUnrecognized",
    /// Without a check group.
    Short = 1 "imcShort",
    /// A check code of 88 characters that the storage verifies.
    Verify88 = 2 "imcFmVerifyCode88",
    /// A check code of 44 characters that the storage doesn't verify.
    Plain44 = 3 "imcVerifyCode44",
    /// A check code of 44 characters that the storage verifies.
    Verify44 = 4 "imcFmVerifyCode44",
    /// A check code of 4 characters.
    Plain4 = 5 "imcVerifyCode4",
}

words! {
    /// What becomes of a marked item: tag 2003.
    MarkedStatus, "a status of a marked item":
    /// A whole piece is sold.
    PieceSold = 1 "itemPieceSold",
    /// A part is being sold.
    DryForSale = 2 "itemDryForSale",
    /// A whole piece is brought back.
    PieceReturn = 3 "itemPieceReturn",
    /// A part is brought back.
    DryReturn = 4 "itemDryReturn",
    /// As it was.
    Unchanged = 255 "itemStatusUnchanged",
}

impl BarcodeType {
    /// The symbology of a print document; `None` where it has none such in one row or stacked.
    pub fn symbology(self) -> Option<Symbology> {
        match self {
            Self::Ean8 => Some(Symbology::Ean8),
            Self::Ean13 => Some(Symbology::Ean13),
            Self::Code39 => Some(Symbology::Code39),
            Self::Code128 => Some(Symbology::Code128),
            Self::Itf => Some(Symbology::Itf),
            Self::Pdf417 => Some(Symbology::Pdf417),
            Self::UpcA
            | Self::UpcE
            | Self::Code93
            | Self::Codabar
            | Self::Itf14
            | Self::Gs1128
            | Self::Code39Extended
            | Self::Qr => None,
        }
    }
}

/// In what a quantity is counted: a unit of tag 2108, or a text of one's own, as it was written before
/// there was that tag (tag 1197).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeasurementUnit {
    /// One of the units known by name and number.
    Known(Unit),
    /// Another text such as `порц`.
    Text(String),
}

impl MeasurementUnit {
    /// The number of tag 2108; 255 for a text of one's own.
    pub fn number(&self) -> u8 {
        match self {
            Self::Known(unit) => unit.number(),
            Self::Text(_) => Unit::OtherUnits.number(),
        }
    }
}

impl Serialize for MeasurementUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(unit) => unit.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for MeasurementUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;
        impl Visitor<'_> for NumberOrText {
            type Value = MeasurementUnit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a measurement unit")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<MeasurementUnit, E> {
                Ok(Unit::find(text)
                    .map_or_else(|| MeasurementUnit::Text(text.to_owned()), MeasurementUnit::Known))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<MeasurementUnit, E> {
                let unit = Unit::find(&number.to_string()).map(MeasurementUnit::Known);
                unit.ok_or_else(|| E::custom(format_args!("there is no unit {number} in tag 2108; 0 is a piece, 11 a kilogram, 41 a litre, 255 another")))
            }
        }
        deserializer.deserialize_any(NumberOrText)
    }
}

impl JsonSchema for MeasurementUnit {
    fn schema_name() -> Cow<'static, str> {
        "MeasurementUnit".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let unit = generator.subschema_for::<Unit>();
        json_schema!({"anyOf": [unit, {"type": "string", "minLength": 1, "maxLength": 16}]})
    }
}

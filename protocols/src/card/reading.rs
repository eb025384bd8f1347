//! What is published of a card.

use schemars::JsonSchema;
use serde::Serialize;

use super::masking;
use super::pan::{self, HashKey, Pan, PaymentSystem};
use super::track::{self, Damage, Swipe, TrackData};

/// A card that was swiped. Of a bank card it holds the masked number only; a card of staff or of a loyalty
/// program it shows whole.
///
/// A bank card is one with a track whose account number
/// - has 13 to 19 digits with the right check digit (Luhn), and begins as the numbers of a payment system do,
///   or is followed by expiry and service code; or
/// - was masked by the reader itself.
///
/// What has the form of a bank card but a wrong check digit was misread: it is unreadable, and nothing of it
/// is shown. The same holds where a bank's number stands anywhere else on a track, and where the separator between
/// its number and its expiry was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CardReading {
    /// What it is.
    pub kind: CardKind,
    /// Of a bank card: the first 6 and last 4 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
    /// Of a bank card: whose it is, as its first digits tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<PaymentSystem>,
    /// Of a bank card, where a key is configured: HMAC-SHA-256 of its number, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Of another card: its number, from track 2, or else 1, or else 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Of a card that can't be read: what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
    /// The three tracks.
    pub tracks: Vec<TrackReading>,
}

/// Kinds of cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardKind {
    /// A bank card.
    Bank,
    /// A card of staff, of guests, of a loyalty program.
    Member,
    /// Nothing that can be relied on.
    Unreadable,
}

/// What is published of a track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TrackReading {
    /// 1 to 3.
    pub track: u8,
    /// What there is.
    pub state: TrackState,
    /// The characters between the sentinels; never of a bank card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// What there is of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrackState {
    /// Empty, or not read by this reader.
    Absent,
    /// Read.
    Read,
    /// The reader couldn't decode it.
    NotDecoded,
    /// Its end is missing.
    CutShort,
    /// Its LRC or a character is wrong.
    Damaged,
    /// Longer than a track is.
    TooLong,
    /// The reader encrypts it.
    Encrypted,
}

impl CardReading {
    /// What may be published of a swipe. With a key, a bank card gets a hash.
    pub fn new(swipe: &Swipe, key: Option<&HashKey>) -> Self {
        let mut found = Found::Nothing;
        for number in [2, 1, 3] {
            if let TrackData::Read(data) = swipe.track(number) {
                found = found.or(judge(number, data));
            }
        }
        let mut reading = Self {
            kind: CardKind::Unreadable,
            masked: None,
            system: None,
            hash: None,
            number: None,
            remedy: None,
            tracks: tracks(swipe, matches!(found, Found::Member(_))),
        };
        match found {
            Found::Bank(pan) => {
                reading.kind = CardKind::Bank;
                reading.masked = Some(pan.masked());
                reading.system = pan.system();
                reading.hash = key.map(|key| pan.hash(key));
            }
            Found::Masked(masked) => {
                reading.kind = CardKind::Bank;
                reading.masked = Some(masked);
            }
            Found::Member(number) => {
                reading.kind = CardKind::Member;
                reading.number = Some(number);
            }
            Found::Misread => {
                reading.remedy = Some("the card was misread: swipe it again, evenly and in one go");
            }
            Found::Nothing => reading.remedy = Some(remedy(swipe)),
        }
        reading
    }

    /// The card in the form of a reader's text: of a bank card the masked number alone, of another one its
    /// tracks, of one that is unreadable nothing.
    pub fn raw(&self) -> String {
        match self.kind {
            CardKind::Bank => format!(";{}?", self.masked.as_deref().unwrap_or_default()),
            CardKind::Unreadable => String::new(),
            CardKind::Member => self
                .tracks
                .iter()
                .filter_map(|track| track.data.as_ref().map(|data| (track.track, data)))
                .map(|(number, data)| format!("{}{data}?", if number == 1 { '%' } else { ';' }))
                .collect(),
        }
    }
}

/// What the tracks together show.
enum Found {
    Nothing,
    Member(String),
    Misread,
    Masked(String),
    Bank(Pan),
}

impl Found {
    /// The one that says more of a bank card; among equals the first.
    fn or(self, other: Self) -> Self {
        let weight = |found: &Self| match found {
            Self::Nothing => 0,
            Self::Member(_) => 1,
            Self::Misread => 2,
            Self::Masked(_) => 3,
            Self::Bank(_) => 4,
        };
        if weight(&other) > weight(&self) { other } else { self }
    }
}

fn judge(track: usize, data: &str) -> Found {
    let account = track::account(track, data);
    if account.number.contains('*') {
        return Found::Masked(pan::mask(&account.number));
    }
    let digits = account.number.bytes().filter(u8::is_ascii_digit).count();
    match Pan::new(&account.number) {
        Some(pan) if pan.passes_luhn() && (pan.system().is_some() || account.is_bank_form) => {
            Found::Bank(pan)
        }
        _ if account.is_bank_form && digits >= 13 => Found::Misread,
        _ if has_lost_separator(&account.number) => Found::Misread,
        _ if masking::is_on_track(data.as_bytes()) => Found::Misread,
        _ if account.number.is_empty() => Found::Member(data.to_owned()),
        _ => Found::Member(account.number),
    }
}

/// Whether it begins with a bank's number, and expiry and service code stand right behind: of 20 digits and more, as a
/// card of members has none.
fn has_lost_separator(number: &str) -> bool {
    let is_bank =
        |digits: &str| Pan::new(digits).is_some_and(|pan| pan.passes_luhn() && pan.system().is_some());
    (13..=19)
        .filter_map(|length| number.split_at_checked(length))
        .any(|(digits, rest)| is_bank(digits) && track::expiry_and_service(rest.as_bytes()))
}

fn tracks(swipe: &Swipe, whole: bool) -> Vec<TrackReading> {
    let reading = |(track, data): (u8, &TrackData)| TrackReading {
        track,
        state: match data {
            TrackData::Absent => TrackState::Absent,
            TrackData::Read(_) => TrackState::Read,
            TrackData::Damaged(Damage::Reader) => TrackState::NotDecoded,
            TrackData::Damaged(Damage::NoEnd) => TrackState::CutShort,
            TrackData::Damaged(Damage::Lrc | Damage::Character) => TrackState::Damaged,
            TrackData::Damaged(Damage::TooLong) => TrackState::TooLong,
            TrackData::Damaged(Damage::Encrypted) => TrackState::Encrypted,
        },
        data: match data {
            TrackData::Read(data) if whole => Some(data.clone()),
            _ => None,
        },
    };
    (1_u8..).zip(swipe.tracks()).map(reading).collect()
}

fn remedy(swipe: &Swipe) -> &'static str {
    let has = |damage| swipe.tracks().contains(&TrackData::Damaged(damage));
    if has(Damage::Encrypted) {
        "the reader encrypts the card: it has to be set to send masked or plain tracks"
    } else if has(Damage::Lrc) {
        "the check character is wrong: swipe again; if it stays so, the setting of the LRC is not the \
         reader's"
    } else if has(Damage::TooLong) {
        "more characters than a track holds: check baud rate and parity of the reader, then swipe again"
    } else {
        "swipe the card again, evenly and in one go; clean the reader's head if it stays so"
    }
}

//! Questions to pcscd that are answered at once. All of them block.

use std::ffi::{CStr, CString};

use outlet_protocols::card::pcsc::{GET_UID, uid};
use outlet_protocols::card::rfid::Uid;
use pcsc::{Attribute, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, Scope, ShareMode};
use serde_json::{Map, Value};

use super::name::shortest;
use super::problem::Problem;

/// A reader that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// As PC/SC names it now.
    pub name: String,
    /// As the configuration has to name it.
    pub reader: String,
}

/// All readers that pcscd knows; none where it does not run. Blocks while pcscd looks for them.
pub fn list() -> Vec<Listed> {
    let names = greet().and_then(|context| names(&context)).unwrap_or_else(|problem| {
        tracing::debug!(%problem, "the readers of PC/SC can't be listed");
        Vec::new()
    });
    let listed = |name: &String| Listed { name: name.clone(), reader: shortest(name, &names).to_owned() };
    names.iter().map(listed).collect()
}

/// A session with pcscd.
pub(super) fn greet() -> Result<Context, Problem> {
    Context::establish(Scope::System).map_err(Problem::of_greeting)
}

/// The names of all readers.
pub(super) fn names(context: &Context) -> Result<Vec<String>, Problem> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect()),
        Err(Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(Problem::of(error)),
    }
}

/// What came of asking a card for its number.
pub(super) enum Asked {
    /// Its number.
    Uid(Uid),
    /// It has none to give, and why.
    Unreadable(String),
    /// Another program has the reader for itself.
    Taken,
    /// The session is over.
    Ended(Problem),
}

/// Asks the card on the reader for its number, and leaves it as it is for other programs.
pub(super) fn ask(context: &Context, reader: &CStr) -> Asked {
    let card = match context.connect(reader, ShareMode::Shared, Protocols::ANY) {
        Ok(card) => card,
        Err(error) => return failed(error, reader),
    };
    let mut buffer = [0; MAX_BUFFER_SIZE];
    let answer = card.transmit(&GET_UID, &mut buffer);
    let asked = match answer.map(uid) {
        Ok(Ok(uid)) => Asked::Uid(uid),
        Ok(Err(error)) => Asked::Unreadable(error.to_string()),
        Err(error) => failed(error, reader),
    };
    // What is left open is closed when pcscd sees the session end.
    drop(card.disconnect(Disposition::LeaveCard));
    asked
}

fn failed(error: Error, reader: &CStr) -> Asked {
    match error {
        Error::SharingViolation => Asked::Taken,
        Error::NoService | Error::ServiceStopped | Error::CommError | Error::InvalidHandle => {
            Asked::Ended(Problem::of(error))
        }
        Error::UnknownReader | Error::ReaderUnavailable => {
            Asked::Ended(Problem::Unplugged(reader.to_string_lossy().into_owned()))
        }
        Error::SecurityViolation => {
            Asked::Unreadable(format!("pcscd lets the agent use no cards; {}", Problem::Refused.remedy()))
        }
        Error::NoSmartcard | Error::RemovedCard => Asked::Unreadable(
            "the card was gone before it was read; hold it to the reader for a second".to_owned(),
        ),
        other => Asked::Unreadable(format!(
            "the card does not answer ({other}); take it off and hold it to the reader again, one card at a time"
        )),
    }
}

/// What the reader's driver says of it, as far as it says something. Without a card, and without disturbing one.
pub(super) fn attributes(reader: &str) -> Value {
    let ask = || -> Result<Map<String, Value>, Error> {
        let context = Context::establish(Scope::System)?;
        let name = CString::new(reader).map_err(|_| Error::InvalidValue)?;
        let card = context.connect(&name, ShareMode::Direct, Protocols::UNDEFINED)?;
        let text = |attribute| {
            let bytes = card.get_attribute_owned(attribute).ok()?;
            let text = String::from_utf8_lossy(&bytes).trim_matches(['\0', ' ']).to_owned();
            (!text.is_empty()).then_some(Value::String(text))
        };
        let version = || {
            let bytes = card.get_attribute_owned(Attribute::VendorIfdVersion).ok()?;
            let version = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?);
            // PC/SC part 3, 3.1.2: 0xMMmmbbbb.
            Some(Value::String(format!("{}.{}.{}", version >> 24, version >> 16 & 0xff, version & 0xffff)))
        };
        let said = [
            ("vendor", text(Attribute::VendorName)),
            ("type", text(Attribute::VendorIfdType)),
            ("version", version()),
            ("serial", text(Attribute::VendorIfdSerialNo)),
        ];
        drop(card.disconnect(Disposition::LeaveCard));
        Ok(said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
    };
    ask().unwrap_or_default().into()
}

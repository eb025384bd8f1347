//! What a job asks for: its document, read strictly.

use std::sync::Arc;

use outlet_devices::Work;
use outlet_protocols::display::DisplayDocument;
use outlet_protocols::document::{Block, Document, DocumentErrorKind, Drawer, Raw};
use outlet_protocols::fiscal::{Task, TaskError};
use outlet_protocols::label::LabelOrder;
use outlet_protocols::label_scale::ItemList;
use outlet_protocols::ticket::Order;
use serde_json::Value;

use crate::bus::contract::{ErrorBody, Kind};

/// What a job asks for, as its driver understands it.
pub fn work_of(kind: Kind, document: Option<Value>) -> Result<Work, ErrorBody> {
    let invalid = |text: String| ErrorBody::new("invalid-request", text);
    let document = match (kind, document) {
        (Kind::Print, Some(value)) => Document::from_value(value).map_err(|error| {
            let code = match error.kind() {
                DocumentErrorKind::Invalid => "invalid-request",
                DocumentErrorKind::TooLarge => "too-large",
                DocumentErrorKind::Unsupported => "unsupported",
            };
            ErrorBody::new(code, format!("document: {error}"))
        })?,
        (Kind::Print, None) => return Err(invalid("a print job needs a document".into())),
        (Kind::Drawer, value) => {
            let value = value.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            let drawer: Drawer =
                serde_json::from_value(value).map_err(|error| invalid(format!("document: {error}")))?;
            one_block(Block::Drawer(drawer))?
        }
        (Kind::Raw, Some(value)) => {
            let raw: Raw =
                serde_json::from_value(value).map_err(|error| invalid(format!("document: {error}")))?;
            one_block(Block::Raw(raw))?
        }
        (Kind::Raw, None) => {
            return Err(invalid("a raw job needs a document with its bytes: {\"data\": BASE64}".into()));
        }
        (Kind::Fiscal, Some(value)) => {
            return match Task::parse(&value) {
                Ok(task) => Ok(Work::Fiscal(Arc::new(task))),
                Err(error) => {
                    let code = match &error {
                        TaskError::Rejected(_) => "invalid-request",
                        TaskError::Unsupported(_) => "unsupported",
                    };
                    Err(ErrorBody::new(code, format!("document: {error}")))
                }
            };
        }
        (Kind::Fiscal, None) => return Err(invalid("a fiscal job needs a document with its task".into())),
        (Kind::Display, Some(value)) => {
            return match DisplayDocument::parse(&value) {
                Ok(document) => Ok(Work::Display(Arc::new(document))),
                Err(error) => Err(invalid(format!("document: {error}"))),
            };
        }
        (Kind::Display, None) => return Err(invalid("a display job needs a document with its lines".into())),
        (Kind::Label, Some(value)) => {
            return match LabelOrder::from_value(value) {
                Ok(order) => Ok(Work::Label(Arc::new(order))),
                Err(error) => Err(invalid(format!("document: {error}"))),
            };
        }
        (Kind::Label, None) => {
            return Err(invalid("a label job needs a document: a label or an item".into()));
        }
        (Kind::Items, Some(value)) => {
            return match ItemList::parse(&value) {
                Ok(list) => Ok(Work::Items(Arc::new(list))),
                Err(error) => Err(invalid(format!("document: {error}"))),
            };
        }
        (Kind::Items, None) => return Err(invalid("an items job needs a document with its items".into())),
        (Kind::Ticket, Some(value)) => {
            return match Order::parse(&value) {
                Ok(order) => Ok(Work::Ticket(Arc::new(order))),
                Err(error) => Err(invalid(format!("document: {error}"))),
            };
        }
        (Kind::Ticket, None) => return Err(invalid("a ticket job needs a document: an order".into())),
    };
    if document.blocks.is_empty() {
        return Err(invalid("document: there are no blocks: nothing would be printed".into()));
    }
    Ok(Work::Print(Arc::new(document)))
}

fn one_block(block: Block) -> Result<Document, ErrorBody> {
    let document = Document { blocks: vec![block] };
    document.validate().map_err(|error| ErrorBody::new("invalid-request", format!("document: {error}")))?;
    Ok(document)
}

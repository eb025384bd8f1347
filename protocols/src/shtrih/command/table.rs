//! Tables: the settings of the register.

use super::{Authority, Done, Effect, Fields, ParameterError, Request, Truncated};
use crate::shtrih::fields::{little_endian, printable, put, text, within};

/// A field of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    /// Table.
    pub table: u8,
    /// Row, from 1.
    pub row: u16,
    /// Field, from 1.
    pub field: u8,
}

impl Cell {
    /// The name of an operator as it stands on receipts: table 2, a row for each operator
    /// (vendor's trace in `shtrih-m/javapos_shtrih` issue 59).
    pub fn operator_name(operator: u8) -> Self {
        Self { table: 2, row: u16::from(operator), field: 2 }
    }

    fn put(self, out: &mut Vec<u8>) {
        out.push(self.table);
        put(i64::from(self.row), 2, out);
        out.push(self.field);
    }
}

/// `1F`: reads a field of a table. The answer is the bytes of the value; [`FieldInfoAnswer`] says what
/// they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadTable(pub Cell);

impl Request for ReadTable {
    type Answer = Vec<u8>;

    fn code(&self) -> u16 {
        0x1f
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        self.0.put(out);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(fields.rest().to_vec())
    }
}

/// `1E`: writes a field of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteTable {
    /// Which field.
    pub cell: Cell,
    /// The value as [`FieldInfoAnswer::bytes_of_text`] or [`FieldInfoAnswer::bytes_of_number`] makes it,
    /// up to 246 bytes.
    pub value: Vec<u8>,
}

impl Request for WriteTable {
    type Answer = Done;

    fn code(&self) -> u16 {
        0x1e
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::Device
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let length = self.value.len();
        if length > 246 {
            return Err(ParameterError::TooLong { field: "value of a table", length, limit: 246 });
        }
        self.cell.put(out);
        out.extend_from_slice(&self.value);
        Ok(())
    }

    fn read(&self, _: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(Done)
    }
}

/// `2D`: what a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableInfo {
    /// Table.
    pub table: u8,
}

/// The answer to [`TableInfo`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfoAnswer {
    /// Name.
    pub name: String,
    /// Rows.
    pub rows: u16,
    /// Fields of a row.
    pub fields: u8,
}

impl Request for TableInfo {
    type Answer = TableInfoAnswer;

    fn code(&self) -> u16 {
        0x2d
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.push(self.table);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        Ok(TableInfoAnswer {
            name: text(fields.bytes(40, "name of the table")?),
            rows: fields.u16("rows")?,
            fields: fields.byte("fields")?,
        })
    }
}

/// `2E`: what a field of a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// Table.
    pub table: u8,
    /// Field, from 1.
    pub field: u8,
}

/// The answer to [`FieldInfo`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldInfoAnswer {
    /// Name.
    pub name: String,
    /// What the field holds.
    pub kind: FieldKind,
    /// Bytes of a value.
    pub size: u8,
}

/// What a field of a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A number, the least byte first.
    Number {
        /// Least value.
        least: i64,
        /// Greatest value.
        most: i64,
    },
    /// Text in cp1251, filled up with 00.
    Text,
}

impl FieldInfoAnswer {
    /// A text as the field takes it.
    ///
    /// # Errors
    /// A text that the field can't hold.
    pub fn bytes_of_text(&self, value: &str) -> Result<Vec<u8>, ParameterError> {
        let size = usize::from(self.size);
        let mut bytes = printable(value);
        if bytes.len() > size {
            let length = bytes.len();
            return Err(ParameterError::TooLong { field: "value of a table", length, limit: size });
        }
        bytes.resize(size, 0);
        Ok(bytes)
    }

    /// A number as the field takes it.
    ///
    /// # Errors
    /// A number outside of what the field allows.
    pub fn bytes_of_number(&self, value: i64) -> Result<Vec<u8>, ParameterError> {
        if let FieldKind::Number { least, most } = self.kind {
            within("value of a table", value, least, most)?;
        }
        let mut bytes = Vec::new();
        put(value, usize::from(self.size.min(8)), &mut bytes);
        Ok(bytes)
    }

    /// The text of a value that [`ReadTable`] gave.
    pub fn text(&self, value: &[u8]) -> String {
        text(value)
    }

    /// The number of a value that [`ReadTable`] gave.
    pub fn number(&self, value: &[u8]) -> i64 {
        little_endian(value)
    }
}

impl Request for FieldInfo {
    type Answer = FieldInfoAnswer;

    fn code(&self) -> u16 {
        0x2e
    }

    fn password(&self) -> Authority {
        Authority::Administrator
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    fn parameters(&self, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        out.extend_from_slice(&[self.table, self.field]);
        Ok(())
    }

    fn read(&self, fields: &mut Fields<'_>) -> Result<Self::Answer, Truncated> {
        let name = text(fields.bytes(40, "name of the field")?);
        let kind = fields.byte("kind")?;
        let size = fields.byte("size")?;
        let kind = match kind {
            0 => FieldKind::Number {
                least: little_endian(fields.bytes(usize::from(size), "least value")?),
                most: little_endian(fields.bytes(usize::from(size), "greatest value")?),
            },
            _ => FieldKind::Text,
        };
        Ok(FieldInfoAnswer { name, kind, size })
    }
}

//! Tables: `1E`, `1F`, `2D`, `2E`. Those that drivers read and write, under the numbers of the
//! vendor's driver: cashiers 2, header 4, payments 5, storage 18, operator of fiscal data 19; the
//! format of documents in table 10, field 29 (field log of issue 72); table 17, field 7 is 1 for one
//! document that isn't printed, 2 for all (vendor's driver, `SMFiscalPrinterImpl.disablePrint`).

use super::Ffd;
use super::code::{self, Code};
use super::command::{Answer, Commands};
use super::fields::{Fields, number};
use super::text;

/// A table.
struct Table {
    number: u8,
    name: &'static str,
    rows: u16,
    fields: &'static [Field],
}

/// A field of all rows of a table.
struct Field {
    number: u8,
    name: &'static str,
    size: u8,
    form: Form,
}

enum Form {
    /// Characters.
    Text,
    /// A number up to this.
    Number(i64),
    /// Characters that nobody may write.
    ReadOnly,
}

const fn field(number: u8, name: &'static str, size: u8, form: Form) -> Field {
    Field { number, name, size, form }
}

static TABLES: [Table; 8] = [
    Table {
        number: 1,
        name: "ТИП И РЕЖИМ КАССЫ",
        rows: 1,
        fields: &[
            field(1, "НОМЕР МАГАЗИНА", 1, Form::Number(99)),
            field(2, "ОБНУЛЕНИЕ НАЛИЧНОСТИ ПРИ ЗАКРЫТИИ СМЕНЫ", 1, Form::Number(1)),
            field(6, "НАЧИСЛЕНИЕ НАЛОГОВ", 1, Form::Number(1)),
            field(8, "ОТРЕЗКА ЧЕКА", 1, Form::Number(2)),
        ],
    },
    Table {
        number: 2,
        name: "ПАРОЛИ КАССИРОВ И АДМИНИСТРАТОРОВ",
        rows: 30,
        fields: &[field(1, "ПАРОЛЬ", 4, Form::Number(99_999_999)), field(2, "ИМЯ", 21, Form::Text)],
    },
    Table {
        number: 4, name: "ТЕКСТ В ЧЕКЕ", rows: 14, fields: &[field(1, "ТЕКСТ", 40, Form::Text)]
    },
    Table {
        number: 5,
        name: "НАИМЕНОВАНИЯ ТИПОВ ОПЛАТЫ",
        rows: 16,
        fields: &[field(1, "НАИМЕНОВАНИЕ", 40, Form::Text)],
    },
    Table {
        number: 10,
        name: "РЕГИОНАЛЬНЫЕ НАСТРОЙКИ",
        rows: 1,
        fields: &[field(29, "ФОРМАТ ФД, 1 - 1.0, 2 - 1.05, 3 - 1.1, 4 - 1.2", 1, Form::Number(4))],
    },
    Table {
        number: 17,
        name: "РЕГИОНАЛЬНЫЕ НАСТРОЙКИ",
        rows: 1,
        fields: &[field(7, "НЕ ПЕЧАТАТЬ ДОКУМЕНТ", 1, Form::Number(2))],
    },
    Table {
        number: 18,
        name: "ФИСКАЛЬНЫЙ НАКОПИТЕЛЬ",
        rows: 1,
        fields: &[
            field(1, "ЗАВОДСКОЙ НОМЕР ККТ", 20, Form::ReadOnly),
            field(2, "ИНН", 12, Form::ReadOnly),
            field(3, "РЕГИСТРАЦИОННЫЙ НОМЕР ККТ", 20, Form::ReadOnly),
            field(4, "НОМЕР ФН", 16, Form::ReadOnly),
            field(7, "НАИМЕНОВАНИЕ ПОЛЬЗОВАТЕЛЯ", 128, Form::Text),
            field(9, "АДРЕС РАСЧЕТОВ", 128, Form::Text),
        ],
    },
    Table {
        number: 19,
        name: "ПАРАМЕТРЫ ОФД",
        rows: 1,
        fields: &[
            field(1, "СЕРВЕР", 64, Form::Text),
            field(2, "ПОРТ", 2, Form::Number(65_535)),
            field(3, "ТАЙМАУТ ЧТЕНИЯ ОТВЕТА", 2, Form::Number(65_535)),
        ],
    },
];

/// What stands in a field that nobody has written. Those that depend on the device are given by
/// [`Commands::read_table`].
pub(super) fn default(table: u8, row: u16, field: u8) -> Vec<u8> {
    let written = |value: &str, size: usize| text::field(value, size, 0);
    match (table, row, field) {
        (2, row, 1) => number(i64::from(row), 4),
        (2, 29, 2) => written("АДМИНИСТРАТОР", 21),
        (2, 30, 2) => written("СИСТ.АДМИНИСТРАТОР", 21),
        (2, row, 2) => written(&format!("КАССИР {row}"), 21),
        (4, 1, 1) => written("РЕСТОРАН", 40),
        (5, 1, 1) => written("НАЛИЧНЫМИ", 40),
        (5, 14, 1) => written("ПРЕДВАРИТЕЛЬНАЯ ОПЛАТА (АВАНС)", 40),
        (5, 15, 1) => written("ПОСЛЕДУЮЩАЯ ОПЛАТА (КРЕДИТ)", 40),
        (5, 16, 1) => written("ИНАЯ ФОРМА ОПЛАТЫ", 40),
        (5, _, 1) => written("ЭЛЕКТРОННЫМИ", 40),
        (1, 1, 8) => vec![1],
        (19, 1, 2) => number(7777, 2),
        (19, 1, 3) => number(60, 2),
        _ => match find(table, row, field) {
            Ok(found) => vec![0; usize::from(found.size)],
            Err(_) => Vec::new(),
        },
    }
}

fn table(number: u8) -> Result<&'static Table, Code> {
    TABLES.iter().find(|table| table.number == number).ok_or(code::TABLE)
}

fn find(number: u8, row: u16, field: u8) -> Result<&'static Field, Code> {
    let table = table(number)?;
    if !(1..=table.rows).contains(&row) {
        return Err(code::TABLE);
    }
    table.fields.iter().find(|known| known.number == field).ok_or(code::TABLE)
}

impl Commands<'_> {
    /// `1F`: reads a field.
    pub fn read_table(&mut self, fields: &mut Fields<'_>) -> Answer {
        let (number, row, field) = address(fields)?;
        let size = usize::from(find(number, row, field)?.size);
        let ledger = &self.device.ledger;
        Ok(match (number, field) {
            (10, 29) => vec![if self.spec.ffd == Ffd::V12 { 4 } else { 2 }],
            (18, 1) => text::field(&ledger.serial, size, 0),
            (18, 2) => text::field(&super::document::TAXPAYER.to_string(), size, 0),
            (18, 3) => text::field(super::document::REGISTRATION_NUMBER, size, 0),
            (18, 4) => text::field(&ledger.storage_number, size, 0),
            _ => self.memory.field(number, row, field),
        })
    }

    /// `1E`: writes a field. A shorter text is filled with zeros.
    pub fn write_table(&mut self, fields: &mut Fields<'_>) -> Answer {
        let (number, row, field) = address(fields)?;
        let known = find(number, row, field)?;
        let mut value = fields.rest().to_vec();
        let size = usize::from(known.size);
        match known.form {
            Form::ReadOnly => return Err(code::READ_ONLY),
            Form::Text if value.len() > size => return Err(code::LENGTH),
            Form::Text => value.resize(size, 0),
            Form::Number(most) => {
                if value.len() != size {
                    return Err(code::LENGTH);
                }
                if Fields::new(&value).number(size)? > most || number == 10 {
                    return Err(code::PARAMETERS);
                }
            }
        }
        self.memory.tables.insert(format!("{number}.{row}.{field}"), value);
        Ok(Vec::new())
    }

    /// `2D`: structure of a table.
    pub fn table_structure(&mut self, fields: &mut Fields<'_>) -> Answer {
        let table = table(fields.byte()?)?;
        let count = table.fields.iter().map(|field| field.number).max().unwrap_or_default();
        Ok([text::field(table.name, 40, 0), number(i64::from(table.rows), 2), vec![count]].concat())
    }

    /// `2E`: structure of a field.
    pub fn field_structure(&mut self, fields: &mut Fields<'_>) -> Answer {
        let (number_of_table, field) = (fields.byte()?, fields.byte()?);
        let known = find(number_of_table, 1, field)?;
        let mut name = text::encode(known.name);
        name.resize(40, 0);
        let (form, range) = match known.form {
            Form::Text | Form::ReadOnly => (1, Vec::new()),
            Form::Number(most) => {
                let size = usize::from(known.size);
                (0, [number(0, size), number(most, size)].concat())
            }
        };
        Ok([name, vec![form, known.size], range].concat())
    }
}

fn address(fields: &mut Fields<'_>) -> Result<(u8, u16, u8), Code> {
    Ok((fields.byte()?, fields.number(2)? as u16, fields.byte()?))
}

//! The messages of IPP: RFC 8010, section 3.

/// Tags of attribute groups (RFC 8010, 3.5.1).
pub(super) mod group {
    pub const OPERATION: u8 = 0x01;
    pub const JOB: u8 = 0x02;
    pub const END: u8 = 0x03;
    pub const PRINTER: u8 = 0x04;
    pub const UNSUPPORTED: u8 = 0x05;
}

/// Tags of values (RFC 8010, 3.5.2).
mod tag {
    pub const UNSUPPORTED: u8 = 0x10;
    pub const INTEGER: u8 = 0x21;
    pub const BOOLEAN: u8 = 0x22;
    pub const ENUM: u8 = 0x23;
    pub const RANGE: u8 = 0x33;
    pub const TEXT: u8 = 0x41;
    pub const NAME: u8 = 0x42;
    pub const KEYWORD: u8 = 0x44;
    pub const URI: u8 = 0x45;
    pub const CHARSET: u8 = 0x47;
    pub const LANGUAGE: u8 = 0x48;
    pub const MIME: u8 = 0x49;
}

/// A request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub version: (u8, u8),
    /// Operation of a request, status of an answer.
    pub code: u16,
    pub id: u32,
    pub groups: Vec<Group>,
    /// What follows the attributes: the document.
    pub data: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub tag: u8,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub name: String,
    pub values: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Integer(i32),
    Boolean(bool),
    Enum(i32),
    Range(i32, i32),
    Text(String),
    Name(String),
    Keyword(String),
    Uri(String),
    Charset(String),
    Language(String),
    Mime(String),
    /// The printer has no such attribute.
    Unsupported,
    /// Anything else, by its tag.
    Other(u8, Vec<u8>),
}

impl Message {
    /// Reads a message; the error says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader { bytes };
        let version = (from.byte()?, from.byte()?);
        let code = from.short()?;
        let id = u32::from_be_bytes(from.array()?);
        let mut groups: Vec<Group> = Vec::new();
        loop {
            match from.byte()? {
                group::END => break,
                tag @ 0x00..=0x0F => groups.push(Group { tag, attributes: Vec::new() }),
                tag => {
                    let name = from.text()?;
                    let value = Value::parse(tag, from.counted()?)?;
                    let attributes =
                        &mut groups.last_mut().ok_or("an attribute outside of a group")?.attributes;
                    if name.is_empty() {
                        let last = attributes.last_mut().ok_or("an additional value of nothing")?;
                        last.values.push(value);
                    } else {
                        attributes.push(Attribute { name, values: vec![value] });
                    }
                }
            }
        }
        Ok(Self { version, code, id, groups, data: from.bytes.to_vec() })
    }

    /// The message as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = vec![self.version.0, self.version.1];
        out.extend(self.code.to_be_bytes());
        out.extend(self.id.to_be_bytes());
        for Group { tag, attributes } in &self.groups {
            out.push(*tag);
            for Attribute { name, values } in attributes {
                for (index, value) in values.iter().enumerate() {
                    let (tag, bytes) = value.bytes();
                    out.push(tag);
                    counted(if index == 0 { name.as_bytes() } else { &[] }, &mut out);
                    counted(&bytes, &mut out);
                }
            }
        }
        out.push(group::END);
        out.extend(&self.data);
        out
    }

    /// The values of an attribute in the first group of this tag.
    pub fn values(&self, group: u8, name: &str) -> &[Value] {
        let group = self.groups.iter().find(|found| found.tag == group);
        let attribute = group.and_then(|group| group.attributes.iter().find(|found| found.name == name));
        attribute.map_or(&[], |attribute| &attribute.values)
    }

    pub fn text(&self, group: u8, name: &str) -> Option<&str> {
        self.values(group, name).first().and_then(Value::text)
    }

    pub fn integer(&self, group: u8, name: &str) -> Option<i32> {
        match self.values(group, name).first() {
            Some(Value::Integer(value) | Value::Enum(value)) => Some(*value),
            _ => None,
        }
    }
}

impl Value {
    fn parse(tag: u8, bytes: &[u8]) -> Result<Self, String> {
        let text = || String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string());
        let four = |bytes: &[u8]| -> Result<i32, String> {
            let bytes: [u8; 4] = bytes.try_into().map_err(|_| "an integer without four bytes".to_owned())?;
            Ok(i32::from_be_bytes(bytes))
        };
        Ok(match tag {
            tag::INTEGER => Self::Integer(four(bytes)?),
            tag::ENUM => Self::Enum(four(bytes)?),
            tag::BOOLEAN => Self::Boolean(bytes == [1]),
            tag::RANGE => {
                let (low, high) = bytes.split_at_checked(4).ok_or("a range without eight bytes")?;
                Self::Range(four(low)?, four(high)?)
            }
            tag::TEXT => Self::Text(text()?),
            tag::NAME => Self::Name(text()?),
            tag::KEYWORD => Self::Keyword(text()?),
            tag::URI => Self::Uri(text()?),
            tag::CHARSET => Self::Charset(text()?),
            tag::LANGUAGE => Self::Language(text()?),
            tag::MIME => Self::Mime(text()?),
            tag => Self::Other(tag, bytes.to_vec()),
        })
    }

    fn bytes(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Integer(value) => (tag::INTEGER, value.to_be_bytes().to_vec()),
            Self::Enum(value) => (tag::ENUM, value.to_be_bytes().to_vec()),
            Self::Boolean(value) => (tag::BOOLEAN, vec![u8::from(*value)]),
            Self::Range(low, high) => (tag::RANGE, [low.to_be_bytes(), high.to_be_bytes()].concat()),
            Self::Text(text) => (tag::TEXT, text.clone().into_bytes()),
            Self::Name(text) => (tag::NAME, text.clone().into_bytes()),
            Self::Keyword(text) => (tag::KEYWORD, text.clone().into_bytes()),
            Self::Uri(text) => (tag::URI, text.clone().into_bytes()),
            Self::Charset(text) => (tag::CHARSET, text.clone().into_bytes()),
            Self::Language(text) => (tag::LANGUAGE, text.clone().into_bytes()),
            Self::Mime(text) => (tag::MIME, text.clone().into_bytes()),
            Self::Unsupported => (tag::UNSUPPORTED, Vec::new()),
            Self::Other(tag, bytes) => (*tag, bytes.clone()),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text)
            | Self::Name(text)
            | Self::Keyword(text)
            | Self::Uri(text)
            | Self::Charset(text)
            | Self::Language(text)
            | Self::Mime(text) => Some(text),
            _ => None,
        }
    }
}

/// An attribute of one value.
pub(super) fn one(name: &str, value: Value) -> Attribute {
    Attribute { name: name.to_owned(), values: vec![value] }
}

/// An attribute of several keywords.
pub(super) fn keywords<'a>(name: &str, words: impl IntoIterator<Item = &'a str>) -> Attribute {
    let values = words.into_iter().map(|word| Value::Keyword(word.to_owned())).collect();
    Attribute { name: name.to_owned(), values }
}

fn counted(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(bytes);
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or("the message ends too early")?;
        self.bytes = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        self.take(N)?.try_into().map_err(|_| "the message ends too early".to_owned())
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.array::<1>()?[0])
    }

    fn short(&mut self) -> Result<u16, String> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn counted(&mut self) -> Result<&'a [u8], String> {
        let count = self.short()?;
        self.take(count.into())
    }

    fn text(&mut self) -> Result<String, String> {
        String::from_utf8(self.counted()?.to_vec()).map_err(|error| error.to_string())
    }
}

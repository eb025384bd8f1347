//! As much of MQTT as has to be understood to let a screen's packets through: frames, CONNECT, and the topics of
//! PUBLISH and SUBSCRIBE. MQTT 3.1.1 and 5; sections are those of version 5.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Bytes of the largest packet of a screen.
pub(super) const LARGEST: usize = 256 << 10;

/// Types of packets (section 2.1.2).
pub(super) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const CONNACK: u8 = 2;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const PUBREC: u8 = 5;
    pub(crate) const PUBREL: u8 = 6;
    pub(crate) const PUBCOMP: u8 = 7;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const PINGREQ: u8 = 12;
    pub(crate) const DISCONNECT: u8 = 14;
}

/// Reason codes (section 2.4).
pub(super) mod reason {
    pub(crate) const MALFORMED: u8 = 0x81;
    pub(crate) const PROTOCOL_ERROR: u8 = 0x82;
    pub(crate) const BAD_CLIENT_ID: u8 = 0x85;
    pub(crate) const BAD_CREDENTIALS: u8 = 0x86;
    pub(crate) const NOT_AUTHORIZED: u8 = 0x87;
    pub(crate) const UNAVAILABLE: u8 = 0x88;
    pub(crate) const BUSY: u8 = 0x89;
    pub(crate) const SHUTTING_DOWN: u8 = 0x8B;
    pub(crate) const KEEP_ALIVE: u8 = 0x8D;
    pub(crate) const TAKEN_OVER: u8 = 0x8E;
    pub(crate) const TOO_LARGE: u8 = 0x95;
    pub(crate) const ADMINISTRATIVE: u8 = 0x98;
}

/// Why a packet is not let through: a reason code and words for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) reason: u8,
    pub(super) why: String,
}

impl Wrong {
    pub(super) fn new(reason: u8, why: impl Into<String>) -> Self {
        Self { reason, why: why.into() }
    }

    fn malformed(why: &str) -> Self {
        Self::new(reason::MALFORMED, why)
    }
}

/// The next whole packet of what has come, at most `largest` bytes long.
pub(super) fn next_packet(buffer: &mut BytesMut, largest: usize) -> Result<Option<Bytes>, Wrong> {
    let (mut length, mut at) = (0usize, 1);
    loop {
        let Some(byte) = buffer.get(at) else {
            return if at > 4 { Err(Wrong::malformed("a length without an end")) } else { Ok(None) };
        };
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        at += 1;
        if byte & 0x80 == 0 {
            break;
        }
        if at > 4 {
            return Err(Wrong::malformed("a length without an end"));
        }
    }
    let whole = at + length;
    if whole > largest {
        return Err(Wrong::new(reason::TOO_LARGE, format!("a packet of {whole} bytes")));
    }
    if buffer.len() < whole {
        return Ok(None);
    }
    Ok(Some(buffer.split_to(whole).freeze()))
}

/// The type of a packet.
pub(super) fn kind_of(packet: &[u8]) -> u8 {
    packet.first().map_or(0, |first| first >> 4)
}

/// What follows the fixed header.
fn body(packet: &Bytes) -> Bytes {
    let length = packet.iter().skip(1).take_while(|byte| *byte & 0x80 != 0).count() + 1;
    packet.slice((1 + length).min(packet.len())..)
}

/// Reads the fields of a packet, one after the other.
struct Fields(Bytes);

impl Fields {
    fn byte(&mut self) -> Result<u8, Wrong> {
        self.0.try_get_u8().map_err(|_| Wrong::malformed("a packet that is too short"))
    }

    fn number(&mut self) -> Result<u16, Wrong> {
        self.0.try_get_u16().map_err(|_| Wrong::malformed("a packet that is too short"))
    }

    fn bytes(&mut self) -> Result<Bytes, Wrong> {
        let length = usize::from(self.number()?);
        self.take(length)
    }

    fn take(&mut self, length: usize) -> Result<Bytes, Wrong> {
        if self.0.len() < length {
            return Err(Wrong::malformed("a packet that is too short"));
        }
        Ok(self.0.split_to(length))
    }

    fn text(&mut self) -> Result<String, Wrong> {
        let text = String::from_utf8(self.bytes()?.to_vec())
            .map_err(|_| Wrong::malformed("a text that is no UTF-8"))?;
        if text.contains('\0') { Err(Wrong::malformed("a text with a NUL")) } else { Ok(text) }
    }

    fn variable(&mut self) -> Result<usize, Wrong> {
        let mut value = 0usize;
        for at in 0..4 {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Wrong::malformed("a number without an end"))
    }

    fn properties(&mut self) -> Result<Properties, Wrong> {
        let length = self.variable()?;
        let mut fields = Fields(self.take(length)?);
        let mut properties = Properties::default();
        while !fields.0.is_empty() {
            let id = fields.byte()?;
            match id {
                // Section 2.2.2.2: one byte, two, four, a number, texts, a pair of texts.
                0x01 | 0x17 | 0x19 => drop(fields.byte()?),
                0x21 => properties.receive_maximum = Some(fields.number()?),
                0x22 => drop(fields.number()?),
                0x23 => {
                    fields.number()?;
                    properties.topic_alias = true;
                }
                0x02 | 0x11 | 0x18 | 0x27 => {
                    let value = fields.take(4)?.get_u32();
                    match id {
                        0x11 => properties.session_expiry = Some(value),
                        0x27 => properties.packet_maximum = Some(value),
                        _ => {}
                    }
                }
                0x0B => drop(fields.variable()?),
                0x03 => drop(fields.text()?),
                0x08 => {
                    fields.text()?;
                    properties.response_topic = true;
                }
                0x15 => properties.enhanced_sign_in = true,
                0x09 | 0x16 => drop(fields.bytes()?),
                0x26 => {
                    fields.text()?;
                    fields.text()?;
                }
                _ => return Err(Wrong::malformed("a property that is not known")),
            }
            if id == 0x15 {
                fields.text()?;
            }
        }
        Ok(properties)
    }
}

#[derive(Default)]
struct Properties {
    session_expiry: Option<u32>,
    receive_maximum: Option<u16>,
    packet_maximum: Option<u32>,
    topic_alias: bool,
    response_topic: bool,
    enhanced_sign_in: bool,
}

/// What a screen connects with (section 3.1).
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Connect {
    /// 4 for MQTT 3.1.1, 5 for MQTT 5.
    pub(super) version: u8,
    pub(super) clean: bool,
    pub(super) keep_alive: u16,
    pub(super) client_id: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<Bytes>,
    pub(super) session_expiry: u32,
    pub(super) receive_maximum: Option<u16>,
    pub(super) packet_maximum: Option<u32>,
}

impl Connect {
    /// Reads a CONNECT. Wills are refused, as is any other way to sign in than by name and password.
    pub(super) fn read(packet: &Bytes) -> Result<Self, Wrong> {
        if packet.first() != Some(&(kind::CONNECT << 4)) {
            return Err(Wrong::new(reason::PROTOCOL_ERROR, "something else than CONNECT comes first"));
        }
        let mut fields = Fields(body(packet));
        let (name, version) = (fields.bytes()?, fields.byte()?);
        if name != b"MQTT".as_slice() || !(version == 4 || version == 5) {
            return Err(Wrong::malformed("a protocol other than MQTT 3.1.1 and 5"));
        }
        let flags = fields.byte()?;
        let keep_alive = fields.number()?;
        let properties = if version == 5 { fields.properties()? } else { Properties::default() };
        if flags & 0x01 != 0 {
            return Err(Wrong::malformed("a CONNECT with its reserved flag set"));
        }
        if properties.enhanced_sign_in {
            return Err(Wrong::new(reason::NOT_AUTHORIZED, "another way to sign in than name and password"));
        }
        if flags & 0x3c != 0 {
            return Err(Wrong::new(reason::NOT_AUTHORIZED, "a will"));
        }
        let client_id = fields.text()?;
        let user = if flags & 0x80 != 0 { Some(fields.text()?) } else { None };
        let password = if flags & 0x40 != 0 { Some(fields.bytes()?) } else { None };
        if !fields.0.is_empty() {
            return Err(Wrong::malformed("a CONNECT that is too long"));
        }
        Ok(Self {
            version,
            clean: flags & 0x02 != 0,
            keep_alive,
            client_id,
            user,
            password,
            session_expiry: properties.session_expiry.unwrap_or(0),
            receive_maximum: properties.receive_maximum,
            packet_maximum: properties.packet_maximum,
        })
    }

    /// The same as a packet, for the broker.
    pub(super) fn write(&self) -> Bytes {
        let mut rest = BytesMut::with_capacity(128);
        text(&mut rest, b"MQTT");
        rest.put_u8(self.version);
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        rest.put_u8(
            flag(self.clean, 0x02) | flag(self.user.is_some(), 0x80) | flag(self.password.is_some(), 0x40),
        );
        rest.put_u16(self.keep_alive);
        if self.version == 5 {
            let mut properties = BytesMut::new();
            if self.session_expiry > 0 {
                properties.put_u8(0x11);
                properties.put_u32(self.session_expiry);
            }
            if let Some(maximum) = self.receive_maximum {
                properties.put_u8(0x21);
                properties.put_u16(maximum);
            }
            if let Some(maximum) = self.packet_maximum {
                properties.put_u8(0x27);
                properties.put_u32(maximum);
            }
            length(&mut rest, properties.len());
            rest.put(properties);
        }
        text(&mut rest, self.client_id.as_bytes());
        if let Some(user) = &self.user {
            text(&mut rest, user.as_bytes());
        }
        if let Some(password) = &self.password {
            text(&mut rest, password);
        }
        packet(kind::CONNECT << 4, &rest)
    }
}

/// What a PUBLISH says before its payload (section 3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Publish {
    pub(super) topic: String,
    pub(super) qos: u8,
    pub(super) retain: bool,
    /// 0 with QoS 0.
    pub(super) id: u16,
}

impl Publish {
    /// Reads a PUBLISH of a screen. Aliases for topics and topics for answers are refused.
    pub(super) fn read(packet: &Bytes, version: u8) -> Result<Self, Wrong> {
        let first = packet.first().copied().unwrap_or_default();
        let mut fields = Fields(body(packet));
        let (topic, qos) = (fields.text()?, (first >> 1) & 3);
        let id = if qos > 0 { fields.number()? } else { 0 };
        if version == 5 {
            let properties = fields.properties()?;
            if properties.topic_alias || properties.response_topic {
                let why = format!("an alias or a topic for the answer in a publish to {topic:?}");
                return Err(Wrong::new(reason::NOT_AUTHORIZED, why));
            }
        }
        Ok(Self { topic, qos, retain: first & 1 != 0, id })
    }

    /// Reads topic and id of a PUBLISH of the broker.
    pub(super) fn of_broker(packet: &Bytes) -> Result<Self, Wrong> {
        let first = packet.first().copied().unwrap_or_default();
        let mut fields = Fields(body(packet));
        let (topic, qos) = (fields.text()?, (first >> 1) & 3);
        let id = if qos > 0 { fields.number()? } else { 0 };
        Ok(Self { topic, qos, retain: first & 1 != 0, id })
    }
}

/// The filters of a SUBSCRIBE (section 3.8), each with its QoS.
pub(super) fn filters(packet: &Bytes, version: u8) -> Result<Vec<(String, u8)>, Wrong> {
    let mut fields = Fields(body(packet));
    fields.number()?;
    if version == 5 {
        fields.properties()?;
    }
    let mut filters = Vec::new();
    while !fields.0.is_empty() {
        let filter = fields.text()?;
        filters.push((filter, fields.byte()? & 3));
    }
    if filters.is_empty() { Err(Wrong::malformed("a SUBSCRIBE without a filter")) } else { Ok(filters) }
}

/// An acknowledgement of a PUBLISH: PUBACK for QoS 1, PUBREC for QoS 2.
pub(super) fn acknowledgement(publish: &Publish) -> Option<Bytes> {
    let kind = match publish.qos {
        1 => kind::PUBACK,
        2 => kind::PUBREC,
        _ => return None,
    };
    let mut rest = BytesMut::with_capacity(2);
    rest.put_u16(publish.id);
    Some(packet(kind << 4, &rest))
}

/// A CONNACK that lets nobody in. MQTT 3.1.1 has fewer codes (its section 3.2.2.3).
pub(super) fn refusal(version: u8, code: u8) -> Bytes {
    if version == 5 {
        return Bytes::from(vec![0x20, 3, 0, code, 0]);
    }
    let code = match code {
        reason::BAD_CLIENT_ID => 2,
        reason::UNAVAILABLE | reason::SHUTTING_DOWN => 3,
        reason::BAD_CREDENTIALS => 4,
        _ => 5,
    };
    Bytes::from(vec![0x20, 2, 0, code])
}

/// A DISCONNECT with a reason; MQTT 3.1.1 has none from a server.
pub(super) fn goodbye(version: u8, code: u8) -> Option<Bytes> {
    // A DISCONNECT has no code for a server that is not available (section 3.14.2.1).
    let code = if code == reason::UNAVAILABLE { reason::BUSY } else { code };
    (version == 5).then(|| Bytes::from(vec![kind::DISCONNECT << 4, 2, code, 0]))
}

/// Whether nothing follows this packet of a broker: its DISCONNECT, or a CONNACK that lets nobody in.
pub(super) fn ends_connection(packet: &[u8]) -> bool {
    match kind_of(packet) {
        kind::DISCONNECT => true,
        kind::CONNACK => packet.get(3).is_some_and(|code| *code != 0),
        _ => false,
    }
}

/// A DISCONNECT of a client that leaves in order.
pub(super) fn leave() -> [u8; 2] {
    [kind::DISCONNECT << 4, 0]
}

fn packet(first: u8, rest: &[u8]) -> Bytes {
    let mut packet = BytesMut::with_capacity(rest.len() + 5);
    packet.put_u8(first);
    length(&mut packet, rest.len());
    packet.put_slice(rest);
    packet.freeze()
}

fn length(buffer: &mut BytesMut, mut length: usize) {
    loop {
        let byte = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        buffer.put_u8(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            return;
        }
    }
}

fn text(buffer: &mut BytesMut, text: &[u8]) {
    buffer.put_u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
    buffer.put_slice(text);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on fails")]
mod tests;

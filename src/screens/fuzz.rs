//! What holds for whatever comes to the screens' door: the bodies of fuzz targets, and of the tests over their
//! corpora.

use axum::extract::{Form, FromRequest};
use axum::http::{Method, Request, StatusCode};
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use mqtt5::packet::Packet;
use mqtt5::transport::packet_io::decode_buffered_packet;

use super::gateway::{Rights, check, version_of};
use super::mqtt::{self, Connect, Publish, Wrong, kind};
use super::registry::{Screen, View};
use super::status::{Text, field};
use super::{files, pages};
use crate::bus::contract::Topics;
use crate::clock::Timestamp;
use crate::web::fuzz::{plain, request};
use crate::web::is_this_machine;

/// Any bytes as what a screen sends by its WebSocket. The lowest bit of the first byte says which version of MQTT is
/// spoken where no CONNECT says it, the others say how long the pieces are.
///
/// # Errors
/// The rule that was broken: pieces that are read as something else than the whole, a CONNECT that is written as
/// another one, or a packet that is let through and that the broker takes for another one.
pub fn any_packets(input: &[u8]) -> Result<(), String> {
    let [first, stream @ ..] = input else { return Ok(()) };
    let version = if first & 1 == 0 { 5 } else { 4 };
    let (packets, wrong) = cut([stream]);
    let in_pieces = cut(stream.chunks(1 + usize::from(first >> 1)));
    if in_pieces != (packets.clone(), wrong.clone()) {
        return Err(format!("as a whole {packets:?} {wrong:?}, in pieces {in_pieces:?}"));
    }
    if !stream.starts_with(&packets.concat()) {
        return Err(format!("{packets:?} is not what came"));
    }
    wrong.map_or(Ok(()), |wrong| told(&wrong))?;
    let rights = Rights::new(&Topics::new("outlet/v1/main"), &grill());
    for packet in &packets {
        any_packet(packet, version, &rights)?;
    }
    Ok(())
}

/// The packets of what comes in pieces, and why no more are read.
fn cut<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Bytes>, Option<Wrong>) {
    let (mut buffer, mut packets) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match mqtt::next_packet(&mut buffer, mqtt::LARGEST) {
                Ok(Some(packet)) => packets.push(packet),
                Ok(None) => break,
                Err(wrong) => return (packets, Some(wrong)),
            }
        }
    }
    (packets, None)
}

fn any_packet(packet: &Bytes, version: u8, rights: &Rights) -> Result<(), String> {
    match Connect::read(packet) {
        Ok(connect) => same_connect(packet, &connect)?,
        Err(wrong) => told(&wrong)?,
    }
    if let Ok(publish) = Publish::read(packet, version) {
        if Publish::of_broker(packet).as_ref() != Ok(&publish) {
            return Err(format!("{publish:?}, but not from the broker"));
        }
        let acknowledged = mqtt::acknowledgement(&publish);
        if acknowledged.is_some() != matches!(publish.qos, 1 | 2) {
            return Err(format!("{publish:?} is acknowledged with {acknowledged:?}"));
        }
    }
    match check(packet, version, rights) {
        Ok(()) => as_the_broker_reads_it(packet, version, rights),
        Err(wrong) => told(&wrong),
    }
}

fn same_connect(packet: &Bytes, connect: &Connect) -> Result<(), String> {
    let (id, version) = (&connect.client_id, connect.version);
    if version_of(packet) != version {
        return Err(format!("{id:?} speaks {version}, and is refused in {}", version_of(packet)));
    }
    let written = connect.write();
    if Connect::read(&written).ok().as_ref() != Some(connect) {
        return Err(format!("the CONNECT of {id:?} is written as another one: {written:?}"));
    }
    let mut buffer = BytesMut::from(written.as_ref());
    match decode_buffered_packet(&mut buffer, version, mqtt::LARGEST) {
        Ok(Some(Packet::Connect(read))) if buffer.is_empty() => {
            let same = read.client_id == *id
                && read.username == connect.user
                && read.password.as_deref() == connect.password.as_deref()
                && read.clean_start == connect.clean
                && read.protocol_version == version
                && read.will.is_none();
            if same { Ok(()) } else { Err(format!("the CONNECT of {id:?} is for the broker {read:?}")) }
        }
        // It may be stricter.
        Err(_) => Ok(()),
        other => Err(format!("the CONNECT of {id:?} is for the broker {other:?}, and {buffer:?}")),
    }
}

/// What is let through is for the broker's own reader what it is here, or nothing.
fn as_the_broker_reads_it(packet: &Bytes, version: u8, rights: &Rights) -> Result<(), String> {
    let mut buffer = BytesMut::from(packet.as_ref());
    let read = match decode_buffered_packet(&mut buffer, version, mqtt::LARGEST) {
        Ok(Some(read)) if buffer.is_empty() => read,
        Ok(other) => return Err(format!("{packet:?} is for the broker {other:?}, and {buffer:?}")),
        Err(_) => return Ok(()),
    };
    let (here, well) = match &read {
        Packet::Publish(publish) => {
            (kind::PUBLISH, publish.topic_name == rights.publish && publish.qos as u8 == 1 && !publish.retain)
        }
        Packet::Subscribe(subscribe) => {
            let well = subscribe
                .filters
                .iter()
                .all(|one| rights.may_subscribe(&one.filter) && one.options.qos as u8 <= 1);
            (kind::SUBSCRIBE, well)
        }
        Packet::Connect(_) | Packet::Disconnect(_) | Packet::Auth(_) => (0, false),
        _ => (mqtt::kind_of(packet), true),
    };
    if well && here == mqtt::kind_of(packet) {
        Ok(())
    } else {
        Err(format!("{packet:?} was let through, and is for the broker {read:?}"))
    }
}

fn grill() -> Screen {
    Screen {
        screen: "grill".into(),
        name: "Grill".into(),
        view: View::Kitchen,
        stations: vec!["grill".into()],
        language: None,
        admitted_at: Timestamp(0),
        admitted_by: None,
        secret_hash: String::new(),
    }
}

fn told(wrong: &Wrong) -> Result<(), String> {
    if wrong.reason < 0x80 {
        return Err(format!("{wrong:?} is a reason of success"));
    }
    plain(&wrong.why)
}

/// Any bytes as a request to the pages of screens and to the status page, as it stands on the wire.
///
/// # Errors
/// The rule that was broken: a page of another place that is let in, a form whose markup gets into the page, or what
/// a screen says of itself that is not kept within bounds.
pub fn any_request(input: &[u8]) -> Result<(), String> {
    let Some(request) = request(input) else { return Ok(()) };
    for on_loopback in [false, true] {
        if pages::admit(on_loopback, &request).is_ok() {
            own(&request, on_loopback)?;
        }
    }
    let headers = request.headers();
    let status = pages::file(files::index(), headers).status();
    if !matches!(status, StatusCode::OK | StatusCode::NOT_MODIFIED) {
        return Err(format!("a file of the page is answered with {status}"));
    }
    if let Some(accept) = pages::upgrade(headers)
        && (!headers.contains_key("sec-websocket-key") || accept.len() != 28)
    {
        return Err(format!("a WebSocket is accepted with {accept:?}"));
    }
    let (head, body) = request.into_parts();
    pairing(&body)?;
    form(Request::from_parts(head, body))
}

fn own(request: &Request<Bytes>, on_loopback: bool) -> Result<(), String> {
    let headers = request.headers();
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    if on_loopback && !is_this_machine(host) {
        return Err(format!("{host:?} is let in on loopback"));
    }
    if request.method() == Method::POST || request.uri().path() == "/mqtt" {
        let authority = format!("//{host}").to_lowercase();
        let foreign = headers
            .get_all("origin")
            .iter()
            .find(|origin| !origin.to_str().is_ok_and(|origin| origin.to_lowercase().ends_with(&authority)));
        if let Some(origin) = foreign {
            return Err(format!("a page of {origin:?} is let in at {host:?}"));
        }
    }
    Ok(())
}

fn pairing(body: &[u8]) -> Result<(), String> {
    let (panel, language) = match pages::asked(body) {
        Ok(asked) => asked,
        Err(why) if why.trim().is_empty() => return Err("a refusal that says nothing".into()),
        Err(_) => return Ok(()),
    };
    let side = |name: &str| panel[name].as_u64().is_some_and(|side| u32::try_from(side).is_ok());
    if !(panel.is_null() || side("width_px") && side("height_px")) {
        return Err(format!("a panel without its sides: {panel}"));
    }
    match language.as_deref() {
        None | Some("en" | "ro" | "ru") => Ok(()),
        Some(other) => Err(format!("a language without a page: {other:?}")),
    }
}

fn form(request: Request<Bytes>) -> Result<(), String> {
    let request = request.map(axum::body::Body::from);
    // All of the body is there: nothing is waited for.
    let Some(read) = Form::<Vec<(String, String)>>::from_request(request, &()).now_or_never() else {
        return Err("a form that is there is waited for".into());
    };
    let Ok(Form(fields)) = read else { return Ok(()) };
    for (name, value) in &fields {
        if !fields.iter().any(|(known, first)| known == name && first == field(&fields, name)) {
            return Err(format!("{name:?} is {:?}, which nobody sent", field(&fields, name)));
        }
        let shown = Text(value).to_string();
        if shown.contains(['<', '>', '"', '\'']) {
            return Err(format!("markup in the page: {shown}"));
        }
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
        let meant = entities.iter().fold(shown, |text, (entity, sign)| text.replace(entity, sign));
        if meant != *value {
            return Err(format!("{value:?} is shown as {meant:?}"));
        }
    }
    Ok(())
}

//! What comes out on paper.

use outlet_devices::driver::Confidence;
use outlet_devices::models;
use outlet_protocols::codepage::Page;
use outlet_simulators::printer::{Event, PrinterSpec, RealTime};
use serde_json::json;

use crate::bed::*;

#[tokio::test]
async fn a_chinese_printer_prints_cyrillic_as_cyrillic() {
    let cp866 = models::find("rongta-rp80").unwrap().pages[&Page::from_name("cp866").unwrap()];
    let spec = PrinterSpec::chinese_80mm().with_codepage(cp866, "CP866");
    let mut bed = Bed::tcp(spec, "rongta-rp80", quick()).await;
    bed.print(ticket("Борщ украинский"), &Notes::attempt(1)).await.unwrap();
    let paper = bed.printer.wait_paper(1).await;
    assert!(paper.says("Борщ украинский"), "{}", paper.text);
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn chinese_firmware_behind_a_western_model_is_an_option_away() {
    let spec = PrinterSpec { kanji_on: true, has_kanji: true, ..PrinterSpec::epson_80mm() };
    let mut options = quick();
    options["chinese"] = json!(true);
    let mut bed = Bed::tcp(spec, "epson-tm-t20iii", options).await;
    bed.print(ticket("Борщ"), &Notes::attempt(1)).await.unwrap();
    assert!(bed.printer.wait_paper(1).await.says("Борщ"));
}

#[tokio::test]
async fn a_heading_stands_above_the_document_and_on_every_copy() {
    let mut bed = Bed::epson().await;
    let mut command = ticket("Tea");
    command.heading = vec!["COPY".into(), "DELAYED 14:02".into()];
    command.copies = 2;
    bed.print(command, &Notes::attempt(1)).await.unwrap();
    for paper in bed.printer.papers() {
        let (copy, delayed, tea) =
            (paper.text.find("COPY"), paper.text.find("DELAYED 14:02"), paper.text.find("Tea"));
        assert!(copy.is_some() && copy < delayed && delayed < tea, "{}", paper.text);
    }
}

#[tokio::test]
async fn a_picture_full_of_real_time_sequences_prints_and_triggers_nothing() {
    let mut bed = Bed::epson().await;
    let mut events = bed.printer.events();
    // Rows of 10 04 01, 10 14 01 00 01 and 10 05 02: status, drawer pulse and clear, if taken for commands.
    let rows: [[u8; 10]; 3] = [
        [0x10, 0x04, 0x01, 0x10, 0x04, 0x02, 0x10, 0x04, 0x03, 0x10],
        [0x10, 0x14, 0x01, 0x00, 0x01, 0x10, 0x14, 0x01, 0x01, 0x05],
        [0x10, 0x05, 0x02, 0x10, 0x05, 0x01, 0x10, 0x05, 0x00, 0x10],
    ];
    let picture = document(json!({ "blocks": [
        { "type": "image", "data": bmp(&rows), "width": 80, "dither": "threshold", "align": "left" },
        { "type": "text", "text": "below" },
        { "type": "cut" },
    ]}));
    let outcome = bed.print(picture, &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.confidence, Confidence::Printed);
    assert!(bed.printer.wait_paper(1).await.says("below"));
    while let Ok(event) = events.try_recv() {
        let harmless = !matches!(
            event,
            Event::DrawerPulse { .. }
                | Event::Cleared { .. }
                | Event::RealTime(RealTime::Status(_) | RealTime::Request(_) | RealTime::Pulse { .. })
        );
        assert!(harmless, "{event:?}");
    }
    assert_eq!(bed.printer.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_trace_has_every_byte_that_crossed_the_wire() {
    let mut bed = Bed::epson().await;
    let before = bed.printer.received().len();
    let notes = Notes::attempt(1);
    bed.print(ticket("Tea"), &notes).await.unwrap();
    assert_eq!(notes.sent(), &bed.printer.received()[before..]);
    let received: Vec<u8> = notes
        .trace
        .lock()
        .unwrap()
        .iter()
        .filter(|(direction, _)| *direction == outlet_devices::Direction::Received)
        .flat_map(|(_, bytes)| bytes.clone())
        .collect();
    let echoed = received.windows(2).any(|pair| pair == [0x37, 0x22]);
    assert!(echoed, "the echo of the process id is in it");
}

/// A black-and-white BMP whose black dots are the set bits, in base64.
fn bmp(rows: &[[u8; 10]]) -> String {
    let stride = 12;
    let (width, height) = (80_u32, u32::try_from(rows.len()).unwrap());
    let mut file = Vec::new();
    file.extend_from_slice(b"BM");
    file.extend_from_slice(&(62 + stride * height).to_le_bytes());
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&62_u32.to_le_bytes());
    file.extend_from_slice(&40_u32.to_le_bytes());
    file.extend_from_slice(&width.to_le_bytes());
    file.extend_from_slice(&height.to_le_bytes());
    file.extend_from_slice(&[1, 0, 1, 0]);
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&2_u32.to_le_bytes());
    file.extend_from_slice(&[0; 4]);
    // Colour 0 is white, colour 1 black.
    file.extend_from_slice(&[0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0]);
    for row in rows.iter().rev() {
        file.extend_from_slice(row);
        file.extend_from_slice(&[0, 0]);
    }
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, file)
}

#[tokio::test]
async fn what_a_printer_has_not_is_named_in_the_result() {
    let mut bed = Bed::epson().await;
    let beep = document(json!({ "blocks": [{ "type": "text", "text": "Tea" }, { "type": "beep" }] }));
    let outcome = bed.print(beep, &Notes::attempt(1)).await.unwrap();
    assert_eq!(outcome.result["left_out"], json!(["buzzer"]));
    assert!(bed.print(ticket("Tea"), &Notes::attempt(2)).await.unwrap().result.is_null());
}

#[tokio::test]
async fn a_printer_without_flow_control_gets_its_bytes_in_portions() {
    let mut options = quick();
    options["pace"] = json!({ "bytes": 32, "pause_ms": 1 });
    let mut bed = Bed::tcp(PrinterSpec::epson_80mm(), "epson-tm-t20iii", options).await;
    let notes = Notes::attempt(1);
    bed.print(ticket(&"Tea and biscuits. ".repeat(20)), &notes).await.unwrap();
    let portions: Vec<_> = notes.trace.lock().unwrap().clone();
    let sent = portions.iter().filter(|(direction, _)| *direction == outlet_devices::Direction::Sent);
    assert!(sent.clone().count() > 10);
    assert!(sent.clone().all(|(_, bytes)| bytes.len() <= 32));
}

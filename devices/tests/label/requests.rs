//! The technician's questions, and answers that are none.

use outlet_simulators::label_printer::{Fault, LabelPrinter, PrinterSpec};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::bed::*;

#[tokio::test]
async fn it_says_what_it_is_and_how_it_is() {
    for (model, spec, said) in [
        ("generic-tspl", PrinterSpec::tspl(), json!("TE200")),
        ("generic-zpl", PrinterSpec::zpl(), json!("ZD420-203dpi,V1.0.0,8,2048KB")),
        ("generic-epl", PrinterSpec::epl(), json!(null)),
    ] {
        let mut bed = Bed::unconnected(model, spec, Over::Tcp, quick()).await;
        assert_eq!(bed.answer(json!({"op": "identify"})).await["said"], said, "{model}, without a session");
        bed.printer.inject(Fault::HeadOpen);
        let status = bed.answer(json!({"op": "status"})).await;
        let conditions = status["status"]["conditions"].as_array().unwrap();
        assert!(conditions.contains(&json!("cover-open")), "{model}: {status:#}");
    }
}

#[tokio::test]
async fn a_test_prints_a_label_and_finds_nothing_wrong() {
    for (model, spec) in languages() {
        let mut bed = Bed::new(model, spec, Over::Tcp).await;
        let test = bed.answer(json!({"op": "test"})).await;
        assert_eq!((&test["ok"], &test["printed"]), (&json!(true), &json!(true)), "{model}: {test:#}");
        let label = bed.printer.wait_label(1).await;
        assert!(label.complete && label.raster.black() > 1000, "{model}");
        assert_eq!(bed.printer.violations(), Vec::<String>::new(), "{model}");
    }
}

#[tokio::test]
async fn a_test_of_a_printer_that_can_not_print_says_why_and_prints_nothing() {
    let mut bed = Bed::new("generic-tspl", PrinterSpec::tspl(), Over::Tcp).await;
    bed.printer.inject(Fault::LabelsOut);
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!((&test["ok"], &test["printed"]), (&json!(false), &json!(false)), "{test:#}");
    assert_eq!(
        (&test["verdict"][0]["suspect"], &test["verdict"][0]["rank"]),
        (&json!("paper-out"), &json!(1))
    );
    bed.printer.inject(Fault::Unplug);
    bed.until_status(|status| !status.online).await;
    let test = bed.answer(json!({"op": "test"})).await;
    assert_eq!(test["verdict"][0]["suspect"], "connection", "{test:#}");
    assert_eq!(bed.printer.state().labels, 0);
}

/// Something else that answers whatever it is asked, so many bytes of it.
async fn impostor(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("tcp://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut host, _)) = listener.accept().await {
            let mut bytes = [0; 512];
            while host.read(&mut bytes).await.is_ok_and(|count| count > 0) {
                if host.write_all(answer).await.is_err() {
                    break;
                }
            }
        }
    });
    link
}

#[tokio::test]
async fn what_answers_in_another_way_is_not_taken_for_a_printer() {
    for (model, answer) in [
        ("generic-tspl", b"ST,GS,  1.550kg\r\n".as_slice()),
        ("tsc-te200", b"@@@@@@@@"),
        ("generic-zpl", b"\x02030,0,0,1245\x03\r\n\x02no status\x03\r\n\x02x\x03\r\n"),
        ("generic-epl", b"ZD420\r\n"),
    ] {
        let link = impostor(answer).await;
        let mut bed = Bed::with_link(LabelPrinter::new(PrinterSpec::tspl()), model, &link, quick());
        let error = bed.driver.connect().await.unwrap_err();
        assert!(error.message.contains("check the model"), "{model}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_no_answer() {
    for (model, answer) in [
        ("generic-epl", b"0".as_slice()),
        ("tsc-te200", b"\x02@@"),
        // The first of three lines.
        ("generic-zpl", b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n"),
    ] {
        let link = impostor(answer).await;
        let mut bed = Bed::with_link(LabelPrinter::new(PrinterSpec::tspl()), model, &link, quick());
        match bed.driver.connect().await {
            Err(error) => {
                let said =
                    ["answers nothing", "check the model"].iter().any(|said| error.message.contains(said));
                assert!(said, "{model}: {error}");
            }
            // Where silence may mean that labels are missing, it is told as a condition.
            Ok(()) => {
                assert_eq!(model, "generic-zpl");
                assert!(bed.status.borrow().conditions.contains("not-answering"));
            }
        }
    }
}

//! Codes and pictures.

use roxmltree::Node;

use super::builder::Look;
use super::{Attributes, XmlError, unknown_tag};
use crate::barcode::normalise;
use crate::document::{
    Align, Barcode, BarcodeText, Block, Correction, Dither, Image, Qr, Symbology, TextAlign,
};

/// Dots of a barcode of `heightRatio` 1.
const HEIGHT: f32 = 80.0;

pub(super) fn qrcode(node: Node<'_, '_>, look: Look) -> Result<Block, XmlError> {
    let attributes = Attributes::of(node, &["size", "correction", "align"])?;
    let size = match attributes.get("size") {
        None | Some("normal") => None,
        Some("tiny") => Some(3),
        Some("small") => Some(4),
        Some("large") => Some(8),
        Some("extralarge") => Some(10),
        Some(_) => return Err(attributes.value("size", "tiny, small, normal, large or extralarge")),
    };
    let correction = match attributes.get("correction") {
        Some("low") => Correction::L,
        None | Some("medium") => Correction::M,
        Some("high") => Correction::Q,
        Some("ultra") => Correction::H,
        Some(_) => return Err(attributes.value("correction", "low, medium, high or ultra")),
    };
    let align = align(&attributes, look)?;
    Ok(Block::Qr(Qr { data: data(node)?, size, correction, align }))
}

pub(super) fn barcode(node: Node<'_, '_>, look: Look) -> Result<Block, XmlError> {
    let attributes = Attributes::of(node, &["align", "heightRatio", "hri"])?;
    let height = match attributes.get("heightRatio") {
        None => HEIGHT as u8,
        Some(ratio) => match ratio.parse::<f32>() {
            Ok(ratio) if ratio > 0.0 && ratio.is_finite() => (ratio * HEIGHT).round().clamp(1.0, 255.0) as u8,
            _ => return Err(attributes.value("heightRatio", "a number above 0 such as 0.5")),
        },
    };
    let text = match attributes.get("hri") {
        Some("none" | "false") => BarcodeText::None,
        Some("above") => BarcodeText::Above,
        None | Some("below" | "true") => BarcodeText::Below,
        Some("both") => BarcodeText::Both,
        Some(_) => return Err(attributes.value("hri", "none, above, below or both")),
    };
    let align = align(&attributes, look)?;
    let data = data(node)?;
    Ok(Block::Barcode(Barcode { symbology: symbology(&data), data, height, width: None, text, align }))
}

pub(super) fn image(node: Node<'_, '_>, look: Look) -> Result<Block, XmlError> {
    let attributes = Attributes::of(node, &["align", "resizeMode"])?;
    if !matches!(attributes.get("resizeMode"), None | Some("none" | "clip" | "fit")) {
        return Err(attributes.value("resizeMode", "none, clip or fit: all make it no wider than the paper"));
    }
    let align = align(&attributes, look)?;
    let base64: String = data(node)?.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    Ok(Block::Image(Image { data: base64.into(), width: None, dither: Dither::default(), align }))
}

fn symbology(data: &str) -> Symbology {
    let complete = |symbology, length| data.len() == length && normalise(symbology, data).is_ok();
    if complete(Symbology::Ean13, 13) {
        Symbology::Ean13
    } else if complete(Symbology::Ean8, 8) {
        Symbology::Ean8
    } else {
        Symbology::Code128
    }
}

/// Its own attribute, else the tags around it, else the middle.
fn align(attributes: &Attributes<'_, '_>, look: Look) -> Result<Align, XmlError> {
    Ok(match attributes.get("align") {
        Some("left") => Align::Left,
        Some("center") => Align::Center,
        Some("right") => Align::Right,
        Some(_) => return Err(attributes.value("align", "left, center or right")),
        None => match look.align {
            Some(TextAlign::Left | TextAlign::Justify) => Align::Left,
            Some(TextAlign::Right) => Align::Right,
            Some(TextAlign::Center) | None => Align::Center,
        },
    })
}

fn data(node: Node<'_, '_>) -> Result<String, XmlError> {
    if let Some(element) = node.children().find(Node::is_element) {
        return Err(unknown_tag(element, "codes and pictures hold text only"));
    }
    let text: String = node.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect();
    Ok(text.trim().to_owned())
}

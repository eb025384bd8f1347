//! Gathers text into paragraphs.

use super::Inside;
use crate::document::{Block, Content, Flow, Span, Text, TextAlign, Wrap};
use crate::paper::Style;

/// What surrounding tags say of a text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    pub style: Style,
    pub align: Option<TextAlign>,
    pub wrap: Wrap,
    pub preserve: bool,
}

pub(super) fn align(name: &str) -> Option<TextAlign> {
    Some(match name {
        "left" => TextAlign::Left,
        "center" => TextAlign::Center,
        "right" => TextAlign::Right,
        "justify" => TextAlign::Justify,
        _ => return None,
    })
}

pub(super) fn wrap(name: &str) -> Option<Wrap> {
    Some(match name {
        "split" => Wrap::Word,
        "wrap" => Wrap::Char,
        "cut" => Wrap::Cut,
        _ => return None,
    })
}

pub(super) fn font(name: &str, style: Style) -> Option<Style> {
    let (width, height) = match name {
        "f0" => (1, 1),
        "f1" => (1, 2),
        "f2" => (2, 2),
        _ => return None,
    };
    Some(Style { width, height, ..style })
}

/// Text with its whitespace collapsed and none at its ends.
pub(super) fn collapsed(text: &str) -> Content {
    let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
    Content::Plain(words.join(" "))
}

/// Blocks so far, and the paragraph that is open.
pub(super) struct Builder {
    inside: Inside,
    blocks: Vec<Node>,
    spans: Vec<Span>,
    look: Look,
    /// Whitespace has been seen that the next word turns into a space.
    pending: bool,
}

enum Node {
    Flow(Flow),
    Device(Block),
}

impl Builder {
    pub fn new(inside: Inside) -> Self {
        Self { inside, blocks: Vec::new(), spans: Vec::new(), look: Look::default(), pending: false }
    }

    pub fn inside(&self) -> Inside {
        self.inside
    }

    pub fn text(&mut self, text: &str, look: Look) {
        if look.preserve {
            if !text.is_empty() {
                self.spaced(text, look);
            }
            return;
        }
        let mut words = text.split(is_blank);
        if let Some(first) = words.next().filter(|word| !word.is_empty()) {
            self.spaced(first, look);
        }
        for word in words {
            self.pending = true;
            if !word.is_empty() {
                self.spaced(word, look);
            }
        }
    }

    /// Ends the line; where none was begun, adds an empty one.
    pub fn new_line(&mut self, look: Look) {
        if self.spans.is_empty() {
            self.look = look;
            self.spans.push(Span { text: String::new(), style: Some(look.style) });
        }
        self.end_paragraph();
    }

    pub fn end_paragraph(&mut self) {
        self.pending = false;
        if self.spans.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.spans);
        let style = spans.first().and_then(|span| span.style).unwrap_or_default();
        let text = if spans.iter().all(|span| span.style == Some(style)) {
            Content::Plain(spans.into_iter().map(|span| span.text).collect())
        } else {
            Content::Spans(spans)
        };
        let Look { align, wrap, preserve, .. } = self.look;
        let align = align.unwrap_or_default();
        self.blocks.push(Node::Flow(Flow::Text(Text { text, style, align, wrap, preserve, indent: 0 })));
    }

    pub fn flow(&mut self, flow: Flow) {
        self.end_paragraph();
        self.blocks.push(Node::Flow(flow));
    }

    pub fn device(&mut self, block: Block) {
        self.end_paragraph();
        self.blocks.push(Node::Device(block));
    }

    pub fn finish(mut self) -> Vec<Block> {
        self.end_paragraph();
        let block = |node| match node {
            Node::Flow(flow) => flow.into(),
            Node::Device(block) => block,
        };
        self.blocks.into_iter().map(block).collect()
    }

    /// What stands in a cell.
    pub fn finish_flows(mut self) -> Vec<Flow> {
        self.end_paragraph();
        let flow = |node| match node {
            Node::Flow(flow) => Some(flow),
            Node::Device(_) => None,
        };
        self.blocks.into_iter().filter_map(flow).collect()
    }

    /// Adds text to the paragraph, after a space where whitespace came before it.
    fn spaced(&mut self, text: &str, look: Look) {
        let space = std::mem::take(&mut self.pending) && !self.spans.is_empty();
        if self.spans.is_empty() {
            self.look = look;
        }
        self.look.preserve |= look.preserve;
        match self.spans.last_mut().filter(|span| span.style == Some(look.style)) {
            Some(span) => {
                if space {
                    span.text.push(' ');
                }
                span.text.push_str(text);
            }
            None => {
                if space && let Some(before) = self.spans.last_mut() {
                    before.text.push(' ');
                }
                self.spans.push(Span { text: text.to_owned(), style: Some(look.style) });
            }
        }
    }
}

/// XML white space.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

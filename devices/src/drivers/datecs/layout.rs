//! Free text in lines of the paper's width.

use outlet_protocols::datecs::command::Look;
use outlet_protocols::fiscal::{Alignment, TextLine, Wrap};

/// The lines of a text, at least one, each at most `columns` characters and aligned by spaces.
pub fn lines(text: &TextLine, columns: usize) -> Vec<String> {
    let broken = text.text.split('\n').flat_map(|line| broken(line, text.wrap, columns));
    broken.map(|line| aligned(&line, text.alignment, columns)).collect()
}

/// How it looks.
pub fn look(text: &TextLine) -> Look {
    Look { bold: false, tall: text.double_height }
}

fn broken(line: &str, wrap: Wrap, columns: usize) -> Vec<String> {
    let characters: Vec<char> = line.trim_end().chars().collect();
    let columns = columns.max(1);
    let mut rest = characters.as_slice();
    let mut lines = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(columns).filter(|(_, tail)| !tail.is_empty()) {
        match wrap {
            Wrap::None => {
                rest = head;
                break;
            }
            Wrap::Chars => {
                lines.push(head.iter().collect());
                rest = tail;
            }
            Wrap::Words => {
                let whole = tail.first() == Some(&' ');
                let space = if whole { None } else { head.iter().rposition(|character| *character == ' ') };
                let at = space.filter(|at| *at > 0).unwrap_or(columns);
                let (head, tail) = rest.split_at_checked(at).unwrap_or((rest, &[]));
                lines.push(head.iter().collect::<String>().trim_end().to_owned());
                let blanks = tail.iter().take_while(|character| **character == ' ').count();
                rest = tail.get(blanks..).unwrap_or_default();
            }
        }
    }
    lines.push(rest.iter().collect());
    lines
}

fn aligned(line: &str, alignment: Alignment, columns: usize) -> String {
    match alignment {
        Alignment::Left => line.to_owned(),
        Alignment::Center => {
            let left = columns.saturating_sub(line.chars().count()) / 2;
            format!("{}{line}", " ".repeat(left))
        }
        Alignment::Right => format!("{line:>columns$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, wrap: Wrap, alignment: Alignment) -> TextLine {
        TextLine { text: text.to_owned(), wrap, alignment, ..TextLine::default() }
    }

    #[test]
    fn a_long_text_is_broken_as_it_says() {
        let broken = |wrap| lines(&text("благодарим за посещението", wrap, Alignment::Left), 12);
        assert_eq!(broken(Wrap::Words), ["благодарим", "за", "посещението"]);
        assert_eq!(broken(Wrap::Chars), ["благодарим з", "а посещениет", "о"]);
        assert_eq!(broken(Wrap::None), ["благодарим з"]);
    }

    #[test]
    fn a_line_stands_where_it_says_and_an_empty_one_stays() {
        assert_eq!(lines(&text("чай", Wrap::Words, Alignment::Center), 9), ["   чай"]);
        assert_eq!(lines(&text("чай", Wrap::Words, Alignment::Right), 9), ["      чай"]);
        assert_eq!(lines(&text("\nчай", Wrap::Words, Alignment::Left), 9), ["", "чай"]);
    }
}

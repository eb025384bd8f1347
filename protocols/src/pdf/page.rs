//! The page: its measures, and what stands on which.

use super::picture::Picture;
use crate::encode::EncodeError;
use crate::paper::Style;

/// Dots of a page's layout in a millimetre.
pub const DOTS_PER_MM: u16 = 8;
/// The most pages of one copy.
pub const MAX_PAGES: usize = 200;

/// The sides of A4 in dots (ISO 216: 210 x 297 mm).
pub(super) const SHEET: (u16, u16) = (210 * DOTS_PER_MM, 297 * DOTS_PER_MM);
/// The left margin in dots: room for holes.
pub(super) const LEFT: u16 = 20 * DOTS_PER_MM;
/// Dots between the left and the right margin.
pub(super) const WIDTH: u16 = 180 * DOTS_PER_MM;
/// The upper margin in dots.
pub(super) const TOP: u16 = 15 * DOTS_PER_MM;
/// Dots between the upper and the lower margin.
pub(super) const HEIGHT: u16 = 264 * DOTS_PER_MM;
/// Where the line of the page's number begins, in dots from the top of the sheet.
pub(super) const FOOT: u16 = 283 * DOTS_PER_MM;

/// Dots between the heading and the text.
const BELOW_HEADING: u16 = 3 * DOTS_PER_MM;

/// What is put on paper as one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Empty lines.
    Space,
    /// A line of text; the runs stand at the bottom of its height.
    Text(Vec<Letters>),
    /// A picture or a QR code, at so many dots from the left margin and so wide.
    Picture { x: u16, width: u16, picture: Picture },
    /// Bars and spaces in turn, in dots, the first of them a bar.
    Bars { x: u16, bars: Vec<u16> },
}

/// Text of one style.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letters {
    /// Dots from the left margin.
    pub x: u16,
    /// Dots.
    pub width: u16,
    pub text: String,
    pub style: Style,
}

/// What must not be divided between two pages.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Group {
    /// From top to bottom, each with its height in dots.
    pub pieces: Vec<(Piece, u16)>,
    /// The place of the header of the table that this row is of.
    pub header: Option<usize>,
    /// It is a table's header: it stands on the page of what follows.
    pub leads: bool,
    /// It begins a page.
    pub breaks: bool,
}

impl Group {
    fn height(&self) -> u32 {
        self.pieces.iter().map(|(_, height)| u32::from(*height)).sum()
    }

    fn is_space(&self) -> bool {
        self.pieces.iter().all(|(piece, _)| *piece == Piece::Space)
    }
}

/// What stands on a page, each piece with its height and its place below the upper margin, in dots.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    pub pieces: Vec<(&'a Piece, u16, u16)>,
}

/// Divides a document into pages, at least one.
pub(super) fn paginate<'a>(heading: &'a [Group], body: &'a [Group]) -> Result<Vec<Page<'a>>, EncodeError> {
    let mut pages = Pages { heading, done: Vec::new(), page: Page::default(), used: 0, empty: true };
    pages.begin();
    for (index, group) in body.iter().enumerate() {
        if group.breaks && !pages.empty {
            pages.turn()?;
        }
        if group.is_space() && pages.empty && !pages.done.is_empty() {
            continue;
        }
        let needed = match body.get(index + 1) {
            Some(next) if group.leads && next.header == Some(index) => group.height() + next.height(),
            _ => group.height(),
        };
        if needed > pages.room() && !pages.empty {
            pages.turn()?;
            if group.is_space() {
                continue;
            }
            let header = group.header.and_then(|header| body.get(header));
            if let Some(header) = header.filter(|header| header.height() + group.height() <= pages.room()) {
                pages.put(header)?;
            }
        }
        pages.put(group)?;
    }
    pages.turn()?;
    Ok(pages.done)
}

struct Pages<'a> {
    heading: &'a [Group],
    done: Vec<Page<'a>>,
    page: Page<'a>,
    used: u32,
    /// Nothing but the heading stands on the page.
    empty: bool,
}

impl<'a> Pages<'a> {
    fn room(&self) -> u32 {
        u32::from(HEIGHT).saturating_sub(self.used)
    }

    fn begin(&mut self) {
        self.used = 0;
        for (piece, height) in self.heading.iter().flat_map(|group| &group.pieces) {
            // A heading that would leave no room for the text is not what headings are for.
            if self.used + u32::from(*height) > u32::from(HEIGHT) / 2 {
                break;
            }
            self.add(piece, *height);
        }
        if self.used > 0 {
            self.used += u32::from(BELOW_HEADING);
        }
        self.empty = true;
    }

    fn turn(&mut self) -> Result<(), EncodeError> {
        if self.done.len() >= MAX_PAGES {
            return Err(EncodeError::TooManyPages { limit: MAX_PAGES });
        }
        self.done.push(std::mem::take(&mut self.page));
        self.begin();
        Ok(())
    }

    /// Puts a group on the page, and goes on to the next where it is higher than a page.
    fn put(&mut self, group: &'a Group) -> Result<(), EncodeError> {
        for (piece, height) in &group.pieces {
            if u32::from(*height) > self.room() && !self.empty {
                self.turn()?;
            }
            self.add(piece, *height);
            self.empty = false;
        }
        Ok(())
    }

    fn add(&mut self, piece: &'a Piece, height: u16) {
        self.page.pieces.push((piece, height, u16::try_from(self.used).unwrap_or(u16::MAX)));
        self.used += u32::from(height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(height: u16, header: Option<usize>) -> Group {
        Group { pieces: vec![(Piece::Bars { x: 0, bars: vec![height] }, height)], header, ..Group::default() }
    }

    fn heights(body: &[Group]) -> Vec<Vec<u16>> {
        let pages = paginate(&[], body).expect("it has few pages");
        pages.iter().map(|page| page.pieces.iter().map(|(_, height, _)| *height).collect()).collect()
    }

    #[test]
    fn a_group_that_does_not_fit_begins_the_next_page_as_a_whole() {
        let double =
            Group { pieces: [row(100, None).pieces, row(101, None).pieces].concat(), ..Group::default() };
        assert_eq!(heights(&[row(HEIGHT - 150, None), double]), [vec![HEIGHT - 150], vec![100, 101]]);
    }

    #[test]
    fn a_row_on_a_new_page_stands_below_its_tables_header() {
        let header = Group { leads: true, ..row(40, None) };
        let body = [header, row(HEIGHT - 50, Some(0)), row(20, Some(0)), row(21, None)];
        assert_eq!(heights(&body), [vec![40, HEIGHT - 50], vec![40, 20, 21]]);
    }

    #[test]
    fn a_header_never_stands_alone_at_the_foot_of_a_page() {
        let header = Group { leads: true, ..row(40, None) };
        let body = [row(HEIGHT - 60, None), header, row(30, Some(1))];
        assert_eq!(heights(&body), [vec![HEIGHT - 60], vec![40, 30]]);
    }

    #[test]
    fn a_group_higher_than_a_page_goes_on_on_the_next() {
        let high = Group {
            pieces: [row(HEIGHT - 1, None).pieces, row(9, None).pieces].concat(),
            ..Group::default()
        };
        assert_eq!(heights(&[row(5, None), high]), [vec![5], vec![HEIGHT - 1], vec![9]]);
    }

    #[test]
    fn empty_lines_are_dropped_where_a_page_follows_another() {
        let space = |height| Group { pieces: vec![(Piece::Space, height)], ..Group::default() };
        let body = [space(30), row(HEIGHT - 40, None), space(20), space(20), row(50, None)];
        assert_eq!(heights(&body), [vec![30, HEIGHT - 40], vec![50]]);
    }
}

//! Data Matrix codes (ISO/IEC 16022, ECC 200): square symbols of 10 to 104 modules, ASCII encodation.

use crate::raster::Bitmap;

/// Data codewords of the largest symbol; a codeword holds a character or two digits.
pub(super) const MOST: usize = 816;

/// A square symbol (table 7).
struct Square {
    /// Modules of a side, with finder pattern.
    side: usize,
    /// Regions along a side.
    regions: usize,
    data: usize,
    correction: usize,
    /// Blocks among which the codewords are dealt out in turn.
    blocks: usize,
}

const fn square(side: usize, regions: usize, data: usize, correction: usize, blocks: usize) -> Square {
    Square { side, regions, data, correction, blocks }
}

const SQUARES: [Square; 21] = [
    square(10, 1, 3, 5, 1),
    square(12, 1, 5, 7, 1),
    square(14, 1, 8, 10, 1),
    square(16, 1, 12, 12, 1),
    square(18, 1, 18, 14, 1),
    square(20, 1, 22, 18, 1),
    square(22, 1, 30, 20, 1),
    square(24, 1, 36, 24, 1),
    square(26, 1, 44, 28, 1),
    square(32, 2, 62, 36, 1),
    square(36, 2, 86, 42, 1),
    square(40, 2, 114, 48, 1),
    square(44, 2, 144, 56, 1),
    square(48, 2, 174, 68, 1),
    square(52, 2, 204, 84, 2),
    square(64, 4, 280, 112, 2),
    square(72, 4, 368, 144, 4),
    square(80, 4, 456, 192, 4),
    square(88, 4, 576, 224, 4),
    square(96, 4, 696, 272, 4),
    square(104, 4, MOST, 336, 6),
];

/// The smallest symbol for ASCII data, a dot a module, without quiet zone. `None` when no symbol holds
/// them, or when they are not ASCII.
///
/// With `gs1`, FNC1 comes first and in the place of each U+001D.
pub(super) fn encode(data: &str, gs1: bool) -> Option<Bitmap> {
    let mut codewords = ascii(data, gs1)?;
    let symbol = SQUARES.iter().find(|square| square.data >= codewords.len())?;
    pad(&mut codewords, symbol.data);
    correct(&mut codewords, symbol);
    let bits = Placement::of(symbol.side - 2 * symbol.regions, &codewords).modules;
    Some(finish(symbol, &bits))
}

/// ASCII encodation (5.2.3): a character by one more than its code, two digits by 130 and their value.
fn ascii(data: &str, gs1: bool) -> Option<Vec<u8>> {
    const FNC1: u8 = 232;
    let mut codewords = Vec::with_capacity(data.len() + 1);
    if gs1 {
        codewords.push(FNC1);
    }
    let mut rest = data.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'0'..=b'9', [second @ b'0'..=b'9', after @ ..]) => {
                codewords.push(130 + (first - b'0') * 10 + (second - b'0'));
                after
            }
            (0x1D, after) if gs1 => {
                codewords.push(FNC1);
                after
            }
            (0..=127, after) => {
                codewords.push(first + 1);
                after
            }
            _ => return None,
        };
    }
    Some(codewords)
}

/// Fills up with 129 first and then with numbers that depend on their place (5.2.3 and annex B.1).
fn pad(codewords: &mut Vec<u8>, length: usize) {
    if codewords.len() < length {
        codewords.push(129);
    }
    while codewords.len() < length {
        let place = codewords.len() + 1;
        let sum = 129 + (149 * place) % 253 + 1;
        codewords.push(u8::try_from(if sum > 254 { sum - 254 } else { sum }).unwrap_or(129));
    }
}

/// Appends the Reed-Solomon codewords (annex E), each block's own, dealt out in turn.
fn correct(codewords: &mut Vec<u8>, symbol: &Square) {
    let field = Field::new();
    let each = symbol.correction / symbol.blocks;
    let generator = field.generator(each);
    let mut all = vec![0; symbol.correction];
    for block in 0..symbol.blocks {
        let data = codewords.iter().skip(block).step_by(symbol.blocks);
        let own = field.remainder(data.copied(), &generator);
        for (place, codeword) in all.iter_mut().skip(block).step_by(symbol.blocks).zip(own) {
            *place = codeword;
        }
    }
    codewords.extend(all);
}

/// The field of 256 elements with the polynomial 301 (annex E.1).
struct Field {
    logarithm: [u8; 256],
    power: [u8; 255],
}

impl Field {
    fn new() -> Self {
        let (mut logarithm, mut power) = ([0; 256], [0; 255]);
        let mut value = 1usize;
        for (exponent, place) in power.iter_mut().enumerate() {
            *place = value as u8;
            logarithm[value] = exponent as u8;
            value <<= 1;
            if value > 255 {
                value ^= 301;
            }
        }
        Self { logarithm, power }
    }

    fn times(&self, a: u8, b: u8) -> u8 {
        if a == 0 || b == 0 {
            return 0;
        }
        let sum = usize::from(self.logarithm[usize::from(a)]) + usize::from(self.logarithm[usize::from(b)]);
        self.power[sum % 255]
    }

    /// The product of (x - 2^i) for i from 1 to `degree`; the highest power, of factor 1, is left out.
    fn generator(&self, degree: usize) -> Vec<u8> {
        let mut factors = vec![0; degree];
        if let Some(last) = factors.last_mut() {
            *last = 1;
        }
        for i in 1..=degree {
            let root = self.power[i % 255];
            for j in 0..degree {
                let next = factors.get(j + 1).copied().unwrap_or(0);
                factors[j] = self.times(factors[j], root) ^ next;
            }
        }
        factors
    }

    fn remainder(&self, data: impl Iterator<Item = u8>, generator: &[u8]) -> Vec<u8> {
        let mut rest = vec![0; generator.len()];
        for codeword in data {
            let factor = codeword ^ rest.first().copied().unwrap_or(0);
            rest.rotate_left(1);
            if let Some(last) = rest.last_mut() {
                *last = 0;
            }
            for (place, own) in rest.iter_mut().zip(generator) {
                *place ^= self.times(factor, *own);
            }
        }
        rest
    }
}

/// Where each bit of each codeword stands (annex F).
struct Placement {
    side: i32,
    modules: Vec<Option<bool>>,
}

impl Placement {
    fn of(side: usize, codewords: &[u8]) -> Self {
        let mut own = Self { side: side as i32, modules: vec![None; side * side] };
        let side = own.side;
        let mut next = codewords.iter().copied();
        let (mut row, mut column) = (4, 0);
        while row < side || column < side {
            if row == side && column == 0 {
                own.corner(
                    next.next(),
                    [(-1, 0), (-1, 1), (-1, 2), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)],
                );
            }
            if row == side - 2 && column == 0 && side % 4 != 0 {
                own.corner(
                    next.next(),
                    [(-3, 0), (-2, 0), (-1, 0), (0, -4), (0, -3), (0, -2), (0, -1), (1, -1)],
                );
            }
            if row == side - 2 && column == 0 && side % 8 == 4 {
                own.corner(
                    next.next(),
                    [(-3, 0), (-2, 0), (-1, 0), (0, -2), (0, -1), (1, -1), (2, -1), (3, -1)],
                );
            }
            if row == side + 4 && column == 2 && side % 8 == 0 {
                own.corner(
                    next.next(),
                    [(-1, 0), (-1, -1), (0, -3), (0, -2), (0, -1), (1, -3), (1, -2), (1, -1)],
                );
            }
            while row >= 0 && column < side {
                if row < side && column >= 0 && own.is_free(row, column) {
                    own.usual(next.next(), row, column);
                }
                row -= 2;
                column += 2;
            }
            row += 1;
            column += 3;
            while row < side && column >= 0 {
                if row >= 0 && column < side && own.is_free(row, column) {
                    own.usual(next.next(), row, column);
                }
                row += 2;
                column -= 2;
            }
            row += 3;
            column += 1;
        }
        if own.is_free(side - 1, side - 1) {
            own.put(side - 1, side - 1, true);
            own.put(side - 2, side - 2, true);
        }
        own
    }

    /// The L of eight modules whose last is at this place.
    fn usual(&mut self, codeword: Option<u8>, row: i32, column: i32) {
        let places = [(-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0)];
        for (bit, (down, right)) in (0..8).rev().zip(places) {
            self.put(row + down, column + right, codeword.is_some_and(|own| own >> bit & 1 == 1));
        }
    }

    /// A corner's modules, counted from the far edge where negative.
    fn corner(&mut self, codeword: Option<u8>, places: [(i32, i32); 8]) {
        let from_edge = |place: i32| if place < 0 { self.side + place } else { place };
        let places = places.map(|(row, column)| (from_edge(row), from_edge(column)));
        for (bit, (row, column)) in (0..8).rev().zip(places) {
            self.put(row, column, codeword.is_some_and(|own| own >> bit & 1 == 1));
        }
    }

    /// What lies beyond the upper or left edge comes in again on the other side, moved.
    fn at(&self, mut row: i32, mut column: i32) -> usize {
        let side = self.side;
        if row < 0 {
            row += side;
            column += 4 - (side + 4) % 8;
        }
        if column < 0 {
            column += side;
            row += 4 - (side + 4) % 8;
        }
        (row * side + column) as usize
    }

    fn is_free(&self, row: i32, column: i32) -> bool {
        self.modules.get(self.at(row, column)).is_some_and(Option::is_none)
    }

    fn put(&mut self, row: i32, column: i32, dark: bool) {
        let at = self.at(row, column);
        if let Some(module) = self.modules.get_mut(at) {
            *module = Some(dark);
        }
    }
}

/// Puts the finder pattern around each region: solid at the left and below, dotted above and at the right.
fn finish(symbol: &Square, bits: &[Option<bool>]) -> Bitmap {
    let inner = symbol.side / symbol.regions - 2;
    let across = inner * symbol.regions;
    let mut picture = Bitmap::new(symbol.side as u16, symbol.side as u16);
    for row in 0..symbol.side {
        for column in 0..symbol.side {
            let (y, x) = (row % (inner + 2), column % (inner + 2));
            let dark = if x == 0 || y == inner + 1 {
                true
            } else if y == 0 {
                x % 2 == 0
            } else if x == inner + 1 {
                y % 2 == 1
            } else {
                let (down, right) = (row / (inner + 2) * inner + y - 1, column / (inner + 2) * inner + x - 1);
                bits.get(down * across + right).copied().flatten().unwrap_or(false)
            };
            picture.set(column as u16, row as u16, dark);
        }
    }
    picture
}

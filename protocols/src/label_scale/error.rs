//! What the error codes of a label scale say, and what follows from them.

/// What an error code says of the rest of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// No error.
    Done,
    /// This item is refused, others may not be.
    Item,
    /// There is no item of this number.
    Empty,
    /// The scale can't now: try again.
    NotNow,
    /// The password is wrong, or no attempt at it is left. Every further one brings the scale nearer to locking
    /// itself.
    Password,
    /// The scale has no such command.
    Unknown,
    /// The scale itself is at fault, or does not understand: the next item would be answered the same.
    Scale,
}

/// What an error code says of the rest of a list.
pub fn weight(code: u8) -> Weight {
    match code {
        0 => Weight::Done,
        139 | 140 | 156 => Weight::Empty,
        123 | 199 => Weight::NotNow,
        122 | 170 => Weight::Password,
        120 | 167 => Weight::Unknown,
        121 | 126 | 165 | 168 | 169 => Weight::Scale,
        _ => Weight::Item,
    }
}

/// What an error code means.
///
/// Source: Shtrih-Print 1.3, appendix 5. 116, 143, 144 and 154 to 156 are of version 1.6, known from public code that
/// quotes it; 199 is of Mertech's driver.
pub fn words(code: u8) -> &'static str {
    match code {
        0 => "no error",
        1 => "no paper",
        2 => "the label is not in place",
        3 => "the print head is open",
        4 => "the printed label was not taken",
        5 | 6 => "the print head is too hot",
        9 => "printing was broken off",
        10 => "the clock can't be read",
        11 => "a date can't be packed",
        12 => "messages can't be read",
        13 => "totals can't be read",
        14 => "the barcode can't be made",
        15 => "wrong quantity",
        16 => "wrong weight",
        17 => "wrong tare",
        18 => "wrong price",
        19 => "wrong sum",
        20 => "the sum is zero",
        100 => "items by weight and by the piece would have the same prefix",
        101 => "wrong prefix of labels with a sum",
        102 => "the scale's number is the prefix of labels with a sum",
        103 => "the item's group is the prefix of labels with a sum",
        104 => "items by weight and labels with a sum would have the same prefix",
        105 => "items by the piece and labels with a sum would have the same prefix",
        106 => "wrong kind of prefix",
        107 => "wrong number of the scale",
        108 => "wrong group",
        109 => "wrong number of lines of names",
        110 => "wrong number of lines of the shop's name",
        111 => "wrong prefix of items by weight",
        112 => "wrong prefix of items by the piece",
        113 => "wrong label format",
        114 => "wrong barcode format",
        115 => "printing is switched off",
        116 => "wrong GS1 prefix",
        120 => "it has no such command",
        121 => "the command has another length there",
        122 => "wrong password",
        123 => "not in the mode it is in",
        124 => "wrong value",
        125 => "no such port",
        126 => "can only be read",
        127 => "no copy can be printed",
        128 => "wrong number of an item",
        129 => "wrong line of a message",
        130 => "wrong code",
        131 => "wrong price",
        132 => "wrong shelf life",
        133 => "wrong tare",
        134 => "wrong group",
        135 => "wrong message",
        136 => "wrong picture",
        139 => "there are no items",
        140 => "there is no item of this number",
        141 => "the item is selected",
        142 => "wrong date of sale",
        143 => "wrong date of manufacture",
        144 => "wrong preferred prefix",
        145 => "the sum is not empty",
        146 => "the sum is empty",
        147 => "nothing can be added to the sum",
        148 => "the last addition can't be taken back",
        149 => "labels with a sum are switched off",
        150 => "zero can't be set",
        151 => "the tare can't be set",
        152 => "the weight is not at rest",
        153 => "the sum is too high",
        154 => "wrong preferred barcode format",
        155 => "the table of items is not empty",
        156 => "there is no such item",
        161 => "the picture is too large",
        162 => "wrong number of a character",
        163 => "wrong size of a character",
        164 => "wrong number of a block",
        165 => "its clock has failed",
        167 => "not by this interface",
        168 => "its table of items is broken",
        169 => "its memory is broken or not initialised",
        170 => "no attempt at the password is left",
        199 => "the request before is not finished",
        _ => "an error of a meaning that is not known",
    }
}

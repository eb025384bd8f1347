//! What is done to the simulated scale and its line does what it says, and nothing else.

use outlet_simulators::scale::{Event, Fault, Scale, ScaleSpec};

const GOOD: &[u8] = b"\x01\x02S  1.550kg\x70\x03\x04";

/// A CAS scale with 1.550 kg on it.
fn cas() -> Scale {
    let scale = Scale::new(ScaleSpec::cas());
    scale.put(1550);
    scale
}

/// The block that it answers to `ENQ` and `DC1`, without the `ACK`.
fn block(scale: &Scale) -> Vec<u8> {
    let mut said = scale.feed(b"\x05\x11");
    assert_eq!(said.first(), Some(&0x06));
    said.remove(0);
    said
}

fn after(fault: Fault) -> (Vec<u8>, Vec<u8>) {
    let scale = cas();
    scale.inject(fault);
    (block(&scale), block(&scale))
}

#[test]
fn faults_of_one_answer_leave_the_next_one_alone() {
    let (spoiled, next) = after(Fault::WrongChecksum);
    assert_eq!(spoiled, b"\x01\x02S  1.550kg\x71\x03\x04");
    assert_eq!(next, GOOD);
    let (half, next) = after(Fault::HalfAnswer);
    assert_eq!(half, &GOOD[..7]);
    assert_eq!(next, GOOD);
    let (lost, next) = after(Fault::LoseAnswer);
    assert_eq!(lost, b"");
    assert_eq!(next, GOOD);
}

#[test]
fn a_parity_bit_leaks_into_the_first_byte_or_into_all() {
    let (leaked, next) = after(Fault::ParityLeak);
    assert_eq!(leaked, [b"\x81", &GOOD[1..]].concat());
    assert_eq!(next, GOOD);
    let (all, _) = after(Fault::ParityLeakAll);
    assert!(all.iter().all(|byte| byte.count_ones().is_multiple_of(2)));
    assert_eq!(all.iter().map(|byte| byte & 0x7F).collect::<Vec<_>>(), GOOD);
}

#[test]
fn a_flipped_bit_follows_from_its_seed() {
    let mut seen = std::collections::HashSet::new();
    for seed in 0..50 {
        let (flipped, next) = after(Fault::FlipBit { seed });
        let bits: u32 = flipped.iter().zip(GOOD).map(|(a, b)| (a ^ b).count_ones()).sum();
        assert_eq!((flipped.len(), bits), (GOOD.len(), 1), "seed {seed}");
        assert_eq!(flipped, after(Fault::FlipBit { seed }).0, "the same again");
        assert_eq!(next, GOOD);
        seen.insert(flipped);
    }
    assert!(seen.len() > 20, "different seeds hit different bits");
}

#[test]
fn noise_hits_every_byte_or_few_until_the_line_is_clean() {
    let scale = cas();
    scale.inject(Fault::Noise { seed: 1, one_in: 1 });
    let said = scale.feed(b"\x05\x11");
    let clean = [&[0x06], GOOD].concat();
    assert!(said.iter().zip(&clean).all(|(a, b)| (a ^ b).count_ones() == 1), "{said:02X?}");
    scale.inject(Fault::Noise { seed: 1, one_in: 200 });
    let hit = (0..100).filter(|_| scale.feed(b"\x05\x11") != clean).count();
    assert!((1..60).contains(&hit), "{hit} of 100");
    scale.inject(Fault::NoNoise);
    assert_eq!(block(&scale), GOOD);
}

#[test]
fn garbage_comes_right_before_the_answer() {
    let (said, next) = after(Fault::Garbage { bytes: 5, seed: 7 });
    assert_eq!(said.len(), 5 + GOOD.len());
    assert!(said.ends_with(GOOD));
    assert_eq!(next, GOOD);
}

#[test]
fn an_echo_comes_before_the_answer() {
    let scale = cas();
    scale.inject(Fault::Echo);
    assert_eq!(scale.feed(b"\x05"), b"\x05\x06");
    assert_eq!(scale.feed(b"\x11"), [b"\x11", GOOD].concat());
    scale.inject(Fault::NoEcho);
    assert_eq!(block(&scale), GOOD);
}

#[test]
fn a_silent_scale_hears_everything() {
    let scale = Scale::new(ScaleSpec::toledo_8217());
    scale.inject(Fault::Silence);
    scale.put(100);
    assert_eq!(scale.feed(b"WZ"), b"");
    assert_eq!(scale.state().asked, 2);
    assert_eq!(scale.reading().value, 0, "it zeroed all the same");
    scale.inject(Fault::Speak);
    assert_eq!(scale.feed(b"W"), b"\x0200.000\r");
}

#[test]
fn a_late_answer_comes_right_before_the_next_one() {
    let scale = Scale::new(ScaleSpec::toledo_8217());
    scale.put(1550);
    scale.inject(Fault::LateAnswer);
    assert_eq!(scale.feed(b"W"), b"");
    scale.put(200);
    assert_eq!(scale.feed(b"W"), b"\x0201.550\r\x0200.200\r");
    assert_eq!(scale.feed(b"W"), b"\x0200.200\r");
}

#[test]
fn a_foreign_answer_is_right_in_itself_and_of_another() {
    let stream = Scale::new(ScaleSpec::cas_stream());
    stream.feed(b"");
    stream.inject(Fault::ForeignAnswer);
    stream.tick();
    assert_eq!(stream.feed(b""), b"ST,GS,2\xC5,0000.000 kg\r\n");

    let massa = Scale::new(ScaleSpec::massa_k_100());
    massa.inject(Fault::ForeignAnswer);
    assert_eq!(massa.feed(b"\xF8\x55\xCE\x01\x00\x23\x23\x00"), b"\xF8\x55\xCE\x01\x00\x27\x27\x00");

    let shtrih = Scale::new(ScaleSpec::shtrih_pos2());
    shtrih.inject(Fault::ForeignAnswer);
    let said = shtrih.feed(b"\x02\x05\x3A0030\x3C");
    assert_eq!(said[..5], [0x06, 0x02, 0x0B, 0x30, 0x00]);
    assert_eq!(said[2..].iter().fold(0, |lrc, byte| lrc ^ byte), 0, "its LRC is right");

    let sics = Scale::new(ScaleSpec::mt_sics());
    sics.inject(Fault::ForeignAnswer);
    assert_eq!(sics.feed(b"SI\r\n"), b"TA A      0.000 kg\r\n");
}

#[test]
fn checksums_are_spoiled_where_there_are_any() {
    for (spec, question, good, spoiled) in [
        (
            ScaleSpec::massa_k_1c(),
            &b"\xF8\x55\xCE\x01\x00\xA0\xA0\x00"[..],
            &b"\xF8\x55\xCE\x07\x00\x10\x0E\x06\0\0\x01\x01\xA1\x15"[..],
            &b"\xF8\x55\xCE\x07\x00\x10\x0E\x06\0\0\x01\x01\xA0\x15"[..],
        ),
        (
            ScaleSpec::shtrih_pos2(),
            b"\x02\x05\x3A0030\x3C",
            b"\x06\x02\x0B\x3A\0\x15\0\x0E\x06\0\0\0\0\0\x2C",
            b"\x06\x02\x0B\x3A\0\x15\0\x0E\x06\0\0\0\0\0\x2D",
        ),
        (ScaleSpec::dibal(), b"98000001\r\n", b"9900155000000001\r\n", b"9900155000000000\r\n"),
        (ScaleSpec::toledo_8217(), b"W", b"\x0201.550\r", b"\x0201.550\r"),
    ] {
        let scale = Scale::new(spec);
        scale.put(1550);
        assert_eq!(scale.feed(question), good);
        scale.inject(Fault::WrongChecksum);
        assert_eq!(scale.feed(question), spoiled);
    }
}

#[test]
fn a_busy_scale_puts_questions_off_in_the_way_of_its_protocol() {
    for (spec, question, busy) in [
        (ScaleSpec::cas(), &b"\x05"[..], &b"\x15"[..]),
        (
            ScaleSpec::massa_k_100(),
            b"\xF8\x55\xCE\x01\x00\x23\x23\x00",
            b"\xF8\x55\xCE\x02\x00\x28\x17\x17\x28",
        ),
        (ScaleSpec::massa_k_j(), b"\x4A", b"\0\0\x64\0\0"),
        (ScaleSpec::shtrih_pos2(), b"\x02\x05\x3A0030\x3C", b"\x15"),
        (ScaleSpec::toledo_8217(), b"W", b"\x02?A\r"),
        (ScaleSpec::mt_sics(), b"S\r\n", b"S I\r\n"),
        (ScaleSpec::nci(), b"W\r", b"\nS10\r\x03"),
        (ScaleSpec::dialog_04(), b"\x04\x0201\x1B000100\x1B\x03", b"\x15"),
        (ScaleSpec::adam(), b"P\r\n", b""),
        (ScaleSpec::dibal(), b"98000001\r\n", b"9910010010000001\r\n"),
    ] {
        let protocol = spec.protocol;
        let scale = Scale::new(spec);
        scale.put(100);
        scale.inject(Fault::Busy { times: 2 });
        for _ in 0..2 {
            assert_eq!(scale.feed(question), busy, "{protocol:?}");
        }
        assert_ne!(scale.feed(question), busy, "{protocol:?} after that");
    }
}

#[test]
fn an_unstable_weight_stays_unstable_whatever_is_said() {
    let scale = Scale::new(ScaleSpec::toledo_8217());
    scale.inject(Fault::NeverStable);
    scale.moving(false);
    scale.put(1550);
    assert_eq!(scale.feed(b"W"), b"\x02?I\r");
    assert!(!scale.press_tare());
    scale.inject(Fault::StableAgain);
    assert_eq!(scale.feed(b"W"), b"\x0201.550\r");
}

#[test]
fn a_connection_may_begin_in_the_middle_of_a_frame() {
    let scale = cas();
    scale.inject(Fault::StartMidFrame);
    assert_eq!(scale.feed(b""), &GOOD[7..]);
    assert_eq!(scale.feed(b""), b"", "once");
    scale.inject(Fault::StartMidFrame);
    assert_eq!(scale.feed(b""), &GOOD[7..], "at once when a host is there");
}

#[test]
fn a_planned_fault_strikes_at_its_question() {
    let scale = Scale::new(ScaleSpec::toledo_8217());
    scale.plan(2, Fault::HalfAnswer);
    scale.plan(3, Fault::NeverStable);
    scale.plan(4, Fault::StableAgain);
    scale.plan(4, Fault::LoseAnswer);
    let said: Vec<_> = (0..5).map(|_| scale.feed(b"W")).collect();
    assert_eq!(said, [&b"\x0200.000\r"[..], b"\x0200.", b"\x02?Q\r", b"", b"\x0200.000\r"]);
}

#[test]
fn a_cut_in_the_middle_of_a_frame_ends_the_connection() {
    let scale = cas();
    scale.inject(Fault::CutMidFrame);
    assert_eq!(scale.feed(b"\x05\x11\x05\x11"), [&[0x06], &GOOD[..7]].concat(), "the rest is not heard");
    assert!(!scale.state().connected);
    assert_eq!(block(&scale), GOOD);
}

#[test]
fn an_unplugged_scale_hears_nothing() {
    let scale = cas();
    scale.unplug();
    assert_eq!(scale.feed(b"\x05"), b"");
    scale.plug_in();
    assert_eq!(scale.feed(b"\x05"), b"\x06");
}

#[test]
fn events_tell_of_requests_and_answers() {
    let scale = cas();
    let mut events = scale.events();
    block(&scale);
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(event);
    }
    let asked = |request: &str| Event::Asked { request: request.into() };
    assert_eq!(told, [Event::Connected, asked("ENQ"), asked("DC1"), Event::Answered { n: 1 }]);
}

#[test]
fn answers_are_the_same_however_the_questions_are_split() {
    for (spec, script) in [
        (ScaleSpec::cas(), &b"\x05\x11\x05\x12\x11"[..]),
        (ScaleSpec::massa_k_100(), b"\xF8\xF8\x55\xCE\x01\x00\x23\x23\x00\xF8\x55\xCE\x01\x00\x72\x72\x00"),
        (ScaleSpec::massa_k_1c(), b"\xF8\x55\xF8\x55\xCE\x01\x00\xA0\xA0\x00"),
        (ScaleSpec::shtrih_pos2(), b"\x05\x02\x05\x3A0030\x3C\x06\x02\x01\xFC\xFD\x06\x05"),
        (ScaleSpec::toledo_8217(), b"WZCHABEhelloFW"),
        (ScaleSpec::mt_sics(), b"S\r\nSI\r\nTA 0.100 kg\r\nS\r\nX\r\n"),
        (ScaleSpec::nci(), b"W\rS\rH\rU\rW\r"),
        (ScaleSpec::dialog_04(), b"\x04\x0203\x1B000100\x1B0100\x03\x04\x05\x04\x0208\x03"),
        (ScaleSpec::adam(), b"P\r\nP\r\n"),
        (ScaleSpec::dibal(), b"98000001\r\n98015005\r\n"),
    ] {
        let run = |parts: &[&[u8]]| {
            let scale = Scale::new(spec.clone());
            scale.put(250);
            let said: Vec<u8> = parts.iter().flat_map(|part| scale.feed(part)).collect();
            (said, scale.reading(), scale.requests(), scale.violations())
        };
        let whole = run(&[script]);
        assert!(!whole.0.is_empty(), "{:?}", spec.protocol);
        for cut in 1..script.len() {
            let (head, tail) = script.split_at(cut);
            assert_eq!(run(&[head, tail]), whole, "{:?} cut at byte {cut}", spec.protocol);
        }
    }
}

/// Whatever comes in, the scale neither panics nor stops answering.
#[test]
fn noise_from_the_host_does_no_harm() {
    let specs = [
        (ScaleSpec::cas(), &b"\x05\x11"[..]),
        (ScaleSpec::massa_k_100(), b"\xF8\x55\xCE\x01\x00\x23\x23\x00"),
        (ScaleSpec::massa_k_1c(), b"\xF8\x55\xCE\x01\x00\xA0\xA0\x00"),
        (ScaleSpec::massa_k_j(), b"\x4A"),
        (ScaleSpec::shtrih_pos2(), b"\x02\x05\x3A0030\x3C"),
        (ScaleSpec::toledo_8217(), b"FW"),
        (ScaleSpec::mt_sics(), b"\r\nSI\r\n"),
        (ScaleSpec::nci(), b"\rW\r"),
        (ScaleSpec::dialog_04(), b"\x04\x0208\x03"),
        (ScaleSpec::dibal(), b"\r\n98000001\r\n"),
    ];
    for (spec, question) in specs {
        let protocol = spec.protocol;
        let scale = Scale::new(spec);
        let mut state: u64 = 1;
        for length in 0..300 {
            let noise: Vec<u8> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            scale.feed(&noise);
            scale.feed(question);
        }
        // What a frame that was begun in the noise swallows ends with it.
        let answered = (0..60).any(|_| !scale.feed(question).is_empty());
        assert!(answered, "{protocol:?}");
    }
}

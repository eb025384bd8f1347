//! The task buffer.

use outlet_protocols::atol::buffer::{Command, Flags, State, StateError, TaskId};
use outlet_protocols::atol::task::Task;

use crate::hex;

fn id(byte: u8) -> TaskId {
    TaskId::new(byte).unwrap()
}

// The data of the golden packets of the facts sheet.
#[test]
fn commands_are_those_of_the_golden_packets() {
    let task = Task::DeviceInfo.encode(0).unwrap();
    let add = Command::Add { flags: Flags::NEED_RESULT, id: id(2), task };
    assert_eq!(add.encode(), hex("C1 01 02 00 00 A5"));
    assert_eq!(Command::Req(id(2)).encode(), hex("C3 02"));
    assert_eq!(Command::Ack(id(2)).encode(), hex("C2 02"));
    assert_eq!(Command::Abort.encode(), hex("C4"));
}

#[test]
fn flags_are_bits_1_2_and_4() {
    let flags = [(true, false, false), (false, true, false), (false, false, true), (true, true, true)];
    let bytes: Vec<u8> = flags
        .into_iter()
        .map(|(need_result, ignore_error, wait_async)| {
            let flags = Flags { need_result, ignore_error, wait_async };
            Command::Add { flags, id: id(0), task: vec![] }.encode()[1]
        })
        .collect();
    assert_eq!(bytes, [1, 2, 4, 7]);
}

#[test]
fn states_are_read_with_what_follows_them() {
    let read = |data: &str| State::parse(&hex(data)).unwrap();
    assert_eq!(read("A1"), State::Pending);
    assert_eq!(read("A2"), State::Running);
    assert_eq!(read("A3 55 00"), State::Done(hex("55 00")));
    assert_eq!(read("A3"), State::Done(vec![]), "an Ack has no answer");
    assert_eq!(read("A4 55 66"), State::Failed(hex("55 66")));
    assert_eq!(read("A5"), State::Stopped);
    assert_eq!(read("A6 57 55 00"), State::AsyncDone(id(0x57), hex("55 00")));
    assert_eq!(read("A7 57 55 67"), State::AsyncFailed(id(0x57), hex("55 67")));
    assert_eq!(read("A8"), State::Waiting);
    assert_eq!(read("B1"), State::Full);
    assert_eq!(read("B2"), State::Exists);
    assert_eq!(read("B3"), State::NotFound);
    assert_eq!(read("B4 01"), State::Illegal(Some(1)));
    assert_eq!(read("B4"), State::Illegal(None));
}

#[test]
fn what_is_no_state_says_why() {
    assert_eq!(State::parse(&[]), Err(StateError::Empty));
    assert_eq!(State::parse(&[0x55]), Err(StateError::Unknown(0x55)));
    assert_eq!(State::parse(&[0xa6]), Err(StateError::NoTask(0xa6)));
    assert_eq!(State::parse(&[0xa7, 0xe0]), Err(StateError::NoTask(0xa7)));
}

#[test]
fn an_answer_counts_for_its_own_task_only() {
    let done = State::AsyncDone(id(5), hex("55 00"));
    assert_eq!(done.answer_of(id(5)), Some(&[0x55, 0][..]));
    assert_eq!(done.answer_of(id(6)), None);
    assert_eq!(State::Failed(hex("55 66")).answer_of(id(6)), Some(&[0x55, 0x66][..]));
    for waits in [State::Pending, State::Running, State::Waiting] {
        assert!(waits.goes_on() && waits.answer_of(id(5)).is_none());
    }
    assert!(!State::Stopped.goes_on() && !State::NotFound.goes_on());
}

#[test]
fn task_ids_go_round_from_df_to_00() {
    assert_eq!(TaskId::new(0xe0), None);
    assert_eq!(TaskId::LAST.next(), TaskId::FIRST);
    assert_eq!(id(0x10).next().get(), 0x11);
}

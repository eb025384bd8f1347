//! Serial ports.

use std::path::Path;

use tokio_serial::SerialStream;

use super::{Fault, Obstacle, Stream, file_obstacle};
use crate::link::{DataBits, FlowControl, Parity, SerialLine, StopBits};

impl Stream for SerialStream {}

/// Opens a tty for this process alone. Modem lines are left as the system sets them: a pseudo terminal
/// has none.
pub(super) fn open(path: &Path, line: &SerialLine) -> Result<SerialStream, Obstacle> {
    // The serial library tells a missing port from a busy one by its text only.
    std::fs::metadata(path).map_err(|e| file_obstacle(&e, PERMISSION))?;
    let builder = tokio_serial::new(path.to_string_lossy(), line.baud)
        .parity(match line.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        })
        .data_bits(match line.data {
            DataBits::Seven => tokio_serial::DataBits::Seven,
            DataBits::Eight => tokio_serial::DataBits::Eight,
        })
        .stop_bits(match line.stop {
            StopBits::One => tokio_serial::StopBits::One,
            StopBits::Two => tokio_serial::StopBits::Two,
        })
        .flow_control(match line.flow {
            FlowControl::None => tokio_serial::FlowControl::None,
            FlowControl::Hardware => tokio_serial::FlowControl::Hardware,
            FlowControl::Software => tokio_serial::FlowControl::Software,
        });
    SerialStream::open(&builder).map_err(|error| obstacle(path, error))
}

const PERMISSION: &str = "let the agent use serial ports: `usermod -aG dialout outletd`, then restart it";

fn obstacle(path: &Path, error: tokio_serial::Error) -> Obstacle {
    use tokio_serial::ErrorKind;
    let fault = match error.kind() {
        ErrorKind::Io(kind) => {
            return file_obstacle(&std::io::Error::new(kind, error.to_string()), PERMISSION);
        }
        ErrorKind::NoDevice if path.exists() => Fault::Busy,
        ErrorKind::NoDevice => Fault::Missing,
        ErrorKind::InvalidInput => Fault::WrongKind,
        ErrorKind::Unknown => Fault::WrongKind,
    };
    (fault, error.to_string())
}

//! What the register can do, and whether a task is within that.

use std::sync::Arc;

use outlet_protocols::datecs::dialect::Name;
use outlet_protocols::datecs::{Command, CommandError};
use outlet_protocols::document::Block;
use outlet_protocols::fiscal::{
    Abilities, Line as Printed, Money, PaymentMethod, PaymentObject, Policy, Task, TaskError, TaskErrorKind,
    TaskKind,
};

use super::journal::moment;
use super::layout;
use super::options::Config;
use super::plan::{self, Fault};
use crate::driver::{Check, Work};
use crate::error::{DeviceError, ErrorKind};

/// Judges tasks for one register.
pub struct Intake {
    /// The register.
    pub config: Arc<Config>,
    /// What it can do.
    pub abilities: Abilities,
    /// The outlet's decisions.
    pub policy: Policy,
}

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        match work {
            Work::Fiscal(task) => {
                task.check(&self.abilities, &self.policy).map_err(of_task)?;
                self.buildable(task).map_err(DeviceError::from)
            }
            Work::Print(document) if matches!(document.blocks.as_slice(), [Block::Drawer(_)]) => Ok(()),
            Work::Print(_) | Work::Display(_) | Work::Label(_) | Work::Items(_) | Work::Ticket(_) => {
                Err(DeviceError::new(
                    ErrorKind::Unsupported,
                    "unsupported",
                    "a register prints no documents: send a nonFiscal task, or the document to a printer",
                ))
            }
        }
    }
}

impl Intake {
    /// Whether all commands of a task can be built.
    fn buildable(&self, task: &Task) -> Result<(), Fault> {
        let dialect = &self.config.dialect;
        let built = |at: &str, command: Result<Command, CommandError>| {
            command.map(drop).map_err(|error| Fault::of(at, error))
        };
        match task {
            Task::Receipt(receipt) => plan::plan(&self.config, self.config.operator(task), receipt).map(drop),
            Task::CashIn { sum, .. } => built("cashSum", dialect.cash_in(sum.minor())),
            Task::CashOut { sum, .. } => built("cashSum", dialect.cash_out(sum.minor())),
            Task::NonFiscal { lines } => free(&self.config, lines).map(drop),
            Task::SetDateTime(at) => built("dateTime", dialect.set_clock(&moment(*at))),
            _ => Ok(()),
        }
    }
}

/// The commands of a non-fiscal receipt.
///
/// # Errors
/// [`Fault`], with the place of the text.
pub fn free(config: &Config, lines: &[Printed]) -> Result<Vec<Command>, Fault> {
    let dialect = &config.dialect;
    let mut commands = vec![dialect.open_free()];
    for (index, line) in lines.iter().enumerate() {
        let Printed::Text(text) = line else { continue };
        for line in layout::lines(text, config.columns) {
            let line = dialect.free_text(&line, layout::look(text));
            commands.push(line.map_err(|error| Fault::of(format!("items[{index}].text"), error))?);
        }
    }
    commands.push(dialect.close_free());
    Ok(commands)
}

/// What a register can do, by its command set and what is configured.
pub fn abilities(config: &Config) -> Abilities {
    let dialect = &config.dialect;
    let limits = &dialect.limits;
    let mut tasks = vec![
        TaskKind::Sell,
        TaskKind::CloseShift,
        TaskKind::ReportX,
        TaskKind::CashIn,
        TaskKind::CashOut,
        TaskKind::NonFiscal,
        TaskKind::OpenCashDrawer,
        TaskKind::SetDateTime,
        TaskKind::GetDeviceStatus,
        TaskKind::GetFnStatus,
        TaskKind::GetFnDocument,
    ];
    // P has no command that tells the number of the shift or when it was opened.
    tasks.extend((dialect.name != Name::P).then_some(TaskKind::GetShiftStatus));
    tasks.extend(dialect.can_refund().then_some(TaskKind::SellReturn));
    tasks.extend(dialect.copy().is_ok().then_some(TaskKind::PrintLastReceiptCopy));
    // In the narrow frame a department brings its own tax group.
    let narrow = matches!(dialect.name, Name::P | Name::C);
    Abilities {
        tasks,
        vats: config.tax.keys().copied().collect(),
        payments: config.payments.keys().copied().collect(),
        methods: vec![PaymentMethod::FullPayment],
        objects: vec![
            PaymentObject::Commodity,
            PaymentObject::Excise,
            PaymentObject::Job,
            PaymentObject::Service,
            PaymentObject::Another,
        ],
        taxations: Vec::new(),
        barcodes: Vec::new(),
        electronic: false,
        client_contact: false,
        client_vatin: dialect.name == Name::Ro,
        marking: false,
        units: true,
        lines_in_receipt: true,
        max_items: limits.sales.unwrap_or(MOST_SALES),
        max_name: limits.name * limits.name_lines,
        max_department: if narrow { 0 } else { u8::try_from(limits.departments).unwrap_or(99) },
        quantity_decimals: 3,
        max_sum: Money(limits.money),
    }
}

/// Sales in one receipt where the manual of the dialect has no number: that of P (*P manual*, command 49).
const MOST_SALES: usize = 512;

fn of_task(error: TaskError) -> DeviceError {
    let (kind, code) = match error.kind() {
        TaskErrorKind::Rejected => (ErrorKind::Rejected, "invalid-request"),
        TaskErrorKind::Unsupported => (ErrorKind::Unsupported, "unsupported"),
    };
    DeviceError::new(kind, code, error.to_string())
}

//! ATOL registers, over protocol 3 (TCP, serial) and protocol 2 (serial).
//!
//! # What is asked for after a loss
//! The line is opened anew **without Abort**, which would kill what runs. Then, for a document:
//! 1. The closing command is asked for under its task id, which was on disk before it left and which no
//!    other task had. Pending or running: wait. Its answer is taken as what it is: a refusal, or a claim.
//! 2. Every document of the storage after the baseline's is read (A4 45, A4 46). One with our mark in tag
//!    1192 is ours. One without is somebody else's, and then nothing is sure. None at all: nothing came
//!    of it.
//!
//! A task is never added twice. A receipt that a power failure left open is cancelled and made anew: which
//! of its payments it had taken can't be asked for. A closing command that is answered with "no paper" has
//! made its document all the same: the storage says so, printing goes on with command 55, and the sale is
//! not repeated.
//!
//! Shifts bear no mark: theirs has to be the one document since, with the next number. Cash in and out
//! leave no document: sum and counter have to fit exactly.
//!
//! Sources: those of [`outlet_protocols::atol`], and the vendor's driver 10 for what a task means.

use outlet_protocols::atol::task::TaskError as Untold;
use outlet_protocols::document::Block;
use outlet_protocols::fiscal::{
    Abilities, BarcodeType, Money, Policy, Tag, Task, TaskError, TaskErrorKind, TaskKind, TaxationType,
    VatType, limits,
};
use serde_json::json;

use crate::driver::{Built, Check, Description, DriverFactory, Report, Settings, SettingsError, Work};
use crate::error::{DeviceError, ErrorKind};
use crate::link::{Link, LinkError};
use crate::register::Register;
use family::Atol;
use model::Model;
use options::{Ffd, Options};
use plan::{Step, Unfit};

mod books;
mod buffered;
mod family;
mod find;
pub mod model;
pub mod options;
mod plan;
mod refusal;
mod session;
mod wire;
mod work;

/// Makes drivers of ATOL registers.
pub struct Factory;

/// Columns of the paper where the register does not tell.
const DEFAULT_COLUMNS: usize = 32;
/// The largest sum of a payment: five bytes of BCD.
const MOST: Money = Money(9_999_999_999);

impl DriverFactory for Factory {
    fn name(&self) -> &'static str {
        "atol"
    }

    fn build(&self, settings: &Settings, report: Report) -> Result<Built, SettingsError> {
        let wrong = |key: &str, message: String| SettingsError { key: key.to_owned(), message };
        let link: Link = settings.link.parse().map_err(|e: LinkError| wrong("link", e.to_string()))?;
        let id = settings.model.as_deref().unwrap_or(model::DEFAULT);
        let model = model::find(id).ok_or_else(|| {
            let known: Vec<_> = model::MODELS.iter().map(|model| model.id).collect();
            wrong("model", format!("{id:?} is no ATOL model; there are {}", known.join(", ")))
        })?;
        let (options, common) = Options::read(&settings.options)?;
        match (&link, options.protocol) {
            (Link::Serial { .. }, _) | (Link::Tcp { .. }, 3) => {}
            (Link::Tcp { .. }, _) => {
                return Err(wrong(
                    "options.protocol",
                    "protocol 2 goes over serial lines only: write 3".into(),
                ));
            }
            _ => {
                let message = "an ATOL register is reached by tcp://ADDRESS:5555 or serial:///dev/ttyACM0";
                return Err(wrong("link", message.to_owned()));
            }
        }
        let abilities = abilities(model, &options);
        let description = describe(model, &link, &options, &abilities);
        let intake = Intake { abilities, policy: common.policy(), options: options.clone(), model };
        Ok(Register::new(Atol::new(options, model), link, common, report.status).built(intake, description))
    }
}

/// What a register of this family can do.
fn abilities(model: &Model, options: &Options) -> Abilities {
    let new = options.ffd == Ffd::V12;
    let able = |kind: &TaskKind| match kind {
        TaskKind::OpenCashDrawer => model.drawer,
        // Types 8 and 10 are of format 1.2.
        TaskKind::SellReturnCorrection | TaskKind::BuyReturnCorrection => new,
        // No public source has the commands that check marking codes.
        TaskKind::ValidateMarks
        | TaskKind::BeginMarkingCodeValidation
        | TaskKind::GetMarkingCodeValidationStatus
        | TaskKind::AcceptMarkingCode
        | TaskKind::DeclineMarkingCode
        | TaskKind::CancelMarkingCodeValidation
        | TaskKind::ClearMarkingCodeValidationResult => false,
        _ => true,
    };
    Abilities {
        tasks: TaskKind::ALL.iter().copied().filter(able).collect(),
        vats: VatType::ALL.iter().copied().filter(|vat| plan::vat(*vat, options).is_some()).collect(),
        taxations: TaxationType::ALL.to_vec(),
        barcodes: vec![BarcodeType::Qr],
        marking: !new,
        // Above 9 sources disagree whether the number is BCD.
        max_department: 9,
        quantity_decimals: 3,
        max_items: limits::ITEMS,
        max_name: limits::NAME,
        max_sum: MOST,
        ..Abilities::all()
    }
}

fn describe(model: &Model, link: &Link, options: &Options, abilities: &Abilities) -> Description {
    let mut capabilities = vec!["fiscal".to_owned()];
    if model.drawer {
        capabilities.push("drawer".to_owned());
    }
    capabilities.extend(abilities.tasks.iter().map(|kind| kind.as_str().to_owned()));
    let mut limits = json!(abilities);
    limits["ffd"] = json!(options.ffd);
    limits["protocol"] = json!(options.protocol);
    Description {
        kind: "register".to_owned(),
        driver: Factory.name().to_owned(),
        model: Some(model.id.to_owned()),
        name: model.name.to_owned(),
        link: link.to_string(),
        capabilities,
        limits,
    }
}

/// Judges jobs at intake.
struct Intake {
    abilities: Abilities,
    policy: Policy,
    options: Options,
    model: &'static Model,
}

impl Check for Intake {
    fn check(&self, work: &Work) -> Result<(), DeviceError> {
        let task = match work {
            Work::Fiscal(task) => task,
            Work::Print(document) if matches!(document.blocks.as_slice(), [Block::Drawer(_)]) => {
                return match self.model.drawer {
                    true => Ok(()),
                    false => Err(unsupported(format!("{} has no port for a drawer", self.model.name))),
                };
            }
            Work::Print(_) | Work::Display(_) | Work::Label(_) | Work::Items(_) | Work::Ticket(_) => {
                let message = "a register prints no documents: send a nonFiscal task, or the document to a \
                               printer";
                return Err(unsupported(message));
            }
        };
        task.check(&self.abilities, &self.policy).map_err(|error: TaskError| match error.kind() {
            TaskErrorKind::Rejected => {
                DeviceError::new(ErrorKind::Rejected, "invalid-request", error.to_string())
            }
            TaskErrorKind::Unsupported => unsupported(error.to_string()),
        })?;
        for Step { task, at } in self.steps(task)? {
            task.encode(self.options.password).map_err(|error: Untold| match at.is_empty() {
                true => unsupported(error.to_string()),
                false => unsupported(format!("{at}: {error}")),
            })?;
        }
        Ok(())
    }
}

impl Intake {
    /// All commands of a task that carry something of it.
    fn steps(&self, task: &Task) -> Result<Vec<Step>, DeviceError> {
        let unfit = |unfit: Unfit| unsupported(unfit.to_string());
        match task {
            Task::Receipt(receipt) => {
                let mark = Tag::new("", 0);
                let plan = plan::receipt(receipt, &mark, &self.options, DEFAULT_COLUMNS).map_err(unfit)?;
                Ok(plan.steps.into_iter().chain([plan.close]).collect())
            }
            Task::OpenShift { operator } | Task::CloseShift { operator } => {
                plan::operator(operator.as_ref()).map_err(unfit)
            }
            Task::NonFiscal { lines } => Ok(work::non_fiscal(lines, DEFAULT_COLUMNS, self.model.cutter)),
            _ => Ok(Vec::new()),
        }
    }
}

fn unsupported(message: impl Into<String>) -> DeviceError {
    DeviceError::new(ErrorKind::Unsupported, "unsupported", message)
}

//! What differs from one model to another: data, not code.

use std::collections::BTreeMap;

use outlet_protocols::fiscal::{Abilities, Money, PaymentType, TaskKind, VatType};
use outlet_protocols::fiscal::{BarcodeType, PaymentMethod, PaymentObject};
use outlet_protocols::shtrih::MAX_SUM;
use outlet_protocols::shtrih::vat::{GROUPS, SINCE_2025, VatBytes};

use super::options::Ffd;

/// A model, or models that don't differ here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The word of the configuration.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// It has a fiscal storage (ФН): documents can be found by their number and their tags.
    pub storage: bool,
    /// Items and closing with commands `80` to `85` in place of `FF46` and `FF45`.
    pub old_items: bool,
    /// Its VAT bytes.
    vat: &'static [(VatType, u8)],
}

/// 7/107, 22% and 22/122 of all models but the Nano: numbers 10, 11 and 12 of tag 1199 as the vendor's
/// `Doc/VatTable.txt` and `FiscalPrinterImpl.getVatCodeShtrih` have them (`shtrih-m/javapos_shtrih`).
const TABLE: [(VatType, u8); 3] = [(VatType::Vat107, 0x90), (VatType::Vat22, 0xcb), (VatType::Vat122, 0xcc)];

/// The same of the Nano (`FiscalPrinterImpl.getVatCodeShtrihNano`).
const NANO: [(VatType, u8); 3] = [(VatType::Vat107, 0x88), (VatType::Vat22, 0x90), (VatType::Vat122, 0xa0)];

const fn current(id: &'static str, name: &'static str) -> Model {
    Model { id, name, storage: true, old_items: false, vat: &TABLE }
}

/// All of them; the first is that of a device that names none.
pub static MODELS: [Model; 9] = [
    current("shtrih-fn", "Shtrih-M with fiscal storage"),
    current("shtrih-m-01f", "Штрих-М-01Ф"),
    current("shtrih-light-01f", "Штрих-Лайт-01Ф"),
    current("shtrih-mini-01f", "Штрих-Мини-01Ф"),
    current("shtrih-on-line", "Штрих-ON-LINE"),
    current("retail-01f", "Ритейл-01Ф"),
    Model { id: "shtrih-nano", name: "Штрих-Нано-Ф", storage: true, old_items: false, vat: &NANO },
    Model {
        id: "shtrih-fn-old-commands",
        name: "Shtrih-M with fiscal storage, old commands",
        storage: true,
        old_items: true,
        vat: &[],
    },
    Model { id: "shtrih-fr-k", name: "Штрих-ФР-К", storage: false, old_items: true, vat: &[] },
];

impl Model {
    /// By the word of the configuration; the first where there is none.
    pub fn find(id: Option<&str>) -> Option<&'static Self> {
        match id {
            None => MODELS.first(),
            Some(id) => MODELS.iter().find(|model| model.id == id),
        }
    }

    /// Its VAT bytes with those of the options in their place.
    pub fn vat(&self, options: &BTreeMap<VatType, u8>) -> VatBytes {
        let newer = SINCE_2025.iter().chain(self.vat).copied().filter(|_| !self.old_items);
        let given = options.iter().map(|(vat, byte)| (*vat, *byte));
        VatBytes(GROUPS.into_iter().chain(newer).chain(given).collect())
    }

    /// What it can do.
    pub fn abilities(&self, ffd: Ffd, vat: &VatBytes) -> Abilities {
        let all = Abilities::all();
        let v12 = ffd == Ffd::V12 && self.storage && !self.old_items;
        let tasks = all.tasks.iter().copied().filter(|task| self.has(*task, v12));
        let rate = |rate: &VatType| if self.old_items { vat.group(*rate) } else { vat.byte(*rate) };
        let marked = |object: &PaymentObject| object.number() >= 30;
        let goods = |object: &PaymentObject| matches!(object, PaymentObject::Commodity);
        Abilities {
            tasks: tasks.collect(),
            vats: all.vats.into_iter().filter(|vat| rate(vat).is_some()).collect(),
            payments: match self.old_items {
                true => vec![PaymentType::Cash, PaymentType::Electronically],
                false => all.payments,
            },
            methods: match self.old_items {
                true => vec![PaymentMethod::FullPayment],
                false => all.methods,
            },
            objects: match self.old_items {
                true => all.objects.into_iter().filter(goods).collect(),
                false => all.objects.into_iter().filter(|object| v12 || !marked(object)).collect(),
            },
            taxations: if self.old_items { Vec::new() } else { all.taxations },
            barcodes: if self.storage { vec![BarcodeType::Ean13, BarcodeType::Qr] } else { Vec::new() },
            electronic: self.storage && !self.old_items,
            client_contact: self.storage,
            client_vatin: self.storage,
            marking: v12,
            units: self.storage && !self.old_items,
            lines_in_receipt: true,
            max_items: all.max_items,
            max_name: if self.old_items { 40 } else { all.max_name },
            max_department: 16,
            quantity_decimals: if self.old_items { 3 } else { 6 },
            max_sum: Money(MAX_SUM),
        }
    }

    fn has(&self, task: TaskKind, v12: bool) -> bool {
        match task {
            TaskKind::SellCorrection | TaskKind::BuyCorrection => self.storage && !self.old_items,
            TaskKind::SellReturnCorrection | TaskKind::BuyReturnCorrection => v12,
            TaskKind::GetFnStatus | TaskKind::GetFnDocument | TaskKind::OfdExchangeStatus => self.storage,
            TaskKind::ValidateMarks
            | TaskKind::BeginMarkingCodeValidation
            | TaskKind::GetMarkingCodeValidationStatus
            | TaskKind::AcceptMarkingCode
            | TaskKind::DeclineMarkingCode
            | TaskKind::CancelMarkingCodeValidation
            | TaskKind::ClearMarkingCodeValidationResult => v12,
            _ => true,
        }
    }
}

//! The names of tasks.

use super::words::names;

names! {
    /// The name of a task: its `type` in JSON.
    TaskKind {
        /// A sale.
        Sell = "sell",
        /// A sale taken back.
        SellReturn = "sellReturn",
        /// A purchase.
        Buy = "buy",
        /// A purchase taken back.
        BuyReturn = "buyReturn",
        /// The correction of a sale.
        SellCorrection = "sellCorrection",
        /// The correction of a sale taken back.
        SellReturnCorrection = "sellReturnCorrection",
        /// The correction of a purchase.
        BuyCorrection = "buyCorrection",
        /// The correction of a purchase taken back.
        BuyReturnCorrection = "buyReturnCorrection",
        /// Opens the shift.
        OpenShift = "openShift",
        /// Closes the shift and prints the Z report.
        CloseShift = "closeShift",
        /// Prints the sums of the shift and leaves it open.
        ReportX = "reportX",
        /// Puts cash into the drawer.
        CashIn = "cashIn",
        /// Takes cash out of the drawer.
        CashOut = "cashOut",
        /// Prints what isn't fiscal.
        NonFiscal = "nonFiscal",
        /// Opens the drawer.
        OpenCashDrawer = "openCashDrawer",
        /// Goes on with a document that the paper's end interrupted.
        ContinuePrint = "continuePrint",
        /// Prints the last receipt again.
        PrintLastReceiptCopy = "printLastReceiptCopy",
        /// Sets the register's clock.
        SetDateTime = "setDateTime",
        /// Asks for the device's state.
        GetDeviceStatus = "getDeviceStatus",
        /// Asks for the shift's state.
        GetShiftStatus = "getShiftStatus",
        /// Asks for the storage's state.
        GetFnStatus = "getFnStatus",
        /// Asks for a document of the storage.
        GetFnDocument = "getFnDocument",
        /// Asks how far the operator of fiscal data is behind.
        OfdExchangeStatus = "ofdExchangeStatus",
        /// Checks marking codes one after the other.
        ValidateMarks = "validateMarks",
        /// Begins the check of a marking code.
        BeginMarkingCodeValidation = "beginMarkingCodeValidation",
        /// Asks how the check of a marking code went.
        GetMarkingCodeValidationStatus = "getMarkingCodeValidationStatus",
        /// Keeps the checked marking code.
        AcceptMarkingCode = "acceptMarkingCode",
        /// Drops the checked marking code.
        DeclineMarkingCode = "declineMarkingCode",
        /// Breaks the check of a marking code off.
        CancelMarkingCodeValidation = "cancelMarkingCodeValidation",
        /// Drops all marking codes that were kept.
        ClearMarkingCodeValidationResult = "clearMarkingCodeValidationResult",
    }
}

impl TaskKind {
    /// By its `type`.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

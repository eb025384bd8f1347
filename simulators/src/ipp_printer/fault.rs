//! What can be done to an IPP printer.

/// Something done to the printer or on the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Somebody pauses its queue.
    Pause,
    /// The queue goes on.
    Resume,
    /// It takes no jobs any more.
    RefuseJobs,
    /// It takes jobs again.
    AcceptJobs,
    /// So many sheets are left in its tray.
    SheetsLeft(u32),
    /// The tray is full again.
    Refill,
    /// Its cover is opened.
    OpenCover,
    /// Its cover is closed.
    CloseCover,
    /// Its toner is low: a warning.
    TonerLow,
    /// There is new toner.
    NewToner,
    /// New jobs are held until they are released.
    Hold,
    /// Jobs are no longer held, and those that were go on.
    Release,
    /// Jobs don't go on, although nothing stops the printer.
    Stall,
    /// The next job is aborted by the printer after so many sheets.
    AbortAfter(u32),
    /// The job that is not done yet is cancelled at the panel.
    CancelAtPanel,
    /// The next Print-Job request is answered only after so many milliseconds: the printer reads on as it prints.
    SlowDocument(u64),
    /// The next so many Print-Job requests are answered with this IPP status.
    Refuse {
        /// Status code of RFC 8011, appendix B.
        status: u16,
        /// How many requests.
        times: u32,
    },
    /// The next so many requests are answered with this HTTP status.
    HttpStatus {
        /// Status code of RFC 9110.
        status: u16,
        /// How many requests.
        times: u32,
    },
    /// The next so many Print-Job requests are executed, and the connection is closed instead of an answer.
    LoseAnswers(u32),
    /// The connection of the next so many Print-Job requests is cut in the middle of the request.
    CutRequests(u32),
    /// The connection is closed in the middle of the next so many answers.
    CutAnswers(u32),
    /// The next so many answers are no IPP.
    Garbage(u32),
    /// Nothing is answered and no job is executed.
    Silence,
    /// Requests are answered again.
    Speak,
    /// It is switched off and on: all its jobs are forgotten.
    Restart,
    /// Jobs that are done are forgotten.
    ForgetDone,
    /// It is switched off: connections are refused. Its jobs are forgotten.
    PowerOff,
    /// It is on again.
    PowerOn,
}

//! A driver that panics loses its job's certainty, never its worker.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use outlet_devices::driver::{
    Attempt, BoxFuture, Command, Direction, Driver, JobContext, Outcome, Request, Resolution, Waiting,
};
use outlet_devices::{DeviceError, ErrorKind};
use serde_json::Value;

/// A driver whose panics become errors; it is built anew after each.
pub struct Supervised {
    inner: Box<dyn Driver>,
    rebuild: Box<dyn Fn() -> Option<Box<dyn Driver>> + Send>,
}

impl Supervised {
    /// Watches over a driver. `rebuild` makes a fresh one.
    pub fn new(
        inner: Box<dyn Driver>,
        rebuild: impl Fn() -> Option<Box<dyn Driver>> + Send + 'static,
    ) -> Self {
        Self { inner, rebuild: Box::new(rebuild) }
    }

    fn replace(&mut self, doing: &str, kind: ErrorKind) -> DeviceError {
        tracing::error!(doing, "the driver panicked; it is started anew");
        if let Some(fresh) = (self.rebuild)() {
            self.inner = fresh;
        }
        DeviceError::new(kind, "internal", format!("the driver panicked ({doing}): please report it"))
    }
}

impl Driver for Supervised {
    fn connect(&mut self) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            match AssertUnwindSafe(self.inner.connect()).catch_unwind().await {
                Ok(result) => result,
                Err(_) => Err(self.replace("connecting", ErrorKind::NotSent)),
            }
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, DeviceError> {
        Box::pin(async {
            match AssertUnwindSafe(self.inner.idle()).catch_unwind().await {
                Ok(error) => error,
                Err(_) => self.replace("idle", ErrorKind::NotSent),
            }
        })
    }

    fn execute<'a>(
        &'a mut self,
        command: &'a Command,
        cx: &'a dyn JobContext,
    ) -> BoxFuture<'a, Result<Outcome, DeviceError>> {
        Box::pin(async move {
            let cx = Watched { cx, begun: AtomicBool::new(false) };
            match AssertUnwindSafe(self.inner.execute(command, &cx)).catch_unwind().await {
                Ok(result) => result,
                Err(_) if cx.begun.load(Ordering::Acquire) => {
                    Err(self.replace("a job", ErrorKind::OutcomeUnknown))
                }
                // The same document would make it panic again.
                Err(_) => Err(self.replace("preparing a job", ErrorKind::Rejected)),
            }
        })
    }

    fn resolve<'a>(
        &'a mut self,
        command: &'a Command,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Resolution, DeviceError>> {
        Box::pin(async move {
            match AssertUnwindSafe(self.inner.resolve(command, attempt)).catch_unwind().await {
                Ok(result) => result,
                Err(_) => Err(self.replace("resolving a job", ErrorKind::OutcomeUnknown)),
            }
        })
    }

    fn request<'a>(&'a mut self, request: &'a Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        Box::pin(async move {
            match AssertUnwindSafe(self.inner.request(request)).catch_unwind().await {
                Ok(result) => result,
                Err(_) => Err(self.replace("a request", ErrorKind::OutcomeUnknown)),
            }
        })
    }
}

/// Notes whether the job was begun.
struct Watched<'a> {
    cx: &'a dyn JobContext,
    begun: AtomicBool,
}

impl JobContext for Watched<'_> {
    fn attempt(&self) -> u64 {
        self.cx.attempt()
    }
    fn begin(&self, baseline: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        Box::pin(async {
            self.cx.begin(baseline).await?;
            self.begun.store(true, Ordering::Release);
            Ok(())
        })
    }
    fn note(&self, note: Value) -> BoxFuture<'_, Result<(), DeviceError>> {
        self.cx.note(note)
    }
    fn memory(&self) -> Value {
        self.cx.memory()
    }
    fn earlier(&self) -> BoxFuture<'_, Result<Value, DeviceError>> {
        self.cx.earlier()
    }
    fn waiting(&self, reason: Option<Waiting>) {
        self.cx.waiting(reason);
    }
    fn trace(&self, direction: Direction, bytes: &[u8]) {
        self.cx.trace(direction, bytes);
    }
    fn ask<'a>(&'a self, device: &'a str, request: Request) -> BoxFuture<'a, Result<Value, DeviceError>> {
        self.cx.ask(device, request)
    }
    fn aborted(&self) -> BoxFuture<'_, ()> {
        self.cx.aborted()
    }
}

//! The register on its links.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::engine::Step;
use super::fault::Event;
use crate::link::Endpoint;

/// Bytes that may wait for the machine.
const INPUT: usize = 4096;

impl Endpoint for Inner {
    fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    fn unplugged(&self) -> bool {
        self.lock().unplugged
    }

    fn reachable(&self) -> bool {
        let engine = self.lock();
        engine.power && !engine.refuse && !engine.unplugged
    }

    fn one_host_only(&self) -> bool {
        false
    }

    fn connect(&self, network: bool) -> bool {
        let connected = self.lock().connect(network);
        self.touch();
        connected
    }

    fn disconnect(&self) {
        self.lock().disconnect();
        self.touch();
    }

    fn room(&self) -> usize {
        INPUT
    }

    fn receive(&self, bytes: &[u8]) {
        self.lock().receive(bytes);
        self.run();
    }

    fn take(&self) -> (Vec<u8>, bool) {
        self.run();
        self.lock().take()
    }

    fn written(&self) {
        self.lock().written();
        self.run();
    }

    /// Runs until there is nothing to do, stopping at each moment for the observers.
    fn run(&self) -> Option<Instant> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = false;
        loop {
            let step = self.lock().step(Instant::now());
            changed |= !matches!(step, Step::Rest(_));
            match step {
                Step::Moment(event) => {
                    self.tell(&event);
                    self.lock().passed(&event);
                    // Nobody may be listening.
                    let _ = self.events.send(event);
                }
                Step::Again => {}
                Step::Rest(wake) => {
                    if changed {
                        self.touch();
                    }
                    return wake;
                }
            }
        }
    }

    fn touch(&self) {
        self.changed.send_replace(());
    }

    fn is_first_link(&self) -> bool {
        !self.timed.swap(true, Ordering::Relaxed)
    }
}

impl Inner {
    /// Calls the observers, without any lock of the register, so that they may do what they like.
    fn tell(&self, event: &Event) {
        let mut called = std::mem::take(&mut *self.observers());
        for observer in &mut called {
            observer(event);
        }
        let mut observers = self.observers();
        called.append(&mut observers);
        *observers = called;
    }
}

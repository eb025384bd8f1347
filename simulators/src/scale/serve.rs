//! The scale on its links.

use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use crate::link::Endpoint;

impl Endpoint for Inner {
    fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    fn unplugged(&self) -> bool {
        self.lock().desk.unplugged
    }

    fn reachable(&self) -> bool {
        !self.lock().desk.unplugged
    }

    fn one_host_only(&self) -> bool {
        false
    }

    fn connect(&self, _network: bool) -> bool {
        let connected = self.lock().connect();
        self.touch();
        connected
    }

    fn disconnect(&self) {
        self.lock().disconnect();
        self.touch();
    }

    fn room(&self) -> usize {
        4096
    }

    fn receive(&self, bytes: &[u8]) {
        self.lock().receive(bytes, Instant::now());
        self.touch();
    }

    fn take(&self) -> (Vec<u8>, bool) {
        self.lock().take()
    }

    fn written(&self) {}

    fn run(&self) -> Option<Instant> {
        let mut simulation = self.lock();
        let before = simulation.desk.answered;
        let next = simulation.run(Instant::now());
        let said = simulation.desk.answered != before;
        drop(simulation);
        // The link is told even when something else than time brought this call about.
        if said {
            self.touch();
        }
        next
    }

    fn touch(&self) {
        self.changed.send_replace(());
    }

    fn is_first_link(&self) -> bool {
        !self.timed.swap(true, Ordering::Relaxed)
    }
}

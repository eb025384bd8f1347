//! The printer on its links.

use std::sync::atomic::Ordering;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::spec::SecondConnection;
use crate::link::Endpoint;

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
        let machine = self.lock();
        machine.power && !machine.refuse && !machine.unplugged
    }

    fn one_host_only(&self) -> bool {
        self.lock().spec.second_connection == SecondConnection::Refused
    }

    fn connect(&self, network: bool) -> bool {
        {
            let mut machine = self.lock();
            if network && (!machine.power || machine.refuse || machine.unplugged) {
                return false;
            }
            machine.connect(network);
        }
        self.touch();
        true
    }

    fn disconnect(&self) {
        self.lock().disconnect();
        self.touch();
    }

    fn room(&self) -> usize {
        self.lock().room()
    }

    fn receive(&self, bytes: &[u8]) {
        {
            let now = Instant::now();
            let mut machine = self.lock();
            machine.receive(bytes, now);
            machine.run(now);
        }
        self.touch();
    }

    fn take(&self) -> (Vec<u8>, bool) {
        let mut machine = self.lock();
        (machine.take_tx(), machine.cut_link)
    }

    fn written(&self) {}

    fn run(&self) -> Option<Instant> {
        self.lock().run(Instant::now())
    }

    fn touch(&self) {
        self.changed.send_replace(());
    }

    fn is_first_link(&self) -> bool {
        !self.timed.swap(true, Ordering::Relaxed)
    }
}

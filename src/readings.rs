//! What devices tell by themselves, on its way to `device/{device}/reading`.

use std::collections::VecDeque;

use outlet_devices::reading::{Reading, Readings};
use tokio::sync::oneshot;

use crate::bus::Bus;
use crate::bus::client::ANSWER_WORTH;
use crate::bus::contract::{ReadingDocument, Topics};
use crate::clock::{Clock, Timestamp};

/// Readings of one device that may wait here. Behind them wait those in the driver's own sink; what does not fit
/// there is counted and told as lost.
const WAITING: usize = 64;

/// Publishes what one device reads, in its order, for ever. A reading that can't be
/// published within some seconds is of no use to anybody, and is dropped; its number is missing then.
pub async fn publish(device: String, mut readings: Readings, bus: Bus, topics: Topics, clock: Clock) {
    let topic = topics.device_reading(&device);
    let mut waiting: VecDeque<(u64, Timestamp, Reading)> = VecDeque::new();
    let mut saying: Option<oneshot::Receiver<()>> = None;
    let mut seq = 0;
    loop {
        tokio::select! {
            read = readings.recv(), if waiting.len() < WAITING => match read {
                Some(reading) => {
                    seq += 1;
                    waiting.push_back((seq, clock(), reading));
                }
                // Its driver is gone for good: the agent ends.
                None => std::future::pending().await,
            },
            () = said(&mut saying), if saying.is_some() => saying = None,
        }
        while saying.is_none()
            && let Some((seq, at, reading)) = waiting.pop_front()
        {
            if u128::from(clock().since_ms(at)) > ANSWER_WORTH.as_millis() {
                continue;
            }
            match serde_json::to_vec(&ReadingDocument { seq, at, reading }) {
                Ok(payload) => saying = Some(bus.tell(topic.clone(), payload)),
                Err(error) => tracing::error!(device, %error, "a reading could not be written"),
            }
        }
    }
}

/// Waits until the last one is on its way, or given up.
async fn said(saying: &mut Option<oneshot::Receiver<()>>) {
    if let Some(saying) = saying {
        // Dropped unsaid or said: the next one may follow.
        let _ = saying.await;
    }
}

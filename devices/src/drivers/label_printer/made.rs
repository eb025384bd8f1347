//! The item of a job with its weight, its code and its time: made once, and kept for a second try.

use outlet_protocols::fiscal::DateTime;
use outlet_protocols::label::item::Item;
use outlet_protocols::label::{ItemOrder, Weigh};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Bench, refused};
use crate::driver::{JobContext, Request};
use crate::error::{DeviceError, ErrorKind};

/// What a job's label says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    /// With weight, sum, time of packing and barcode.
    pub item: Item,
    /// What the scale said, where it was weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed: Option<Weighed>,
}

/// Where a weight is from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Weighed {
    /// Id of the scale.
    pub scale: String,
    /// Net, before it was rounded to the gram.
    pub kg: Decimal,
}

impl Made {
    /// What the job's last attempt has made: a label that may be on paper is printed again as it was.
    pub async fn before(cx: &dyn JobContext) -> Result<Option<Self>, DeviceError> {
        let mut earlier = cx.earlier().await?;
        let made = earlier.get_mut("made").map(Value::take);
        Ok(made.and_then(|made| serde_json::from_value(made).ok()))
    }

    /// Weighs where the order asks for it, and completes the item. Nothing has been printed so far.
    pub async fn new(order: &ItemOrder, bench: &Bench, cx: &dyn JobContext) -> Result<Self, DeviceError> {
        let weighed = match &order.weigh {
            Some(weigh) => Some(weigh_on(weigh, cx).await?),
            None => None,
        };
        let kg = weighed.as_ref().map(|weighed| weighed.kg);
        let item = order.complete(kg, now()?, &bench.codes).map_err(|error| {
            let mut refused = refused(error);
            if let Some(weighed) = &weighed {
                refused.message = format!("{}; {} weighed {} kg", refused.message, weighed.scale, weighed.kg);
            }
            refused
        })?;
        Ok(Self { item, weighed })
    }

    /// What the job's result says of it.
    pub fn result(&self) -> Value {
        let item = &self.item;
        let mut result = json!({
            "quantity": item.quantity,
            "unit": item.unit,
            "total": item.total,
            "barcode": item.barcode,
            "packed": item.packed,
            "expires": item.expires(),
        });
        if let Some(weighed) = &self.weighed {
            result["scale"] = json!(weighed.scale);
            result["kg"] = json!(weighed.kg);
        }
        if let Some(fields) = result.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        result
    }
}

/// The outlet's clock.
pub(super) fn now() -> Result<DateTime, DeviceError> {
    let now = jiff::Zoned::now().datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    now.parse().map_err(|_| {
        let message =
            format!("the clock of this machine says {now}: set it, labels bear the time of packing");
        DeviceError::new(ErrorKind::Rejected, "internal", message)
    })
}

/// Weighs for a sale. Whatever is in the way ends the job: somebody stands at the scale and has to look.
async fn weigh_on(weigh: &Weigh, cx: &dyn JobContext) -> Result<Weighed, DeviceError> {
    let scale = &weigh.scale;
    let request = Request::Weigh { timeout_ms: weigh.timeout_ms };
    let failed = |code: &'static str, message: String| DeviceError::new(ErrorKind::Rejected, code, message);
    let answer = cx.ask(scale, request).await.map_err(|error| {
        let message = format!("{scale} has no weight for the label: {}; nothing was printed", error.message);
        failed(error.code, message).with_evidence(error.evidence)
    })?;
    let kg = answer.get("kg").cloned().and_then(|kg| serde_json::from_value::<Decimal>(kg).ok());
    let Some(kg) = kg.filter(|kg| *kg > Decimal::ZERO) else {
        let message = format!("{scale} has answered without a weight: is it a scale?; nothing was printed");
        return Err(failed("no-weight", message).with_evidence(answer));
    };
    if let Some(minimum) = weigh.minimum.filter(|minimum| kg < *minimum) {
        let message = format!(
            "{kg} kg on {scale} are less than the {minimum} kg that this label is made for: look what lies on it; \
             nothing was printed"
        );
        return Err(failed("too-light", message).with_evidence(answer));
    }
    Ok(Weighed { scale: scale.clone(), kg })
}

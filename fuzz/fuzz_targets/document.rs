#![no_main]

use std::sync::LazyLock;

use outlet_protocols::document::fuzz::any_bytes;
use outlet_protocols::model::Model;

static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    [
        include_str!("../../devices/models/generic-58.toml"),
        include_str!("../../devices/models/epson-tm-m30.toml"),
        include_str!("../../devices/models/star-tsp650ii.toml"),
    ]
    .map(|text| Model::from_toml(text).expect("a model that comes with the agent"))
    .into()
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| if let Err(broken) = any_bytes(input, &MODELS) {
    panic!("{broken}");
});

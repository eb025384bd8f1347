//! Label scales: what a self-service or counter scale has to know of the items it sells and prints.

mod list;

pub use list::{ItemList, ListError};

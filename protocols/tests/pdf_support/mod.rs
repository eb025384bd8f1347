//! A delivery invoice, as an outlet's core sends it.

use outlet_protocols::document::Document;
use serde_json::{Value, json};

/// An invoice with so many dishes.
pub fn invoice(dishes: usize) -> Document {
    let number = |text: &str| json!({"width": "auto", "align": "right", "nowrap": true, "min": text.len()});
    let names = [
        "Салат «Цезарь» с цыплёнком, пармезаном и соусом из анчоусов, большая порция",
        "Борщ украинский со сметаной",
        "Mămăligă cu brânză și smântână",
        "Plăcintă cu brânză de vaci și mărar",
        "Кола 0,5 л",
    ];
    let rows: Vec<Value> = (0..dishes)
        .map(|index| {
            let name = names[index % names.len()];
            json!([(index + 1).to_string(), name, "шт.", "2,000", "450,00", "20%", "900,00"])
        })
        .collect();
    let mut rows_and_total = vec![json!({"rule": "─"})];
    rows_and_total.extend(rows);
    rows_and_total.push(json!({"rule": "─"}));
    rows_and_total.push(json!([
        {"text": "Итого", "colspan": 6, "align": "right", "style": {"bold": true}},
        {"text": format!("{},00", dishes * 900), "style": {"bold": true}}
    ]));
    let bold = json!({"bold": true});
    let document = json!({"blocks": [
        {"type": "text", "text": "Накладная на доставку № 118", "align": "center",
         "style": {"bold": true, "width": 2, "height": 2}},
        {"type": "text", "text": "от 22 ноября 2026 г.", "align": "center"},
        {"type": "feed"},
        {"type": "columns", "gap": 4, "columns": [
            {"text": [{"text": "Исполнитель: ", "style": bold}, {"text": "ООО «Ресторан на углу», ИНН 7701234567, Москва, ул. Садовая, 12"}]},
            {"text": [{"text": "Получатель: ", "style": bold}, {"text": "Иванова Мария Петровна, +7 900 123-45-67, Москва, Большая Никитская ул., 24/1, стр. 5, кв. 118, домофон 118К"}]}
        ]},
        {"type": "feed"},
        {"type": "pair", "left": "Персон: 4", "right": "Доставить к 19:30"},
        {"type": "feed"},
        {"type": "table",
         "columns": [number("№"), {"width": "fill"}, {"width": "auto"}, number("0,000"), number("00,00"), number("20%"), number("0000,00")],
         "header": ["№", "Наименование", "Ед.", "Кол-во", "Цена", "НДС", "Сумма, руб."],
         "rows": rows_and_total},
        {"type": "feed"},
        {"type": "text", "text": "Оплачено картой. Сдача: 0,00. Аллергены: молоко, яйца, рыба, глютен."},
        {"type": "feed", "lines": 2},
        {"type": "columns", "gap": 6, "columns": [
            {"text": "Отпустил ______________ / Петров П. П.", "blocks": []},
            {"text": "Получил ______________ / ______________"}
        ]},
        {"type": "feed"},
        {"type": "qr", "data": "https://example.com/order/118", "align": "right"}
    ]});
    Document::from_value(document).expect("the invoice is a document")
}

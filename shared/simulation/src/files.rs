//! Files of a simulated shop: what is announced, and the upload as its client makes it.

use app::attachments::Stores;
use domain::access::Caller;
use domain::time::Timestamp;
use memory::BlobAnswer;
use ports::blobs::Link;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::ask::Ask;
use crate::world::World;

/// What a file holds: name, type, bytes and their checksum.
type Held = (&'static str, &'static str, &'static [u8], &'static str);

/// What files hold, by their names. The last is not what it says it is.
pub(crate) const FILES: [Held; 4] = [
    ("good.csv", "text/csv", b"a,b\n1,2\n", "SS1epJYFbxpqZZIkEDL6t2TDIVljF5MLT6Dh6Lw7dHA="),
    ("good.pdf", "application/pdf", b"%PDF-1.7\n", "Bxb5Jkyf4Z9ddFUnYQfz3cwdNJf2PWBomnNViuihv14="),
    ("logo.png", "image/png", include_bytes!("logo.png"), "pNTACWGTEdm4OQSs/WL+O3+RjDElIrvMatUc3sT9Ht8="),
    ("false.png", "image/png", b"no picture", "ntl8lQwzCltVawD+nUY5BZTwo0Q3iG7dA0wyNET719g="),
];

/// The picture of [`FILES`] without its end: its headers are good, and it cannot be printed.
const DAMAGED: &[u8] = {
    let whole: &[u8] = include_bytes!("logo.png");
    whole.split_at(45).0
};
/// Headers alone, of 11,000 pixels a side.
const ENORMOUS: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x2a\xf8\0\0\x2a\xf8\x08\x06\0\0\0\0\0\0\0";

/// Pictures that receipts are made without.
const PICTURES: [Held; 2] = [
    ("damaged.png", "image/png", DAMAGED, "1CcuLLzwmkqWev2LRaUWmZgZmOcSfVp21/h2HC3Zowg="),
    ("enormous.png", "image/png", ENORMOUS, "d5Wy1QA0Mq6esgaIJCPl2Z4HJj26Wvu3ufeUolRB37I="),
];

macro_rules! invoice {
    () => {
        concat!(
            "Supplier: Green Tea Ltd.\n",
            "Date: 2026-10-31\n",
            "Currency: EUR\n",
            "2 x Green tea @ 3.50 = 7.00\n",
            "1.5 x Hour of advice @ 40.00 = 60.00\n",
            "1 x Discount @ -5.00 = -5.00\n",
            "Total: 62.00\n",
        )
    };
}

/// The invoice with what goes wrong with it.
macro_rules! marked {
    ($marker:literal, $checksum:literal) => {
        (
            concat!($marker, ".txt"),
            "text/plain",
            concat!(invoice!(), "sandbox-model: ", $marker, "\n").as_bytes(),
            $checksum,
        )
    };
}

/// What is read by the model, and what goes wrong with it, by their names.
pub(crate) const DOCUMENTS: [Held; 8] = [
    ("invoice.txt", "text/plain", invoice!().as_bytes(), "5w9psE+sevW+miyRSOqLoadhuAO95ko0EN9gJJOzsN4="),
    marked!("wrong_total", "l/WFkIHS7FuKauQw7KF7lE6JbZqzNF8eIydUEw9jV2M="),
    marked!("throttled", "JhIm4fBwIq2juk7rxx/wl3hozQcLc6nAxVcqzP9YzBQ="),
    marked!("time_out", "vQKR4VBw3J/HnCJ7BDJTpKsLHkTTv663GvMW3+ofFd0="),
    marked!("flaky", "peh2EFgpomb4r8OE0b7fQx9DvmOhJsIanrwjlHrOWoo="),
    marked!("nonsense", "pbIid/p7A36X6zxg5HPYbhNaGiLuSkZnfpRBSyZ11dA="),
    marked!("refused", "mIi0gVO1i/9qRckz0o8xE40J/ShMK1j/C5C9n6UU41Q="),
    marked!("unfinished", "kAfSJcc0B9mjJZIZh6XvPdVG6Pj19JkOdB09pSI1DqU="),
];

/// What the documents sum up to.
pub(crate) const TOTAL: i64 = 6_200;
/// Those whose extractions end within the hour.
pub(crate) const READ: [Held; 5] = [DOCUMENTS[0], DOCUMENTS[1], DOCUMENTS[3], DOCUMENTS[4], DOCUMENTS[6]];

pub(crate) fn attaching(order: &str, file: &str) -> Ask {
    Ask::new("PUT", format!("/v1/orders/{order}/files/{file}"))
}

pub(crate) fn file_body(name: &str) -> Value {
    let (name, content_type, bytes, checksum) = of_name(name);
    json!({ "name": name, "content_type": content_type, "size": bytes.len(), "checksum_sha256": checksum })
}

fn of_name(name: &str) -> Held {
    let known = FILES.iter().chain(&DOCUMENTS).chain(&PICTURES).find(|(known, ..)| *known == name);
    *known.expect("a name of FILES, DOCUMENTS or PICTURES")
}

impl World {
    pub(crate) fn attached(&self) -> Stores<'_> {
        let store = self.store.as_ref();
        Stores { files: store, attachments: store, orders: store }
    }

    /// Attaches a file to an order.
    pub fn attach(&self, caller: &Caller, order: &str, file: &str) -> Answer {
        self.call(attaching(order, file).by(caller))
    }

    /// Announces a file of [`FILES`] and uploads it.
    pub fn file(&self, caller: &Caller, name: &str) -> Answer {
        let made = self.call(Ask::post("/v1/files", &file_body(name)).by(caller).key(&self.new_key())).ok(201);
        assert_eq!(self.upload(&made, None).status, 200, "the store takes what was announced");
        made
    }

    /// The upload that an announcement was answered with; `bytes` in place of the announced ones.
    pub fn upload(&self, made: &Answer, bytes: Option<&[u8]>) -> BlobAnswer {
        let bytes = bytes.unwrap_or_else(|| of_name(&made.text("/name")).2);
        self.blobs.follow(&link(made), bytes.to_vec())
    }

    /// The download that a file was shown with.
    pub fn download(&self, shown: &Value) -> BlobAnswer {
        let url = shown["download_url"].as_str().unwrap_or_default().to_owned();
        let link = Link { method: "GET", url, headers: Vec::new(), expires_at: Timestamp::default() };
        self.blobs.follow(&link, Vec::new())
    }
}

fn link(made: &Answer) -> Link {
    let headers = made.json.pointer("/upload/headers").and_then(Value::as_object).into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    Link { method: "PUT", url: made.text("/upload/url"), headers: headers.collect(), expires_at: Timestamp::default() }
}

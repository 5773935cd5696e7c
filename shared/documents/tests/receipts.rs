//! Receipts as documents: what they say, how many pages they take, that the same values make the same bytes.

mod sample;

use std::error::Error;

use coffer_documents::receipt as render;
use domain::field::Invalid;
use domain::file::ContentType;
use domain::logo::Logo;
use domain::receipt::Receipt;
use pdf_extract::Document;
use sample::{Shop, line};

type Outcome = Result<(), Box<dyn Error>>;

/// Without spaces: where a text ends and its neighbour begins is a matter of coordinates.
fn text(receipt: &Receipt) -> Result<String, Box<dyn Error>> {
    Ok(squeezed(&pdf_extract::extract_text_from_mem(&render(receipt)?)?))
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

fn pages(bytes: &[u8]) -> Result<usize, Box<dyn Error>> {
    Ok(Document::load_mem(bytes)?.get_pages().len())
}

fn png(bytes: &[u8]) -> Result<Logo, Invalid> {
    Logo::of(ContentType::Png, bytes.to_vec())
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(&squeezed(part)), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_receipt_says_who_what_how_much_and_when() -> Outcome {
    let receipt = Shop::default().sells(vec![line("Espresso cup", 2, 1_250)?, line("Saucer", 1, 99_901)?])?;
    let text = text(&receipt)?;
    assert_says(
        &text,
        &[
            "Bergamot & Söhne",
            "Receipt number pay_",
            "Order ord_",
            "Date paid 5 March 2026",
            "Payment method Card",
            "Billed to Zoë Łukasz zoe@customer.example",
            "EUR 1,024.01 paid on 5 March 2026",
            "Espresso cup",
            "Order total EUR 1,024.01",
            "Paid with this payment EUR 1,024.01",
            "Page 1 of 1",
        ],
    );
    for absent in ["Refunded", "Tax", "tok_"] {
        assert!(!text.contains(absent), "{absent}");
    }
    Ok(())
}

#[test]
fn a_refund_so_far_is_said() -> Outcome {
    let mut receipt = Shop::default().sells(vec![line("Teapot", 1, 5_000)?])?;
    receipt.payment.refunded = 2_000;
    assert_says(&text(&receipt)?, &["Refunded EUR -20.00", "Paid after refunds EUR 30.00"]);
    Ok(())
}

#[test]
fn amounts_have_their_currency_s_places() -> Outcome {
    for (code, expected) in [("JPY", "JPY 1,234,567"), ("BHD", "BHD 1,234.567"), ("USD", "USD 12,345.67")] {
        let receipt = Shop { currency: code, ..Shop::default() }.sells(vec![line("Kettle", 1, 1_234_567)?])?;
        assert_says(&text(&receipt)?, &[expected]);
    }
    Ok(())
}

#[test]
fn a_payment_without_an_order_says_what_is_known() -> Outcome {
    let mut receipt = Shop::default().sells(vec![line("Teapot", 1, 5_000)?])?;
    receipt.order = None;
    let text = text(&receipt)?;
    assert_says(&text, &["Deposit for the hall", "Paid EUR 50.00"]);
    assert!(!text.contains("Billedto"));
    Ok(())
}

#[test]
fn a_hundred_lines_take_several_pages_with_headings_on_each() -> Outcome {
    let lines: Result<Vec<_>, _> = (0..100).map(|n| line(&format!("Article number {n}"), n + 1, 101)).collect();
    let receipt = Shop::default().sells(lines?)?;
    let bytes = render(&receipt)?;
    let pages = pages(&bytes)?;
    assert!((4..=8).contains(&pages), "{pages} pages");
    let text = text(&receipt)?;
    assert_eq!(text.matches("Unitprice").count(), pages);
    assert_says(&text, &["Article number 0 cup", "Article number 99 cup", &format!("Page {pages} of {pages}")]);
    Ok(())
}

#[test]
fn long_names_are_broken_and_none_is_lost() -> Outcome {
    let endless = "Donaudampfschifffahrt".repeat(9);
    let receipt = Shop { merchant: &endless, ..Shop::default() }.sells(vec![line(&endless, 1, 100)?])?;
    let text = text(&receipt)?;
    assert!(text.matches(&endless).count() >= 2, "{text}");
    Ok(())
}

#[test]
fn greek_cyrillic_and_signs_are_kept_and_the_rest_is_marked() -> Outcome {
    let receipt = Shop::default().sells(vec![line("Ελιές Оливки 5 ₹ 茶", 1, 100)?])?;
    assert_says(&text(&receipt)?, &["Ελιές Оливки 5 ₹ \u{fffd}"]);
    Ok(())
}

#[test]
fn the_same_values_make_the_same_bytes() -> Outcome {
    let mut receipt = Shop::default().sells(vec![line("Teapot", 1, 5_000)?])?;
    receipt.logo = Some(png(sample::PNG)?);
    let first = render(&receipt)?;
    assert_eq!(first, render(&receipt)?);
    receipt.payment.refunded = 1;
    assert_ne!(first, render(&receipt)?);
    Ok(())
}

#[test]
fn it_is_archivable_and_tagged() -> Outcome {
    let bytes = render(&Shop::default().sells(vec![line("Teapot", 1, 5_000)?])?)?;
    let document = Document::load_mem(&bytes)?;
    let catalog = document.catalog()?;
    assert!(catalog.has(b"StructTreeRoot") && catalog.has(b"OutputIntents") && catalog.has(b"Lang"));
    assert!(catalog.get(b"MarkInfo")?.as_dict()?.get(b"Marked")?.as_bool()?);
    Ok(())
}

#[test]
fn a_logo_is_shown_and_a_broken_one_left_out() -> Outcome {
    let mut receipt = Shop::default().sells(vec![line("Teapot", 1, 5_000)?])?;
    let images = |receipt: &Receipt| -> Result<usize, Box<dyn Error>> {
        let document = Document::load_mem(&render(receipt)?)?;
        let is_image = |object: &pdf_extract::Object| {
            let subtype = object.as_stream().and_then(|stream| stream.dict.get(b"Subtype"));
            subtype.and_then(|name| name.as_name()).is_ok_and(|name| name == b"Image")
        };
        Ok(document.objects.values().filter(|object| is_image(object)).count())
    };
    assert_eq!(images(&receipt)?, 0);
    receipt.logo = Some(png(sample::PNG)?);
    assert_eq!(images(&receipt)?, 1);
    receipt.logo = Some(png(&sample::PNG[..40])?);
    assert_eq!(images(&receipt)?, 0);
    Ok(())
}

/// Its caller prints it again without the logo.
#[test]
fn a_logo_with_good_headers_and_damaged_pixels_is_no_document() -> Outcome {
    let mut receipt = Shop::default().sells(vec![line("Teapot", 1, 5_000)?])?;
    let mut damaged = sample::PNG.to_vec();
    let pixels = damaged.windows(4).position(|kind| kind == b"IDAT").ok_or("no pixels")?;
    damaged[pixels + 20] ^= 0xff;
    receipt.logo = Some(png(&damaged)?);
    assert!(render(&receipt).is_err());
    Ok(())
}

/// For looking at: `cargo test -p coffer-documents --test receipts -- --ignored` writes into the folder of `RECEIPTS`.
#[test]
#[ignore = "writes files to look at"]
fn samples_to_look_at() -> Outcome {
    let folder = std::env::var("RECEIPTS")?;
    let write = |name: &str, receipt_value: &Receipt| -> Outcome {
        Ok(std::fs::write(format!("{folder}/{name}.pdf"), render(receipt_value)?)?)
    };
    let mut shop = Shop::default().sells(vec![
        line("Espresso cup, hand-thrown, with a long description that takes more than one line", 2, 1_250)?,
        line("Saucer", 1, 99_901)?,
    ])?;
    write("plain", &shop)?;
    shop.logo = Some(png(sample::PNG)?);
    shop.payment.refunded = 2_500;
    write("refunded", &shop)?;
    let lines: Result<Vec<_>, _> = (0..100).map(|n| line(&format!("Article number {n}"), n + 1, 101)).collect();
    write("long", &Shop::default().sells(lines?)?)?;
    let mut bare = Shop { currency: "JPY", ..Shop::default() }.sells(vec![line("Kettle", 1, 999_999_999_999)?])?;
    write("yen", &bare)?;
    bare.order = None;
    write("bare", &bare)
}

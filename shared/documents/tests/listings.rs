//! Reports as documents: what they say, that headings are on every page, that the same values make the same bytes.

use std::error::Error;

use coffer_documents::listing as render;
use domain::listing::{Listing, ListingRow, ListingTotal, ROWS_MAX};
use domain::text::Name;
use domain::time::Timestamp;
use pdf_extract::Document;

type Outcome = Result<(), Box<dyn Error>>;

fn listing(rows: u64) -> Result<Listing, Box<dyn Error>> {
    let row = |number: u64| ListingRow {
        cells: vec![
            format!("pay_{number:026}"),
            "2026-03-05 10:00".to_owned(),
            "succeeded".to_owned(),
            format!("EUR {number}.00"),
        ],
        below: number.is_multiple_of(2).then(|| format!("Order number {number}")),
    };
    Ok(Listing {
        merchant: Name::parse("Bergamot & Söhne")?,
        id: "job_1".to_owned(),
        title: "Payments",
        about: "1 March 2026 to 1 April 2026, EUR".to_owned(),
        made_at: Timestamp::from_ms(1_772_700_000_000),
        columns: vec!["Payment", "Created", "Status", "Amount"],
        rows: (1..=rows).map(row).collect(),
        totals: vec![ListingTotal { label: "EUR captured".to_owned(), value: "EUR 1,234.00".to_owned() }],
    })
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn a_report_says_what_it_is_of_row_by_row() -> Outcome {
    let text = squeezed(&pdf_extract::extract_text_from_mem(&render(&listing(3)?)?)?);
    for part in [
        "Payments",
        "Bergamot & Söhne",
        "1 March 2026 to 1 April 2026, EUR",
        "Made on 5 March 2026",
        "pay_00000000000000000000000002",
        "Order number 2",
        "EUR 3.00",
        "Totals of 3 rows",
        "EUR captured EUR 1,234.00",
        "job_1",
        "Page 1 of 1",
    ] {
        assert!(text.contains(&squeezed(part)), "`{part}` is not in: {text}");
    }
    Ok(())
}

#[test]
fn headings_are_on_every_page_and_no_row_is_lost() -> Outcome {
    let bytes = render(&listing(200)?)?;
    let pages = Document::load_mem(&bytes)?.get_pages().len();
    let text = squeezed(&pdf_extract::extract_text_from_mem(&bytes)?);
    assert!(pages > 5, "{pages}");
    assert_eq!(text.matches("PaymentCreatedStatusAmount").count(), pages);
    for number in 1..=200 {
        assert_eq!(text.matches(&format!("pay_{number:026}")).count(), 1, "{number}");
    }
    assert!(text.contains(&format!("Page{pages}of{pages}")));
    Ok(())
}

#[test]
fn the_same_values_make_the_same_bytes() -> Outcome {
    assert_eq!(render(&listing(60)?)?, render(&listing(60)?)?);
    assert_ne!(render(&listing(60)?)?, render(&listing(61)?)?);
    Ok(())
}

#[test]
fn nothing_and_the_most_there_may_be_are_printed() -> Outcome {
    for rows in [0, ROWS_MAX] {
        let bytes = render(&listing(rows)?)?;
        assert!(bytes.len() < 5_000_000, "{} bytes", bytes.len());
    }
    Ok(())
}

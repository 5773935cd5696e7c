//! A report as a document: what it is of, its rows under headings that every page repeats, what they come to.

use domain::listing::{Listing, ListingRow, ListingTotal};
use domain::receipt::Unprintable;

use crate::face::{Faces, faces};
use crate::lines::{broken, cut};
use crate::paint::{About, paint};
use crate::sheet::{BOTTOM, Ink, Kind, MARGIN, NodeId, Place, RIGHT, Sheet, Style};
use crate::when::date;

const FIRST_WIDTH: f32 = 190.0;
const GAP: f32 = 6.0;
const ROW: f32 = 20.0;
const BELOW: f32 = 10.0;

/// The listing as PDF.
pub fn listing(listing: &Listing) -> Result<Vec<u8>, Unprintable> {
    let mut layout = Layout { sheet: Sheet::default(), styles: Styles::of(faces()?), listing };
    layout.sheet.begin_page();
    layout.heading();
    layout.rows();
    layout.totals();
    layout.sheet.footers(layout.styles.small, &format!("{} · {}", listing.id, listing.merchant.as_str()));
    let merchant = layout.styles.plain.face.legible(listing.merchant.as_str());
    let about = About {
        title: format!("{} of {merchant}", listing.title),
        author: merchant,
        id: listing.id.clone(),
        created_at: listing.made_at,
    };
    paint(&layout.sheet, about)
}

struct Layout<'a> {
    sheet: Sheet<'a>,
    styles: Styles<'a>,
    listing: &'a Listing,
}

#[derive(Clone, Copy)]
struct Styles<'a> {
    title: Style<'a>,
    merchant: Style<'a>,
    label: Style<'a>,
    plain: Style<'a>,
    strong: Style<'a>,
    small: Style<'a>,
}

impl<'a> Styles<'a> {
    fn of(faces: &'a Faces) -> Self {
        let Faces { regular, semi_bold } = faces;
        Self {
            title: Style { face: semi_bold, size: 20.0, ink: Ink::DARK },
            merchant: Style { face: semi_bold, size: 12.0, ink: Ink::DARK },
            label: Style { face: regular, size: 8.0, ink: Ink::GREY },
            plain: Style { face: regular, size: 8.5, ink: Ink::DARK },
            strong: Style { face: semi_bold, size: 9.5, ink: Ink::DARK },
            small: Style { face: regular, size: 7.0, ink: Ink::GREY },
        }
    }
}

impl<'a> Layout<'a> {
    fn heading(&mut self) {
        let Styles { title, merchant, label, .. } = self.styles;
        let Listing { title: name, about, made_at, .. } = self.listing;
        let place = Place::In(self.sheet.node(Kind::Heading, None));
        self.sheet.left(place, MARGIN, self.sheet.y + 16.0, title, title.run(name));
        self.sheet.y += 34.0;
        let place = Place::In(self.sheet.node(Kind::Paragraph, None));
        for line in broken(merchant.face, merchant.size, self.listing.merchant.as_str(), RIGHT - MARGIN) {
            self.sheet.left(place, MARGIN, self.sheet.y, merchant, line);
            self.sheet.y += 16.0;
        }
        for text in [about.clone(), format!("Made on {}", date(*made_at))] {
            let place = Place::In(self.sheet.node(Kind::Paragraph, None));
            for line in broken(label.face, label.size, &text, RIGHT - MARGIN) {
                self.sheet.left(place, MARGIN, self.sheet.y, label, line);
                self.sheet.y += 12.0;
            }
        }
        self.sheet.y += 12.0;
    }

    /// Where a column is: the first begins at its place, the others end at theirs.
    fn column(&self, index: usize) -> f32 {
        let others = self.listing.columns.len().saturating_sub(1).max(1);
        let each = (RIGHT - MARGIN - FIRST_WIDTH) / others as f32;
        if index == 0 { MARGIN } else { MARGIN + FIRST_WIDTH + each * index as f32 }
    }

    fn width(&self, index: usize) -> f32 {
        if index == 0 {
            FIRST_WIDTH - GAP
        } else {
            self.column(index) - self.column(index - 1).max(MARGIN + FIRST_WIDTH) - GAP
        }
    }

    fn rows(&mut self) {
        let listing = self.listing;
        let table = self.sheet.node(Kind::Table { summary: listing.title }, None);
        let head = self.sheet.node(Kind::TableHead, Some(table));
        let row = self.sheet.node(Kind::Row, Some(head));
        let places: Vec<Place> =
            listing.columns.iter().map(|_| Place::In(self.sheet.node(Kind::HeadingCell, Some(row)))).collect();
        let body = self.sheet.node(Kind::TableBody, Some(table));
        self.headings(&places);
        let repeated = vec![Place::Decoration; places.len()];
        for row in &listing.rows {
            let height = if row.below.is_some() { ROW + BELOW } else { ROW };
            if self.sheet.y + height > BOTTOM {
                self.sheet.begin_page();
                self.headings(&repeated);
            }
            self.row(body, row, height);
        }
    }

    fn headings(&mut self, places: &[Place]) {
        let Styles { label, .. } = self.styles;
        let y = self.sheet.y + 8.0;
        for (index, (title, place)) in self.listing.columns.iter().zip(places).enumerate() {
            self.cell(index, *place, y, label, title);
        }
        self.sheet.y += 14.0;
        self.sheet.rule(MARGIN, self.sheet.y, RIGHT - MARGIN, 0.8, Ink::DARK);
    }

    fn row(&mut self, body: NodeId, row: &ListingRow, height: f32) {
        let Styles { plain, small, .. } = self.styles;
        let node = self.sheet.node(Kind::Row, Some(body));
        let y = self.sheet.y + 13.0;
        for (index, text) in row.cells.iter().enumerate() {
            let place = Place::In(self.sheet.node(Kind::Cell, Some(node)));
            self.cell(index, place, y, plain, text);
            if let Some(below) = row.below.as_ref().filter(|_| index == 0) {
                let run = cut(small.face, small.size, below, FIRST_WIDTH - GAP);
                self.sheet.left(place, MARGIN, y + BELOW, small, run);
            }
        }
        self.sheet.y += height;
        self.sheet.rule(MARGIN, self.sheet.y, RIGHT - MARGIN, 0.4, Ink::HAIRLINE);
    }

    /// A text that is too wide is cut; a number is written smaller, since a part of it would be another one.
    fn cell(&mut self, index: usize, place: Place, y: f32, style: Style<'a>, text: &str) {
        let width = self.width(index);
        if index == 0 {
            let run = cut(style.face, style.size, text, width);
            return self.sheet.left(place, MARGIN, y, style, run);
        }
        let run = style.run(text);
        let size = style.size.min(width / run.width.max(f32::EPSILON));
        self.sheet.right(place, self.column(index), y, Style { size, ..style }, run);
    }

    /// Kept together with their heading.
    fn totals(&mut self) {
        let Styles { plain, strong, .. } = self.styles;
        let listing = self.listing;
        let height = 28.0 + 18.0 * listing.totals.len() as f32;
        if self.sheet.y + height.min(BOTTOM - MARGIN) > BOTTOM {
            self.sheet.begin_page();
        }
        self.sheet.y += 24.0;
        let heading = Place::In(self.sheet.node(Kind::Paragraph, None));
        let count = format!("Totals of {} rows", listing.rows.len());
        self.sheet.left(heading, MARGIN, self.sheet.y, strong, strong.run(&count));
        self.sheet.y += 4.0;
        if listing.totals.is_empty() {
            return;
        }
        let table = self.sheet.node(Kind::Table { summary: "Totals" }, None);
        let body = self.sheet.node(Kind::TableBody, Some(table));
        for ListingTotal { label, value } in &listing.totals {
            if self.sheet.y + 18.0 > BOTTOM {
                self.sheet.begin_page();
            }
            let row = self.sheet.node(Kind::Row, Some(body));
            let heading = Place::In(self.sheet.node(Kind::RowHeading, Some(row)));
            let cell = Place::In(self.sheet.node(Kind::Cell, Some(row)));
            let y = self.sheet.y + 12.0;
            self.sheet.left(heading, MARGIN, y, plain, plain.run(label));
            self.sheet.right(cell, RIGHT, y, plain, plain.run(value));
            self.sheet.y += 18.0;
            self.sheet.rule(MARGIN, self.sheet.y, RIGHT - MARGIN, 0.4, Ink::HAIRLINE);
        }
    }
}

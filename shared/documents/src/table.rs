//! A table over as many pages as it takes: its headings are on each, its rows are whole.

use crate::lines::{broken, cut};
use crate::sheet::{BOTTOM, Ink, Kind, MARGIN, NodeId, Place, Sheet, Style, WIDTH};

/// The first column's `x` is where it begins; the others end at theirs.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub title: &'static str,
    pub x: f32,
}

const DESCRIPTION_WIDTH: f32 = 232.0;
const LINE: f32 = 13.0;
const SMALL_LINE: f32 = 11.0;
const PADDING: f32 = 6.0;

pub(crate) struct Table<'a> {
    columns: [Column; 4],
    body: NodeId,
    heading: Style<'a>,
    hairline: Ink,
}

impl<'a> Table<'a> {
    pub fn begin(
        sheet: &mut Sheet<'a>,
        summary: &'static str,
        columns: [Column; 4],
        heading: Style<'a>,
        hairline: Ink,
    ) -> Self {
        let table = sheet.node(Kind::Table { summary }, None);
        let head = sheet.node(Kind::TableHead, Some(table));
        let row = sheet.node(Kind::Row, Some(head));
        let places = columns.map(|_| Place::In(sheet.node(Kind::HeadingCell, Some(row))));
        let body = sheet.node(Kind::TableBody, Some(table));
        let table = Self { columns, body, heading, hairline };
        table.headings(sheet, places);
        table
    }

    fn headings(&self, sheet: &mut Sheet<'a>, places: [Place; 4]) {
        let y = sheet.y + 8.0;
        for (index, (column, place)) in self.columns.iter().zip(places).enumerate() {
            let run = self.heading.run(column.title);
            match index {
                0 => sheet.left(place, column.x, y, self.heading, run),
                _ => sheet.right(place, column.x, y, self.heading, run),
            }
        }
        sheet.y += 16.0;
        self.line(sheet);
    }

    /// A text with a smaller line below it, if any, and what the other columns say.
    pub fn row(
        &self,
        sheet: &mut Sheet<'a>,
        (style, text): (Style<'a>, &str),
        (small, below): (Style<'a>, Option<&str>),
        values: [&str; 3],
    ) {
        let lines = broken(style.face, style.size, text, DESCRIPTION_WIDTH);
        let below = below.map(|below| cut(small.face, small.size, below, DESCRIPTION_WIDTH));
        let below_height = if below.is_some() { SMALL_LINE } else { 0.0 };
        let height = 2.0 * PADDING + LINE * lines.len() as f32 + below_height;
        if sheet.y + height > BOTTOM {
            sheet.begin_page();
            self.headings(sheet, [Place::Decoration; 4]);
        }
        let row = sheet.node(Kind::Row, Some(self.body));
        let place = Place::In(sheet.node(Kind::Cell, Some(row)));
        let first = sheet.y + PADDING + 9.5;
        let mut y = first;
        for line in lines {
            sheet.left(place, self.columns[0].x, y, style, line);
            y += LINE;
        }
        if let Some(below) = below {
            sheet.left(place, self.columns[0].x, y - 1.5, small, below);
        }
        for (column, value) in self.columns[1..].iter().zip(values) {
            let place = Place::In(sheet.node(Kind::Cell, Some(row)));
            sheet.right(place, column.x, first, style, style.run(value));
        }
        sheet.y += height;
        self.line(sheet);
    }

    fn line(&self, sheet: &mut Sheet<'a>) {
        sheet.rule(MARGIN, sheet.y, WIDTH - 2.0 * MARGIN, 0.5, self.hairline);
    }
}

//! The receipt of a payment: who sold, to whom, what, what it came to, what of it went back.

use domain::logo::Logo;
use domain::order::Order;
use domain::payment::Method;
use domain::receipt::{Receipt, Unprintable};
use krilla::image::Image;

use crate::face::{Faces, faces};
use crate::lines::broken;
use crate::paint::{About, paint};
use crate::sheet::{BOTTOM, Ink, Kind, MARGIN, Mark, Place, RIGHT, Shape, Sheet, Style};
use crate::table::{Column, Table};
use crate::when::date;

const MIDDLE: f32 = 330.0;
const LOGO_WIDTH_MAX: f32 = 160.0;
const LOGO_HEIGHT_MAX: f32 = 44.0;

/// The receipt as PDF.
pub fn receipt(receipt: &Receipt) -> Result<Vec<u8>, Unprintable> {
    let mut layout = Layout { sheet: Sheet::default(), styles: Styles::of(faces()?), receipt };
    layout.sheet.begin_page();
    layout.heading();
    layout.facts();
    layout.headline();
    layout.lines();
    layout.totals();
    layout.sheet.footers(layout.styles.small, &format!("{} · {}", receipt.payment.id, receipt.merchant.as_str()));
    let face = layout.styles.plain.face;
    let merchant = face.legible(receipt.merchant.as_str());
    let about = About {
        title: format!("Receipt from {merchant}"),
        author: merchant,
        id: format!("{}-{}", receipt.payment.id, receipt.payment.refunded),
        created_at: receipt.paid_at,
    };
    paint(&layout.sheet, about)
}

struct Layout<'a> {
    sheet: Sheet<'a>,
    styles: Styles<'a>,
    receipt: &'a Receipt,
}

#[derive(Clone, Copy)]
struct Styles<'a> {
    title: Style<'a>,
    merchant: Style<'a>,
    headline: Style<'a>,
    label: Style<'a>,
    plain: Style<'a>,
    strong: Style<'a>,
    small: Style<'a>,
}

impl<'a> Styles<'a> {
    fn of(faces: &'a Faces) -> Self {
        let Faces { regular, semi_bold } = faces;
        Self {
            title: Style { face: semi_bold, size: 22.0, ink: Ink::DARK },
            merchant: Style { face: semi_bold, size: 13.0, ink: Ink::DARK },
            headline: Style { face: semi_bold, size: 16.0, ink: Ink::DARK },
            label: Style { face: regular, size: 8.5, ink: Ink::GREY },
            plain: Style { face: regular, size: 9.5, ink: Ink::DARK },
            strong: Style { face: semi_bold, size: 9.5, ink: Ink::DARK },
            small: Style { face: regular, size: 8.0, ink: Ink::GREY },
        }
    }
}

impl<'a> Layout<'a> {
    /// The merchant on the left, below the logo if there is one; what this is on the right.
    fn heading(&mut self) {
        let Styles { title, merchant, .. } = self.styles;
        let top = self.sheet.y;
        let heading = self.sheet.node(Kind::Heading, None);
        self.sheet.right(Place::In(heading), RIGHT, top + 18.0, title, title.run("Receipt"));
        self.logo();
        let name = self.sheet.node(Kind::Paragraph, None);
        for line in broken(merchant.face, merchant.size, self.receipt.merchant.as_str(), MIDDLE - MARGIN) {
            self.sheet.left(Place::In(name), MARGIN, self.sheet.y + 14.0, merchant, line);
            self.sheet.y += 18.0;
        }
        self.sheet.y = self.sheet.y.max(top + 30.0) + 10.0;
        self.sheet.rule(MARGIN, self.sheet.y, RIGHT - MARGIN, 1.2, Ink::DARK);
        self.sheet.y += 22.0;
    }

    /// A logo whose headers cannot be read is left out. One that is damaged further on is seen when the document is
    /// finished, which fails.
    fn logo(&mut self) {
        let image = self.receipt.logo.as_ref().and_then(|logo| match logo {
            Logo::Png(picture) => Image::from_png(picture.bytes().to_vec().into(), false).ok(),
            Logo::Jpeg(picture) => Image::from_jpeg(picture.bytes().to_vec().into(), false).ok(),
        });
        let Some(image) = image else { return };
        let (width, height) = image.size();
        if width == 0 || height == 0 {
            return;
        }
        let scale = (LOGO_WIDTH_MAX / width as f32).min(LOGO_HEIGHT_MAX / height as f32);
        let (width, height) = (width as f32 * scale, height as f32 * scale);
        let face = self.styles.plain.face;
        let alternative = format!("Logo of {}", face.legible(self.receipt.merchant.as_str()));
        let figure = self.sheet.node(Kind::Figure { alternative }, None);
        let (x, y) = (MARGIN, self.sheet.y);
        self.sheet.mark(Mark { place: Place::In(figure), x, y, shape: Shape::Image { image, width, height } });
        self.sheet.y += height + 10.0;
    }

    fn facts(&mut self) {
        let Receipt { payment, order, paid_at, .. } = self.receipt;
        let top = self.sheet.y;
        self.fact(MARGIN, "Receipt number", &payment.id.to_string());
        if let Some(order) = order {
            self.fact(MARGIN, "Order", &order.id.to_string());
        }
        let below = std::mem::replace(&mut self.sheet.y, top);
        self.fact(MIDDLE, "Date paid", &date(*paid_at));
        self.fact(MIDDLE, "Payment method", method_name(&payment.method));
        self.sheet.y = self.sheet.y.max(below);
        if let Some(Order { customer, .. }) = order {
            self.fact(MARGIN, "Billed to", customer.name.as_str());
            self.sheet.y -= 6.0;
            let Styles { plain, .. } = self.styles;
            let place = Place::In(self.sheet.node(Kind::Paragraph, None));
            for line in broken(plain.face, plain.size, customer.email.as_str(), RIGHT - MARGIN) {
                self.sheet.left(place, MARGIN, self.sheet.y + 8.0, plain, line);
                self.sheet.y += 13.0;
            }
        }
        self.sheet.y += 16.0;
    }

    /// A label with its value below it.
    fn fact(&mut self, x: f32, label: &str, value: &str) {
        let Styles { label: quiet, plain, .. } = self.styles;
        let width = if x < MIDDLE { RIGHT - MARGIN } else { RIGHT - MIDDLE };
        let place = Place::In(self.sheet.node(Kind::Paragraph, None));
        self.sheet.left(place, x, self.sheet.y + 8.0, quiet, quiet.run(label));
        self.sheet.y += 13.0;
        for line in broken(plain.face, plain.size, value, width) {
            self.sheet.left(place, x, self.sheet.y + 9.0, plain, line);
            self.sheet.y += 13.0;
        }
        self.sheet.y += 8.0;
    }

    fn headline(&mut self) {
        let Styles { headline, .. } = self.styles;
        let text = format!("{} paid on {}", self.money(self.receipt.payment.captured), date(self.receipt.paid_at));
        let place = Place::In(self.sheet.node(Kind::Paragraph, None));
        self.sheet.left(place, MARGIN, self.sheet.y + 12.0, headline, headline.run(&text));
        self.sheet.y += 34.0;
    }

    fn lines(&mut self) {
        let Styles { label, plain, small, .. } = self.styles;
        let receipt = self.receipt;
        let currency = receipt.payment.money.currency;
        let columns = [
            Column { title: "Description", x: MARGIN },
            Column { title: "Quantity", x: 352.0 },
            Column { title: "Unit price", x: 446.0 },
            Column { title: "Amount", x: RIGHT },
        ];
        let sheet = &mut self.sheet;
        let table = Table::begin(sheet, "What was bought", columns, label, Ink::HAIRLINE);
        let Some(order) = &receipt.order else {
            let what = receipt.payment.description.as_ref().map_or(what_without_order(receipt), |text| text.as_str());
            let captured = currency.decimal(receipt.payment.captured);
            table.row(sheet, (plain, what), (small, None), ["1", &captured, &captured]);
            return;
        };
        for line in &order.lines {
            let unit_amount = currency.decimal(line.unit_amount.get());
            let amount = currency.decimal(line.amount.get());
            let values = [line.quantity.to_string().as_str(), &unit_amount, &amount].map(str::to_owned);
            let values = values.each_ref().map(String::as_str);
            table.row(sheet, (plain, line.name.as_str()), (small, Some(line.sku.as_str())), values);
        }
    }

    /// Kept together: sums on a page of their own would be read without what they are of.
    fn totals(&mut self) {
        let Receipt { payment, order, .. } = self.receipt;
        let mut rows = Vec::new();
        if let Some(order) = order {
            rows.push(("Order total", order.total.amount.get(), false));
        }
        let label = if order.is_some() { "Paid with this payment" } else { "Paid" };
        rows.push((label, payment.captured, true));
        if payment.refunded > 0 {
            rows.push(("Refunded", -payment.refunded, false));
            rows.push(("Paid after refunds", payment.captured - payment.refunded, true));
        }
        let Styles { plain, strong, .. } = self.styles;
        let height = 12.0 + 20.0 * rows.len() as f32;
        if self.sheet.y + height > BOTTOM {
            self.sheet.begin_page();
        }
        let table = self.sheet.node(Kind::Table { summary: "Totals" }, None);
        let body = self.sheet.node(Kind::TableBody, Some(table));
        self.sheet.y += 12.0;
        for (label, amount, is_strong) in rows {
            let style = if is_strong { strong } else { plain };
            let row = self.sheet.node(Kind::Row, Some(body));
            let heading = self.sheet.node(Kind::RowHeading, Some(row));
            let value = self.sheet.node(Kind::Cell, Some(row));
            let y = self.sheet.y + 13.0;
            self.sheet.left(Place::In(heading), MIDDLE, y, style, style.run(label));
            self.sheet.right(Place::In(value), RIGHT, y, style, style.run(&self.money(amount)));
            self.sheet.rule(MIDDLE, self.sheet.y + 19.0, RIGHT - MIDDLE, 0.5, Ink::HAIRLINE);
            self.sheet.y += 20.0;
        }
    }

    fn money(&self, minor_units: i64) -> String {
        let currency = self.receipt.payment.money.currency;
        format!("{currency} {}", currency.decimal(minor_units))
    }
}

fn what_without_order(receipt: &Receipt) -> &'static str {
    if receipt.payment.top_up.is_some() { "Wallet top-up" } else { "Payment" }
}

/// No more than is known: a card is a token, so there are no digits to show.
fn method_name(method: &Method) -> &'static str {
    match method {
        Method::Card { .. } => "Card",
        Method::Wallet { .. } => "Wallet",
    }
}

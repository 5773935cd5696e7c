//! A sheet to PDF/A-2a and PDF/UA-1 bytes. The library checks both while it writes and refuses what would not conform.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use domain::receipt::Unprintable;
use domain::time::Timestamp;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagKind, TagTree,
};
use krilla::{Document, SerializeSettings};

use crate::sheet::{HEIGHT, Ink, Kind, Mark, NodeId, Place, Shape, Sheet, WIDTH};
use crate::when::civil;

/// What the document says of itself. All of it comes from the values, so that the bytes do.
pub(crate) struct About {
    pub title: String,
    pub author: String,
    pub id: String,
    pub created_at: Timestamp,
}

pub(crate) fn paint(sheet: &Sheet<'_>, about: About) -> Result<Vec<u8>, Unprintable> {
    let unprintable = |reason: String| Unprintable(reason);
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| unprintable(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let mut written: BTreeMap<usize, Vec<Identifier>> = BTreeMap::new();
    for marks in &sheet.pages {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| unprintable("no page size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            let identifier = draw(&mut surface, mark);
            if let Place::In(node) = mark.place {
                written.entry(node.index()).or_default().push(identifier);
            }
        }
        surface.finish();
        page.finish();
    }
    let mut tree = TagTree::new();
    for child in sheet.children(None) {
        tree.push(group(sheet, &mut written, child, &about.title));
    }
    document.set_tag_tree(tree);
    document.set_outline(outline(&about.title));
    document.set_metadata(metadata(about));
    // Its message names glyphs by code point at most.
    document.finish().map_err(|error| unprintable(error.to_string()))
}

fn outline(title: &str) -> Outline {
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(title.to_owned(), XyzDestination::new(0, Point::from_xy(0.0, 0.0))));
    outline
}

fn metadata(about: About) -> Metadata {
    let About { title, author, id, created_at } = about;
    let at = civil(created_at);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    let date = DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(title)
        .authors(vec![author])
        .document_id(id)
        .language("en".to_owned())
        .creator("Coffer".to_owned())
        .creation_date(date)
}

fn draw(surface: &mut Surface<'_>, mark: &Mark<'_>) -> Identifier {
    let tag = match (&mark.place, &mark.shape) {
        (Place::Decoration, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        (Place::In(_), Shape::Text { .. }) => ContentTag::Span(SpanTag::empty()),
        (Place::In(_), Shape::Rule { .. } | Shape::Image { .. }) => ContentTag::Other,
    };
    let identifier = surface.start_tagged(tag);
    match &mark.shape {
        Shape::Text { face, size, ink, run } => {
            surface.set_fill(Some(fill(*ink)));
            let at = Point::from_xy(mark.x, mark.y);
            surface.draw_glyphs(at, &run.glyphs, face.font.clone(), &run.text, *size, false);
        }
        Shape::Rule { width, thickness, ink } => {
            surface.set_fill(Some(fill(*ink)));
            let mut path = PathBuilder::new();
            if let Some(bar) = Rect::from_xywh(mark.x, mark.y, *width, *thickness) {
                path.push_rect(bar);
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Shape::Image { image, width, height } => {
            surface.push_transform(&Transform::from_translate(mark.x, mark.y));
            if let Some(size) = Size::from_wh(*width, *height) {
                surface.draw_image(image.clone(), size);
            }
            surface.pop();
        }
    }
    surface.end_tagged();
    identifier
}

fn fill(Ink(red, green, blue): Ink) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}

fn group(sheet: &Sheet<'_>, written: &mut BTreeMap<usize, Vec<Identifier>>, id: NodeId, title: &str) -> TagGroup {
    let tag: TagKind = match sheet.kind(id) {
        Kind::Heading => Tag::Hn(NonZeroU16::MIN, Some(title.to_owned())).into(),
        Kind::Paragraph => Tag::P.into(),
        Kind::Figure { alternative } => Tag::Figure(Some(alternative.clone())).into(),
        Kind::Table { summary } => Tag::Table.with_summary(Some((*summary).to_owned())).into(),
        Kind::TableHead => Tag::THead.into(),
        Kind::TableBody => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::HeadingCell => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHeading => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
    };
    let mut group = TagGroup::new(tag);
    for identifier in written.remove(&id.index()).unwrap_or_default() {
        group.push(identifier);
    }
    for child in sheet.children(Some(id)) {
        group.push(self::group(sheet, written, child, title));
    }
    group
}

//! Pages as lists of marks, each belonging to a place in the document's structure: what the layout makes and `paint` writes.
//! Coordinates are points from the top left corner.

use crate::face::{Face, Run};
use crate::lines::cut;

/// A4.
pub(crate) const WIDTH: f32 = 595.28;
pub(crate) const HEIGHT: f32 = 841.89;
pub(crate) const MARGIN: f32 = 56.0;
/// Where a line ends.
pub(crate) const RIGHT: f32 = WIDTH - MARGIN;
/// What the footer leaves.
pub(crate) const BOTTOM: f32 = HEIGHT - MARGIN - 24.0;

/// Red, green, blue.
#[derive(Clone, Copy)]
pub(crate) struct Ink(pub u8, pub u8, pub u8);

impl Ink {
    pub(crate) const DARK: Self = Self(17, 24, 39);
    pub(crate) const GREY: Self = Self(92, 99, 112);
    pub(crate) const HAIRLINE: Self = Self(222, 225, 230);
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

impl NodeId {
    pub fn index(self) -> usize {
        self.0
    }
}

/// What a part of the document is to one who hears it read.
pub(crate) enum Kind {
    Heading,
    Paragraph,
    Figure {
        alternative: String,
    },
    Table {
        summary: &'static str,
    },
    TableHead,
    TableBody,
    Row,
    HeadingCell,
    /// A heading of its row, such as "Total".
    RowHeading,
    Cell,
}

pub(crate) struct Node {
    pub kind: Kind,
    children: Vec<NodeId>,
}

/// Where a mark belongs: to a node, or to none because it is decoration or repeated on every page.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    In(NodeId),
    Decoration,
}

pub(crate) enum Shape<'a> {
    Text { face: &'a Face, size: f32, ink: Ink, run: Run },
    Rule { width: f32, thickness: f32, ink: Ink },
    Image { image: krilla::image::Image, width: f32, height: f32 },
}

/// A text's `y` is its baseline.
pub(crate) struct Mark<'a> {
    pub place: Place,
    pub x: f32,
    pub y: f32,
    pub shape: Shape<'a>,
}

#[derive(Default)]
pub(crate) struct Sheet<'a> {
    pub nodes: Vec<Node>,
    /// What is within no other.
    roots: Vec<NodeId>,
    pub pages: Vec<Vec<Mark<'a>>>,
    /// How far down the last page is written.
    pub y: f32,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style<'a> {
    pub face: &'a Face,
    pub size: f32,
    pub ink: Ink,
}

impl<'a> Sheet<'a> {
    pub fn node(&mut self, kind: Kind, parent: Option<NodeId>) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node { kind, children: Vec::new() });
        match parent {
            Some(NodeId(parent)) => self.nodes[parent].children.push(id),
            None => self.roots.push(id),
        }
        id
    }

    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.nodes[id.0].kind
    }

    pub fn children(&self, parent: Option<NodeId>) -> impl Iterator<Item = NodeId> {
        let children = parent.map_or(&self.roots, |NodeId(parent)| &self.nodes[parent].children);
        children.iter().copied()
    }

    pub fn begin_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    pub fn mark(&mut self, mark: Mark<'a>) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    pub fn left(&mut self, place: Place, x: f32, y: f32, style: Style<'a>, run: Run) {
        let Style { face, size, ink } = style;
        self.mark(Mark { place, x, y, shape: Shape::Text { face, size, ink, run } });
    }

    /// `x` is where the text ends.
    pub fn right(&mut self, place: Place, x: f32, y: f32, style: Style<'a>, run: Run) {
        let x = x - run.width * style.size;
        self.left(place, x, y, style, run);
    }

    /// Below every page: a text, and which page of how many it is.
    pub fn footers(&mut self, style: Style<'a>, text: &str) {
        let Style { face, size, ink } = style;
        let (pages, y) = (self.pages.len(), HEIGHT - MARGIN + 12.0);
        for (index, page) in self.pages.iter_mut().enumerate() {
            let left = cut(face, size, text, RIGHT - MARGIN - 80.0);
            let right = style.run(&format!("Page {} of {pages}", index + 1));
            let x = RIGHT - right.width * size;
            for (x, run) in [(MARGIN, left), (x, right)] {
                page.push(Mark { place: Place::Decoration, x, y, shape: Shape::Text { face, size, ink, run } });
            }
        }
    }

    pub fn rule(&mut self, x: f32, y: f32, width: f32, thickness: f32, ink: Ink) {
        self.mark(Mark { place: Place::Decoration, x, y, shape: Shape::Rule { width, thickness, ink } });
    }
}

impl Style<'_> {
    pub fn run(&self, text: &str) -> Run {
        self.face.shape(&self.face.legible(text))
    }
}

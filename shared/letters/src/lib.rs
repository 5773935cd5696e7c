//! Letters as text and HTML. What a merchant or a customer has named is escaped in HTML, and is one line in a subject. The
//! same letter makes the same mail.

mod view;

use std::sync::LazyLock;

use domain::mail::{Letter, Unwritable, Written};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Those that end in `.html` are escaped.
const TEMPLATES: [(&str, &str); 14] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("lines.html", include_str!("templates/lines.html")),
    ("receipt.html", include_str!("templates/receipt.html")),
    ("receipt.txt", include_str!("templates/receipt.txt")),
    ("refund.html", include_str!("templates/refund.html")),
    ("refund.txt", include_str!("templates/refund.txt")),
    ("payment_failed.html", include_str!("templates/payment_failed.html")),
    ("payment_failed.txt", include_str!("templates/payment_failed.txt")),
    ("dispute.html", include_str!("templates/dispute.html")),
    ("dispute.txt", include_str!("templates/dispute.txt")),
    ("provider_key_refused.html", include_str!("templates/provider_key_refused.html")),
    ("provider_key_refused.txt", include_str!("templates/provider_key_refused.txt")),
    ("webhook_disabled.html", include_str!("templates/webhook_disabled.html")),
    ("webhook_disabled.txt", include_str!("templates/webhook_disabled.txt")),
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(
        |name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        },
    );
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
});

/// The mail that a letter is.
pub fn write(letter: &Letter) -> Result<Written, Unwritable> {
    let environment = ENVIRONMENT.as_ref().map_err(unwritable)?;
    let (name, view) = view::of(letter);
    let render = |kind: &str| -> Result<String, Unwritable> {
        let template = environment.get_template(&format!("{name}.{kind}"));
        template.and_then(|template| template.render(Serde(&view))).map_err(|error| unwritable(&error))
    };
    Ok(Written { subject: view.subject().to_owned(), text: render("txt")?, html: render("html")? })
}

/// The kind of the error and the template's place: the rest may quote values.
fn unwritable(error: &minijinja::Error) -> Unwritable {
    let (name, line) = (error.name().unwrap_or("a template"), error.line().unwrap_or(0));
    Unwritable(format!("{:?} in {name}, line {line}", error.kind()))
}

#[cfg(test)]
mod tests;

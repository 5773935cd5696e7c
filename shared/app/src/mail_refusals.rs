//! Who is sent no more mail: readers who said so by a mail's link, and addresses of which SES tells that nobody reads there or
//! that mail is called spam. The first reason stays.

use domain::mail::{Feedback, Refusal};
use domain::opt_out::OptOutToken;
use ports::PortError;
use ports::mail::{MailBook, OptOutKey};

use crate::{Context, Error};

/// What a reader's link leads to. Doing it twice does nothing more.
pub async fn opt_out(
    context: &Context<'_>,
    book: &dyn MailBook,
    key: &dyn OptOutKey,
    token: &OptOutToken,
) -> Result<(), Error> {
    let OptOutToken { of, signature } = token;
    if !key.is_signed(of, *signature).await? {
        return Err(Error::NotFound("link"));
    }
    Ok(book.refuse(of.tenant, of.address, Refusal::OptedOut, context.now()).await?)
}

pub async fn heed(context: &Context<'_>, book: &dyn MailBook, feedback: &Feedback) -> Result<(), PortError> {
    let Feedback { tenant, refusal, addresses } = feedback;
    for address in addresses {
        book.refuse(*tenant, *address, *refusal, context.now()).await?;
    }
    Ok(())
}

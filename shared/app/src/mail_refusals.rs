//! Who is sent no more mail: readers who said so by a mail's link, and addresses of which SES tells that nobody reads there or
//! that mail is called spam. The first reason stays.

use domain::ids::TenantId;
use domain::mail::{AddressHash, Feedback, Lifting, Refusal, RefusedAddress};
use domain::opt_out::OptOutToken;
use domain::page::{Page, PageRequest};
use ports::PortError;
use ports::mail::{MailBook, OptOutKey};

use crate::{Context, Error};

pub const NOUN: &str = "refused address";

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

pub async fn list(
    book: &dyn MailBook,
    tenant: TenantId,
    page: PageRequest<AddressHash>,
) -> Result<Page<RefusedAddress, AddressHash>, Error> {
    Ok(book.refused(tenant, page).await?)
}

/// The tenant says that mail is wanted there again. A complaint is not the tenant's to take back.
pub async fn accept(book: &dyn MailBook, tenant: TenantId, address: AddressHash) -> Result<(), Error> {
    match book.accept(tenant, address).await? {
        Lifting::Lifted => Ok(()),
        Lifting::NotRefused => Err(Error::NotFound(NOUN)),
        Lifting::Stays => Err(Error::Complained),
    }
}

pub async fn heed(context: &Context<'_>, book: &dyn MailBook, feedback: &Feedback) -> Result<(), PortError> {
    let Feedback { tenant, refusal, addresses } = feedback;
    for address in addresses {
        book.refuse(*tenant, *address, *refusal, context.now()).await?;
    }
    Ok(())
}

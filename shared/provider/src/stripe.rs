//! Stripe's API as a [`PaymentProvider`]: a charge is a payment intent that is made and confirmed in one request. Every
//! request that changes something carries an `Idempotency-Key` and what it would be found by in its metadata. See
//! docs/PROVIDERS.md for what each state becomes, and for what was never tried against the live service.

mod amount;
mod answer;
mod decline;
mod dispute;
mod events;
mod refund;

use async_trait::async_trait;
use aws_lc_rs::digest;
use domain::dispute::{DisputeReport, DisputeStatus};
use domain::hex::Hex;
use domain::money::Money;
use domain::payment::{DeclineCode, Payment, Verdict};
use domain::refund::RefundVerdict;
use domain::text::Evidence;
use ports::PortError;
use ports::provider::{Charge, ChargeName, PaymentProvider, ProviderError, RefundCharge};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Method};

use crate::exchange::{Answer, Endpoint, ProviderConfig, exchange};
use amount::Inexpressible;
use answer::{Account, Intent, List};
pub use events::StripeEvents;

pub const STRIPE_URL: &str = "https://api.stripe.com";
/// Answers are read as this version writes them, whatever the account's own is.
const VERSION: HeaderValue = HeaderValue::from_static("2025-03-31.basil");
const FORM: &str = "application/x-www-form-urlencoded";
/// A page that stays within what is read of a body.
const REFUNDS_PER_PAGE: &str = "25";
const REFUND_PAGES_MAX: usize = 40;

#[derive(Debug, Clone)]
pub struct StripeProvider(Endpoint);

type Pairs<'a> = [(&'a str, &'a str)];

impl StripeProvider {
    /// `Rejected` for a base URL that is none and for a key that no header can carry.
    pub fn new(config: ProviderConfig) -> Result<Self, PortError> {
        Self::over(config.client()?, config)
    }

    /// Over a client that others use too.
    pub(crate) fn over(client: Client, config: ProviderConfig) -> Result<Self, PortError> {
        Endpoint::over(client, config, [(HeaderName::from_static("stripe-version"), VERSION)]).map(Self)
    }

    async fn get(&self, path: &[&str], query: &Pairs<'_>) -> Result<Answer, ProviderError> {
        exchange(self.0.request(Method::GET, path, query)?).await
    }

    async fn post(&self, path: &[&str], key: &str, form: &Pairs<'_>) -> Result<Answer, ProviderError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.0.request(Method::POST, path, &[])?.header("Idempotency-Key", key);
        exchange(request.header(CONTENT_TYPE, FORM).body(body)).await
    }

    /// The account that the key is of (<https://docs.stripe.com/api/accounts/retrieve>). Its test mode is an account of its
    /// own: neither sees the other's charges.
    pub(crate) async fn account(&self, is_test: bool) -> Result<String, ProviderError> {
        let Account { id } = answer::read(&self.get(&["account"], &[]).await?)?;
        Ok(if is_test { format!("{id}:test") } else { id })
    }

    async fn intent(&self, id: &str) -> Result<Intent, ProviderError> {
        answer::read(&self.get(&["payment_intents", id], &[]).await?)
    }

    /// The intent of a charge. By its own name it is read as it is. By the key alone it is searched for: the search may be a
    /// minute behind, in an outage an hour, so that its `None` is no proof. The charge that follows carries the same
    /// `Idempotency-Key`, which Stripe keeps for 24 hours or more and answers from.
    async fn find(&self, charge: &ChargeName) -> Result<Option<Intent>, ProviderError> {
        if let Some(id) = &charge.reference {
            return self.intent(id).await.map(Some);
        }
        let query = format!("metadata['key']:'{}'", charge.key);
        let found: List<Intent> = answer::read(&self.get(&["payment_intents", "search"], &[("query", &query)]).await?)?;
        match found.data.iter().find(|intent| intent.has_key(&charge.key)) {
            Some(intent) => self.intent(&intent.id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn find_known(&self, charge: &ChargeName) -> Result<Intent, ProviderError> {
        self.find(charge).await?.ok_or_else(|| ProviderError::Rejected("charge_not_found".to_owned()))
    }

    /// Takes a step on an intent. Stripe refuses one that comes too late; the answer is then what the intent has come to.
    async fn step(&self, id: &str, verb: &str, key: &str, form: &Pairs<'_>) -> Result<Verdict, ProviderError> {
        let answer = self.post(&["payment_intents", id, verb], key, form).await?;
        if !matches!(answer.status, 400 | 402) {
            return answer::verdict(&answer::read(&answer)?);
        }
        match answer::verdict(&self.intent(id).await?)? {
            Verdict::Authorized { .. } if verb == "capture" => Err(answer::will_not(&answer)),
            Verdict::RequiresAction { .. } | Verdict::Authorized { .. } => Err(answer::refused(&answer)),
            verdict => Ok(verdict),
        }
    }

    /// A declined intent takes another card from whoever holds its client secret. Coffer's payment has ended with the
    /// decline, so the intent is given up before the decline is told.
    async fn close(&self, charge: &ChargeName, intent: &Intent) -> Result<Verdict, ProviderError> {
        let verdict = answer::verdict(intent)?;
        let is_open = intent.status != "canceled";
        if !(is_open && matches!(verdict, Verdict::Declined { .. })) {
            return Ok(verdict);
        }
        match self.cancel(charge, intent).await? {
            Verdict::Cancelled => Ok(verdict),
            verdict => Ok(verdict),
        }
    }

    async fn cancel(&self, charge: &ChargeName, intent: &Intent) -> Result<Verdict, ProviderError> {
        self.step(&intent.id, "cancel", &format!("{}-cancel", charge.key), &[]).await
    }
}

#[async_trait]
impl PaymentProvider for StripeProvider {
    async fn charge(&self, charge: &Charge) -> Result<Verdict, ProviderError> {
        let Charge { key, tenant, money, token, capture } = charge;
        let amount = match amount::to_stripe(*money) {
            Ok(amount) => amount.to_string(),
            Err(Inexpressible::Currency) => return Ok(Verdict::Declined { code: DeclineCode::CurrencyNotSupported }),
            Err(Inexpressible::Amount) => return Ok(Verdict::Declined { code: DeclineCode::InvalidAmount }),
        };
        let payment = Payment::of_provider_key(key).map(|payment| payment.to_string()).unwrap_or_default();
        // The same key with other parameters is refused, so nothing here may differ between two tries. `automatic_async`,
        // Stripe's default, tells of a capture before it is done; cards alone need no page to come back to.
        let form = [
            ("amount", amount.as_str()),
            ("currency", &money.currency.code().to_ascii_lowercase()),
            ("payment_method", token.reveal()),
            ("payment_method_types[]", "card"),
            ("capture_method", capture.as_str()),
            ("confirm", "true"),
            ("metadata[key]", key),
            ("metadata[payment]", &payment),
            ("metadata[tenant]", &tenant.to_string()),
        ];
        let answer = self.post(&["payment_intents"], key, &form).await?;
        let Some(intent) = answer::declined_intent(&answer) else { return answer::charge(&answer) };
        let name = ChargeName { key: key.clone(), reference: Some(intent.id.clone()) };
        self.close(&name, &intent).await
    }

    async fn find_charge(&self, charge: &ChargeName) -> Result<Option<Verdict>, ProviderError> {
        match self.find(charge).await? {
            Some(intent) => self.close(charge, &intent).await.map(Some),
            None => Ok(None),
        }
    }

    async fn capture_charge(&self, charge: &ChargeName, money: Money) -> Result<Verdict, ProviderError> {
        let amount = amount::to_stripe(money).map_err(|_| ProviderError::Refused(DeclineCode::InvalidAmount))?;
        let id = match &charge.reference {
            Some(id) => id.clone(),
            None => self.find_known(charge).await?.id,
        };
        let form = [("amount_to_capture", amount.to_string())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        // One that was refused may be followed by one of another amount, which the same key would not be taken for.
        self.step(&id, "capture", &format!("{}-capture-{amount}", charge.key), &form).await
    }

    async fn cancel_charge(&self, charge: &ChargeName) -> Result<Verdict, ProviderError> {
        let intent = self.find_known(charge).await?;
        match self.close(charge, &intent).await? {
            Verdict::RequiresAction { .. } | Verdict::Authorized { .. } => self.cancel(charge, &intent).await,
            verdict => Ok(verdict),
        }
    }

    async fn refund(&self, refund: &RefundCharge) -> Result<RefundVerdict, ProviderError> {
        let RefundCharge { key, charge, money } = refund;
        let Ok(amount) = amount::to_stripe(*money) else {
            return Ok(RefundVerdict::Refused { code: DeclineCode::InvalidAmount });
        };
        let form = [("payment_intent", charge.as_str()), ("amount", &amount.to_string()), ("metadata[key]", key)];
        refund::refund(&self.post(&["refunds"], key, &form).await?)
    }

    async fn find_disputes(&self, charge: &ChargeName) -> Result<Vec<DisputeReport>, ProviderError> {
        let id = match &charge.reference {
            Some(id) => id.clone(),
            None => match self.find(charge).await? {
                Some(intent) => intent.id,
                None => return Ok(Vec::new()),
            },
        };
        let answer = self.get(&["disputes"], &[("payment_intent", &id)]).await?;
        let found: List<dispute::Dispute> = answer::read(&answer)?;
        found.data.into_iter().map(dispute::report).collect()
    }

    async fn answer_dispute(&self, reference: &str, evidence: &Evidence) -> Result<DisputeReport, ProviderError> {
        let form = [("evidence[uncategorized_text]", evidence.as_str()), ("submit", "true")];
        let key = format!("{reference}-answer-{}", digest_of(evidence.as_str()));
        let answer = self.post(&["disputes", reference], &key, &form).await?;
        if answer.status != 400 {
            return dispute::report(answer::read(&answer)?);
        }
        // One that was answered, or decided, takes no second answer.
        let report = dispute::report(answer::read(&self.get(&["disputes", reference], &[]).await?)?)?;
        if report.status == DisputeStatus::NeedsResponse {
            return Err(answer::will_not(&answer));
        }
        Ok(report)
    }

    /// Read off the list, which is never behind; refunds cannot be searched for.
    async fn find_refund(&self, refund: &RefundCharge) -> Result<Option<RefundVerdict>, ProviderError> {
        let mut after = None;
        for _ in 0..REFUND_PAGES_MAX {
            let mut query = vec![("payment_intent", refund.charge.as_str()), ("limit", REFUNDS_PER_PAGE)];
            query.extend(after.as_deref().map(|id| ("starting_after", id)));
            let answer = self.get(&["refunds"], &query).await?;
            if refund::is_of_no_intent(&answer) {
                return Ok(None);
            }
            let page: List<refund::Refund> = answer::read(&answer)?;
            if let Some(found) = page.data.iter().find(|found| found.metadata.get("key") == Some(&refund.key)) {
                return refund::verdict(found).map(Some);
            }
            after = page.data.last().map(|last| last.id.clone()).filter(|_| page.has_more);
            if after.is_none() {
                return Ok(None);
            }
        }
        Err(ProviderError::Rejected("too_many_refunds".to_owned()))
    }
}

/// Enough of it to tell one answer from another.
fn digest_of(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    Hex(&digest.as_ref()[..8]).to_string()
}

#[cfg(test)]
mod tests;

//! One good value of each entity, every field filled with something meaningful. Change what a test is about by struct
//! update: `Order { status: OrderStatus::Paid, ..builders::order(tenant, mint) }`.

use std::time::Duration;

use domain::access::{Caller, Grant, Role};
use domain::connection::{Connections, ProviderAccount, ProviderName, Rank, SealedCredentials};
use domain::cron::Cron;
use domain::dead_letter::{About, Burial, DeadLetter};
use domain::dispute::{Dispute, DisputeReason, DisputeReport, DisputeStatus};
use domain::event::{Event, EventType, Notice, Queue};
use domain::fee::{FeeSettings, FeeTerms};
use domain::file::{Checksum, ContentType, File, FileSize, NewFile};
use domain::idempotency::{Answer, Claim, Fingerprint, IdempotencyKey, Record};
use domain::identity::{SESSION_IDLE_MAX, Session, Tenant, User};
use domain::ids::{EventId, OrderId, PaymentId, RefundId, RequestId, TenantId, WebhookEndpointId};
use domain::job::{Job, Priority};
use domain::ledger::{Posting, TransactionIds, post_charge};
use domain::mail::{AddressHash, Mail, MailKind, Written};
use domain::metadata::Metadata;
use domain::money::{Amount, Currency, Money};
use domain::opt_out::{OptOut, OptOutLink, OptOutToken};
use domain::order::{Customer, NewLine, NewOrder, Order};
use domain::payment::{Capture, Method, NewPayment, Payment, Verdict};
use domain::refund::{NewRefund, Refund};
use domain::schedule::{self, NewSchedule, RecurringReport, Schedule};
use domain::secret::{Sealed, Secret};
use domain::socket::{Socket, SocketId};
use domain::statement::{LineKind, NewStatement, Period, Statement, StatementLine};
use domain::task::{Report, ReportFormat, ReportKind, Task};
use domain::text::{Description, Email, Line};
use domain::wallet::{NewWallet, Wallet};
use domain::webhook::{
    Again, Attempt, Cause, Delivery, Endpoint, NewEndpoint, NewSecret, Outcome, RatePerSecond, Reach, ResponseText,
    Signature, TypeFilter, WebhookUrl,
};
use domain::zone::Zone;
use ports::clock::Mint;

/// The total of [`order`], the amount of [`payment`].
pub const ORDER_TOTAL: i64 = 1_000;
/// The amount of [`refund`].
pub const REFUND_AMOUNT: i64 = 300;

pub fn amount(minor_units: i64) -> Amount {
    Amount::new(minor_units).expect("a positive amount")
}

pub fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("an ISO 4217 code")
}

pub fn eur(minor_units: i64) -> Money {
    Money { amount: amount(minor_units), currency: currency("EUR") }
}

pub fn text<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::parse(text).expect("a line of text")
}

/// An address that nobody else has.
pub fn email(mint: Mint<'_>) -> Email {
    Email::parse(&format!("{}@shop.example", mint.id::<RequestId>())).expect("an address")
}

pub fn metadata() -> Metadata {
    let pairs = [("channel", "web"), ("note", "Grüße, 東京 \"quoted\"")];
    Metadata::parse(pairs.map(|(key, value)| (key.to_owned(), value.to_owned()))).expect("within the limits")
}

pub fn customer(mint: Mint<'_>) -> Customer {
    Customer { email: email(mint), name: text("Zoë Customer") }
}

/// Open, two lines, [`ORDER_TOTAL`] in EUR.
pub fn order(tenant: TenantId, mint: Mint<'_>) -> Order {
    let line = |sku, name, quantity, unit| NewLine {
        sku: text(sku),
        name: text(name),
        quantity,
        unit_amount: amount(unit),
        claimed_amount: None,
    };
    let input = NewOrder {
        currency: currency("EUR"),
        customer: customer(mint),
        lines: vec![line("TEA-1", "Tea", 2, 350), line("CUP-7", "Cup", 1, 300)],
        claimed_total: Some(ORDER_TOTAL),
        metadata: metadata(),
    };
    Order::new(mint.id::<OrderId>(), tenant, input, mint.clock.now()).expect("a good order")
}

/// Processing, [`ORDER_TOTAL`] in EUR by card, of no order.
pub fn payment(tenant: TenantId, mint: Mint<'_>) -> Payment {
    let input = NewPayment {
        order: None,
        money: eur(ORDER_TOTAL),
        method: Method::Card { token: Secret::new("tok_success") },
        top_up: None,
        capture: Capture::Automatic,
        description: Some(Description::parse("Order 7 of the tea shop").expect("a description")),
        metadata: metadata(),
    };
    Payment::new(mint.id::<PaymentId>(), tenant, input, mint.clock.now())
}

/// A payment that has succeeded: all of its amount may be refunded.
pub fn captured_payment(tenant: TenantId, mint: Mint<'_>) -> Payment {
    let payment = payment(tenant, mint);
    let reference = format!("ch_{:032x}", mint.random.bits());
    let verdict = Verdict::Succeeded { reference, captured: payment.money.amount };
    let captured = payment.conclude(&verdict, mint.clock.now()).expect("it was processing");
    Payment { version: 1, ..captured }
}

/// Processing, [`REFUND_AMOUNT`] of the payment.
pub fn refund(payment: &Payment, mint: Mint<'_>) -> Refund {
    let input = NewRefund {
        payment: payment.id,
        order: payment.order,
        money: Money { amount: amount(REFUND_AMOUNT), currency: payment.money.currency },
        reason: Some(text("The cup was broken")),
        metadata: metadata(),
    };
    Refund::new(mint.id::<RefundId>(), payment.tenant, input, mint.clock.now())
}

/// With nothing in it, in EUR.
pub fn wallet(tenant: TenantId, mint: Mint<'_>) -> Wallet {
    let input = NewWallet { currency: currency("EUR"), customer: Some(customer(mint)), metadata: metadata() };
    Wallet::new(mint.id(), tenant, input, mint.clock.now())
}

/// An account with Stripe that payments go by.
pub fn connections(tenant: TenantId, mint: Mint<'_>) -> Connections {
    let credentials = SealedCredentials { api_key: Sealed(vec![0, 255, 7]), webhook_secret: Sealed(vec![1]) };
    let of = ProviderAccount { provider: ProviderName::Stripe, account: "acct_1".to_owned() };
    let connected = Connections::none(tenant).connect(of, Some(credentials), Rank::First, mint.clock.now());
    connected.expect("the first one is not refused")
}

/// Needs a response, all of a captured payment.
pub fn dispute(tenant: TenantId, mint: Mint<'_>) -> Dispute {
    let payment = captured_payment(tenant, mint);
    let now = mint.clock.now();
    let report = DisputeReport {
        reference: format!("dp_{}", payment.id),
        money: payment.money,
        reason: DisputeReason::ProductNotReceived,
        status: DisputeStatus::NeedsResponse,
        respond_by: Some(now.plus(Duration::from_secs(604_800))),
    };
    Dispute::open(mint.id(), tenant, payment.id, &report, now)
}

/// 2.9 per cent and 0.25 EUR.
pub fn fee_settings(tenant: TenantId, mint: Mint<'_>) -> FeeSettings {
    let terms = FeeTerms::new(290, [(currency("EUR"), 25)].into()).expect("good terms");
    FeeSettings { tenant, terms, updated_at: mint.clock.now() }
}

/// Of the day before, in EUR: a charge, a refund with its time, and a fee.
pub fn statement_input(mint: Mint<'_>) -> NewStatement {
    let to = mint.clock.now();
    let from = to.minus(Duration::from_secs(24 * 60 * 60));
    let line = |number, kind, reference: &str, amount, occurred_at| StatementLine {
        number,
        kind,
        reference: reference.parse().expect("a reference"),
        amount,
        currency: currency("EUR"),
        occurred_at,
    };
    let lines = vec![
        line(1, LineKind::Charge, "ch_1", ORDER_TOTAL, None),
        line(2, LineKind::Refund, "re_1", -REFUND_AMOUNT, Some(from)),
        line(3, LineKind::Fee, "fee_1", -30, None),
    ];
    let provider = "sandbox".parse().expect("a name");
    NewStatement { provider, period: Period { from, to }, currency: Some(currency("EUR")), lines }
}

/// Processing, of [`statement_input`].
pub fn statement(tenant: TenantId, mint: Mint<'_>) -> Statement {
    Statement::new(mint.id(), tenant, &statement_input(mint), mint.clock.now())
}

/// A receipt, to somebody of whom nothing else is known.
pub fn mail(tenant: TenantId, mint: Mint<'_>) -> Mail {
    Mail {
        tenant,
        kind: MailKind::Receipt,
        from_name: text("Bär, \"Söhne\" <x@y.example>"),
        reply_to: Some(email(mint)),
        to: email(mint),
        opt_out: Some(OptOutLink::new("https://api.shop.example/api/v1", opt_out_token(tenant))),
        written: Written {
            subject: "Ihr Beleg: 5 € \"für\" Tee".to_owned(),
            text: "Grüße,\n\n茶".to_owned(),
            html: "<p>Grüße &amp; 茶</p>".to_owned(),
        },
    }
}

fn opt_out_token(tenant: TenantId) -> OptOutToken {
    OptOutToken { of: OptOut { tenant, address: AddressHash([1; 32]) }, signature: [2; 32] }
}

pub fn transaction_ids(mint: Mint<'_>) -> TransactionIds {
    TransactionIds { transaction: mint.id(), entries: [mint.id(), mint.id(), mint.id()] }
}

/// The ledger's part of a payment that succeeded.
pub fn charge(payment: &Payment, mint: Mint<'_>) -> Posting {
    post_charge(payment, payment.money.amount, transaction_ids(mint), mint.clock.now())
}

/// Pending: a PDF of 1,234 bytes.
pub fn file(tenant: TenantId, mint: Mint<'_>) -> File {
    let input = NewFile {
        name: text("Rechnung für März.pdf"),
        content_type: ContentType::Pdf,
        size: FileSize::new(1_234).expect("a size"),
        checksum: Checksum(hash(mint)),
    };
    File::new(mint.id(), tenant, input, mint.clock.now())
}

/// Waiting: a message of the payments queue.
pub fn dead_letter(tenant: TenantId, mint: Mint<'_>) -> DeadLetter {
    let about = About::from(&notice(tenant, mint));
    let (body, reason) = ("{\"event\":\"evt_1\"}".to_owned(), Some("cannot be done: there is no payment".to_owned()));
    let burial = Burial { queue: Queue::Payments, body, about: Some(about), reason, receive_count: Some(1) };
    DeadLetter::new(burial, mint.clock.now())
}

/// Queued: the payments of the last day.
pub fn job(tenant: TenantId, mint: Mint<'_>) -> Job {
    let now = mint.clock.now();
    let report = Report {
        kind: ReportKind::Payments,
        from: now.minus(Duration::from_secs(86_400)),
        to: now,
        format: ReportFormat::Csv,
        currency: None,
    };
    Job::new(mint.id(), tenant, Task::Report(report), now)
}

/// At six each morning in Berlin.
pub fn schedule(tenant: TenantId, mint: Mint<'_>) -> Schedule {
    let report = RecurringReport {
        kind: ReportKind::Payments,
        period: schedule::Period::PreviousDay,
        format: ReportFormat::Csv,
        currency: None,
    };
    let input = NewSchedule {
        cron: Cron::parse("0 6 * * *").expect("an expression"),
        zone: Zone::parse("Europe/Berlin").expect("a zone"),
        report,
        priority: Priority::Normal,
        description: None,
    };
    Schedule::new(mint.id(), tenant, input, mint.clock.now())
}

/// `payment.created`, made by a request.
pub fn event(tenant: TenantId, mint: Mint<'_>) -> Event {
    let subject = mint.id::<PaymentId>().to_string();
    Event {
        id: mint.id(),
        tenant,
        kind: EventType::PaymentCreated,
        object: format!(r#"{{"id":"{subject}","status":"processing","note":"Grüße"}}"#),
        subject,
        request_id: Some(mint.id::<RequestId>().to_string()),
        idempotency_key: Some("checkout-7".to_owned()),
        trace: Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned()),
        created_at: mint.clock.now(),
    }
}

pub fn notice(tenant: TenantId, mint: Mint<'_>) -> Notice {
    Notice::from(&event(tenant, mint))
}

/// A claim on a key of its own, with an answer.
pub fn record(mint: Mint<'_>) -> Record {
    let claim = Claim {
        route: "POST /v1/payments".to_owned(),
        key: IdempotencyKey::parse(&format!("key {:032x}", mint.random.bits())).expect("a key"),
        fingerprint: Fingerprint([7; 32]),
    };
    let answer = Answer {
        status: 202,
        location: Some("/api/v1/payments/pay_1".to_owned()),
        body: "{\"status\": \"processing\",\n \"note\":\"Grüße, \\\"東京\\\"\"}".to_owned(),
    };
    Record::new(claim, answer, mint.clock.now())
}

pub fn tenant(mint: Mint<'_>) -> Tenant {
    let now = mint.clock.now();
    Tenant { id: mint.id(), name: text("The Tea Shop"), created_at: now, updated_at: now, version: 1 }
}

/// An operator with an address of their own. The hash belongs to no password.
pub fn user(tenant: TenantId, mint: Mint<'_>) -> User {
    let now = mint.clock.now();
    User {
        id: mint.id(),
        tenant,
        email: email(mint),
        name: text("Åse Operator"),
        role: Role::Operator,
        password_hash: Secret::new(format!("$test$v=1$c2FsdA${:032x}", mint.random.bits())),
        password_changed_at: mint.clock.now(),
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

/// Live, its refresh token never used.
pub fn session(user: &User, mint: Mint<'_>) -> Session {
    let now = mint.clock.now();
    Session {
        id: mint.id(),
        tenant: user.tenant,
        user: user.id,
        family_hash: hash(mint),
        refresh_hash: hash(mint),
        created_at: now,
        expires_at: now.plus(SESSION_IDLE_MAX),
        revoked_at: None,
        version: 1,
    }
}

/// 32 bytes that nobody else has.
pub fn hash(mint: Mint<'_>) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&mint.random.bits().to_be_bytes());
    bytes[16..].copy_from_slice(&mint.random.bits().to_be_bytes());
    bytes
}

/// The user in a session, with a token issued now.
pub fn caller(session: &Session, role: Role, mint: Mint<'_>) -> Caller {
    Caller {
        tenant: session.tenant,
        subject: session.user.to_string(),
        session: Some(session.id),
        grant: Grant::Role(role),
        issued_at_seconds: mint.clock.now().as_seconds(),
    }
}

/// A secret as long as KMS makes them.
pub fn new_secret(byte: u8) -> NewSecret {
    NewSecret { signature: Signature::Hmac, sealed: Sealed(vec![byte; 180]), public_key: None }
}

/// Enabled, wants families of types, with a rate and a description.
pub fn endpoint(tenant: TenantId, mint: Mint<'_>) -> Endpoint {
    let types = ["payment.succeeded", "order.*"].map(str::to_owned).into();
    let input = NewEndpoint {
        url: WebhookUrl::parse("https://hooks.shop.example/coffer?shop=1", Reach::Public).expect("a URL"),
        types: TypeFilter::parse(Some(types)).expect("types"),
        ordered: false,
        rate_per_second: Some(RatePerSecond::new(50).expect("a rate")),
        description: Some(text("Warehouse")),
    };
    Endpoint::new(mint.id(), tenant, input, new_secret(1), mint.clock.now())
}

/// Pending after a first attempt that failed.
pub fn delivery(tenant: TenantId, endpoint: WebhookEndpointId, event: EventId, mint: Mint<'_>) -> Delivery {
    let now = mint.clock.now();
    let (outcome, response) = (Outcome::Answered(503), ResponseText::cut(b"try later"));
    let attempt = Attempt { at: now, took: Duration::from_millis(120), outcome, response };
    let new = Delivery::new((tenant, endpoint), (event, EventType::PaymentSucceeded), Cause::Event, now);
    new.concluded(attempt, Again::After(None), 0, now).0
}

/// A viewer's, that wants nothing yet.
pub fn socket(tenant: TenantId, mint: Mint<'_>) -> Socket {
    let id = SocketId::parse(&format!("{:016x}=", mint.random.bits())).expect("an id");
    let caller = caller(&session(&user(tenant, mint), mint), Role::Viewer, mint);
    Socket::new(id, caller, mint.clock.now())
}
